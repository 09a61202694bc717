package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"log/slog"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

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

// Config says where the database is and how much may wait. DSN is required;
// zero elsewhere is the default.
type Config struct {
	// DSN is a connection URL or a list of key=value pairs, as libpq reads them.
	DSN string
	// Committers is how many batches this node has under way at once. More make
	// smaller batches, which cost more in all, so they pay only if the database
	// has processors to spare. Default 1.
	Committers int
	// BatchUnits is the most commands of one batch. Default 256.
	BatchUnits int
	// Writers is how many units of Write run at once. Default 4.
	Writers int
	// Readers is how many connections serve look-ups. Default 8.
	Readers int
	// Queue is how many units may wait in each queue (one a committer and one
	// for Write), AccountQueue how many of one account; beyond that callers get
	// Limited. Defaults 4096 and 1024.
	Queue, AccountQueue int
	// StatementTime bounds a statement of a commit, with the wait for locks in
	// it. Default 5 s.
	StatementTime time.Duration
	// ReadTime bounds a look-up, at the server and, should its answer not come,
	// on this side. Default 5 s.
	ReadTime time.Duration
	// Ring is how many committed events are kept in memory for consumers.
	// Default 8192.
	Ring int
	// Poll is how often the log's head is read in case a notification was lost.
	// Default 1 s.
	Poll time.Duration
}

func (c *Config) fill() {
	set(&c.Committers, 1)
	set(&c.BatchUnits, 256)
	set(&c.Writers, 4)
	set(&c.Readers, 8)
	set(&c.Queue, 4096)
	set(&c.AccountQueue, 1024)
	set(&c.StatementTime, 5*time.Second)
	set(&c.ReadTime, 5*time.Second)
	set(&c.Ring, 8192)
	set(&c.Poll, time.Second)
}

func set[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Driver is a store.Driver on PostgreSQL.
type Driver struct {
	clock    desk.Clock
	log      *slog.Logger
	config   Config
	conn     *pgx.ConnConfig // of committers and the listener
	metrics  metrics
	readDB   reader
	writeDB  *sql.DB
	shoutDB  *sql.DB // one connection that does not wait for the disk
	ears     ears
	queues   []*queue     // one a committer
	seed     maphash.Seed // of route
	writes   *queue
	tail     *tail
	watchers store.Watchers

	closeOnce sync.Once
	closeErr  error
}

var _ store.Driver = (*Driver)(nil)

// minVersion is the oldest server that the statements were written for.
const minVersion = 150000

// Open connects, brings the database to the present schema and checks that
// commits will be durable.
func Open(ctx context.Context, deps Deps, config Config) (_ *Driver, err error) {
	const op = "open database"
	config.fill()
	conn, err := pgx.ParseConfig(config.DSN)
	if err != nil {
		// The cause may quote the password; pgx redacts it, we do not rely on that.
		return nil, desk.InvalidField(op, "dsn", "the connection string of PostgreSQL cannot be read")
	}
	d := &Driver{
		clock: deps.Clock, log: deps.Log, config: config, conn: conn,
		seed: maphash.MakeSeed(), writes: newQueue(config.Queue, config.AccountQueue), tail: newTail(config.Ring),
	}
	for range config.Committers {
		d.queues = append(d.queues, newQueue(config.Queue, config.AccountQueue))
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	set := conn.RuntimeParams
	set["application_name"] = "yingda"
	set["timezone"] = "UTC"
	set["default_transaction_isolation"] = "read committed"
	// A node that hangs must not hold the locks of others for ever.
	set["idle_in_transaction_session_timeout"] = "30s"
	set["statement_timeout"] = millis(config.StatementTime)
	// Every statement is written for one index, whatever its parameters are, and
	// joins a few rows with large tables by key. To plan a list over all partitions
	// anew costs more than to run it, as do the start of a parallel worker and
	// compiling; other joins and scans are only chosen where statistics are missing.
	set["plan_cache_mode"] = "force_generic_plan"
	set["max_parallel_workers_per_gather"] = "0"
	for _, off := range []string{"enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "jit"} {
		set[off] = "off"
	}
	d.writeDB = d.pool(config.Writers, nil)
	d.readDB = reader{limit: config.ReadTime, DB: d.pool(config.Readers, map[string]string{
		"default_transaction_read_only": "on", "statement_timeout": millis(config.ReadTime),
	})}
	d.shoutDB = d.pool(1, map[string]string{"synchronous_commit": "off"})
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	if err := d.migrate(ctx); err != nil {
		return nil, err
	}
	if err := d.makePartitions(ctx); err != nil {
		return nil, err
	}
	if d.metrics, err = newMetrics(deps.Metrics, d.queued); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	return d, nil
}

func millis(t time.Duration) string { return strconv.FormatInt(max(t.Milliseconds(), 1), 10) }

// pool opens a database/sql pool with settings of its own.
func (d *Driver) pool(size int, params map[string]string) *sql.DB {
	conn := d.conn.Copy()
	maps.Copy(conn.RuntimeParams, params)
	db := stdlib.OpenDB(*conn)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

// connect opens a connection for a committer or the listener.
func (d *Driver) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgx.ConnectConfig(ctx, d.conn)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	return conn, nil
}

// check refuses a server that is too old, cannot hold every text, or would
// lose answered commits.
func (d *Driver) check(ctx context.Context) error {
	const op = "check database"
	var version int
	var encoding, fsync, pages, commit string
	err := d.readDB.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
		current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')`).
		Scan(&version, &encoding, &fsync, &pages, &commit)
	if err != nil {
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "PostgreSQL cannot be reached", Err: err}
	}
	switch {
	case version < minVersion:
		return desk.E(desk.Unsupported, op, fmt.Sprintf("PostgreSQL 15 or newer is needed; the server is %d", version/10000))
	case encoding != "UTF8":
		return desk.E(desk.Unsupported, op, "the database's encoding must be UTF8; it is "+encoding)
	case fsync != "on":
		return desk.E(desk.Unsupported, op, "PostgreSQL runs with fsync=off and would lose messages when the machine fails; turn it on")
	}
	if pages != "on" {
		d.log.Warn("full_page_writes is off: the file system must never write half a page", "full_page_writes", pages)
	}
	if commit == "off" || commit == "local" {
		// Weaker than what an answer promises. Stronger ones are the operator's wish.
		d.log.Warn("synchronous_commit is raised to on for this program", "synchronous_commit", commit)
		d.conn.RuntimeParams["synchronous_commit"] = "on"
		err := d.writeDB.Close()
		d.writeDB = d.pool(d.config.Writers, nil)
		return desk.Wrap(desk.Internal, op, err)
	}
	return nil
}

// migrate uses a connection of its own, because a migration may take longer
// than a commit.
func (d *Driver) migrate(ctx context.Context) error {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return desk.Wrap(desk.Internal, "open migrations", err)
	}
	db := d.pool(1, map[string]string{"statement_timeout": "0"})
	_, err = migrate.Up(ctx, db, migrate.Postgres, sub)
	return errors.Join(err, db.Close())
}

// Dialect is "postgres".
func (d *Driver) Dialect() string { return "postgres" }

// Kind classifies an error of the database.
func (d *Driver) Kind(err error) desk.Kind { return kindOf(err) }

// Reader runs each statement in a read-only transaction of its own.
func (d *Driver) Reader() query.DBTX { return d.readDB }

// Watch signals commits of this node and of others.
func (d *Driver) Watch() (<-chan struct{}, func()) { return d.watchers.Watch() }

// Run owns the committers, the writers, the listener and the upkeep of
// partitions. When ctx ends it answers what was accepted and returns.
func (d *Driver) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, q := range d.queues {
		c := &committer{d: d, queue: q}
		group.Go(func() error { c.run(ctx); return nil })
	}
	for range d.config.Writers {
		group.Go(func() error { d.runWriter(ctx); return nil })
	}
	group.Go(func() error { d.listen(ctx); return nil })
	group.Go(func() error { d.keepPartitions(ctx); return nil })
	return group.Wait()
}

// Close closes all connections; a second call gives the first's answer.
func (d *Driver) Close() error {
	d.closeOnce.Do(func() {
		for _, q := range append([]*queue{d.writes}, d.queues...) {
			q.close()
			for _, u := range q.take(q.length()) { // Run never came
				u.fail(desk.E(desk.Unavailable, "close database", "the server is shutting down; try again"))
			}
		}
		d.metrics.unregister()
		var errs []error
		for _, db := range []*sql.DB{d.readDB.DB, d.writeDB, d.shoutDB} {
			if db != nil {
				errs = append(errs, db.Close())
			}
		}
		d.closeErr = desk.Wrap(desk.Internal, "close database", errors.Join(errs...))
	})
	return d.closeErr
}

func (d *Driver) queued() int {
	n := d.writes.length()
	for _, q := range d.queues {
		n += q.length()
	}
	return n
}
