package seal

import (
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"time"

	"yingda.dev/internal/desk"
)

// What an account key is for.
const (
	PurposeData  = "data"
	PurposeIndex = "index"
)

// WrappedKey is an account key as the database keeps it, encrypted by the
// master key and bound to account, id and purpose.
type WrappedKey struct {
	// ID is unique in the account, whatever the purpose, and counts up from 1.
	ID uint32
	// Purpose is PurposeData or PurposeIndex.
	Purpose string
	// Wrapped is: algorithm (1 byte), master generation (4), nonce, ciphertext.
	Wrapped   []byte
	CreatedAt time.Time
	// Retired keys seal nothing new and are needed only by backups and old log entries.
	Retired bool
}

// Generation is the master generation that wraps the key; 0 if it cannot be read.
func (w WrappedKey) Generation() uint32 {
	if len(w.Wrapped) < headerSize {
		return 0
	}
	return binary.BigEndian.Uint32(w.Wrapped[1:])
}

// LogValue leaves out the key, wrapped though it is.
func (w WrappedKey) LogValue() slog.Value {
	return slog.GroupValue(slog.Uint64("id", uint64(w.ID)), slog.String("purpose", w.Purpose), slog.Bool("retired", w.Retired))
}

// wrap fills w.Wrapped under the active generation.
func (m *Master) wrap(account desk.AccountID, w WrappedKey, key []byte, random io.Reader) (WrappedKey, error) {
	g := m.active()
	out := make([]byte, headerSize+nonceSize, keySize+Overhead)
	out[0] = algAESGCM
	binary.BigEndian.PutUint32(out[1:], g.id)
	if _, err := io.ReadFull(random, out[headerSize:]); err != nil {
		return WrappedKey{}, err
	}
	w.Wrapped = newGCM(g.derive("wrap")).Seal(out, out[headerSize:], key, wrapContext(account, w, out[:headerSize]))
	return w, nil
}

func (m *Master) unwrap(account desk.AccountID, w WrappedKey) ([]byte, error) {
	const op = "unwrap account key"
	if len(w.Wrapped) != keySize+Overhead || w.Wrapped[0] != algAESGCM {
		return nil, desk.E(desk.Internal, op, "")
	}
	g, ok := m.find(w.Generation())
	if !ok {
		return nil, desk.E(desk.Internal, op,
			fmt.Sprintf("the key file lacks generation %d of the master key; start with the key file this data was written with", w.Generation()))
	}
	body := headerSize + nonceSize
	key, err := newGCM(g.derive("wrap")).Open(nil, w.Wrapped[headerSize:body], w.Wrapped[body:],
		wrapContext(account, w, w.Wrapped[:headerSize]))
	if err != nil {
		return nil, desk.E(desk.Internal, op, "an account key does not open; the key file and the data do not belong together")
	}
	return key, nil
}

// wrapContext binds a wrapped key to its account, id and purpose.
func wrapContext(account desk.AccountID, w WrappedKey, header []byte) []byte {
	b := appendString(append([]byte(nil), header...), string(account))
	b = binary.BigEndian.AppendUint32(b, w.ID)
	return appendString(b, w.Purpose)
}
