package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "yingda.toml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestLoadOrder(t *testing.T) {
	t.Parallel()
	path := write(t, "data_dir = '/srv/y'\n[server]\nlisten = ':9000'\ntrusted_proxies = ['10.0.0.0/8']\n[limits]\nagent_body = '2MiB'\n")

	c, err := Load("", nil)
	require.NoError(t, err)
	require.Equal(t, Default(), c)

	c, err = Load(path, []string{"HOME=/root", "YINGDA_SERVER_LISTEN=127.0.0.1:1", "YINGDA_RETENTION_EVENTS=5h", "YINGDA_DEMO=true", "YINGDA_CONFIG=x"})
	require.NoError(t, err)
	want := Default()
	want.DataDir, want.Demo, want.Server.Listen = "/srv/y", true, "127.0.0.1:1"
	want.Server.TrustedProxies = []string{"10.0.0.0/8"}
	want.Retention.Events, want.Limits.AgentBody = 5*time.Hour, 2<<20
	require.Equal(t, want, c)

	c, err = Load(path, []string{"YINGDA_SERVER_TRUSTED_PROXIES=192.168.0.0/16, fd00::/8"})
	require.NoError(t, err)
	require.Equal(t, []string{"192.168.0.0/16", "fd00::/8"}, c.Server.TrustedProxies)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file  string
		env   []string
		field string
		says  string
	}{
		"unknown key":       {file: "[server]\nlissten = ':1'", field: "server.lissten", says: `did you mean "server.listen"?`},
		"unknown section":   {file: "[redis]\naddress = 'x'", field: "redis.address", says: "config doc"},
		"unknown variable":  {env: []string{"YINGDA_SERVER_LISTN=:1"}, field: "YINGDA_SERVER_LISTN", says: `"YINGDA_SERVER_LISTEN"`},
		"not TOML":          {file: "server = = 1", says: "not valid TOML"},
		"wrong type":        {file: "[limits]\nconnections = 'many'", field: "limits.connections", says: "limits.connections"},
		"section as value":  {file: "server = 3", field: "server", says: "unknown key"},
		"bad duration":      {env: []string{"YINGDA_SERVER_STOP_TIMEOUT=soon"}, field: "server.stop_timeout", says: "server.stop_timeout"},
		"bad size":          {env: []string{"YINGDA_LIMITS_AGENT_BODY=1MB"}, field: "limits.agent_body", says: "256KiB"},
		"listen":            {file: "[server]\nlisten = '8080'", field: "server.listen", says: "host:port"},
		"public url path":   {file: "[server]\npublic_url = 'https://x.example/chat'", field: "server.public_url", says: "without a path"},
		"proxy":             {file: "[server]\ntrusted_proxies = ['10.0.0.1']", field: "server.trusted_proxies", says: "10.0.0.0/8"},
		"cert without key":  {file: "[tls]\ncert_file = 'a'", field: "tls.cert_file", says: "both or neither"},
		"dsn":               {file: "[database]\ndsn = 'mysql://x'", field: "database.dsn", says: "postgres://"},
		"key in data":       {file: "data_dir = 'd'\n[keys]\nfile = 'd/k/master.key'", field: "keys.file", says: "inside data_dir"},
		"short retention":   {file: "[retention]\nevents = '5m'", field: "retention.events", says: "1h"},
		"log level":         {file: "[log]\nlevel = 'loud'", field: "log.level", says: "debug"},
		"short token":       {file: "[metrics]\ntoken = 'abc'", field: "metrics.token", says: "16"},
		"huge visitor body": {file: "[limits]\nvisitor_body = '17MiB'", field: "limits.visitor_body", says: "16MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := ""
			if tc.file != "" {
				path = write(t, tc.file)
			}
			_, err := Load(path, tc.env)
			require.ErrorIs(t, err, desk.Invalid)
			var e *desk.Error
			require.ErrorAs(t, err, &e)
			require.Contains(t, e.Msg, tc.says)
			if tc.field != "" {
				require.Equal(t, tc.field, e.Field)
			}
		})
	}
	_, err := Load("/nowhere/yingda.toml", nil)
	require.ErrorIs(t, err, desk.Invalid)
}

func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	_, err := Load("", []string{"YINGDA_DATABASE_DSN=mysql://u:geheim@h/db", "YINGDA_METRICS_TOKEN=geheim"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "geheim")
}

// The comments are the manual, so they must be true.
func TestCommentsGiveTheDefaults(t *testing.T) {
	t.Parallel()
	entries, sections, err := reference()
	require.NoError(t, err)
	seen := make(map[string]string)
	for _, e := range entries {
		require.Equal(t, e.value, e.written, e.key)
		require.NotEmpty(t, e.text, e.key)
		require.Empty(t, seen[EnvName(e.key)], "two keys share the variable %s", EnvName(e.key))
		seen[EnvName(e.key)] = e.key
		require.NotContains(t, reservedEnv, EnvName(e.key))
		if table, _ := section(e.key); table != "" {
			require.NotEmpty(t, sections[table], table)
		}
	}
}

func TestDefaultFileIsTheDefault(t *testing.T) {
	t.Parallel()
	text, err := DefaultFile()
	require.NoError(t, err)
	c, err := Load(write(t, text), nil)
	require.NoError(t, err)
	require.Equal(t, Default(), c)
	require.Equal(t, len(fields()), strings.Count(text, " = "))
}

func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/configuration.md"
	want, err := Doc()
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got), "run `make generate`")
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"256KiB", "1MiB", "0", "-1", "9223372036854775807GiB", "KiB", " 7 B "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		require.GreaterOrEqual(t, s, Size(0))
		require.NoError(t, again.UnmarshalText([]byte(s.String())))
		require.Equal(t, s, again)
	})
}
