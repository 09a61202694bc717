package app

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
)

// packName is the file of a backup that holds the attachments, sealed as they
// are. A backup from before there were any has none.
const packName = "files.tar"

// packFiles writes all attachments into one file, after the database was
// copied: what came since is too much, which the server removes by itself, and
// never too little.
func packFiles(ctx context.Context, c config.Config, folder string) (err error) {
	const op = "back up files"
	from := filesPath(c)
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	blobs, err := dirblob.Open(from, "backup")
	if err != nil {
		return err
	}
	out, err := os.OpenFile(filepath.Join(folder, packName), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	defer func() { err = errors.Join(err, desk.Wrap(desk.Unavailable, op, out.Close())) }()
	pack := tar.NewWriter(out)
	for cursor := ""; ; {
		page, next, err := blobs.List(ctx, cursor, 1000)
		if err != nil {
			return err
		}
		for _, b := range page {
			if err := packOne(ctx, pack, blobs, b); err != nil {
				return err
			}
		}
		if cursor = next; cursor == "" {
			return desk.Wrap(desk.Unavailable, op, pack.Close())
		}
	}
}

func packOne(ctx context.Context, pack *tar.Writer, blobs *dirblob.Dir, b blob.Info) error {
	r, err := blobs.Open(ctx, b.Name, 0, b.Size)
	if errors.Is(err, desk.NotFound) {
		return nil // deleted meanwhile, with its message
	}
	if err != nil {
		return err
	}
	defer r.Close()
	err = pack.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: b.Name, Size: b.Size, Mode: 0o600, ModTime: b.At, Format: tar.FormatPAX})
	if err == nil {
		_, err = io.Copy(pack, r)
	}
	return desk.Wrap(desk.Unavailable, "back up files", err)
}

// unpackFiles puts a backup's attachments into the folder of files. The names
// in it are checked like all others, so none leads out of the folder.
func unpackFiles(ctx context.Context, c config.Config, folder string) error {
	const op = "restore files"
	in, err := os.Open(filepath.Join(folder, packName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	defer in.Close()
	blobs, err := dirblob.Open(filesPath(c), "restore")
	if err != nil {
		return err
	}
	for pack := tar.NewReader(in); ; {
		h, err := pack.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil || h.Typeflag != tar.TypeReg {
			return &desk.Error{Kind: desk.Invalid, Op: op, Msg: packName + " is damaged", Err: err}
		}
		// What is at a name never changes, so one that is there is the same.
		if _, err := blobs.Put(ctx, h.Name, pack); err != nil && !errors.Is(err, desk.Conflict) {
			return err
		}
	}
}
