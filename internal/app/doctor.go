package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"yingda.dev/internal/app/config"
)

// errProblem makes the program exit with ExitProblem; the findings were
// printed already.
var errProblem = errors.New("there is something to repair")

type doctorCommand struct {
	JSON bool `help:"Print one JSON array instead of text."`
}

// severity of a finding.
type severity string

const (
	fine    severity = "ok"
	warning severity = "warning"
	problem severity = "problem"
)

// finding is what one check saw, and what to do about it.
type finding struct {
	Check    string   `json:"check"`
	Severity severity `json:"severity"`
	Saw      string   `json:"saw"`
	Fix      string   `json:"fix,omitempty"`
}

func ok(check, saw string, args ...any) finding {
	return finding{Check: check, Severity: fine, Saw: fmt.Sprintf(saw, args...)}
}

func warn(check, fix, saw string, args ...any) finding {
	return finding{check, warning, fmt.Sprintf(saw, args...), fix}
}

func bad(check, fix, saw string, args ...any) finding {
	return finding{check, problem, fmt.Sprintf(saw, args...), fix}
}

// Run prints all findings and fails with errProblem if one is a problem.
func (d doctorCommand) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	findings := examine(r.ctx, c)
	if d.JSON {
		text, err := json.MarshalIndent(findings, "", "  ")
		if err != nil {
			return err
		}
		r.printf("%s\n", text)
	} else {
		marks := map[severity]string{fine: "✓", warning: "!", problem: "✗"}
		for _, f := range findings {
			r.printf("%s %-16s %s\n", marks[f.Severity], f.Check, f.Saw)
			if f.Fix != "" {
				r.printf("  %-16s → %s\n", "", f.Fix)
			}
		}
	}
	for _, f := range findings {
		if f.Severity == problem {
			return errProblem
		}
	}
	return nil
}

// examine runs every check. None changes anything that lasts.
func examine(ctx context.Context, c config.Config) []finding {
	var findings []finding
	for _, check := range []func(context.Context, config.Config) []finding{
		checkDataDir, checkKeyFile, checkSpace, checkFileLimit, checkClock, checkPort, checkTLS, checkDatabase, checkRunning,
	} {
		findings = append(findings, check(ctx, c)...)
	}
	return findings
}

func checkDataDir(_ context.Context, c config.Config) []finding {
	const name = "data folder"
	info, err := os.Stat(c.DataDir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		if parent := existingParent(c.DataDir); !writable(parent) {
			return []finding{bad(name, "create it, or run as a user who may write to "+parent, "%s does not exist and cannot be created", c.DataDir)}
		}
		return []finding{ok(name, "%s does not exist yet; the first start creates it", c.DataDir)}
	case err != nil:
		return []finding{bad(name, "give this user the right to read and write it", "%s: %v", c.DataDir, err)}
	case !info.IsDir():
		return []finding{bad(name, "set data_dir to a folder", "%s is not a folder", c.DataDir)}
	case !writable(c.DataDir):
		return []finding{bad(name, "run as the user who owns it, or: chown -R $USER "+c.DataDir, "%s cannot be written", c.DataDir)}
	case info.Mode().Perm()&0o077 != 0:
		return []finding{warn(name, "chmod 700 "+c.DataDir, "%s can be read by other users (mode %04o)", c.DataDir, info.Mode().Perm())}
	}
	return []finding{ok(name, "%s is ours alone and writable", c.DataDir)}
}

// existingParent is the nearest folder above path that exists.
func existingParent(path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return dir
		}
	}
}

// writable tries, because modes do not tell all (read-only mounts, quotas).
func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return false
	}
	_, err = f.WriteString("x")
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}
