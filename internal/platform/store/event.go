package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Head is the position of the newest event, 0 if there never was one.
func (r Reads) Head(ctx context.Context) (int64, error) {
	pos, err := r.q.LogHead(ctx)
	return pos, r.fail("read log head", "event", err)
}

// Oldest is the position of the oldest event still kept, 0 if there is none.
func (r Reads) Oldest(ctx context.Context) (int64, error) {
	pos, err := r.q.OldestEvent(ctx)
	return pos, r.fail("read oldest event", "event", err)
}

// epochKey is the row of table installation that holds the epoch.
const epochKey = "epoch"

// Epoch names this life of the database. It changes when a backup is restored,
// so that clients know their positions mean nothing any more. NotFound before
// the first SetEpoch.
func (r Reads) Epoch(ctx context.Context) (string, error) {
	return r.InstallationValue(ctx, epochKey)
}

// SetEpoch starts a new life. Installation work only.
func (t *Tx) SetEpoch(ctx context.Context, epoch string) error {
	return t.PutInstallationValue(ctx, epochKey, epoch)
}

// InstallationValue reads a setting of the installation; NotFound if unset.
func (r Reads) InstallationValue(ctx context.Context, key string) (string, error) {
	value, err := r.q.InstallationValue(ctx, query.InstallationValueParams{Key: key})
	return value, r.fail("read installation value", "value", err)
}

// PutInstallationValue writes a setting of the installation. Installation work
// only.
func (t *Tx) PutInstallationValue(ctx context.Context, key, value string) error {
	const op = "write installation value"
	if err := t.installation(op); err != nil {
		return err
	}
	return t.fail(op, "value", t.q.PutInstallationValue(ctx, query.PutInstallationValueParams{Key: key, Value: value}))
}

// ClaimInstallationValue writes a setting that nobody may have written before;
// Conflict if somebody has. Installation work only.
func (t *Tx) ClaimInstallationValue(ctx context.Context, key, value string) error {
	const op = "claim installation value"
	if err := t.installation(op); err != nil {
		return err
	}
	n, err := t.q.ClaimInstallationValue(ctx, query.ClaimInstallationValueParams{Key: key, Value: value})
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "somebody else was first")
	}
	return t.fail(op, "value", err)
}

// Events returns at most limit events of the whole installation after a
// position, ascending and without gaps; for the bus only. If the first is not
// after+1, what lay between was trimmed.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]desk.Event, error) {
	return s.driver.Events(ctx, after, int(bound(limit)))
}

// AccountEvents returns at most limit events of the account after a position,
// ascending.
func (r Reads) AccountEvents(ctx context.Context, account desk.AccountID, after int64, limit int) ([]desk.Event, error) {
	const op = "list events"
	rows, err := r.q.AccountEvents(ctx, query.AccountEventsParams{AccountID: string(account), AfterPos: after, RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail(op, "event", err)
	}
	return EventsOf(rows)
}

// EventsOf decodes rows of the log; for drivers. Facts of a kind this program
// does not know, written by a newer one, come with a nil Fact.
func EventsOf(rows []query.EventLog) ([]desk.Event, error) {
	out := make([]desk.Event, len(rows))
	for i, row := range rows {
		out[i] = desk.Event{
			Pos: row.Pos, AccountID: desk.AccountID(row.AccountID), Shard: desk.Shard(row.Shard),
			ConversationID: desk.ConversationID(row.ConversationID), ContactID: desk.ContactID(row.ContactID),
			At: desk.FromMicros(row.AtUs),
		}
		err := out[i].DecodePayload(desk.EventKind(row.Kind), row.Payload)
		if err != nil && !errors.Is(err, desk.Unsupported) {
			return nil, err
		}
	}
	return out, nil
}

// EventRow encodes an event for the log; for drivers.
func EventRow(e desk.Event) (query.InsertEventParams, error) {
	payload, err := e.EncodePayload()
	if err != nil {
		return query.InsertEventParams{}, err
	}
	return query.InsertEventParams{
		Pos: e.Pos, AccountID: string(e.AccountID), Shard: int16(e.Shard), ConversationID: string(e.ConversationID),
		ContactID: string(e.ContactID), Kind: string(e.Fact.Kind()), AtUs: desk.Micros(e.At), Payload: payload,
	}, nil
}

// trimChunk is how many rows one deletion takes, so that it holds up no
// command for long.
const trimChunk = 500

// Trimmed counts what Trim removed.
type Trimmed struct {
	Events int64
	// Rebuild is how many consumer positions were left behind and must start
	// again from the tables.
	Rebuild int64
}

// TrimKeys removes idempotency keys older than a time, in small chunks, and
// returns how many there were.
func (s *Store) TrimKeys(ctx context.Context, olderThan time.Time) (int64, error) {
	var gone int64
	for {
		n, err := s.driver.TrimDedupe(ctx, olderThan, trimChunk)
		if gone += n; err != nil {
			return gone, s.fail("trim keys", "key", err)
		}
		if n < trimChunk {
			return gone, nil
		}
	}
}

// Trim removes events older than a time or beyond the newest maxEvents (0
// means any number), in small chunks. A consumer that has not read an event
// yet holds it for half as long or half as many again; after that the consumer
// is marked Rebuild.
func (s *Store) Trim(ctx context.Context, olderThan time.Time, maxEvents int64) (Trimmed, error) {
	const op = "trim"
	var done Trimmed
	var upTo int64
	err := s.Write(ctx, "", func(ctx context.Context, tx *Tx) error {
		var forced int64
		var err error
		if upTo, forced, err = tx.trimTarget(ctx, olderThan, maxEvents); err != nil {
			return err
		}
		if done.Rebuild, err = tx.q.MarkRebuild(ctx, query.MarkRebuildParams{OldestKept: forced}); err != nil {
			return err
		}
		slowest, err := tx.q.SlowestPosition(ctx)
		if slowest >= 0 {
			upTo = min(upTo, slowest)
		}
		return err
	})
	if err != nil {
		return done, s.fail(op, "position", err)
	}
	for upTo > 0 {
		n, err := s.driver.TrimLog(ctx, upTo, trimChunk)
		if err != nil {
			return done, s.fail(op, "event", err)
		}
		if done.Events += n; n < trimChunk {
			break
		}
	}
	return done, nil
}

// trimTarget finds the newest position that may go, and the newest that must
// go whoever still needs it. The head always stays.
func (t *Tx) trimTarget(ctx context.Context, olderThan time.Time, maxEvents int64) (upTo, forced int64, err error) {
	head, err := t.Head(ctx)
	if err != nil {
		return 0, 0, err
	}
	if upTo, err = t.lastEventBefore(ctx, head, olderThan); err != nil {
		return 0, 0, err
	}
	if forced, err = t.lastEventBefore(ctx, head, olderThan.Add(-t.now.Sub(olderThan)/2)); err != nil {
		return 0, 0, err
	}
	if maxEvents > 0 {
		upTo = max(upTo, head-maxEvents)
		forced = max(forced, head-maxEvents-maxEvents/2)
	}
	return max(min(upTo, head-1), 0), max(min(forced, head-1), 0), nil
}

// lastEventBefore searches the log, whose times rise with the positions, for
// the newest event older than at; 0 if there is none. It needs no index on
// the time.
func (r Reads) lastEventBefore(ctx context.Context, head int64, at time.Time) (int64, error) {
	low, high := int64(0), head
	for low < high { // invariant: low is older or 0, all above high are younger
		mid := low + (high-low+1)/2
		row, err := r.q.EventAt(ctx, query.EventAtParams{Pos: mid})
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return 0, err
		}
		if err == nil && row.AtUs < desk.Micros(at) {
			low = max(mid, min(row.Pos, high))
		} else {
			high = mid - 1
		}
	}
	return low, nil
}
