package query

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	pgquery "github.com/wasilibs/go-pgquery"
)

// unscoped are the queries that may touch rows of several accounts, and why.
var unscoped = map[string]string{
	"InboxByKey":               "finds the account by the public key of an inbox",
	"AgentByEmailHash":         "finds the account at log-in by a keyed hash",
	"Session":                  "finds the account by the hash of a secret",
	"APIToken":                 "finds the account by the hash of a secret",
	"DeleteExpiredSessions":    "installation's housekeeping",
	"Events":                   "the bus carries the whole log",
	"EventAt":                  "installation's housekeeping of the log",
	"OldestEvent":              "installation's housekeeping of the log",
	"ParkedConversations":      "the bus serves all accounts",
	"DueReplays":               "the bus serves all accounts",
	"RenewPresenceLinks":       "a node says that it is alive, for all who are connected to it",
	"ExpiredPresenceLinks":     "agents of all accounts whose node has died",
	"PutDeadLetter":            "the bus; a position belongs to one account for ever",
	"UntrainedKnowledge":       "the trainer serves all accounts",
	"ClaimTimers":              "the timers' runner serves all accounts",
	"HoldTimers":               "the timers' runner serves all accounts",
	"FreeTimers":               "the only process of a database takes up what the one before it held",
	"FreeOutbox":               "the only process of a database takes up what the one before it held",
	"OldDrafts":                "housekeeping of all accounts' drafts",
	"NextTimer":                "the timers' runner serves all accounts",
	"ClaimOutbox":              "delivery serves all accounts",
	"NextOutbox":               "delivery serves all accounts",
	"RunningJobs":              "jobs of all accounts go on after a start",
	"ClaimMails":               "the courier serves all accounts",
	"DeleteDeadMails":          "installation's housekeeping",
	"DeleteOldPageVisits":      "installation's housekeeping",
	"AttachmentByID":           "finds the account of a signed address by an unguessable id; the signature names the account",
	"AttachmentsKnown":         "housekeeping of the files' folder",
	"UnneededAttachments":      "installation's housekeeping",
	"DroppedAttachments":       "installation's housekeeping",
	"InvitationByHash":         "finds the account by the hash of a secret",
	"DeleteExpiredInvitations": "installation's housekeeping",
	"ClaimTrainingJobs":        "the trainer serves all accounts",
	"TrainingJobsDue":          "the trainer serves all accounts",
	"IntentModelsKnown":        "housekeeping of the files' folder",
}

type statement struct{ name, text string }

var (
	header    = regexp.MustCompile(`(?m)^-- name: (\w+) :\w+$`)
	parameter = regexp.MustCompile(`@\w+`)
)

// split cuts a file of queries at their names and numbers the parameters.
func split(text string) (out []statement) {
	heads := header.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		out = append(out, statement{text[h[2]:h[3]], parameter.ReplaceAllString(text[h[1]:end], "$$1")})
	}
	return out
}

// TestEveryQueryIsScoped parses each query and demands that each use of a table
// with an account is narrowed to one.
func TestEveryQueryIsScoped(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.sql")
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, file := range files {
		if file == "schema.sql" {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, s := range split(string(text)) {
			seen[s.name] = true
			problem, err := scoped(s.text)
			require.NoError(t, err, s.name)
			if _, excepted := unscoped[s.name]; excepted {
				require.NotEmpty(t, problem, "%s is scoped and needs no exception", s.name)
			} else {
				require.Empty(t, problem, "%s in %s", s.name, file)
			}
		}
	}
	require.Greater(t, len(seen), 90)
	for name := range maps.Keys(unscoped) {
		require.True(t, seen[name], "exception %s names no query", name)
	}
}

// TestScopeCheckNotices proves that the check itself can fail.
func TestScopeCheckNotices(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{
		"SELECT * FROM contact WHERE account_id = $1 AND id = $2":                                              true,
		"SELECT * FROM contact WHERE id = $2":                                                                  false,
		"SELECT * FROM contact WHERE account_id = $1 OR id = $2":                                               false,
		"SELECT * FROM contact WHERE account_id <> $1":                                                         false,
		"SELECT * FROM contact c, message m WHERE c.account_id = $1":                                           false,
		"SELECT * FROM contact c JOIN message m ON m.account_id = c.account_id WHERE c.account_id = $1":        true,
		"SELECT * FROM contact c WHERE c.account_id = $1 AND EXISTS (SELECT 1 FROM message m WHERE m.seq = 1)": false,
		"UPDATE contact SET blocked = true WHERE id = $1":                                                      false,
		"UPDATE contact SET account_id = $1 WHERE id = $1":                                                     false,
		"DELETE FROM contact":                                         false,
		"DELETE FROM contact WHERE account_id = $1":                   true,
		"INSERT INTO contact (id) VALUES ($1)":                        false,
		"INSERT INTO team (id, account_id, name) VALUES ($1, $1, $1)": true,
		"INSERT INTO team (id, account_id, name) VALUES ($1, $1, $1) ON CONFLICT (id) DO UPDATE SET name = excluded.name":                                             false,
		"INSERT INTO team (id, account_id, name) VALUES ($1, $1, $1) ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE team.account_id = excluded.account_id": true,
		"SELECT * FROM installation": true,
	} {
		problem, err := scoped(text)
		require.NoError(t, err, text)
		require.Equal(t, ok, problem == "", "%s: %s", text, problem)
	}
}

// scoped says which table of a statement is not narrowed to an account.
func scoped(query string) (problem string, err error) {
	tree, err := pgquery.ParseToJSON(query)
	if err != nil {
		return "", err
	}
	var root any
	if err := json.Unmarshal([]byte(tree), &root); err != nil {
		return "", err
	}
	columns, err := Columns()
	if err != nil {
		return "", err
	}
	accounts := make(map[string]bool)
	for table, names := range columns {
		accounts[table] = slices.Contains(names, "account_id")
	}
	walk(root, func(kind string, node map[string]any) {
		if problem != "" {
			return
		}
		switch kind {
		case "SelectStmt", "UpdateStmt", "DeleteStmt":
			problem = unnarrowed(node, accounts)
		case "InsertStmt":
			problem = uninserted(node, accounts)
		}
	})
	return problem, nil
}

// unnarrowed checks the tables that a statement itself names, not those of its
// sub-queries, which come on their own.
func unnarrowed(stmt map[string]any, accounts map[string]bool) string {
	var names []string // aliases of tables with accounts
	equal := make(map[string]bool)
	relation := func(r map[string]any) {
		table := text(r["relname"])
		if accounts[table] {
			names = append(names, cmpAlias(r, table))
		}
	}
	if r, ok := stmt["relation"].(map[string]any); ok {
		relation(r)
	}
	conditions := []any{stmt["whereClause"]}
	for _, key := range []string{"fromClause", "usingClause"} {
		from := list(stmt[key])
		for len(from) > 0 {
			item := object(from[0])
			from = from[1:]
			if r, ok := item["RangeVar"].(map[string]any); ok {
				relation(r)
			}
			if j, ok := item["JoinExpr"].(map[string]any); ok {
				from = append(from, j["larg"], j["rarg"])
				conditions = append(conditions, j["quals"])
			}
		}
	}
	for _, c := range conditions {
		conjuncts(c, func(left, right any) {
			for _, side := range [][2]any{{left, right}, {right, left}} {
				column, ok := accountColumn(side[0])
				_, otherColumn := accountColumn(side[1])
				if ok && (isParameter(side[1]) || otherColumn) {
					equal[column] = true
				}
			}
		})
	}
	for _, name := range names {
		if !equal[name] && (len(names) != 1 || !equal[""]) {
			return fmt.Sprintf("%s is not narrowed to an account", name)
		}
	}
	return ""
}

func cmpAlias(r map[string]any, table string) string {
	if alias, ok := r["alias"].(map[string]any); ok {
		return text(alias["aliasname"])
	}
	return table
}

// uninserted checks that an insert names the account and that its update, if
// it has one, cannot reach another account's row.
func uninserted(stmt map[string]any, accounts map[string]bool) string {
	table := text(object(stmt["relation"])["relname"])
	if !accounts[table] {
		return ""
	}
	var columns []string
	walk(stmt["cols"], func(kind string, node map[string]any) {
		if kind == "ResTarget" {
			columns = append(columns, text(node["name"]))
		}
	})
	if !slices.Contains(columns, "account_id") {
		return table + " is inserted without an account"
	}
	conflict, ok := stmt["onConflictClause"].(map[string]any)
	if !ok || conflict["action"] != "ONCONFLICT_UPDATE" {
		return ""
	}
	target, _ := json.Marshal(conflict["infer"])
	if strings.Contains(string(target), `"account_id"`) {
		return ""
	}
	found := false
	conjuncts(conflict["whereClause"], func(left, right any) {
		a, okA := accountColumn(left)
		b, okB := accountColumn(right)
		found = found || okA && okB && a == table && b == "excluded"
	})
	if !found {
		return table + " is updated on conflict whatever its account"
	}
	return ""
}

// conjuncts visits the equations that must all hold for the condition to hold.
func conjuncts(condition any, visit func(left, right any)) {
	node, ok := condition.(map[string]any)
	if !ok {
		return
	}
	if b, ok := node["BoolExpr"].(map[string]any); ok && b["boolop"] == "AND_EXPR" {
		for _, arg := range list(b["args"]) {
			conjuncts(arg, visit)
		}
	}
	if e, ok := node["A_Expr"].(map[string]any); ok && e["kind"] == "AEXPR_OP" {
		if name, _ := json.Marshal(e["name"]); strings.Contains(string(name), `"sval":"="`) {
			visit(e["lexpr"], e["rexpr"])
		}
	}
}

// accountColumn tells whether an expression is a column account_id, and of
// which table ("" if it does not say).
func accountColumn(expression any) (table string, ok bool) {
	node := object(expression)
	ref, ok := node["ColumnRef"].(map[string]any)
	if !ok {
		return "", false
	}
	var path []string
	for _, f := range list(ref["fields"]) {
		if s, ok := object(f)["String"].(map[string]any); ok {
			path = append(path, text(s["sval"]))
		}
	}
	if len(path) == 0 || path[len(path)-1] != "account_id" {
		return "", false
	}
	return strings.Join(path[:len(path)-1], "."), true
}

func isParameter(expression any) bool {
	node := object(expression)
	_, ok := node["ParamRef"]
	return ok
}

// walk visits every node of a parse tree with its kind.
func walk(node any, visit func(kind string, node map[string]any)) {
	switch n := node.(type) {
	case []any:
		for _, item := range n {
			walk(item, visit)
		}
	case map[string]any:
		for kind, item := range n {
			if inner, ok := item.(map[string]any); ok {
				visit(kind, inner)
			}
			walk(item, visit)
		}
	}
}

// text, object and list are parts of the tree; what is not there is empty.
func text(x any) string           { s, _ := x.(string); return s }
func object(x any) map[string]any { m, _ := x.(map[string]any); return m }
func list(x any) []any            { l, _ := x.([]any); return l }
