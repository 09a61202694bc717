package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yingda.dev/internal/desk"
)

// transaction is one run of a batch.
type transaction struct {
	conn  *pgx.Conn
	units []*unit
	world world
	// hints guess the live conversations, so that they are locked in the round
	// trip that finds them; nil guesses nothing.
	hints hints
}

// errMissed tells that somebody's live conversation was not guessed. Locking
// it late would be out of order, so the transaction begins anew without hints.
var errMissed = errors.New("a live conversation was not guessed")

// hints remember whose live conversation was which. They may be wrong: what
// counts is read in each transaction. They belong to a committer.
type hints map[question]desk.ConversationID

// maxHints bounds them; beyond it they begin anew.
const maxHints = 8192

func (h hints) note(q question, live desk.ConversationID) {
	if len(h) >= maxHints {
		clear(h)
	}
	h[q] = live
}

// question is an identity with a thread: whose is it, and what is live there?
type question struct {
	identityKey
	thread string
}

// run takes the batch through its round trips. On success all units have
// their outcome or error, and the events are committed. On an error the
// transaction may still be open.
func (t *transaction) run(ctx context.Context, clock desk.Clock) ([]desk.Event, error) {
	for _, u := range t.units {
		u.attempt = attempt{}
	}
	b := &pgx.Batch{}
	b.Queue(sqlBegin)
	asked := t.resolve(b)
	if len(asked) > 0 && t.hints == nil {
		if err := t.conn.SendBatch(ctx, b).Close(); err != nil {
			return nil, fmt.Errorf("resolve identities: %w", err)
		}
		b = &pgx.Batch{}
	}
	locked := t.lock(b, asked)
	t.usedKeys(b)
	if b.Len() > 0 {
		if err := t.conn.SendBatch(ctx, b).Close(); err != nil {
			return nil, fmt.Errorf("lock conversations: %w", err)
		}
	}
	for _, id := range t.world.live {
		if !locked[id] {
			return nil, errMissed
		}
	}
	for _, u := range t.units {
		if u.repeated && u.command.Target.Identity != nil && t.world.people[identityOf(u.command)] == "" {
			return nil, errStale
		}
	}
	// The commit's time: taken after the locks, so that it does not go back
	// within a conversation, whatever another committer did meanwhile.
	now := clock.Now()
	p, missing := newPlan(now, t.world, t.units)
	for len(missing) > 0 {
		if err := t.messages(ctx, missing); err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		p, missing = newPlan(now, t.world, t.units)
	}
	if p.empty() {
		_, err := t.conn.Exec(ctx, sqlRollback)
		return nil, err
	}
	return t.write(ctx, p)
}

// resolve asks whom the identities belong to, each with each thread once, and
// returns what it asks.
func (t *transaction) resolve(b *pgx.Batch) []question {
	asked := map[question]bool{}
	var questions []question
	var account, scope, hash, thread []string
	for _, u := range t.units {
		if u.command.Target.Identity == nil {
			continue
		}
		q := question{identityOf(u.command), u.command.Target.Identity.Thread}
		if asked[q] {
			continue
		}
		asked[q] = true
		questions = append(questions, q)
		account, scope, hash = append(account, string(q.account)), append(scope, q.scope), append(hash, q.hash)
		thread = append(thread, q.thread)
	}
	if len(questions) == 0 {
		return nil
	}
	b.Queue(sqlSharePeople)
	b.Queue(sqlResolve, account, scope, hash, thread).Query(each(func(rows pgx.Rows) error {
		var n int64
		var contact, live string
		if err := rows.Scan(&n, &contact, &live); err != nil {
			return err
		}
		q := questions[n-1]
		t.world.people[q.identityKey] = desk.ContactID(contact)
		if live != "" {
			t.world.live[liveKey{q.account, desk.ContactID(contact), q.thread}] = desk.ConversationID(live)
		}
		return nil
	}))
	return questions
}

// lock locks and reads the conversations, in the order of their ids: those that
// commands name, and the live ones of who was asked for, as far as they are
// known or guessed. It returns which.
func (t *transaction) lock(b *pgx.Batch, asked []question) map[desk.ConversationID]bool {
	ids := map[desk.ConversationID]bool{}
	for _, u := range t.units {
		if id := u.command.Target.Conversation; id != "" {
			ids[id] = true
		}
	}
	for _, id := range t.world.live {
		ids[id] = true
	}
	for _, q := range asked {
		if id, ok := t.hints[q]; ok {
			ids[id] = true
		}
	}
	if len(ids) == 0 {
		return ids
	}
	var shard []int16
	var id []string
	for _, c := range slices.Sorted(maps.Keys(ids)) {
		shard, id = append(shard, shardOf(c)), append(id, string(c))
	}
	b.Queue(sqlLock, shard, id).Query(each(func(rows pgx.Rows) error {
		c, err := scanConversation(rows)
		t.world.talks[c.ID] = c
		return err
	}))
	return ids
}

// usedKeys finds the repeats and their first answers.
func (t *transaction) usedKeys(b *pgx.Batch) {
	var keyed []*unit
	var account, scope, key []string
	for _, u := range t.units {
		if u.command.Key != "" {
			keyed = append(keyed, u)
			account, scope, key = append(account, string(u.account)), append(scope, u.command.Scope), append(key, u.command.Key)
		}
	}
	if len(keyed) == 0 {
		return
	}
	n := 0
	b.Queue(sqlUsedKeys, account, scope, key).Query(each(func(rows pgx.Rows) error {
		var result *string
		if err := rows.Scan(&result); err != nil {
			return err
		}
		if result != nil {
			keyed[n].repeated, keyed[n].result = true, *result
		}
		n++
		return nil
	}))
}

// messages reads what receipts are for.
func (t *transaction) messages(ctx context.Context, ids []desk.MessageID) error {
	var shard []int16
	var id []string
	for _, m := range ids {
		if t.world.asked[m] {
			continue
		}
		t.world.asked[m] = true
		if s, ok := m.Shard(); ok {
			shard, id = append(shard, int16(s)), append(id, string(m))
		}
	}
	rows, err := t.conn.Query(ctx, sqlMessages, shard, id)
	if err != nil {
		return err
	}
	return each(func(rows pgx.Rows) error {
		m, err := scanMessage(rows)
		t.world.messages[m.ID] = m
		return err
	})(rows)
}

// write sends all writes, the log and the commit as one pipeline. An error in
// it leaves the transaction aborted, so the commit cannot happen half.
func (t *transaction) write(ctx context.Context, p *plan) ([]desk.Event, error) {
	b := &pgx.Batch{}
	p.queue(b)
	var base int64
	if len(p.events.kind) > 0 {
		b.Queue(sqlLockLog)
		b.Queue(sqlAppendLog, p.events.args()...).QueryRow(func(row pgx.Row) error { return row.Scan(&base, nil) })
	}
	b.Queue(sqlCommit).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != sqlCommit {
			return errors.New("the database rolled back instead of committing")
		}
		return nil
	})
	if err := t.conn.SendBatch(ctx, b).Close(); err != nil {
		if lost(err) {
			return nil, fmt.Errorf("%w: %w", errUnknown, err)
		}
		return nil, fmt.Errorf("write batch: %w", err)
	}
	return p.number(base), nil
}

// each calls read for every row.
func each(read func(pgx.Rows) error) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		defer rows.Close()
		for rows.Next() {
			if err := read(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
}
