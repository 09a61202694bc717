package attachment

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Pictures from cameras tell where, when and with what they were taken. The
// functions here copy what shows the picture and leave the rest out, whatever
// follows its end included, and refuse a picture whose structure they cannot
// follow, so that nothing slips through.

func errDamaged() error { return errType("the picture is damaged") }

// cleanJPEG keeps a JPEG's tables, scans, colour profile (APP2) and colour
// transform (APP14) (ITU-T T.81 annex B). Of Exif it keeps the orientation.
func cleanJPEG(data []byte) (clean []byte, orientation int, progressive bool, err error) {
	orientation = 1
	out := bytes.NewBuffer(make([]byte, 0, len(data)))
	out.Write(data[:2]) // SOI
	insert := out.Len()
	i := 2
	for {
		// A marker may have any number of 0xFF before it.
		if i >= len(data) || data[i] != 0xff {
			return nil, 0, false, errDamaged()
		}
		for i < len(data) && data[i] == 0xff {
			i++
		}
		if i >= len(data) {
			return nil, 0, false, errDamaged()
		}
		marker := data[i]
		i++
		if marker == 0xd9 { // EOI: what follows is not the picture
			out.Write([]byte{0xff, 0xd9})
			break
		}
		if marker == 0x01 || marker >= 0xd0 && marker <= 0xd7 {
			out.Write([]byte{0xff, marker})
			continue
		}
		if i+2 > len(data) {
			return nil, 0, false, errDamaged()
		}
		length := int(binary.BigEndian.Uint16(data[i:]))
		if length < 2 || i+length > len(data) {
			return nil, 0, false, errDamaged()
		}
		segment := data[i : i+length]
		i += length
		switch {
		case marker == 0xe1:
			if o := exifOrientation(segment[2:]); o != 0 {
				orientation = o
			}
			continue
		case marker == 0xfe, marker >= 0xe3 && marker <= 0xed, marker == 0xef:
			continue
		case marker == 0xe2 && !bytes.HasPrefix(segment[2:], []byte("ICC_PROFILE\x00")):
			continue
		case marker == 0xc2:
			progressive = true
		}
		out.Write([]byte{0xff, marker})
		out.Write(segment)
		if marker == 0xe0 {
			insert = out.Len()
		}
		if marker == 0xda { // a scan follows, up to the next real marker
			end := scanEnd(data, i)
			out.Write(data[i:end])
			if i = end; i >= len(data) {
				break // cut off; viewers show what there is
			}
		}
	}
	clean = out.Bytes()
	if orientation != 1 {
		clean = slices.Insert(clean, insert, orientationSegment(orientation)...)
	}
	return clean, orientation, progressive, nil
}

// scanEnd finds the marker that ends entropy-coded data: 0xFF followed by
// neither a stuffed zero nor a restart.
func scanEnd(data []byte, i int) int {
	for ; i+1 < len(data); i++ {
		if data[i] == 0xff && data[i+1] != 0 && data[i+1] != 0xff && (data[i+1] < 0xd0 || data[i+1] > 0xd7) {
			return i
		}
	}
	return len(data)
}

// exifOrientation reads tag 0x0112 of the first directory of an Exif segment
// (CIPA DC-008); 0 if there is none.
func exifOrientation(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	count := int64(order.Uint16(tiff[at:]))
	for n := range count {
		entry := at + 2 + n*12
		if entry+12 > int64(len(tiff)) {
			return 0
		}
		if order.Uint16(tiff[entry:]) == 0x0112 {
			if o := int(order.Uint16(tiff[entry+8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
	}
	return 0
}

// orientationSegment is an Exif segment that says the orientation and nothing else.
func orientationSegment(orientation int) []byte {
	return []byte{
		0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0,
		'M', 'M', 0, 42, 0, 0, 0, 8, // big endian; the directory follows
		0, 1, // one entry
		0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(orientation & 0xf), 0, 0, // orientation, one short
		0, 0, 0, 0, // no further directory
	}
}

// pngChunks are those that show the picture, animated ones too (PNG third edition, §11).
var pngChunks = []string{
	"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM", "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV", "cLLI", "bKGD", "hIST",
	"pHYs", "sPLT", "acTL", "fcTL", "fdAT",
}

// cleanPNG keeps the chunks that show the picture.
func cleanPNG(data []byte) ([]byte, error) {
	const signature = 8
	out := bytes.NewBuffer(make([]byte, 0, len(data)))
	out.Write(data[:signature])
	for i := int64(signature); ; {
		if i+12 > int64(len(data)) {
			if i >= int64(len(data)) { // cut off between chunks
				return out.Bytes(), nil
			}
			return nil, errDamaged()
		}
		length := int64(binary.BigEndian.Uint32(data[i:]))
		kind, end := string(data[i+4:i+8]), i+12+length
		if end > int64(len(data)) {
			return nil, errDamaged()
		}
		if slices.Contains(pngChunks, kind) {
			out.Write(data[i:end])
		}
		if kind == "IEND" {
			return out.Bytes(), nil
		}
		i = end
	}
}

// The flags of a VP8X chunk that tell of metadata.
const webpMetadata = 0x08 | 0x04

// cleanWebP keeps all chunks but EXIF and XMP (RFC 9649).
func cleanWebP(data []byte) ([]byte, error) {
	out := bytes.NewBuffer(make([]byte, 0, len(data)))
	out.Write(data[:12])
	end := min(int64(binary.LittleEndian.Uint32(data[4:]))+8, int64(len(data)))
	for i := int64(12); i < end; {
		if i+8 > end {
			return nil, errDamaged()
		}
		length := int64(binary.LittleEndian.Uint32(data[i+4:]))
		next := i + 8 + length
		if next > end {
			return nil, errDamaged()
		}
		switch string(data[i : i+4]) {
		case "EXIF", "XMP ":
		case "VP8X":
			if length < 10 {
				return nil, errDamaged()
			}
			chunk := bytes.Clone(data[i:next])
			chunk[8] &^= webpMetadata
			out.Write(chunk)
		default:
			out.Write(data[i:next])
		}
		if next += length & 1; length&1 == 1 && !slices.Contains([]string{"EXIF", "XMP "}, string(data[i:i+4])) {
			out.WriteByte(0)
		}
		i = next
	}
	clean := out.Bytes()
	binary.LittleEndian.PutUint32(clean[4:], uint32(len(clean)-8)) //nolint:gosec // not longer than what came
	return clean, nil
}
