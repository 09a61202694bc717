package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"yingda.dev/internal/app/backup"
	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/snapshot"
)

type backupCommand struct {
	Folder string `arg:"" help:"Folder to write to; it must be empty or not exist." type:"path"`
}

type restoreCommand struct {
	Folder string `arg:"" help:"Folder with a backup." type:"existingdir"`
}

// dumpName is PostgreSQL's file in a backup.
const dumpName = "yingda.pgdump"

// searchName is the file of the search index beside the database.
const searchName = "yingda.search.db"

// Run backs up.
func (b backupCommand) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	if c.Dialect() == "sqlite" && !hasData(c) {
		return desk.E(desk.Invalid, "back up", fmt.Sprintf("there is no database in %s; nothing to back up", c.DataDir))
	}
	if err := backup.Begin(b.Folder); err != nil {
		return err
	}
	err = copyDatabase(r.ctx, c, b.Folder)
	if err == nil {
		err = packFiles(r.ctx, c, b.Folder)
	}
	if err != nil {
		// Half a backup must not look like one.
		return errors.Join(err, os.RemoveAll(b.Folder))
	}
	m, err := backup.Seal(b.Folder, backup.Manifest{CreatedAt: systemClock().Now(), Program: versionText(), Dialect: c.Dialect()})
	if err != nil {
		return err
	}
	var size int64
	for _, f := range m.Files {
		size += f.Size
	}
	r.printf("Backed up %d files, %d KiB, to %s.\n", len(m.Files), (size+1023)>>10, b.Folder)
	r.printf("The master key %s is not in it, on purpose: keep a copy of it elsewhere. Without it the backup cannot be read.\n", c.Keys.File)
	return nil
}

func copyDatabase(ctx context.Context, c config.Config, folder string) error {
	if c.Dialect() == "postgres" {
		return dump(ctx, c.Database.DSN, filepath.Join(folder, dumpName))
	}
	// The database first: the index may then know more than the database says it
	// has indexed, which is harmless; the other way round documents would be missing.
	for _, name := range []string{databaseName, searchName} {
		from, to := filepath.Join(c.DataDir, name), filepath.Join(folder, name)
		if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) && name == searchName {
			continue
		}
		if err := snapshot.Copy(ctx, from, to); err != nil {
			return err
		}
		if err := errors.Join(snapshot.Check(ctx, to), os.Chmod(to, 0o600)); err != nil {
			return err
		}
	}
	return nil
}

// Run restores.
func (b restoreCommand) Run(r *run) error {
	const op = "restore"
	c, err := r.config()
	if err != nil {
		return err
	}
	m, err := backup.Verify(b.Folder)
	if err != nil {
		return err
	}
	if m.Dialect != c.Dialect() {
		return desk.E(desk.Invalid, op, fmt.Sprintf("the backup is from %s and the configuration says %s; set database.dsn", m.Dialect, c.Dialect()))
	}
	if err := checkKey(r.ctx, c, m, b.Folder); err != nil {
		return err
	}
	database := m
	database.Files = slices.DeleteFunc(slices.Clone(m.Files), func(f backup.File) bool { return f.Name == packName })
	if m.Dialect == "postgres" {
		err = undump(r.ctx, c.Database.DSN, filepath.Join(b.Folder, dumpName))
	} else {
		err = backup.Copy(database, b.Folder, c.DataDir)
	}
	if err == nil {
		err = unpackFiles(r.ctx, c, b.Folder)
	}
	if err != nil {
		return err
	}
	// Clients may know events that came after the backup; a new epoch tells them
	// to start afresh.
	err = withCore(r.ctx, c, newLogger(c.Log, r.process.Err), func(ctx context.Context, k *core) error {
		return k.store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, k.ids.Other("epo")) })
	})
	if err != nil {
		return err
	}
	r.printf("Restored the backup of %s. Start the server; clients will reload what they show.\n", m.CreatedAt.Format("2006-01-02 15:04:05 MST"))
	return nil
}

// checkKey looks whether the key file can be used and, as far as that can be
// seen before the copy, whether it is the backup's: a restore that finds it out
// afterwards leaves data that the next attempt stumbles over.
func checkKey(ctx context.Context, c config.Config, m backup.Manifest, folder string) error {
	const op = "restore"
	master, err := seal.LoadMaster(c.Keys.File)
	if errors.Is(err, desk.NotFound) {
		return desk.E(desk.Invalid, op, fmt.Sprintf("the key file %s is missing; put the saved copy there first, the backup cannot be read without it", c.Keys.File))
	}
	if err != nil || m.Dialect == "postgres" {
		return err
	}
	want, err := snapshot.InstallationValue(ctx, filepath.Join(folder, databaseName), masterCheck)
	if err == nil && want != "" && want != check(master) {
		err = desk.E(desk.Invalid, op, fmt.Sprintf("the key file %s is not the backup's; put the right one there first. Nothing was restored", c.Keys.File))
	}
	return err
}

// dump runs pg_dump, or says how to.
func dump(ctx context.Context, dsn, file string) error {
	return postgresTool(ctx, "back up", dsn, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--file="+file)
}

// undump runs pg_restore, or says how to. It refuses a database that has tables,
// by stopping at the first that exists and undoing everything.
func undump(ctx context.Context, dsn, file string) error {
	err := postgresTool(ctx, "restore", dsn, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", file)
	if err != nil && strings.Contains(err.Error(), "already exists") {
		return &desk.Error{Kind: desk.Invalid, Op: "restore", Msg: "the PostgreSQL database is not empty; create a new one and set database.dsn", Err: err}
	}
	return err
}

// postgresTool runs one of PostgreSQL's programs on the database. The password
// goes by the environment, because everybody can see arguments.
func postgresTool(ctx context.Context, op, dsn, tool string, args ...string) error {
	address, err := url.Parse(dsn)
	if err != nil {
		return desk.E(desk.Invalid, op, "database.dsn cannot be read as an address")
	}
	env := os.Environ()
	if password, ok := address.User.Password(); ok {
		env = append(env, "PGPASSWORD="+password)
		address.User = url.User(address.User.Username())
	}
	query := address.Query()
	if password := query.Get("password"); password != "" {
		env = append(env, "PGPASSWORD="+password)
		query.Del("password")
		address.RawQuery = query.Encode()
	}
	args = append(args, "--dbname="+address.String())
	path, err := exec.LookPath(tool)
	if err != nil {
		return desk.E(desk.Unavailable, op, fmt.Sprintf("%s is not installed here; install PostgreSQL's client programs, or run where they are: %s %s", tool, tool, strings.Join(args, " ")))
	}
	var said bytes.Buffer
	command := exec.CommandContext(ctx, path, args...) //nolint:gosec // the two tools named above, without a shell
	command.Env, command.Stderr = env, &said
	if err := command.Run(); err != nil {
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: tool + " failed", Err: fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))}
	}
	return nil
}
