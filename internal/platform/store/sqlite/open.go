package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	_ "modernc.org/sqlite" // registers the database/sql driver "sqlite"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/migrate"
	"yingda.dev/internal/platform/store/query"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Deps are what a Driver works with.
type Deps struct {
	// Clock gives commits their time.
	Clock desk.Clock
	Log   *slog.Logger
	// Metrics may be nil.
	Metrics prometheus.Registerer
}

// Config says where the files are and how much may wait. Path is required;
// zero elsewhere is the default.
type Config struct {
	// Path is the database file. Its folder must exist.
	Path string
	// IndexPath is the search index. Default: Path with ".search" before its
	// extension.
	IndexPath string
	// Readers is the number of reading connections. Default 4.
	Readers int
	// Queue is how many units may wait in all, AccountQueue how many of one
	// account; beyond that callers get Limited. Defaults 4096 and 1024.
	Queue, AccountQueue int
	// BatchRows and BatchTime bound one commit: no unit is added once the batch
	// has that many rows or is that old. Defaults 500 and 25 ms: on a
	// busy machine a longer batch costs each message less, and an idle one never
	// waits for it.
	BatchRows int
	BatchTime time.Duration
	// UnitTime is how long a unit of Write may take in a batch. One that takes
	// longer runs again alone, and then has 40 times that. Default 50 ms.
	UnitTime time.Duration
	// Ring is how many committed events are kept in memory for consumers.
	// Default 8192.
	Ring int
	// ReadTime is the longest a reading statement may take. Default 1 s.
	ReadTime time.Duration
}

func (c *Config) fill() {
	set(&c.Readers, 4)
	set(&c.Queue, 4096)
	set(&c.AccountQueue, 1024)
	set(&c.BatchRows, 500)
	set(&c.BatchTime, 25*time.Millisecond)
	set(&c.UnitTime, 50*time.Millisecond)
	set(&c.Ring, 8192)
	set(&c.ReadTime, time.Second)
	if c.IndexPath == "" {
		ext := filepath.Ext(c.Path)
		c.IndexPath = strings.TrimSuffix(c.Path, ext) + ".search" + ext
	}
}

func set[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Driver is a store.Driver on SQLite files.
type Driver struct {
	clock    desk.Clock
	log      *slog.Logger
	config   Config
	metrics  metrics
	writerDB *sql.DB
	readerDB *sql.DB
	writer   *session
	reader   *readers
	queue    *queue
	ring     *store.Ring
	watchers store.Watchers
	index    *index
	recall   recall // the committer's
	lastUs   int64  // the committer's: the newest commit time, so that time never goes back

	closeOnce sync.Once
	closeErr  error
}

var _ store.Driver = (*Driver)(nil)

// Open opens or creates the files, brings them to the present schema and
// checks that commits will be durable.
func Open(ctx context.Context, deps Deps, config Config) (_ *Driver, err error) {
	const op = "open database"
	config.fill()
	if config.Path == "" {
		return nil, desk.InvalidField(op, "path", "the path of the database is missing")
	}
	d := &Driver{
		clock: deps.Clock, log: deps.Log, config: config,
		queue: newQueue(config.Queue, config.AccountQueue), ring: store.NewRing(config.Ring),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if err := private(config.Path); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	if d.writerDB, err = openWriter(config.Path, "full"); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	if _, err := migrate.Up(ctx, d.writerDB, migrate.SQLite, sub); err != nil {
		return nil, err
	}
	conn, err := d.writerDB.Conn(ctx)
	if err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	d.writer = newSession(conn)
	if err := durable(ctx, conn); err != nil {
		return nil, err
	}
	// A clock that was set back while the program was away must not make the log's
	// times fall: trimming searches by them.
	if err := conn.QueryRowContext(ctx, `SELECT COALESCE(max(at_us), 0) FROM event_log
		WHERE pos = (SELECT pos FROM log_head)`).Scan(&d.lastUs); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	if d.readerDB, err = sql.Open("sqlite", dsn(config.Path, url.Values{
		"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)", "cache_size(-16000)"},
	})); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	d.readerDB.SetMaxOpenConns(config.Readers)
	d.readerDB.SetMaxIdleConns(config.Readers)
	d.reader = &readers{db: d.readerDB, limit: config.ReadTime}
	if d.index, err = openIndex(ctx, config.IndexPath, config.Readers); err != nil {
		return nil, err
	}
	if d.metrics, err = newMetrics(deps.Metrics, d.queue.length, config.Path+"-wal"); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return d, nil
}

// private creates the file for its owner only: it holds what no other user of
// the machine needs to see, sealed or not.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func openWriter(path, synchronous string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)", "journal_mode(wal)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
			"cache_size(-32000)", "wal_autocheckpoint(4000)", "temp_store(memory)", "journal_size_limit(67108864)",
		},
	}))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// dsn escapes the path, so that a "?" or "%" in a folder's name stays one.
func dsn(path string, options url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// durable refuses to run with a database that would lose answered commits.
func durable(ctx context.Context, conn *sql.Conn) error {
	const op = "check durability"
	var synchronous int
	var journal string
	if err := conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	if synchronous != 2 || journal != "wal" {
		return desk.E(desk.Internal, op, fmt.Sprintf("synchronous is %d (want 2) and journal_mode %q (want wal)", synchronous, journal))
	}
	return nil
}

// Dialect is "sqlite".
func (d *Driver) Dialect() string { return "sqlite" }

// Reader runs each statement in a read transaction of its own.
func (d *Driver) Reader() query.DBTX { return d.reader }

// Watch signals commits.
func (d *Driver) Watch() (<-chan struct{}, func()) { return d.watchers.Watch() }

// Index is the search index.
func (d *Driver) Index() store.Index { return d.index }

// Close closes the files; a second call gives the first's answer.
func (d *Driver) Close() error {
	d.closeOnce.Do(func() {
		d.queue.close()
		for u := d.queue.pop(); u != nil; u = d.queue.pop() { // Run never came
			u.done <- answer{err: desk.E(desk.Unavailable, "close database", "the server is shutting down; try again")}
		}
		var errs []error
		d.metrics.unregister()
		if d.reader != nil {
			errs = append(errs, d.reader.close())
		}
		if d.writer != nil {
			errs = append(errs, d.writer.close())
		}
		for _, db := range []*sql.DB{d.readerDB, d.writerDB} {
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		if d.index != nil {
			errs = append(errs, d.index.close())
		}
		d.closeErr = desk.Wrap(desk.Internal, "close database", errors.Join(errs...))
	})
	return d.closeErr
}
