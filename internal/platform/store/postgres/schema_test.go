package postgres_test

import (
	"database/sql"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
	"yingda.dev/internal/platform/store/storetest"
)

func list(t *testing.T, db *sql.DB, statement string, args ...any) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), statement, args...)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}

// The tables are those of the portable schema, with their columns, unique keys
// and checks, and a few of our own.
func TestTablesEqualThePortableSchema(t *testing.T) {
	t.Parallel()
	db := outside(t, database(t))
	columns, err := query.Columns()
	require.NoError(t, err)
	got := map[string][]string{}
	for _, c := range list(t, db, `SELECT table_name || '.' || column_name FROM information_schema.columns JOIN pg_class ON relname = table_name
		WHERE table_schema = current_schema() AND NOT relispartition ORDER BY table_name, ordinal_position`) {
		table, column, _ := strings.Cut(c, ".")
		got[table] = append(got[table], column)
	}
	delete(got, "schema_migration")
	delete(got, "search_document")
	require.Equal(t, columns, got)

	// The same text, read by PostgreSQL without our additions, gives the same constraints.
	portable, err := os.ReadFile("../query/schema.sql")
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "CREATE SCHEMA portable; SET search_path = portable; "+string(portable)+"; RESET search_path")
	require.NoError(t, err)
	const constraints = `SELECT relname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
		WHERE connamespace = $1::regnamespace AND NOT relispartition AND relname NOT IN ('schema_migration', 'search_document')
		ORDER BY 1`
	want := list(t, db, constraints, "portable")
	for i, c := range want {
		switch c { // see the migration for why
		case "event_log PRIMARY KEY (pos)":
			want[i] = "event_log PRIMARY KEY (pos, at_us)"
		case "message UNIQUE (shard, conversation_id, seq)":
			want[i] = "message UNIQUE (conversation_id, seq, shard)"
		}
	}
	require.Equal(t, want, list(t, db, constraints, "public"))

	require.Empty(t, list(t, db, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND is_nullable = 'YES'`), "nothing is NULL")
}

func TestPartitions(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	db := outside(t, dsn)
	for table, want := range map[string]int{"conversation": desk.Shards, "message": desk.Shards, "dedupe": 16, "event_log": 5} {
		require.Len(t, list(t, db, "SELECT inhrelid::text FROM pg_inherits WHERE inhparent = $1::regclass", table), want, table)
	}

	// Nodes that start at once make the same days, and a day on which events
	// came too early stays in the default partition.
	clock := storetest.NewClock()
	day := clock.Now().Add(10 * 24 * time.Hour)
	stray := day.Add(24 * time.Hour).Truncate(24 * time.Hour)
	_, err := db.ExecContext(t.Context(), "INSERT INTO event_log VALUES (1, 'acc', 0, '', '', 'contact.created', $1, '{}')", desk.Micros(stray))
	require.NoError(t, err)
	var nodes sync.WaitGroup
	for range 4 {
		nodes.Go(func() { require.NoError(t, node(t, dsn, desk.ClockFunc(func() time.Time { return day })).Close()) })
	}
	nodes.Wait()
	days := list(t, db, `SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent = 'event_log'::regclass AND relname > 'event_log_d20260307' AND relname ~ '\d$' ORDER BY 1`)
	require.Equal(t, []string{"event_log_d20260314", "event_log_d20260316", "event_log_d20260317"}, days)
}

// Trim drops whole days, however many events they hold, and keeps the rest of
// a day that is needed.
func TestTrimDropsDays(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	db := outside(t, dsn)
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	n := env.Tenant()
	for range 3 {
		for range 2 {
			for range 5 {
				n.Do(n.Receive("ada", "", nil))
			}
			env.Clock.Advance(12 * time.Hour)
		}
	}
	const days = `SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
		WHERE inhparent = 'event_log'::regclass AND relname ~ '\d$' ORDER BY 1`
	require.Equal(t, []string{"event_log_d20260304", "event_log_d20260305", "event_log_d20260306", "event_log_d20260307"}, list(t, db, days))
	// It is the 7th, five in the morning. Older than 42 hours are the 4th and the
	// first half of the 5th.
	trimmed, err := env.Store.Trim(t.Context(), env.Clock.Now().Add(-42*time.Hour), 0)
	require.NoError(t, err)
	require.Equal(t, int64(12), trimmed.Events, "contact, conversation and ten messages of the first day")
	require.Equal(t, []string{"event_log_d20260305", "event_log_d20260306", "event_log_d20260307"}, list(t, db, days))
	oldest, err := env.Store.Oldest(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(13), oldest)
}

// Batches keep their plans for ever, so these must not depend on statistics
// that an empty database does not have: each look-up goes by the whole key.
func TestPlansGoByKey(t *testing.T) {
	t.Parallel()
	db := outside(t, database(t))
	source, err := os.ReadFile("sql.go")
	require.NoError(t, err)
	statements := regexp.MustCompile("(?s)(sql[A-Z]\\w+) += `\n(.*?)`").FindAllStringSubmatch(string(source), -1)
	conn, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer conn.Close() //nolint:errcheck // the test is over
	_, err = conn.ExecContext(t.Context(), `SET plan_cache_mode = force_generic_plan; SET enable_hashjoin = off;
		SET enable_mergejoin = off; SET enable_seqscan = off`)
	require.NoError(t, err)
	want := map[string]string{ // table: the key that every look-up must use whole
		"conversation": `\(\(shard = t.shard\) AND \(id = t.id\)\)`,
		"message":      `\(\(shard = t.shard\) AND \(id = t.id\)\)`,
		"dedupe":       `\(\(account_id = t.account_id\) AND \(scope = t.scope\) AND \(key = t.key\)\)`,
		"identity":     `\(\(account_id = t.account_id\) AND \(scope = t.scope\) AND \(hash = t.hash\)\)`,
		"live":         `\(\(account_id = t.account_id\) AND \(contact_id = [it].contact_id\) AND \(thread = t.thread\)\)`,
		"contact":      `\(\(account_id = t.account_id\) AND \(id = t.id\)\)`,
		"log":          `\(id = 1\)`,
		"timer":        `\(\(account_id = t.account_id\) AND \(kind = t.kind\) AND \(subject = t.subject\)\)`,
	}
	scan := regexp.MustCompile(`Scan using (\w+) on ([a-z]+)\w*.*\n\s+Index Cond: (.*)`)
	checked := 0
	for _, s := range statements {
		name, text := s[1], s[2]
		if strings.HasPrefix(name, "sqlIndex") || strings.Contains(text, "%[1]s") {
			continue
		}
		parameters := 0
		for strings.Contains(text, fmt.Sprintf("$%d", parameters+1)) {
			parameters++
		}
		_, err := conn.ExecContext(t.Context(), "PREPARE "+name+" AS "+text)
		require.NoError(t, err, name)
		nulls := strings.TrimSuffix(strings.Repeat("NULL,", parameters), ",")
		rows, err := conn.QueryContext(t.Context(), "EXPLAIN (COSTS OFF) EXECUTE "+name+"("+nulls+")")
		require.NoError(t, err, name)
		var plan strings.Builder
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			plan.WriteString(line + "\n")
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close()) //nolint:sqlclosecheck // the next statement needs the connection
		for _, found := range scan.FindAllStringSubmatch(plan.String(), -1) {
			require.Regexp(t, "^"+want[found[2]]+"$", found[3], "%s by %s\n%s", name, found[1], &plan)
			checked++
		}
		require.NotContains(t, plan.String(), "Seq Scan", "%s\n%s", name, &plan)
	}
	require.Greater(t, checked, 16*4)
}
