package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"yingda.dev/internal/desk"
)

// EnvPrefix begins the name of each environment variable we read. The rest is
// the key in capitals with "_" for ".": YINGDA_SERVER_LISTEN.
const EnvPrefix = "YINGDA_"

// reservedEnv are variables with our prefix that are not configuration keys.
var reservedEnv = map[string]string{
	"YINGDA_CONFIG":             "path of the configuration file, same as --config",
	"YINGDA_TEST_SKIP_POSTGRES": "1 leaves out the tests that need PostgreSQL",
}

// Load fills a Config from the defaults, then the TOML file at path (none if
// path is empty), then environ ("NAME=value" entries), and checks it. Every
// fault is an Invalid error whose message names the key and the fix.
func Load(path string, environ []string) (Config, error) {
	const op = "load configuration"
	known := keys()
	k := koanf.New(".")
	if path != "" {
		if _, err := os.Stat(path); err != nil {
			return Config{}, invalid(op, path, fmt.Sprintf("configuration file %s cannot be read: %v", path, err))
		}
		if err := k.Load(file.Provider(path), toml.Parser()); err != nil {
			return Config{}, invalid(op, path, fmt.Sprintf("configuration file %s is not valid TOML: %v", path, err))
		}
	}
	for _, key := range k.Keys() {
		if _, ok := known[key]; !ok {
			return Config{}, invalid(op, key, fmt.Sprintf("unknown key %q in %s%s", key, path, didYouMean(key, known)))
		}
	}
	fromEnv, err := envValues(environ, known)
	if err != nil {
		return Config{}, err
	}
	provider := env.Provider(".", env.Opt{
		Prefix: EnvPrefix, EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, _ string) (string, any) {
			v, ok := fromEnv[name]
			if !ok {
				return "", nil
			}
			return v.key, v.value
		},
	})
	if err := k.Load(provider, nil); err != nil {
		return Config{}, desk.Wrap(desk.Invalid, op, err)
	}
	c := Default()
	// One key at a time, so that a fault names its key.
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if !k.Exists(key) {
			continue
		}
		if err := k.Unmarshal(key, known[key].addr(&c)); err != nil {
			return Config{}, invalid(op, key, fmt.Sprintf("%s: %v", key, lastLine(err)))
		}
	}
	if err := c.Check(); err != nil {
		return Config{}, err
	}
	return c, nil
}

type envValue struct {
	key   string
	value any
}

// envValues turns our variables into values by name and refuses unknown ones.
func envValues(environ []string, known map[string]field) (map[string]envValue, error) {
	byName := make(map[string]field, len(known))
	for key, f := range known {
		byName[EnvName(key)] = f
	}
	values := make(map[string]envValue)
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvPrefix) {
			continue
		}
		if _, reserved := reservedEnv[name]; reserved {
			continue
		}
		f, ok := byName[name]
		if !ok {
			return nil, invalid("load configuration", name,
				fmt.Sprintf("unknown environment variable %s%s", name, didYouMean(name, byName)))
		}
		if f.list {
			values[name] = envValue{f.key, splitList(value)}
		} else {
			values[name] = envValue{f.key, value}
		}
	}
	return values, nil
}

// EnvName is the environment variable of a key.
func EnvName(key string) string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func splitList(s string) []string {
	list := []string{}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// didYouMean suggests the known name that shares the most letters in a row
// with the unknown one, if any is near.
func didYouMean[V any](name string, known map[string]V) string {
	best, bestDistance := "", len(name)/3+1
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if d := distance(name, candidate); d < bestDistance {
			best, bestDistance = candidate, d
		}
	}
	if best == "" {
		return "; `yingda config doc` lists them all"
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost = 1 + min(previous, row[j], row[j+1])
			}
			previous, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

func lastLine(err error) string {
	text := strings.TrimSpace(err.Error())
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = strings.TrimSpace(text[i+1:])
	}
	return text
}

func invalid(op, key, msg string) error { return desk.InvalidField(op, key, msg) }
