package blob

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"io"

	"yingda.dev/internal/desk"
)

// The format; see doc.go.
const (
	header    = "YDB\x01"
	pieceSize = 64 << 10
	tagSize   = 16
	nonceSize = 12
)

func newCipher(key Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func additional(name string) []byte { return []byte(header + name) }

func nonce(piece int64, last bool) []byte {
	n := make([]byte, nonceSize)
	// The number has 11 bytes; 8 are enough for any file, so the first 3 stay 0.
	binary.BigEndian.PutUint64(n[nonceSize-1-8:], uint64(piece)) //nolint:gosec // counts up from 0
	if last {
		n[nonceSize-1] = 1
	}
	return n
}

// sealer is the sealed form of what src gives, to be read once.
type sealer struct {
	src     io.Reader
	aead    cipher.AEAD
	context []byte
	// plain is the piece to be sealed next and ahead the one after it, because
	// only the end of src tells which is the last.
	plain, ahead []byte
	ended        bool
	piece        int64
	size         int64
	// out is sealed and not yet handed out.
	out  []byte
	room []byte
	err  error
}

func newSealer(key Key, name string, src io.Reader) (*sealer, error) {
	aead, err := newCipher(key)
	if err != nil {
		return nil, err
	}
	return &sealer{src: src, aead: aead, context: additional(name), out: []byte(header)}, nil
}

// Read hands out the sealed form.
func (s *sealer) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		s.err = s.next()
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// next seals one piece; io.EOF after the last.
func (s *sealer) next() error {
	if s.plain == nil {
		s.plain, s.ahead = make([]byte, 0, pieceSize), make([]byte, 0, pieceSize)
		s.room = make([]byte, 0, pieceSize+tagSize)
		if err := s.fill(&s.plain); err != nil {
			return err
		}
	}
	if s.ended && s.piece < 0 {
		return io.EOF
	}
	if err := s.fill(&s.ahead); err != nil {
		return err
	}
	last := len(s.ahead) == 0
	s.out = s.aead.Seal(s.room[:0], nonce(s.piece, last), s.plain, s.context)
	s.size += int64(len(s.plain))
	s.plain, s.ahead = s.ahead, s.plain[:0]
	if last {
		s.piece, s.ended = -1, true
		return nil
	}
	s.piece++
	return nil
}

// fill reads a whole piece, or what is left.
func (s *sealer) fill(into *[]byte) error {
	*into = (*into)[:0]
	if s.ended {
		return nil
	}
	n, err := io.ReadFull(s.src, (*into)[:pieceSize])
	*into = (*into)[:n]
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		s.ended = true
		return nil
	}
	return err
}

// Reader reads a blob from anywhere. It is an io.ReadSeekCloser and must be
// closed.
type Reader struct {
	open    func(offset int64) (io.ReadCloser, error)
	aead    cipher.AEAD
	context []byte
	size    int64

	at int64
	// stream continues behind piece, if it is open; plain is piece's value.
	stream io.ReadCloser
	piece  int64
	plain  []byte
	sealed []byte
}

// Size is the value's, in bytes.
func (r *Reader) Size() int64 { return r.size }

// Seek moves to another place; it reads nothing.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, desk.E(desk.Invalid, "seek blob", "")
	}
	r.at = offset
	return offset, nil
}

// Read gives the value from the present place on. Internal means that the blob
// was damaged or is not the key's.
func (r *Reader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		if r.size > 0 || r.piece == 0 {
			return 0, io.EOF
		}
		// An empty value has one piece, which proves that it is empty.
		if err := r.load(0); err != nil {
			return 0, err
		}
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if piece := r.at / pieceSize; piece != r.piece {
		if err := r.load(piece); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.plain[r.at%pieceSize:])
	r.at += int64(n)
	return n, nil
}

// load opens a piece.
func (r *Reader) load(piece int64) (err error) {
	const op = "read blob"
	if r.stream == nil || piece != r.piece+1 {
		r.Close()
		if r.stream, err = r.open(int64(len(header)) + piece*(pieceSize+tagSize)); err != nil {
			return err
		}
	}
	last := max(0, r.size-1) / pieceSize
	length := min(r.size-piece*pieceSize, pieceSize) + tagSize
	if r.sealed == nil {
		r.sealed = make([]byte, min(r.size, pieceSize)+tagSize)
		r.plain = make([]byte, 0, min(r.size, pieceSize))
	}
	if _, err := io.ReadFull(r.stream, r.sealed[:length]); err != nil {
		r.Close()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return desk.E(desk.Internal, op, "the file is cut off")
		}
		return desk.Wrap(desk.Unavailable, op, err)
	}
	plain, err := r.aead.Open(r.plain[:0], nonce(piece, piece == last), r.sealed[:length], r.context)
	if err != nil {
		r.Close()
		return desk.E(desk.Internal, op, "the file is damaged")
	}
	r.plain, r.piece = plain, piece
	return nil
}

// Close gives the blob back.
func (r *Reader) Close() error {
	if r.stream == nil {
		return nil
	}
	err := r.stream.Close()
	r.stream, r.piece = nil, -1
	return err
}
