package attachment

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"

	"yingda.dev/internal/desk"
)

const (
	// thumbEdge is the longest side of a small picture, in pixels: 240 on screens
	// with two pixels a point.
	thumbEdge = 480
	// maxDecoded bounds the memory that decoding one picture takes. A larger one
	// is shown as it is.
	maxDecoded = 128 << 20
)

// picture is an uploaded picture without what it tells about its maker.
type picture struct {
	format format
	data   []byte
	// width and height are as it is shown.
	width, height int
	// orientation is Exif's, 1 to 8: how the stored pixels are turned.
	orientation int
	// decoded is how much memory decoding takes, about.
	decoded int64
}

// readPicture checks dimensions before anything is decoded and removes metadata.
func readPicture(f format, data []byte, maxPixels int64) (picture, error) {
	p := picture{format: f, orientation: 1}
	config, err := decodeConfig(f, data)
	if err != nil {
		return p, errDamaged()
	}
	pixels := int64(config.Width) * int64(config.Height)
	if config.Width < 1 || config.Height < 1 {
		return p, errDamaged()
	}
	if pixels > maxPixels {
		return p, &desk.Error{
			Kind: desk.Invalid, Op: "upload file", Msg: fmt.Sprintf("the picture has more than %d million pixels", maxPixels/1_000_000), Err: ErrTooLarge,
		}
	}
	progressive := false
	switch f.mime {
	case jpegFormat.mime:
		p.data, p.orientation, progressive, err = cleanJPEG(data)
	case pngFormat.mime:
		p.data, err = cleanPNG(data)
	case webpFormat.mime:
		p.data, err = cleanWebP(data)
	default:
		p.data = data
	}
	if err != nil {
		return p, err
	}
	p.width, p.height = config.Width, config.Height
	if p.orientation > 4 {
		p.width, p.height = p.height, p.width
	}
	p.decoded = pixels * depth(config.ColorModel)
	if progressive {
		p.decoded += pixels * 12 // the decoder keeps all coefficients
	}
	return p, nil
}

// depth is how many bytes a pixel takes when decoded.
func depth(m color.Model) int64 {
	switch m {
	case color.GrayModel:
		return 1
	case color.Gray16Model:
		return 2
	case color.YCbCrModel:
		return 3
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	if _, ok := m.(color.Palette); ok {
		return 1
	}
	return 4
}

func decodeConfig(f format, data []byte) (image.Config, error) {
	r := bytes.NewReader(data)
	switch f.mime {
	case jpegFormat.mime:
		return jpeg.DecodeConfig(r)
	case pngFormat.mime:
		return png.DecodeConfig(r)
	case gifFormat.mime:
		return gif.DecodeConfig(r)
	default:
		return webp.DecodeConfig(r)
	}
}

func decode(f format, data []byte) (image.Image, error) {
	r := bytes.NewReader(data)
	switch f.mime {
	case jpegFormat.mime:
		return jpeg.Decode(r)
	case pngFormat.mime:
		return png.Decode(r)
	case gifFormat.mime:
		return gif.Decode(r) // the first picture
	default:
		return webp.Decode(r)
	}
}

// thumbnail makes the small picture. A picture that is small already, too
// large to decode or damaged further on has none; only a context's end is an
// error.
func (s *Service) thumbnail(ctx context.Context, p picture) (data []byte, mime string, err error) {
	if p.decoded > maxDecoded || max(p.width, p.height) <= thumbEdge && len(p.data) <= 64<<10 {
		return nil, "", nil
	}
	if err := turn(ctx, s.decoding); err != nil {
		return nil, "", err
	}
	defer func() { <-s.decoding }()
	full, err := decode(p.format, p.data)
	if err != nil {
		return nil, "", nil
	}
	small := oriented(shrink(full), p.orientation)
	var out bytes.Buffer
	if small.Opaque() {
		mime, err = jpegFormat.mime, jpeg.Encode(&out, small, &jpeg.Options{Quality: 80})
	} else {
		mime, err = pngFormat.mime, png.Encode(&out, small)
	}
	if err != nil {
		return nil, "", nil
	}
	return out.Bytes(), mime, nil
}

// shrink scales to at most thumbEdge, never up.
func shrink(full image.Image) *image.RGBA {
	b := full.Bounds()
	w, h := b.Dx(), b.Dy()
	if edge := max(w, h); edge > thumbEdge {
		w, h = max(1, w*thumbEdge/edge), max(1, h*thumbEdge/edge)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.BiLinear.Scale(small, small.Bounds(), full, b, draw.Src, nil)
	return small
}

// oriented turns and mirrors the way Exif says (2 to 8); 1 is as it is.
func oriented(src *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.Rect.Dx(), src.Rect.Dy()
	dw, dh := w, h
	if orientation > 4 {
		dw, dh = h, w
	}
	dst := image.NewRGBA(image.Rect(0, 0, dw, dh))
	for y := range h {
		for x := range w {
			dx, dy := x, y
			switch orientation {
			case 2:
				dx = w - 1 - x
			case 3:
				dx, dy = w-1-x, h-1-y
			case 4:
				dy = h - 1 - y
			case 5:
				dx, dy = y, x
			case 6:
				dx, dy = h-1-y, x
			case 7:
				dx, dy = h-1-y, w-1-x
			case 8:
				dx, dy = y, w-1-x
			}
			copy(dst.Pix[dst.PixOffset(dx, dy):][:4], src.Pix[src.PixOffset(x, y):][:4])
		}
	}
	return dst
}
