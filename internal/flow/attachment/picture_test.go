package attachment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// corners is a picture whose left half is red, so that turns show.
func corners(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0, 0, 255, 255}
			if x < w/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func encoded(t testing.TB, m image.Image, f format) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch f.mime {
	case "image/jpeg":
		err = jpeg.Encode(&b, m, nil)
	case "image/png":
		err = png.Encode(&b, m)
	default:
		err = gif.Encode(&b, m, nil)
	}
	require.NoError(t, err)
	return b.Bytes()
}

const secret = "GPS 31.2304 N 121.4737 E"

// photo is a JPEG as a phone makes it: place and camera in Exif, XMP, IPTC and
// a comment, a second picture behind the end.
func photo(t testing.TB, w, h, orientation int) []byte {
	t.Helper()
	plain := encoded(t, corners(w, h), jpegFormat)
	segment := func(marker byte, data string) []byte {
		s := []byte{0xff, marker, 0, 0}
		binary.BigEndian.PutUint16(s[2:], uint16(len(data)+2))
		return append(s, data...)
	}
	exif := string(orientationSegment(orientation)[4:]) + secret
	out := slices.Concat(plain[:2], segment(0xe1, exif), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+secret), segment(0xed, "Photoshop 3.0\x00"+secret),
		segment(0xe2, "MPF\x00"+secret), segment(0xfe, secret), plain[2:], []byte(secret+"PK\x03\x04 a film behind the photo"))
	require.Equal(t, 6, bytes.Count(out, []byte(secret)))
	return out
}

func TestPhotosForgetWhereTheyWereTaken(t *testing.T) {
	t.Parallel()
	for orientation := 1; orientation <= 8; orientation++ {
		p, err := readPicture(jpegFormat, photo(t, 800, 400, orientation), 1<<30)
		require.NoError(t, err)
		require.NotContains(t, string(p.data), secret)
		require.NotContains(t, string(p.data), "film behind")
		require.Equal(t, orientation, p.orientation)
		require.Equal(t, orientation > 4, p.height == 800)
		_, err = jpeg.Decode(bytes.NewReader(p.data))
		require.NoError(t, err)
		if orientation > 1 {
			_, o, _, err := cleanJPEG(p.data)
			require.NoError(t, err)
			require.Equal(t, orientation, o, "it is still shown the right way up")
		}
		again, _, _, err := cleanJPEG(p.data)
		require.NoError(t, err)
		require.Equal(t, p.data, again)
	}
}

func TestThumbnailIsTheRightWayUp(t *testing.T) {
	t.Parallel()
	s := &Service{decoding: make(chan struct{}, 1)}
	// Where the red half is after the turn that Exif asks for.
	for orientation, red := range map[int][2]float64{
		1: {0, .5}, 2: {1, .5}, 3: {1, .5}, 4: {0, .5}, 5: {.5, 0}, 6: {.5, 0}, 7: {.5, 1}, 8: {.5, 1},
	} {
		p, err := readPicture(jpegFormat, photo(t, 960, 480, orientation), 1<<30)
		require.NoError(t, err)
		data, mime, err := s.thumbnail(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, "image/jpeg", mime)
		small, err := jpeg.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		b := small.Bounds()
		require.Equal(t, thumbEdge, max(b.Dx(), b.Dy()))
		require.Equal(t, orientation > 4, b.Dy() > b.Dx())
		at := small.At(int(red[0]*float64(b.Dx()-1)), int(red[1]*float64(b.Dy()-1)))
		r, _, blue, _ := at.RGBA()
		require.Greater(t, r, blue, "orientation %d", orientation)
	}
}

func TestOtherPictures(t *testing.T) {
	t.Parallel()
	s := &Service{decoding: make(chan struct{}, 1)}
	chunk := func(kind, data string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
		b = append(b, kind+data...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(kind+data)))
	}
	shot := corners(600, 600)
	shot.SetRGBA(0, 0, color.RGBA{})
	plain := encoded(t, shot, pngFormat)
	chatty := slices.Concat(plain[:33], chunk("tEXt", "Comment\x00"+secret), chunk("eXIf", secret), chunk("iTXt", secret), plain[33:], []byte(secret))
	p, err := readPicture(pngFormat, chatty, 1<<30)
	require.NoError(t, err)
	require.Equal(t, plain, p.data)
	_, mime, err := s.thumbnail(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, "image/png", mime, "what one can see through stays so")

	p, err = readPicture(gifFormat, encoded(t, corners(500, 300), gifFormat), 1<<30)
	require.NoError(t, err)
	data, _, err := s.thumbnail(t.Context(), p)
	require.NoError(t, err)
	require.NotEmpty(t, data)

	tiny, err := readPicture(pngFormat, encoded(t, corners(20, 20), pngFormat), 1<<30)
	require.NoError(t, err)
	data, _, err = s.thumbnail(t.Context(), tiny)
	require.NoError(t, err)
	require.Empty(t, data, "it is small already")
}

// lossless is a WebP of one pixel (VP8L), in an extended file with metadata.
func lossless(meta string) []byte {
	// ImageMagick's 1x1 black lossless picture.
	vp8l := []byte{0x2f, 0x00, 0x00, 0x00, 0x00, 0x07, 0x50, 0xe8, 0x0a, 0x7a, 0x44, 0xff, 0x41}
	chunk := func(kind string, data []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
		b = append(b, data...)
		if len(data)%2 == 1 {
			b = append(b, 0)
		}
		return b
	}
	body := slices.Concat([]byte("WEBP"), chunk("VP8X", []byte{webpMetadata, 0, 0, 0, 0, 0, 0, 0, 0, 0}), chunk("VP8L", vp8l))
	if meta != "" {
		body = slices.Concat(body, chunk("EXIF", []byte(meta)), chunk("XMP ", []byte(meta+"x")))
	}
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestWebPForgetsToo(t *testing.T) {
	t.Parallel()
	clean, err := cleanWebP(append(lossless(secret), secret...))
	require.NoError(t, err)
	want := lossless("")
	want[20] = 0
	require.Equal(t, want, clean)
}

func TestBombsAndDamage(t *testing.T) {
	t.Parallel()
	// 60,000 × 60,000 pixels in a hundred bytes.
	bomb := encoded(t, image.NewGray(image.Rect(0, 0, 1, 1)), pngFormat)
	binary.BigEndian.PutUint32(bomb[16:], 60_000)
	binary.BigEndian.PutUint32(bomb[20:], 60_000)
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	_, err := readPicture(pngFormat, bomb, 40_000_000)
	require.ErrorIs(t, err, ErrTooLarge)

	good := photo(t, 100, 100, 6)
	for _, data := range [][]byte{good[:2], good[:30], []byte("\xff\xd8\xff\xe1\xff\xff"), []byte("\xff\xd8\xff\xd9"), bytes.Repeat([]byte{0xff}, 100)} {
		_, err := readPicture(jpegFormat, data, 1<<30)
		require.ErrorIs(t, err, ErrType)
	}
	// A picture that was cut off by a bad line is shown as far as it goes.
	cut := encoded(t, corners(800, 800), jpegFormat)
	p, err := readPicture(jpegFormat, cut[:len(cut)/2], 1<<30)
	require.NoError(t, err)
	s := &Service{decoding: make(chan struct{}, 1)}
	data, _, err := s.thumbnail(t.Context(), p)
	require.NoError(t, err)
	require.Empty(t, data)
	require.Less(t, depth(color.GrayModel), depth(color.NRGBA64Model))
}

func FuzzPictures(f *testing.F) {
	f.Add(photo(f, 20, 10, 6), 0)
	f.Add(encoded(f, corners(9, 9), pngFormat), 1)
	f.Add(encoded(f, corners(9, 9), gifFormat), 2)
	f.Add(lossless(secret), 3)
	s := &Service{decoding: make(chan struct{}, 1)}
	f.Fuzz(func(t *testing.T, data []byte, which int) {
		formats := []format{jpegFormat, pngFormat, gifFormat, webpFormat}
		kind := formats[uint(which)%4]
		if got, ok := recognise(data, "", ""); !ok || got.mime != kind.mime {
			return
		}
		p, err := readPicture(kind, data, 1_000_000)
		if err != nil {
			require.True(t, errors.Is(err, ErrType) || errors.Is(err, ErrTooLarge))
			return
		}
		require.LessOrEqual(t, len(p.data), len(data)+64)
		if p.decoded <= 1<<20 {
			_, _, err = s.thumbnail(t.Context(), p)
			require.NoError(t, err)
		}
	})
}
