package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

// errSlow tells that a unit used up its time among others.
var errSlow = errors.New("unit took too long")

// aloneFactor is how much longer a unit may take that has no neighbours.
const aloneFactor = 40

// unit runs one unit in a savepoint. The error is the transaction's: it is
// lost or the database is broken. The unit's own error is in the answer.
func (b *batch) unit(ctx context.Context, u *unit) (answer, error) {
	if u.command != nil {
		return b.command(ctx, u.command)
	}
	tx := store.NewTx(b.q, u.account, b.now, kindOf)
	remembered := b.d.writer.remembered
	err := b.savepoint(ctx, func() error {
		limit := b.d.config.UnitTime
		if b.alone {
			limit *= aloneFactor
		}
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		err := call(limited, tx, u.write)
		if limited.Err() != nil && !b.alone {
			return errSlow
		}
		if err != nil {
			return err
		}
		b.rows++
		return b.emit(ctx, tx.Events())
	})
	if b.d.writer.remembered != remembered {
		b.d.recall.forget()
	}
	if lost := b.check(err); lost != nil {
		return answer{}, lost
	}
	return answer{err: err}, nil
}

// call runs the function; a panic there fails one unit and not the program.
func call(ctx context.Context, tx *store.Tx, fn func(context.Context, *store.Tx) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = desk.Wrap(desk.Internal, "run unit", store.Panicked(p))
		}
	}()
	return fn(ctx, tx)
}

// savepoint runs fn so that its error undoes it alone, log positions included.
func (b *batch) savepoint(ctx context.Context, fn func() error) error {
	head, events, rows := b.head, len(b.events), b.rows
	w := b.d.writer
	if _, err := w.ExecContext(ctx, "SAVEPOINT unit"); err != nil {
		return fmt.Errorf("%w: %w", errLost, err)
	}
	err := fn()
	if err == nil {
		if _, err = w.ExecContext(ctx, "RELEASE unit"); err == nil {
			return nil
		}
		err = fmt.Errorf("%w: %w", errLost, err)
	}
	b.head, b.events, b.rows = head, b.events[:events], rows
	// If SQLite has ended the transaction, there is no such savepoint any more.
	if _, undo := w.ExecContext(ctx, "ROLLBACK TO unit"); undo != nil {
		return fmt.Errorf("%w: %w", errLost, errors.Join(err, undo))
	}
	if _, undo := w.ExecContext(ctx, "RELEASE unit"); undo != nil {
		return fmt.Errorf("%w: %w", errLost, errors.Join(err, undo))
	}
	return err
}

// check picks out errors that concern the whole transaction.
func (b *batch) check(err error) error {
	if err != nil && (errors.Is(err, errLost) || broken(err)) {
		return err
	}
	return nil
}

func (b *batch) emit(ctx context.Context, events []desk.Event) error {
	for _, e := range events {
		e.Pos = b.head + 1
		row, err := store.EventRow(e)
		if err != nil {
			return err
		}
		if err := b.q.InsertEvent(ctx, row); err != nil {
			return err
		}
		b.head, b.events, b.rows = e.Pos, append(b.events, e), b.rows+1
	}
	return nil
}

// command runs a command: look up, decide, write.
func (b *batch) command(ctx context.Context, c *store.Command) (answer, error) {
	fail := func(err error) (answer, error) {
		if lost := b.check(err); lost != nil {
			return answer{}, lost
		}
		if _, ok := errors.AsType[*desk.Error](err); !ok {
			err = &desk.Error{Kind: kindOf(err), Op: "run command", Err: err}
		}
		return answer{err: err}, nil
	}
	found, first, repeated, err := b.find(ctx, c)
	if err != nil {
		return fail(err)
	}
	if repeated {
		return answer{outcome: c.Repeat(first, found)}, nil
	}
	if c.Target.Conversation != "" && found.Conversation.ID == "" {
		return fail(desk.E(desk.NotFound, "find conversation", "there is no such conversation"))
	}
	draft, err := c.Draft(b.now, found)
	if err != nil {
		return answer{err: err}, nil //nolint:nilerr // the unit's own error is its answer, as Decide said it
	}
	current, err := b.needs(ctx, c.Account, draft.Needs())
	if err != nil {
		return fail(err)
	}
	plan, err := draft.Plan(current)
	if err != nil {
		return fail(err)
	}
	if plan.Rows() == 0 {
		return answer{outcome: plan.Outcome}, nil
	}
	if err := b.apply(ctx, plan); err != nil {
		// A plan that was checked fits the tables, so this is a defect or a broken
		// disk. A savepoint for each command would make it cheap and everything
		// else a fifth slower (it copies each page before it changes).
		if len(b.units) == 1 && !broken(err) {
			return fail(b.restart(ctx, err))
		}
		return answer{}, fmt.Errorf("%w: %w", errLost, err)
	}
	return answer{outcome: plan.Outcome}, nil
}

// restart begins the transaction anew after its only unit failed, so that the
// unit gets its own error. It returns that.
func (b *batch) restart(ctx context.Context, cause error) error {
	b.d.rollback(ctx)
	if _, err := b.d.writer.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("%w: %w", errLost, errors.Join(cause, err))
	}
	b.head, b.events, b.rows = b.first, nil, 0
	return cause
}

// lookUp finds in one statement what a command on an identity needs to know: the
// answer to its key, if there was one, the contact and the live conversation.
const lookUp = `SELECT k.result_id IS NOT NULL, COALESCE(k.result_id, ''), COALESCE(i.contact_id, ''),
  COALESCE(l.conversation_id, '')
FROM (SELECT $1 AS account_id) a
LEFT JOIN dedupe k ON k.account_id = a.account_id AND k.scope = $2 AND k.key = $3
LEFT JOIN identity i ON i.account_id = a.account_id AND i.scope = $4 AND i.hash = $5
LEFT JOIN live_conversation l ON l.account_id = a.account_id AND l.contact_id = i.contact_id AND l.thread = $6`

// firstAnswer finds the answer to a key alone.
const firstAnswer = `SELECT result_id FROM dedupe WHERE account_id = $1 AND scope = $2 AND key = $3`

// find loads what the command is about, and the first answer if its key was
// used before.
func (b *batch) find(ctx context.Context, c *store.Command) (found store.Found, first string, repeated bool, err error) {
	target, known := c.Target.Conversation, true
	if id := c.Target.Identity; id != nil {
		if found.Contact, known = b.d.recall.contacts.get(identityKey{c.Account, id.Scope, id.Hash}); known {
			target, known = b.d.recall.live.get(liveKey{c.Account, found.Contact, id.Thread})
		}
		if !known {
			if found.Contact, target, first, repeated, err = b.lookUp(ctx, c); err != nil {
				return found, "", false, err
			}
		}
	}
	if known && c.Key != "" {
		value, err := b.d.writer.value(ctx, firstAnswer, string(c.Account), c.Scope, c.Key)
		if err != nil {
			return found, "", false, err
		}
		first, repeated = value.(string)
	}
	if target == "" {
		return found, first, repeated, nil
	}
	found.Conversation, err = b.conversation(ctx, conversationKey{c.Account, target})
	return found, first, repeated, err
}

func (b *batch) lookUp(ctx context.Context, c *store.Command) (contact desk.ContactID, live desk.ConversationID, first string, repeated bool, err error) {
	id := c.Target.Identity
	err = b.d.writer.QueryRowContext(ctx, lookUp, string(c.Account), c.Scope, c.Key, id.Scope, id.Hash, id.Thread).
		Scan(&repeated, &first, &contact, &live)
	if err == nil && contact != "" {
		b.d.recall.contacts.put(identityKey{c.Account, id.Scope, id.Hash}, contact)
		if live != "" {
			b.d.recall.live.put(liveKey{c.Account, contact, id.Thread}, live)
		}
	}
	return contact, live, first, repeated, err
}

// conversation is the zero value if there is none.
func (b *batch) conversation(ctx context.Context, key conversationKey) (desk.Conversation, error) {
	if c, ok := b.d.recall.conversations.get(key); ok {
		return c, nil
	}
	shard, _ := key.id.Shard()
	row, err := b.q.Conversation(ctx, query.ConversationParams{AccountID: string(key.account), Shard: int16(shard), ID: string(key.id)})
	if errors.Is(err, sql.ErrNoRows) {
		return desk.Conversation{}, nil
	}
	if err != nil {
		return desk.Conversation{}, err
	}
	c := store.ConversationOf(row)
	b.d.recall.conversations.put(key, c)
	return c, nil
}

func (b *batch) needs(ctx context.Context, account desk.AccountID, ids []desk.MessageID) (map[desk.MessageID]desk.StoredMessage, error) {
	current := make(map[desk.MessageID]desk.StoredMessage, len(ids))
	for _, id := range ids {
		shard, _ := id.Shard()
		row, err := b.q.Message(ctx, query.MessageParams{AccountID: string(account), Shard: int16(shard), ID: string(id)})
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, err
		}
		current[id] = store.MessageOf(row)
	}
	return current, nil
}

// apply writes the plan.
func (b *batch) apply(ctx context.Context, p *store.Plan) error {
	steps := []func() error{
		one(ctx, p.Contact, b.q.InsertContact),
		one(ctx, p.Identity, rowsOf(b.q.InsertIdentity)),
		one(ctx, p.TouchContact, b.q.TouchContact),
		one(ctx, p.NewConversation, b.q.InsertConversation),
		one(ctx, p.Live, b.q.PutLiveConversation),
		one(ctx, p.Conversation, rowsOf(b.q.UpdateConversation)),
		each(ctx, p.Messages, b.q.InsertMessage),
		each(ctx, p.Statuses, rowsOf(b.q.UpdateMessageStatus)),
		each(ctx, p.Cancel, rowsOf(b.q.CancelTimer)),
		each(ctx, p.Timers, b.q.PutTimer),
		each(ctx, p.Outbox, b.q.PutOutbox),
		each(ctx, p.Attachments, b.q.UseAttachment),
		each(ctx, p.Drops, b.q.DropAttachments),
		one(ctx, p.Dedupe, rowsOf(b.q.InsertDedupe)),
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	for _, x := range p.Extras {
		if _, err := b.d.writer.ExecContext(ctx, x.Text, x.Args...); err != nil {
			return err
		}
	}
	head := p.Number(b.head)
	for _, row := range p.EventRows {
		if err := b.q.InsertEvent(ctx, row); err != nil {
			return err
		}
	}
	b.head, b.events, b.rows = head, append(b.events, p.Events...), b.rows+p.Rows()
	b.d.recall.wrote(p)
	return nil
}

func one[P any](ctx context.Context, p *P, run func(context.Context, P) error) func() error {
	return func() error {
		if p == nil {
			return nil
		}
		return run(ctx, *p)
	}
}

func each[P any](ctx context.Context, all []P, run func(context.Context, P) error) func() error {
	return func() error {
		for _, p := range all {
			if err := run(ctx, p); err != nil {
				return err
			}
		}
		return nil
	}
}

// rowsOf drops the number of rows of a statement whose row was just looked up.
func rowsOf[P any](run func(context.Context, P) (int64, error)) func(context.Context, P) error {
	return func(ctx context.Context, p P) error {
		_, err := run(ctx, p)
		return err
	}
}
