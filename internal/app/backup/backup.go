package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// ManifestName is the file that makes a folder a backup.
const ManifestName = "manifest.json"

// format is the version of the manifest.
const format = 1

// maxManifest bounds what Read takes for a manifest, in bytes.
const maxManifest = 1 << 20

// Manifest says what a backup holds.
type Manifest struct {
	Format    int       `json:"format"`
	CreatedAt time.Time `json:"created_at"`
	// Program is the version that wrote it.
	Program string `json:"program"`
	// Dialect is the database it came from: "sqlite" or "postgres".
	Dialect string `json:"dialect"`
	Files   []File `json:"files"`
	// Missing tells a reader what is left out on purpose.
	Missing string `json:"missing"`
}

// File is one file of a backup, by its name in the folder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Begin creates the folder of a new backup, or takes an empty one; mode 0700
// either way, because the tools that write into it choose their files' modes
// themselves. Invalid if something is there already.
func Begin(dir string) error {
	const op = "begin backup"
	if err := empty(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	return desk.Wrap(desk.Unavailable, op, os.Chmod(dir, 0o700)) //nolint:gosec // a folder needs the x
}

// Seal ends a backup: it makes every file of the folder durable, sums it and
// writes the manifest.
func Seal(dir string, m Manifest) (Manifest, error) {
	const op = "seal backup"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return m, desk.Wrap(desk.Unavailable, op, err)
	}
	m.Format, m.Files = format, nil
	m.Missing = "the master key file, on purpose: keep a copy of it in another safe place"
	for _, e := range entries {
		if !e.Type().IsRegular() || e.Name() == ManifestName {
			return m, desk.E(desk.Internal, op, "unexpected file in the backup: "+e.Name())
		}
		path := filepath.Join(dir, e.Name())
		if err := sync(path); err != nil {
			return m, desk.Wrap(desk.Unavailable, op, err)
		}
		f, err := sum(path)
		if err != nil {
			return m, desk.Wrap(desk.Unavailable, op, err)
		}
		m.Files = append(m.Files, f)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, desk.Wrap(desk.Internal, op, err)
	}
	path := filepath.Join(dir, ManifestName)
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return m, desk.Wrap(desk.Unavailable, op, err)
	}
	return m, desk.Wrap(desk.Unavailable, op, errors.Join(sync(path), sync(dir)))
}

// Verify reads a backup's manifest and checks every file against it. Invalid
// with the file's name if anything is missing, changed or too much.
func Verify(dir string) (Manifest, error) {
	const op = "verify backup"
	m, err := read(filepath.Join(dir, ManifestName))
	if err != nil {
		return m, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return m, desk.Wrap(desk.Unavailable, op, err)
	}
	for _, e := range entries {
		if e.Name() != ManifestName && !slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == e.Name() }) {
			return m, desk.E(desk.Invalid, op, fmt.Sprintf("%s is not part of the backup; remove it", e.Name()))
		}
	}
	for _, want := range m.Files {
		have, err := sum(filepath.Join(dir, want.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return m, desk.E(desk.Invalid, op, fmt.Sprintf("%s is missing from the backup", want.Name))
		case err != nil:
			return m, desk.Wrap(desk.Unavailable, op, err)
		case have != want:
			return m, desk.E(desk.Invalid, op, fmt.Sprintf("%s was changed or damaged since the backup; use another backup", want.Name))
		}
	}
	return m, nil
}

// Copy fills an empty or missing folder with a backup's files, durably.
// Invalid if the folder holds anything. Call Verify first. If it fails, what
// was copied is removed again.
func Copy(m Manifest, from, to string) (err error) {
	const op = "restore files"
	if err := empty(to); err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() {
		if err != nil {
			for _, f := range m.Files {
				err = errors.Join(err, ignoreMissing(os.Remove(filepath.Join(to, f.Name))))
			}
		}
	}()
	for _, f := range m.Files {
		if err := copyFile(filepath.Join(from, f.Name), filepath.Join(to, f.Name)); err != nil {
			return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "cannot copy " + f.Name, Err: err}
		}
		// Summed again: what counts is what arrived.
		if got, err := sum(filepath.Join(to, f.Name)); err != nil || got != f {
			return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: f.Name + " did not arrive whole", Err: err}
		}
	}
	return desk.Wrap(desk.Unavailable, op, sync(to))
}

func read(path string) (Manifest, error) {
	const op = "read manifest"
	var m Manifest
	f, err := os.Open(path)
	if err != nil {
		return m, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "this is not a complete backup: it has no manifest", Err: err}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return m, desk.Wrap(desk.Unavailable, op, err)
	}
	m, err = parse(text)
	return m, err
}

// parse takes a manifest from text that anybody may have written: no name in
// it leads out of the folder.
func parse(text []byte) (Manifest, error) {
	const op = "read manifest"
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return m, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the backup's manifest is damaged", Err: err}
	}
	if m.Format != format {
		return m, desk.E(desk.Invalid, op, fmt.Sprintf("the backup has format %d; this program reads format %d", m.Format, format))
	}
	seen := make(map[string]bool)
	for _, f := range m.Files {
		if f.Name == "" || f.Name == ManifestName || f.Name == "." || f.Name == ".." || strings.ContainsAny(f.Name, `/\`+"\x00") || seen[f.Name] {
			return m, desk.E(desk.Invalid, op, fmt.Sprintf("the backup's manifest names a file %q", f.Name))
		}
		seen[f.Name] = true
	}
	return m, nil
}

// empty refuses a path where there is anything.
func empty(dir string) error {
	const op = "check folder"
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &desk.Error{Kind: desk.Invalid, Op: op, Msg: dir + " cannot be used as a folder", Err: err}
	case len(entries) > 0:
		return desk.E(desk.Invalid, op, dir+" is not empty; name a folder that is empty or does not exist")
	}
	return nil
}

func sum(path string) (File, error) {
	f, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer f.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, f)
	return File{Name: filepath.Base(path), Size: n, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// sync makes a file or a folder's list of names durable.
func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
