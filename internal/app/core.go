package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
)

// core is the ground that the server and the administration commands share:
// database, keys, clock, ids.
type core struct {
	config  config.Config
	log     *slog.Logger
	clock   desk.Clock
	random  io.Reader
	ids     *desk.IDs
	metrics *prometheus.Registry
	store   *store.Store
	master  *seal.Master
	keys    *seal.Keyring
	node    string
	unlock  func()
}

// keyRefresh is how long a node uses loaded keys before it looks for new ones.
const keyRefresh = 30 * time.Second

// databaseName is the file of the embedded database in the data folder.
const databaseName = "yingda.db"

func databasePath(c config.Config) string { return filepath.Join(c.DataDir, databaseName) }

// filesPath is the folder of attachments.
func filesPath(c config.Config) string {
	if c.Files.Dir != "" {
		return c.Files.Dir
	}
	return filepath.Join(c.DataDir, "files")
}

// hasData tells whether the embedded database was begun.
func hasData(c config.Config) bool {
	info, err := os.Stat(databasePath(c))
	return err == nil && info.Size() > 0
}

// openCore opens, or at the first start creates, data folder, database and
// key file. The caller ends with close, after store.Run has returned.
func openCore(ctx context.Context, c config.Config, log *slog.Logger) (_ *core, err error) {
	k := &core{
		config: c, log: log, clock: systemClock(), random: systemRandom(), metrics: prometheus.NewRegistry(), unlock: func() {},
	}
	k.ids = desk.NewIDs(k.clock, k.random)
	k.node = nodeName(k.ids)
	if err := errors.Join(k.metrics.Register(collectors.NewGoCollector()),
		k.metrics.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))); err != nil {
		return nil, desk.Wrap(desk.Internal, "register metrics", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, k.close())
		}
	}()
	if err := seal.CheckOutside(c.Keys.File, c.DataDir); err != nil {
		return nil, err
	}
	driver, err := k.openDriver(ctx)
	if err != nil {
		return nil, err
	}
	k.store = store.New(driver)
	if k.master, err = k.openMaster(ctx); err != nil {
		return nil, err
	}
	settings := seal.Config{Refresh: keyRefresh}
	if k.store.Dialect() == "postgres" { // other nodes must have loaded a new key before it seals
		settings.Propagation = 2 * keyRefresh
	}
	k.keys = seal.NewKeyring(seal.Deps{Master: k.master, Store: k.store, Clock: k.clock, Random: k.random, Config: settings})
	return k, nil
}

func (k *core) openDriver(ctx context.Context) (store.Driver, error) {
	if k.config.Dialect() == "postgres" {
		return postgres.Open(ctx, postgres.Deps{Clock: k.clock, Log: k.log, Metrics: k.metrics}, postgres.Config{DSN: k.config.Database.DSN})
	}
	const op = "open data folder"
	if err := os.MkdirAll(k.config.DataDir, 0o700); err != nil {
		return nil, &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "the data folder cannot be created; `yingda doctor` says more", Err: err}
	}
	unlock, err := lockDir(k.config.DataDir)
	if err != nil {
		return nil, err
	}
	k.unlock = unlock
	return sqlite.Open(ctx, sqlite.Deps{Clock: k.clock, Log: k.log, Metrics: k.metrics}, sqlite.Config{Path: databasePath(k.config)})
}

// lockDir keeps other processes off the folder: the embedded database takes
// one. The lock ends with the process, however it ends.
func lockDir(dir string) (unlock func(), err error) {
	const op = "lock data folder"
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "the data folder cannot be written; `yingda doctor` says more", Err: err}
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, &desk.Error{
			Kind: desk.Unavailable, Op: op, Err: err,
			Msg: fmt.Sprintf("another yingda is using %s; stop it first", dir),
		}
	}
	return func() { f.Close() }, nil
}

// openMaster loads the key file. A missing one is created only if the database
// is new: otherwise a fresh key would hide that the right one is lost.
func (k *core) openMaster(ctx context.Context) (*seal.Master, error) {
	const op = "open master key"
	path := k.config.Keys.File
	want, err := k.store.InstallationValue(ctx, masterCheck)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return nil, err
	}
	master, err := seal.LoadMaster(path)
	if errors.Is(err, desk.NotFound) {
		if want != "" {
			return nil, desk.E(desk.Unavailable, op, fmt.Sprintf("the key file %s is missing but there is data; put the saved copy there. Nothing that was stored can be read without it", path))
		}
		if master, err = seal.CreateMaster(path, k.random); err == nil {
			k.log.Info("created the master key; keep a copy of it in a safe place", "file", path)
		}
	}
	if err != nil {
		return nil, err
	}
	if want != "" && want != check(master) {
		return nil, desk.E(desk.Unavailable, op, fmt.Sprintf("the key file %s belongs to another installation; set keys.file to the right one", path))
	}
	return master, nil
}

// masterCheck is the installation value that ties a database to its key file.
const masterCheck = "master_check"

func check(m *seal.Master) string { return hex.EncodeToString(m.Derive("installation check")[:8]) }

// prepare writes what a new database needs. The store must be running.
func (k *core) prepare(ctx context.Context) error {
	return k.store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		have, err := tx.InstallationValue(ctx, masterCheck)
		switch {
		case errors.Is(err, desk.NotFound):
			if err := tx.PutInstallationValue(ctx, masterCheck, check(k.master)); err != nil {
				return err
			}
		case err != nil:
			return err
		case have != check(k.master): // another node was first, with another key
			return desk.E(desk.Unavailable, "prepare database", "the database belongs to another key file")
		}
		if k.config.Dialect() != "postgres" { // the folder's lock says that nobody else is there
			if err := tx.TakeAll(ctx); err != nil {
				return err
			}
		}
		if _, err := tx.Epoch(ctx); !errors.Is(err, desk.NotFound) {
			return err
		}
		return tx.SetEpoch(ctx, k.ids.Other("epo"))
	})
}

// probe writes to the database, durably.
func (k *core) probe(ctx context.Context) error {
	return k.store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.PutInstallationValue(ctx, "last_probe", tx.Now().UTC().Format("2006-01-02T15:04:05Z"))
	})
}

// closeAfter closes after the stages have ended with err, and returns both
// errors. If a part did not end, the database stays open until the process
// ends: closing it under a commit is worse than no closing, which the database
// bears as it bears a crash.
func (k *core) closeAfter(err error) error {
	if errors.Is(err, errLate) {
		return err
	}
	return errors.Join(err, k.close())
}

func (k *core) close() error {
	var err error
	if k.store != nil {
		err = k.store.Close()
	}
	k.unlock()
	return err
}

// withCore runs work on an open, running core and closes it, for the
// administration commands.
func withCore(ctx context.Context, c config.Config, log *slog.Logger, work func(context.Context, *core) error) (err error) {
	k, err := openCore(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = k.closeAfter(err) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &stages{
		log: slog.New(slog.DiscardHandler), timeout: c.Server.StopTimeout, stopping: func() {},
		list: []stage{{
			parts: []part{{"store", k.store.Run}},
			then: func(ctx context.Context) error {
				if err := k.prepare(ctx); err != nil {
					return err
				}
				if err := work(ctx, k); err != nil {
					return err
				}
				cancel() // done: stop in good order
				return nil
			},
		}},
	}
	return s.Run(ctx)
}
