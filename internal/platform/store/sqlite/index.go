package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// index is the search index: an FTS5 table that keeps no text, whose words are
// keyed hashes, and a table that says which message a row is. It is a file of
// its own, so that its writes do not delay commits. It is durable before its
// consumer saves how far it is, so a power cut leaves nothing out.
type index struct {
	db     *sql.DB // of the writing connection
	reader *sql.DB

	mu     sync.Mutex // one writer at a time
	writer *session
	// newest is no lower than the highest row id there is, so that what is newer
	// finds its place without looking.
	newest int64
}

// indexSchema: row ids grow with the time of the message (see slot), so that the
// newest documents are found first without sorting.
// https://www.sqlite.org/fts5.html explains the options.
const indexSchema = `
CREATE TABLE IF NOT EXISTS document (
  id              integer NOT NULL PRIMARY KEY,
  account_id      text    NOT NULL,
  message_id      text    NOT NULL UNIQUE,
  conversation_id text    NOT NULL,
  at_us           integer NOT NULL
) STRICT;
CREATE VIRTUAL TABLE IF NOT EXISTS token USING fts5(
  words, content='', contentless_delete=1, detail=none, tokenize='ascii'
);
INSERT INTO token (token, rank) VALUES ('secure-delete', 1);
`

// slots is how many messages of one microsecond fit into the row ids.
const slots = 1024

// maxTokens bounds a document and a query.
const maxTokens = 4096

func openIndex(ctx context.Context, path string, readerCount int) (*index, error) {
	const op = "open search index"
	if err := private(path); err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	db, err := openWriter(path, "full")
	if err != nil {
		return nil, desk.Wrap(desk.Unavailable, op, err)
	}
	x := &index{db: db}
	if _, err := db.ExecContext(ctx, indexSchema); err != nil {
		return nil, errors.Join(desk.Wrap(desk.Unavailable, op, err), x.close())
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(desk.Wrap(desk.Unavailable, op, err), x.close())
	}
	x.writer = newSession(conn)
	if err := conn.QueryRowContext(ctx, `SELECT COALESCE(max(id), 0) FROM document`).Scan(&x.newest); err != nil {
		return nil, errors.Join(desk.Wrap(desk.Unavailable, op, err), x.close())
	}
	x.reader, err = sql.Open("sqlite", dsn(path, url.Values{
		"mode": {"ro"}, "_pragma": {"busy_timeout(5000)", "query_only(1)"},
	}))
	if err != nil {
		return nil, errors.Join(desk.Wrap(desk.Unavailable, op, err), x.close())
	}
	x.reader.SetMaxOpenConns(readerCount)
	x.reader.SetMaxIdleConns(readerCount)
	return x, nil
}

func (x *index) close() error {
	var errs []error
	if x.writer != nil {
		errs = append(errs, x.writer.close())
	}
	for _, db := range []*sql.DB{x.reader, x.db} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Put adds or replaces documents in one transaction.
func (x *index) Put(ctx context.Context, docs []store.IndexDoc) error {
	const op = "index messages"
	return x.write(ctx, op, func(ctx context.Context, tx *session) error {
		for _, doc := range docs {
			if len(doc.Tokens) > maxTokens {
				return desk.InvalidField(op, "tokens", "the document has too many tokens")
			}
			id, err := x.place(ctx, tx, doc)
			if err == nil && id == 0 { // it is there already: this is a repeat or a change
				if err = drop(ctx, tx, doc.Account, doc.Message); err == nil {
					id, err = x.place(ctx, tx, doc)
				}
			}
			switch {
			case err != nil:
				return err
			case id == 0:
				return desk.E(desk.Conflict, op, "the message is another account's")
			}
			if err := fill(ctx, tx, id, doc.Tokens); err != nil {
				return err
			}
		}
		return nil
	})
}

// place gives the document a row; 0 if its message has one already.
func (x *index) place(ctx context.Context, tx *session, doc store.IndexDoc) (id int64, err error) {
	low := desk.Micros(doc.At) * slots
	switch {
	case x.newest < low:
		id = low
	case x.newest < low+slots-1:
		id = x.newest + 1
	default: // older than the newest, as in a rebuild
		err = tx.QueryRowContext(ctx, `SELECT COALESCE(max(id) + 1, $1) FROM document WHERE id >= $1 AND id < $2`,
			low, low+slots).Scan(&id)
		if err != nil {
			return 0, err
		}
	}
	if id >= low+slots {
		return 0, fmt.Errorf("more than %d messages in one microsecond", slots)
	}
	x.newest = max(x.newest, id)
	result, err := tx.ExecContext(ctx, `INSERT INTO document (id, account_id, message_id, conversation_id, at_us)
		VALUES ($1, $2, $3, $4, $5) ON CONFLICT (message_id) DO NOTHING`,
		id, string(doc.Account), string(doc.Message), string(doc.Conversation), desk.Micros(doc.At))
	if err != nil {
		return 0, err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return 0, err
	}
	return id, nil
}

// fill stores the words of a row.
func fill(ctx context.Context, tx *session, id int64, tokens []uint64) error {
	tokens = slices.Compact(slices.Sorted(slices.Values(tokens)))
	words := make([]byte, 0, len(tokens)*14)
	for _, token := range tokens {
		words = append(words, word(token)...)
		words = append(words, ' ')
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO token (rowid, words) VALUES ($1, $2)`, id, string(words))
	return err
}

// drop removes a document of the account; another account's is left alone.
func drop(ctx context.Context, tx *session, account desk.AccountID, message desk.MessageID) error {
	var id int64
	err := tx.QueryRowContext(ctx, `DELETE FROM document WHERE message_id = $1 AND account_id = $2 RETURNING id`,
		string(message), string(account)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `DELETE FROM token WHERE rowid = $1`, id)
	return err
}

// word renders a token as the tokenizer keeps it: letters and digits only.
func word(token uint64) string { return "t" + strconv.FormatUint(token, 36) }

// Search walks the matching rows from the newest down.
func (x *index) Search(ctx context.Context, account desk.AccountID, tokens []uint64, before store.IndexCursor, limit int) ([]store.IndexHit, error) {
	const op = "search messages"
	if len(tokens) == 0 {
		return nil, nil
	}
	if len(tokens) > maxTokens {
		return nil, desk.InvalidField(op, "tokens", "the query has too many words")
	}
	if limit <= 0 || limit > 1000 {
		limit = 1000
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	top, err := x.top(ctx, account, before)
	if err != nil {
		return nil, desk.Wrap(kindOf(err), op, err)
	}
	words := make([]string, len(tokens))
	for i, token := range tokens {
		words[i] = word(token)
	}
	rows, err := x.reader.QueryContext(ctx, `SELECT d.message_id, d.conversation_id, d.at_us
		FROM token JOIN document d ON d.id = token.rowid
		WHERE token MATCH $1 AND token.rowid < $2 AND d.account_id = $3
		ORDER BY token.rowid DESC LIMIT $4`, strings.Join(words, " AND "), top, string(account), limit)
	if err != nil {
		return nil, desk.Wrap(kindOf(err), op, err)
	}
	defer rows.Close()
	var hits []store.IndexHit
	for rows.Next() {
		var message, conversation string
		var at int64
		if err := rows.Scan(&message, &conversation, &at); err != nil {
			return nil, desk.Wrap(kindOf(err), op, err)
		}
		hits = append(hits, store.IndexHit{
			Message: desk.MessageID(message), Conversation: desk.ConversationID(conversation), At: desk.FromMicros(at),
		})
	}
	if err := rows.Err(); err != nil {
		return nil, desk.Wrap(kindOf(err), op, err)
	}
	return hits, nil
}

// top is the row id below which the page begins. A cursor whose document is
// gone falls back to its time.
func (x *index) top(ctx context.Context, account desk.AccountID, before store.IndexCursor) (int64, error) {
	if before.At.IsZero() {
		return 1<<63 - 1, nil
	}
	id := desk.Micros(before.At) * slots
	err := x.reader.QueryRowContext(ctx, `SELECT id FROM document WHERE message_id = $1 AND account_id = $2`,
		string(before.Message), string(account)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return id, err
}

// Delete removes documents.
func (x *index) Delete(ctx context.Context, account desk.AccountID, ids []desk.MessageID) error {
	return x.write(ctx, "remove from index", func(ctx context.Context, tx *session) error {
		for _, id := range ids {
			if err := drop(ctx, tx, account, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Count counts the account's documents.
func (x *index) Count(ctx context.Context, account desk.AccountID) (int64, error) {
	var n int64
	err := x.reader.QueryRowContext(ctx, `SELECT count(*) FROM document WHERE account_id = $1`, string(account)).Scan(&n)
	return n, desk.Wrap(kindOf(err), "count index", err)
}

// write runs fn in a transaction of its own. The caller's context ends the wait
// for the writer and not a statement, which would leave the transaction open.
func (x *index) write(ctx context.Context, op string, fn func(context.Context, *session) error) error {
	if err := ctx.Err(); err != nil {
		return desk.Wrap(desk.Unavailable, op, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	ctx = context.WithoutCancel(ctx)
	_, err := x.writer.ExecContext(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		if err = fn(ctx, x.writer); err == nil {
			_, err = x.writer.ExecContext(ctx, "COMMIT")
		}
		if err != nil {
			// Fails when SQLite has rolled back already, which is as good.
			_, _ = x.writer.ExecContext(ctx, "ROLLBACK")
		}
	}
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*desk.Error](err); ok {
		return e
	}
	return &desk.Error{Kind: kindOf(err), Op: op, Err: err}
}
