package seal

import (
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
)

const (
	keySize      = 32
	masterHeader = "yingda-master-key 1"
	// A key file has one short line a generation; anything larger is another file.
	maxMasterFile  = 64 << 10
	maxGenerations = 255
	redacted       = "[redacted]"
)

// Master is the content of the key file: one or more generations of 32 random
// bytes, the last of them active. It never changes after loading.
type Master struct {
	generations []generation
}

type generation struct {
	id  uint32
	key [keySize]byte
}

// LoadMaster reads the key file. It refuses (Invalid) a file that its group or
// others may touch, that is not a regular file, or that is damaged; a missing
// file is NotFound.
func LoadMaster(path string) (*Master, error) {
	const op = "load master key"
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &desk.Error{Kind: desk.NotFound, Op: op, Msg: "the master key file does not exist: " + path, Err: err}
	}
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	defer f.Close()
	// The open file is asked, not the path, so nobody can swap it in between.
	info, err := f.Stat()
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	if !info.Mode().IsRegular() {
		return nil, desk.E(desk.Invalid, op, "the master key must be a regular file: "+path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, desk.E(desk.Invalid, op,
			fmt.Sprintf("the master key file %s has mode %04o; only its owner may touch it: chmod 600 %s", path, info.Mode().Perm(), path))
	}
	data, err := io.ReadAll(io.LimitReader(f, maxMasterFile+1))
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return parseMaster(data)
}

// CreateMaster draws a first generation and writes a new key file with mode
// 0600, creating its folder with mode 0700. An existing file is Conflict and
// is left alone.
func CreateMaster(path string, random io.Reader) (*Master, error) {
	const op = "create master key"
	g, err := newGeneration(1, random)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	m := &Master{generations: []generation{g}}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	err = writeFile(path, m.encode())
	if errors.Is(err, fs.ErrExist) {
		return nil, &desk.Error{Kind: desk.Conflict, Op: op, Msg: "the master key file exists already: " + path, Err: err}
	}
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return m, nil
}

// AddGeneration adds a new active generation to the key file and returns the
// whole. The file is replaced at once, so a crash leaves the old or the new
// one. Follow it with Keyring.RotateMaster on a program started with the new
// file; every node needs the new file before any of them wraps with it.
func AddGeneration(path string, random io.Reader) (*Master, error) {
	const op = "add master key generation"
	m, err := LoadMaster(path)
	if err != nil {
		return nil, err
	}
	if len(m.generations) >= maxGenerations {
		return nil, desk.E(desk.Invalid, op, "the master key file holds as many generations as it can")
	}
	g, err := newGeneration(m.active().id+1, random)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	m = &Master{generations: append(m.generations, g)}
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	if err := writeFile(temporary, m.encode()); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return m, desk.Wrap(desk.Internal, op, syncFolder(filepath.Dir(path)))
}

// CheckOutside refuses (Invalid) a key file inside the data folder: a copy of
// the data must never contain the key that opens it. Symbolic links are
// followed; neither path has to exist yet.
func CheckOutside(keyPath, dataDir string) error {
	const op = "check key file"
	key, err := resolve(keyPath)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	data, err := resolve(dataDir)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	rel, err := filepath.Rel(data, key)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil //nolint:nilerr // no relative path means different volumes: outside
	}
	return desk.E(desk.Invalid, op,
		fmt.Sprintf("the master key file %s is inside the data folder %s; move it elsewhere, so that a copy of the data cannot be read without it", keyPath, dataDir))
}

// resolve makes a path absolute and follows the links of the part that exists.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		found, err := filepath.EvalSymlinks(path)
		if err == nil {
			return filepath.Join(found, rest), nil
		}
		parent := filepath.Dir(path)
		if !errors.Is(err, fs.ErrNotExist) || parent == path {
			return "", err
		}
		rest = filepath.Join(filepath.Base(path), rest)
		path = parent
	}
}

// Derive returns 32 bytes that depend on the label and the first generation,
// and therefore stay the same when generations are added: for hashes that are
// looked up (sessions, API tokens). For signatures use DeriveEach.
func (m *Master) Derive(label string) []byte { return m.generations[0].derive(label) }

// DeriveEach returns 32 bytes for the label from every generation, by
// generation number: the highest signs, the others still verify.
func (m *Master) DeriveEach(label string) map[uint32][]byte {
	keys := make(map[uint32][]byte, len(m.generations))
	for _, g := range m.generations {
		keys[g.id] = g.derive(label)
	}
	return keys
}

// HashEmail is the installation-wide keyed hash of an e-mail address (64 hex
// digits), for finding an agent at log-in. Case and outer spaces do not count.
func (m *Master) HashEmail(email string) string {
	mac := hmac.New(sha256.New, m.Derive("email"))
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(email))))
	return hex.EncodeToString(mac.Sum(nil))
}

// Generation is the number of the active generation.
func (m *Master) Generation() uint32 { return m.active().id }

// String hides the key.
func (m *Master) String() string { return redacted }

// GoString hides the key.
func (m *Master) GoString() string { return redacted }

// LogValue hides the key.
func (m *Master) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the key.
func (m *Master) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

func (m *Master) active() generation { return m.generations[len(m.generations)-1] }

func (m *Master) find(id uint32) (generation, bool) {
	for _, g := range m.generations {
		if g.id == id {
			return g, true
		}
	}
	return generation{}, false
}

func (g generation) derive(label string) []byte {
	// Expand alone is enough: the input is uniform (RFC 5869 §3.3). It cannot
	// fail for 32 bytes.
	key, err := hkdf.Expand(sha256.New, g.key[:], "yingda master\x00"+label, keySize)
	if err != nil {
		panic(fmt.Errorf("seal: derive: %w", err))
	}
	return key
}

// check is a short public value that shows a mistyped line without trying keys.
func (g generation) check() string { return hex.EncodeToString(g.derive("check")[:4]) }

func newGeneration(id uint32, random io.Reader) (generation, error) {
	g := generation{id: id}
	_, err := io.ReadFull(random, g.key[:])
	return g, err
}

// encode writes the file: a header, then a line a generation with its number,
// the key in base64 and a check value.
func (m *Master) encode() []byte {
	var b bytes.Buffer
	b.WriteString(masterHeader + "\n# Keep a copy in a safe place. Without this file the data cannot be read.\n")
	for _, g := range m.generations {
		fmt.Fprintf(&b, "%d %s %s\n", g.id, base64.StdEncoding.EncodeToString(g.key[:]), g.check())
	}
	return b.Bytes()
}

// parseMaster reads what encode wrote. Errors name the line, never its content.
func parseMaster(data []byte) (*Master, error) {
	const op = "parse master key"
	if len(data) > maxMasterFile {
		return nil, desk.E(desk.Invalid, op, "the master key file is too large")
	}
	m := &Master{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if n == 1 {
			if line != masterHeader {
				return nil, desk.E(desk.Invalid, op, "this is not a master key file (line 1)")
			}
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		g, ok := parseGeneration(line)
		if !ok || len(m.generations) > 0 && g.id <= m.active().id || len(m.generations) >= maxGenerations {
			return nil, desk.E(desk.Invalid, op, fmt.Sprintf("the master key file is damaged (line %d)", n))
		}
		m.generations = append(m.generations, g)
	}
	if err := lines.Err(); err != nil || len(m.generations) == 0 {
		return nil, desk.E(desk.Invalid, op, "the master key file holds no key")
	}
	return m, nil
}

func parseGeneration(line string) (generation, bool) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return generation{}, false
	}
	id, err := strconv.ParseUint(fields[0], 10, 32)
	if err != nil || id == 0 {
		return generation{}, false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(fields[1])
	if err != nil || len(key) != keySize {
		return generation{}, false
	}
	g := generation{id: uint32(id), key: [keySize]byte(key)}
	return g, hmac.Equal([]byte(g.check()), []byte(fields[2]))
}

// writeFile creates a file that must not exist yet and makes it durable.
func writeFile(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = syncFolder(filepath.Dir(path))
		}
	}()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
