package dirblob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
)

// unfinished is the folder of blobs that are being written.
const unfinished = "unfinished"

// Dir is a folder of blobs. Build it with Open.
type Dir struct {
	root string
	// node keeps processes that share the folder apart, count the Puts of this one.
	node  string
	count atomic.Uint64
}

var _ blob.Driver = (*Dir)(nil)

// Open takes a folder, and makes it, mode 0700, if there is none. node names
// this process among those that share the folder.
func Open(root, node string) (*Dir, error) {
	const op = "open folder of files"
	if !blob.ValidName("node____" + node) {
		return nil, desk.E(desk.Invalid, op, "")
	}
	if err := os.MkdirAll(filepath.Join(root, unfinished), 0o700); err != nil {
		return nil, &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "the folder of files cannot be created; `yingda doctor` says more", Err: err}
	}
	return &Dir{root: root, node: node}, nil
}

func place(name string) (folder string, err error) {
	if !blob.ValidName(name) {
		return "", desk.E(desk.Invalid, "find blob", "this is not a blob's name")
	}
	return name[len(name)-2:], nil
}

// Put stores a blob; see blob.Driver.
func (d *Dir) Put(ctx context.Context, name string, body io.Reader) (size int64, err error) {
	const op = "store blob"
	folder, err := place(name)
	if err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, desk.Wrap(desk.Unavailable, op, err)
	}
	temporary := filepath.Join(d.root, unfinished, d.node+"-"+strconv.FormatUint(d.count.Add(1), 36)+"-"+name)
	f, err := os.OpenFile(temporary, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, failure(op, err)
	}
	defer func() {
		if e := os.Remove(temporary); e != nil && err == nil {
			err = failure(op, e)
		}
	}()
	size, err = io.Copy(f, &patient{ctx, body})
	if err != nil {
		f.Close()
		return 0, failure(op, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return 0, failure(op, err)
	}
	return size, failure(op, d.settle(temporary, folder, name))
}

// settle gives a whole blob its name, durably.
func (d *Dir) settle(temporary, folder, name string) error {
	at := filepath.Join(d.root, folder)
	if err := os.Mkdir(at, 0o700); err == nil {
		if err := durable(d.root); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Link(temporary, filepath.Join(at, name)); err != nil {
		return err
	}
	return durable(at)
}

// patient ends with its context and passes on whose failure it was.
type patient struct {
	ctx  context.Context //nolint:containedctx // lives as long as one Put
	from io.Reader
}

// bodyError is a failure of what is read, not of the folder.
type bodyError struct{ error }

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, bodyError{desk.Wrap(desk.Unavailable, "read blob", err)}
	}
	n, err := p.from.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyError{err}
	}
	return n, err
}

// failure turns an error of the file system into one of desk; what the body
// said comes back unchanged.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	if b, ok := errors.AsType[bodyError](err); ok {
		return b.error
	}
	e := &desk.Error{Kind: desk.Unavailable, Op: op, Err: err}
	switch {
	case errors.Is(err, fs.ErrExist):
		e.Kind = desk.Conflict
	case errors.Is(err, fs.ErrNotExist):
		e.Kind, e.Msg = desk.NotFound, "there is no such file"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		e.Msg = "there is no room for files on the server; an administrator has to make some"
	}
	return e
}

// Open reads a part of a blob; see blob.Driver.
func (d *Dir) Open(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	const op = "open blob"
	folder, err := place(name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	if offset < 0 {
		return nil, desk.E(desk.Invalid, op, "")
	}
	f, err := os.Open(filepath.Join(d.root, folder, name))
	if err != nil {
		return nil, failure(op, err)
	}
	if offset > 0 {
		if _, err := f.Seek(offset, io.SeekStart); err != nil {
			f.Close()
			return nil, failure(op, err)
		}
	}
	if length < 0 {
		return f, nil
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(f, length), f}, nil
}

// Delete removes a blob; see blob.Driver.
func (d *Dir) Delete(ctx context.Context, name string) error {
	const op = "delete blob"
	folder, err := place(name)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	at := filepath.Join(d.root, folder)
	err = os.Remove(filepath.Join(at, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return failure(op, errors.Join(err, durable(at)))
}

// List walks the blobs by folder and name; see blob.Driver.
func (d *Dir) List(ctx context.Context, cursor string, limit int) (blobs []blob.Info, next string, err error) {
	const op = "list blobs"
	folders, err := os.ReadDir(d.root)
	if err != nil {
		return nil, "", failure(op, err)
	}
	from, after, _ := strings.Cut(cursor, "/")
	for _, folder := range folders {
		if len(folder.Name()) != 2 || folder.Name() < from {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, "", desk.Wrap(desk.Unavailable, op, err)
		}
		files, err := os.ReadDir(filepath.Join(d.root, folder.Name()))
		if err != nil {
			return nil, "", failure(op, err)
		}
		for _, f := range files {
			if folder.Name() == from && f.Name() <= after || !blob.ValidName(f.Name()) {
				continue
			}
			if len(blobs) == limit {
				last := blobs[limit-1].Name
				return blobs, last[len(last)-2:] + "/" + last, nil
			}
			info, err := f.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, "", failure(op, err)
			}
			blobs = append(blobs, blob.Info{Name: f.Name(), Size: info.Size(), At: info.ModTime()})
		}
	}
	return blobs, "", nil
}

// Clean removes what broken-off Puts left; see blob.Driver.
func (d *Dir) Clean(ctx context.Context, before time.Time) error {
	const op = "clean folder of files"
	files, err := os.ReadDir(filepath.Join(d.root, unfinished))
	if err != nil {
		return failure(op, err)
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return desk.Wrap(desk.Unavailable, op, err)
		}
		info, err := f.Info()
		if err == nil && info.ModTime().Before(before) {
			err = os.Remove(filepath.Join(d.root, unfinished, f.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure(op, err)
		}
	}
	return nil
}

// durable makes a folder's list of names survive a power cut.
func durable(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
