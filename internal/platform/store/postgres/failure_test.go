package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to look at the database from outside
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/storetest"
)

// load is many customers who write to a store and repeat what was not
// answered, as flows do.
type load struct {
	*storetest.Tenant
	people, each int
	answered     atomic.Int64
}

// run sends all messages. At each hundredth of the way it calls step.
func (l *load) run(step func(percent int)) {
	var callers sync.WaitGroup
	total := int64(l.people * l.each)
	for person := range l.people {
		callers.Go(func() {
			for i := range l.each {
				hash, key := fmt.Sprint("person", person), fmt.Sprintf("%d/%d", person, i)
				for {
					_, err := l.Store.Do(l.Ctx, l.Receive(hash, key, []byte("sealed")))
					if err == nil {
						break
					}
					if desk.KindOf(err) != desk.Unavailable {
						l.Errorf("message %s: %v", key, err)
						return
					}
				}
				if n := l.answered.Add(1); n*100/total != (n-1)*100/total {
					step(int(n * 100 / total))
				}
			}
		})
	}
	callers.Wait()
}

// check holds the database to what was answered: every message once, in the
// order it was sent, with its event, and a log without gaps.
func (l *load) check() {
	l.Helper()
	events := map[desk.MessageID]int{}
	head, err := l.Store.Head(l.Ctx)
	require.NoError(l, err)
	for pos := int64(0); pos < head; {
		page, err := l.Store.Events(l.Ctx, pos, 500)
		require.NoError(l, err)
		require.NotEmpty(l, page)
		for _, e := range page {
			require.Equal(l, pos+1, e.Pos)
			pos = e.Pos
			if m, ok := desk.MessageOf(e.Fact); ok {
				events[m.MessageID]++
			}
		}
	}
	for person := range l.people {
		contact, err := l.Store.ContactByIdentity(l.Ctx, l.ID, "user", fmt.Sprint("person", person))
		require.NoError(l, err)
		conversation, err := l.Store.LiveConversation(l.Ctx, l.ID, contact, "")
		require.NoError(l, err)
		messages, err := l.Store.Messages(l.Ctx, l.ID, conversation, store.MessageRange{Limit: 1000})
		require.NoError(l, err)
		require.Len(l, messages, l.each)
		for i, m := range messages {
			require.Equal(l, int64(i+1), m.Seq)
			require.Equal(l, fmt.Sprintf("%d/%d", person, i), m.ClientID)
			require.Equal(l, 1, events[m.ID])
		}
	}
	require.Len(l, events, l.people*l.each)
}

func outside(t testing.TB, dsn string) *sql.DB {
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestServerCrashLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, nil)
	dsn := server.Database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	l := &load{Tenant: env.Tenant(), people: 24, each: 20}
	l.run(func(percent int) {
		if percent == 30 || percent == 60 {
			if err := server.Stop(pgtest.Immediate); err != nil {
				t.Error(err)
			}
			if err := server.Start(); err != nil {
				t.Error(err)
			}
		}
	})
	l.check()
}

func TestLostConnectionsHeal(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), func() store.Driver { return node(t, dsn, clock) }
	})
	l := &load{Tenant: env.Tenant(), people: 16, each: 25}
	db := outside(t, dsn)
	l.run(func(percent int) {
		if percent%10 != 0 {
			return
		}
		// Committers, listeners and pools alike.
		_, err := db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil {
			t.Error(err)
		}
	})
	l.check()

	// The other node's listener is back too, or its poll finds the commit.
	commits, cancel := env.Peer.Watch()
	defer cancel()
	out := l.Do(l.Receive("person0", "", nil))
	require.Eventually(t, func() bool {
		select {
		case <-commits:
		default:
		}
		events, err := env.Peer.Events(t.Context(), out.Pos-1, 1)
		return err == nil && len(events) == 1
	}, 20*time.Second, 5*time.Millisecond)
}

func TestAwayDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Settings{"max_connections": "40"})
	dsn := server.Database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	n := env.Tenant()
	require.NoError(t, server.Stop(pgtest.Fast))
	_, err := env.Store.Do(t.Context(), n.Receive("ada", "1", nil))
	require.ErrorIs(t, err, desk.Unavailable)
	require.ErrorIs(t, env.Store.Write(t.Context(), n.ID, func(context.Context, *store.Tx) error { return nil }), desk.Unavailable)
	_, err = env.Store.Agents(t.Context(), n.ID)
	require.ErrorIs(t, err, desk.Unavailable)

	_, err = postgres.Open(t.Context(), postgres.Deps{Clock: env.Clock, Log: slog.New(slog.DiscardHandler)}, postgres.Config{DSN: dsn})
	require.ErrorIs(t, err, desk.Unavailable)

	require.NoError(t, server.Start())
	n.Do(n.Receive("ada", "1", nil))
}

func TestRefusesAServerThatLosesCommits(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Settings{"fsync": "off", "max_connections": "20"})
	_, err := postgres.Open(t.Context(), postgres.Deps{Clock: storetest.NewClock(), Log: slog.New(slog.DiscardHandler)},
		postgres.Config{DSN: server.Database(t)})
	require.ErrorIs(t, err, desk.Unsupported)
	require.Contains(t, desk.UserMessage(err), "fsync")
}

func TestRaisesWeakCommits(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.Settings{"synchronous_commit": "off", "max_connections": "40"})
	dsn := server.Database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	n := env.Tenant()
	n.Do(n.Receive("ada", "", nil))
	// A rule of the server shows what the committers' sessions use.
	_, err := outside(t, dsn).ExecContext(t.Context(), `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN INSERT INTO installation VALUES ('commit', current_setting('synchronous_commit')); RETURN NEW; END $$;
		CREATE TRIGGER note AFTER UPDATE ON conversation FOR EACH ROW EXECUTE FUNCTION note()`)
	require.NoError(t, err)
	n.Do(n.Receive("ada", "", nil))
	got, err := env.Store.InstallationValue(t.Context(), "commit")
	require.NoError(t, err)
	require.Equal(t, "on", got)
}

// A bad unit must not take the others of its batch with it, whatever the
// database says about its rows.
func TestPoisonousUnitFailsAlone(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock, func(c *postgres.Config) { c.Committers = 1 }), nil
	})
	n := env.Tenant()
	db := outside(t, dsn)
	// While somebody holds the log, a batch gathers behind the first command.
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "SELECT * FROM log_head FOR UPDATE")
	require.NoError(t, err)
	var all sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		all.Go(func() {
			c := n.Receive(fmt.Sprint("person", i), fmt.Sprint("key", i), []byte("sealed"))
			if i == 7 {
				decide := c.Decide
				c.Decide = func(s store.Situation) (store.Effects, error) {
					e, err := decide(s)
					e.Messages[0].FailureReason = "a\x00b" // which no text column takes
					return e, err
				}
			}
			_, errs[i] = env.Store.Do(env.Ctx, c)
		})
	}
	require.NoError(t, tx.Rollback())
	all.Wait()
	for i, err := range errs {
		if i == 7 {
			require.ErrorIs(t, err, desk.Internal)
		} else {
			require.NoError(t, err)
		}
	}
	require.False(t, n.Do(n.Receive("person7", "key7", nil)).Repeated, "the failed unit left its key")
}

func TestFullQueueIsLimited(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock, func(c *postgres.Config) { c.Committers, c.BatchUnits, c.AccountQueue = 1, 1, 3 }), nil
	})
	n, other := env.Tenant(), env.Tenant()
	n.Do(n.Receive("ada", "", nil))
	db := outside(t, dsn)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "SELECT * FROM conversation FOR UPDATE")
	require.NoError(t, err)
	answers := make(chan error, 10)
	ask := func() { _, err := env.Store.Do(env.Ctx, n.Receive("ada", "", nil)); answers <- err }
	go ask()
	require.Eventually(t, func() bool {
		var blocked int
		err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&blocked)
		return err == nil && blocked == 1
	}, 20*time.Second, 5*time.Millisecond)
	for range 9 {
		go ask()
	}
	// One is at work and three wait; the others are refused at once.
	for range 6 {
		require.ErrorIs(t, <-answers, desk.Limited)
	}
	go func() { _, err := other.Store.Do(env.Ctx, other.Receive("bob", "", nil)); answers <- err }()
	require.NoError(t, tx.Rollback())
	for range 5 {
		require.NoError(t, <-answers, "the other account has room of its own")
	}
}

// The panic of a unit names its type and place and keeps to itself what it holds.
func TestPanicOfAUnitTellsNoContents(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	err := env.Store.Write(env.Ctx, "", func(context.Context, *store.Tx) error { panic("call 13800138000") })
	require.ErrorIs(t, err, desk.Internal)
	require.NotContains(t, err.Error(), "13800138000")
	require.Contains(t, err.Error(), "panic of type string")
	require.Contains(t, err.Error(), "failure_test.go")
}
