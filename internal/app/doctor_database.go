package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/snapshot"
)

// knownSchema is the newest migration of this program, the same number for
// both databases; a test compares it with the files.
const knownSchema = 13

// schema reads the version of the configured database's schema and the newest
// that this program knows. NotFound if there is no database yet.
func schema(ctx context.Context, c config.Config) (have, known int, err error) {
	if c.Dialect() == "postgres" {
		facts, err := snapshot.Server(ctx, c.Database.DSN)
		if err == nil && facts.Schema == 0 {
			err = desk.E(desk.NotFound, "read schema version", "the database is empty")
		}
		return facts.Schema, knownSchema, err
	}
	if !hasData(c) {
		return 0, 0, desk.E(desk.NotFound, "read schema version", "there is no database yet")
	}
	have, err = snapshot.SchemaVersion(ctx, databasePath(c))
	return have, knownSchema, err
}

func checkDatabase(ctx context.Context, c config.Config) []finding {
	const name = "database"
	have, known, err := schema(ctx, c)
	switch {
	case desk.KindOf(err) == desk.NotFound && err != nil:
		return []finding{ok(name, "none yet; the first start creates it")}
	case err != nil:
		return []finding{bad(name, "check database.dsn, that the server runs, and that this user may connect", "%s", explain(err))}
	case have > known:
		return []finding{bad(name, "use the newer program, or restore the backup from before the upgrade",
			"schema version %d is newer than this program's %d", have, known)}
	}
	findings := []finding{ok(name, "reachable, schema version %d of %d", have, known)}
	if have < known {
		findings[0] = ok(name, "reachable, schema version %d; the next start brings it to %d", have, known)
	}
	if c.Dialect() == "postgres" {
		return append(findings, checkPostgres(ctx, c)...)
	}
	return append(findings, checkFiles(ctx, c)...)
}

// checkFiles looks at the embedded database's files. That commits are durable
// (synchronous=FULL) is a property of the program, which refuses to run
// otherwise.
func checkFiles(ctx context.Context, c config.Config) []finding {
	const name = "database files"
	if err := snapshot.Check(ctx, databasePath(c)); err != nil {
		return []finding{bad(name, "stop the server and restore a backup", "%s", explain(err))}
	}
	findings := []finding{ok(name, "no damage found; commits are durable (synchronous=FULL)")}
	if info, err := os.Stat(databasePath(c) + "-wal"); err == nil && info.Size() > 512<<20 {
		findings = append(findings, warn(name, "restart the server; if it grows again, look for long reads",
			"the write-ahead log has %d MiB", info.Size()>>20))
	}
	paths, err := filepath.Glob(filepath.Join(c.DataDir, "*"))
	if err != nil {
		return findings
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			findings = append(findings, warn(name, fmt.Sprintf("chmod 600 %s", path), "%s can be read by other users", path))
		}
	}
	return findings
}

// checkPostgres looks at what makes answered commits durable, and at the clock.
func checkPostgres(ctx context.Context, c config.Config) []finding {
	const name = "database server"
	facts, err := snapshot.Server(ctx, c.Database.DSN)
	if err != nil {
		return []finding{bad(name, "check database.dsn", "%s", explain(err))}
	}
	var findings []finding
	if facts.Version < 150000 {
		findings = append(findings, bad(name, "upgrade to PostgreSQL 15 or newer", "version %d", facts.Version/10000))
	}
	if facts.Encoding != "UTF8" {
		findings = append(findings, bad(name, "create the database with ENCODING 'UTF8'", "encoding %s", facts.Encoding))
	}
	if facts.Fsync != "on" {
		findings = append(findings, bad(name, "set fsync = on in postgresql.conf", "fsync is %s: messages would be lost when the machine fails", facts.Fsync))
	}
	if facts.SynchronousCommit == "off" || facts.SynchronousCommit == "local" {
		findings = append(findings, warn(name, "set synchronous_commit = on; this program raises it for itself meanwhile", "synchronous_commit is %s", facts.SynchronousCommit))
	}
	if drift := systemClock().Now().Sub(facts.Now).Abs(); drift > 2*time.Second {
		findings = append(findings, warn(name, "synchronise both clocks by NTP", "its clock and ours differ by %s", drift.Round(time.Second)))
	}
	if len(findings) == 0 {
		findings = append(findings, ok(name, "PostgreSQL %d, fsync and synchronous_commit on", facts.Version/10000))
	}
	return findings
}
