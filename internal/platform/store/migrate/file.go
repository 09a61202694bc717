package migrate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
)

// Migration is one numbered file.
type Migration struct {
	// Version counts from 1.
	Version int
	// Name is the file's name without number and ending, in snake_case.
	Name string
	// Checksum is the SHA-256 of the file in hexadecimal; line ends count as "\n".
	Checksum string

	statements string
}

// String is the file name without its ending: "0001_begin".
func (m Migration) String() string { return fmt.Sprintf("%04d_%s", m.Version, m.Name) }

var fileName = regexp.MustCompile(`^([0-9]{4})_([a-z0-9]+(?:_[a-z0-9]+)*)\.sql$`)

// Files reads the migrations in the root of fsys, in order. Every .sql file
// must have a well-formed name, and the numbers must run from 1 without gaps.
func Files(fsys fs.FS) ([]Migration, error) {
	const op = "read migrations"
	entries, err := fs.ReadDir(fsys, ".") // sorted by name, hence by number
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	var all []Migration
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".sql" {
			continue
		}
		parts := fileName.FindStringSubmatch(e.Name())
		if parts == nil {
			return nil, desk.E(desk.Internal, op, fmt.Sprintf("%s: the name must look like 0001_what_it_does.sql", e.Name()))
		}
		version, _ := strconv.Atoi(parts[1]) // four digits
		if version != len(all)+1 {
			return nil, desk.E(desk.Internal, op, fmt.Sprintf("%s: expected number %04d", e.Name(), len(all)+1))
		}
		content, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
		text := strings.ReplaceAll(string(content), "\r\n", "\n") // a checkout may change line ends
		sum := sha256.Sum256([]byte(text))
		all = append(all, Migration{Version: version, Name: parts[2], Checksum: hex.EncodeToString(sum[:]), statements: text})
	}
	if len(all) == 0 {
		return nil, desk.E(desk.Internal, op, "no migrations found")
	}
	return all, nil
}
