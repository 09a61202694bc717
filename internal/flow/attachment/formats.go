package attachment

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// headSize is how much of a file is looked at to recognise it.
const headSize = 4096

// The groups of formats that an installation may allow.
const (
	GroupImage    = "image"
	GroupAudio    = "audio"
	GroupVideo    = "video"
	GroupDocument = "document"
	GroupText     = "text"
	GroupArchive  = "archive"
)

// Groups lists all groups.
func Groups() []string {
	return []string{GroupImage, GroupAudio, GroupVideo, GroupDocument, GroupText, GroupArchive}
}

// octets is served for formats that a browser might run.
const octets = "application/octet-stream"

// format is a kind of file that is taken.
type format struct {
	mime  string
	group string
	kind  desk.PartType
	// ends are the name endings it goes by, the usual one first.
	ends []string
	// inline formats are shown in place.
	inline bool
}

var (
	jpegFormat = format{"image/jpeg", GroupImage, desk.ImagePart, []string{"jpg", "jpeg", "jpe", "jfif"}, true}
	pngFormat  = format{"image/png", GroupImage, desk.ImagePart, []string{"png", "apng"}, true}
	gifFormat  = format{"image/gif", GroupImage, desk.ImagePart, []string{"gif"}, true}
	webpFormat = format{"image/webp", GroupImage, desk.ImagePart, []string{"webp"}, true}
	bmpFormat  = format{"image/bmp", GroupImage, desk.FilePart, []string{"bmp"}, false}
	tiffFormat = format{"image/tiff", GroupImage, desk.FilePart, []string{"tif", "tiff", "dng"}, false}
	heicFormat = format{"image/heic", GroupImage, desk.FilePart, []string{"heic", "heif", "hif"}, false}
	avifFormat = format{"image/avif", GroupImage, desk.FilePart, []string{"avif"}, false}
	psdFormat  = format{"image/vnd.adobe.photoshop", GroupImage, desk.FilePart, []string{"psd"}, false}

	mp3Format  = format{"audio/mpeg", GroupAudio, desk.AudioPart, []string{"mp3"}, true}
	aacFormat  = format{"audio/aac", GroupAudio, desk.AudioPart, []string{"aac"}, true}
	wavFormat  = format{"audio/wav", GroupAudio, desk.AudioPart, []string{"wav"}, true}
	oggFormat  = format{"audio/ogg", GroupAudio, desk.AudioPart, []string{"ogg", "oga", "opus"}, true}
	flacFormat = format{"audio/flac", GroupAudio, desk.AudioPart, []string{"flac"}, true}
	m4aFormat  = format{"audio/mp4", GroupAudio, desk.AudioPart, []string{"m4a", "mp4"}, true}
	wemaFormat = format{"audio/webm", GroupAudio, desk.AudioPart, []string{"webm", "weba"}, true}
	amrFormat  = format{"audio/amr", GroupAudio, desk.FilePart, []string{"amr"}, false}

	mp4Format  = format{"video/mp4", GroupVideo, desk.VideoPart, []string{"mp4", "m4v", "3gp"}, true}
	webmFormat = format{"video/webm", GroupVideo, desk.VideoPart, []string{"webm"}, true}
	ogvFormat  = format{"video/ogg", GroupVideo, desk.VideoPart, []string{"ogv", "ogg"}, true}
	movFormat  = format{"video/quicktime", GroupVideo, desk.VideoPart, []string{"mov", "qt"}, true}
	mkvFormat  = format{"video/x-matroska", GroupVideo, desk.FilePart, []string{"mkv"}, false}
	aviFormat  = format{"video/x-msvideo", GroupVideo, desk.FilePart, []string{"avi"}, false}

	pdfFormat = format{"application/pdf", GroupDocument, desk.FilePart, []string{"pdf"}, false}
	rtfFormat = format{"application/rtf", GroupDocument, desk.FilePart, []string{"rtf", "doc"}, false}

	rarFormat  = format{"application/vnd.rar", GroupArchive, desk.FilePart, []string{"rar"}, false}
	sevnFormat = format{"application/x-7z-compressed", GroupArchive, desk.FilePart, []string{"7z"}, false}
	gzipFormat = format{"application/gzip", GroupArchive, desk.FilePart, []string{"gz", "tgz"}, false}
	bz2Format  = format{"application/x-bzip2", GroupArchive, desk.FilePart, []string{"bz2"}, false}
	xzFormat   = format{"application/x-xz", GroupArchive, desk.FilePart, []string{"xz"}, false}
	tarFormat  = format{"application/x-tar", GroupArchive, desk.FilePart, []string{"tar"}, false}
)

// zipped are the formats that are ZIP archives inside, by their name's ending.
// An ending that is not here is refused: programs (jar, apk, xpi) are zipped too.
var zipped = []format{
	{"application/zip", GroupArchive, desk.FilePart, []string{"zip"}, false},
	{"application/vnd.openxmlformats-officedocument.wordprocessingml.document", GroupDocument, desk.FilePart, []string{"docx"}, false},
	{"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", GroupDocument, desk.FilePart, []string{"xlsx"}, false},
	{"application/vnd.openxmlformats-officedocument.presentationml.presentation", GroupDocument, desk.FilePart, []string{"pptx"}, false},
	{"application/vnd.oasis.opendocument.text", GroupDocument, desk.FilePart, []string{"odt"}, false},
	{"application/vnd.oasis.opendocument.spreadsheet", GroupDocument, desk.FilePart, []string{"ods"}, false},
	{"application/vnd.oasis.opendocument.presentation", GroupDocument, desk.FilePart, []string{"odp"}, false},
	{"application/epub+zip", GroupDocument, desk.FilePart, []string{"epub"}, false},
	{octets, GroupDocument, desk.FilePart, []string{"pages", "numbers", "key", "ofd", "xmind"}, false},
}

// compound are Microsoft's and Kingsoft's old formats (MS-CFB); installers
// (msi) are too and are refused.
var compound = []format{
	{"application/msword", GroupDocument, desk.FilePart, []string{"doc", "dot", "wps"}, false},
	{"application/vnd.ms-excel", GroupDocument, desk.FilePart, []string{"xls", "et"}, false},
	{"application/vnd.ms-powerpoint", GroupDocument, desk.FilePart, []string{"ppt", "pps", "dps"}, false},
	{"application/vnd.ms-outlook", GroupDocument, desk.FilePart, []string{"msg"}, false},
}

// written are text files. What a browser might run is served as bytes.
var written = []format{
	{"text/plain", GroupText, desk.FilePart, []string{"txt", "text", "log", "md", "markdown", "json", "yaml", "yml", "srt", "vtt", "tex", "ini", "conf", "sql", "eml"}, false},
	{"text/csv", GroupText, desk.FilePart, []string{"csv", "tsv"}, false},
	{"text/calendar", GroupText, desk.FilePart, []string{"ics"}, false},
	{"text/vcard", GroupText, desk.FilePart, []string{"vcf"}, false},
	{octets, GroupText, desk.FilePart, []string{"xml", "html", "htm", "svg"}, false},
}

// byEnding chooses among formats by the name's ending; without one it is the first.
func byEnding(formats []format, end string) (format, bool) {
	if end == "" {
		return formats[0], true
	}
	for _, f := range formats {
		if slices.Contains(f.ends, end) {
			return f, true
		}
	}
	return format{}, false
}

// magic is how a format begins.
type magic struct {
	at     int
	bytes  string
	format format
}

// signatures are tried in order.
var signatures = []magic{
	{0, "\xff\xd8\xff", jpegFormat},
	{0, "\x89PNG\r\n\x1a\n", pngFormat},
	{0, "GIF87a", gifFormat},
	{0, "GIF89a", gifFormat},
	{8, "WEBPVP8", webpFormat},
	{8, "WAVE", wavFormat},
	{8, "AVI ", aviFormat},
	{0, "II*\x00", tiffFormat},
	{0, "MM\x00*", tiffFormat},
	{0, "8BPS\x00\x01", psdFormat},
	{0, "ID3", mp3Format},
	{0, "fLaC", flacFormat},
	{0, "#!AMR", amrFormat},
	{0, "%PDF-", pdfFormat},
	{0, `{\rtf`, rtfFormat},
	{0, "Rar!\x1a\x07", rarFormat},
	{0, "7z\xbc\xaf\x27\x1c", sevnFormat},
	{0, "\x1f\x8b\x08", gzipFormat},
	{0, "BZh", bz2Format},
	{0, "\xfd7zXZ\x00", xzFormat},
	{257, "ustar", tarFormat},
}

// programs are beginnings that are refused whatever the name says.
var programs = []string{
	"MZ", "\x7fELF", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe",
	"dex\n", "\x00asm", "#!", "!<arch>\n", "L\x00\x00\x00\x01\x14\x02\x00", "\xed\xab\xee\xdb", "ITSF",
}

// recognise finds a file's format by its beginning; where several formats begin
// alike, its name's ending (lower case, without the dot) chooses among them,
// and between sound and video what the sender declared. false: not taken.
func recognise(head []byte, end, declared string) (format, bool) {
	at := func(i int, s string) bool { return len(head) >= i+len(s) && string(head[i:i+len(s)]) == s }
	for _, m := range signatures {
		if at(m.at, m.bytes) && (m.at != 8 || at(0, "RIFF")) {
			return m.format, true
		}
	}
	for _, p := range programs {
		if at(0, p) {
			return format{}, false
		}
	}
	sound := strings.HasPrefix(declared, "audio/")
	switch {
	case at(4, "ftyp"):
		return container(head, sound), true
	case at(0, "\x1a\x45\xdf\xa3"): // EBML: the document's type follows in the first bytes
		if !bytes.Contains(head[:min(len(head), 64)], []byte("webm")) {
			return mkvFormat, true
		}
		if sound {
			return wemaFormat, true
		}
		return webmFormat, true
	case at(0, "OggS"):
		if bytes.Contains(head[:min(len(head), 64)], []byte("theora")) {
			return ogvFormat, true
		}
		return oggFormat, true
	case at(0, "PK\x03\x04"), at(0, "PK\x05\x06"):
		return byEnding(zipped, end)
	case at(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
		if end == "" {
			return format{}, false
		}
		return byEnding(compound, end)
	case at(0, "BM") && len(head) > 26 && head[6] == 0 && head[7] == 0 && head[8] == 0 && head[9] == 0:
		return bmpFormat, true
	case len(head) > 3 && head[0] == 0xff && head[1]&0xf6 == 0xf0: // ADTS: layer bits are 0
		return aacFormat, true
	case len(head) > 3 && head[0] == 0xff && head[1]&0xe0 == 0xe0 && head[1]&0x06 == 0x02 && head[2]&0xf0 != 0xf0: // a frame of MPEG layer III
		return mp3Format, true
	case readable(head):
		return byEnding(written, end)
	}
	return format{}, false
}

// container tells the formats apart that are ISO media files (ISO/IEC 14496-12)
// by their brand.
func container(head []byte, sound bool) format {
	brand := ""
	if len(head) >= 12 {
		brand = string(head[8:12])
	}
	switch brand {
	case "M4A ", "M4B ", "M4P ":
		return m4aFormat
	case "qt  ":
		return movFormat
	case "heic", "heix", "heim", "heis", "hevc", "mif1", "msf1":
		return heicFormat
	case "avif", "avis":
		return avifFormat
	}
	if sound {
		return m4aFormat
	}
	return mp4Format
}

// readable tells text from bytes: UTF-8, UTF-16 with a byte order mark, or an
// older encoding such as GB 18030 without control characters.
func readable(head []byte) bool {
	if len(head) == 0 {
		return false
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return len(head)%2 == 0
	}
	broken := 0
	for i := 0; i < len(head); {
		c := head[i]
		if c < 0x20 && !strings.ContainsRune("\t\n\r\f\b\x1b\x1a", rune(c)) || c == 0x7f {
			return false
		}
		r, size := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && size == 1 && i < len(head)-3 { // the last character may be cut
			broken++
		}
		i += size
	}
	if broken == 0 {
		return true
	}
	// An older encoding: the bytes above 127 come in pairs. What is mostly such
	// bytes without any sense is no text.
	return pairs(head)
}

// pairs checks for the shape of GB 18030 and Big5: a byte above 0x80, then one
// from 0x30 on.
func pairs(head []byte) bool {
	for i := 0; i < len(head); i++ {
		if head[i] < 0x80 {
			continue
		}
		if head[i] == 0x80 || head[i] == 0xff {
			return false
		}
		if i++; i < len(head) && head[i] < 0x30 {
			return false
		}
	}
	return true
}
