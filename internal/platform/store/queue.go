package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// QueueEntry is what sets a waiting conversation apart from others.
type QueueEntry struct {
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	Escalated      bool
	// Returned is how often it was offered and not taken; Declined are by whom.
	Returned int
	Declined []desk.AgentID
	// Choice is what the visitor wants to do meanwhile.
	Choice desk.WaitChoice
}

// QueueEntries lists what sets conversations of the account apart.
func (r Reads) QueueEntries(ctx context.Context, account desk.AccountID) (map[desk.ConversationID]QueueEntry, error) {
	rows, err := r.q.QueueEntries(ctx, query.QueueEntriesParams{AccountID: string(account), RowLimit: 10 * maxPage})
	if err != nil {
		return nil, r.fail("list queue", "entry", err)
	}
	out := make(map[desk.ConversationID]QueueEntry, len(rows))
	for _, row := range rows {
		out[desk.ConversationID(row.ConversationID)] = queueEntryOf(row)
	}
	return out, nil
}

// QueueEntry is what sets one conversation apart; the zero entry if nothing does.
func (r Reads) QueueEntry(ctx context.Context, account desk.AccountID, id desk.ConversationID) (QueueEntry, error) {
	row, err := r.q.QueueEntry(ctx, query.QueueEntryParams{AccountID: string(account), ConversationID: string(id)})
	if errors.Is(err, sql.ErrNoRows) {
		return QueueEntry{AccountID: account, ConversationID: id}, nil
	}
	if err != nil {
		return QueueEntry{}, r.fail("read queue", "entry", err)
	}
	return queueEntryOf(row), nil
}

func queueEntryOf(row query.QueueEntry) QueueEntry {
	e := QueueEntry{
		AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID), Escalated: row.Escalated,
		Returned: int(row.Returned), Choice: desk.WaitChoice(row.Choice),
	}
	_ = json.Unmarshal([]byte(row.Declined), &e.Declined) // written by PutQueueEntry
	return e
}

// PutQueueEntry sets what sets a conversation apart.
func (t *Tx) PutQueueEntry(ctx context.Context, e QueueEntry) error {
	const op = "save queue entry"
	if err := t.own(op, e.AccountID); err != nil {
		return err
	}
	declined, err := json.Marshal(e.Declined)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	return t.fail(op, "entry", t.q.PutQueueEntry(ctx, query.PutQueueEntryParams{
		AccountID: string(e.AccountID), ConversationID: string(e.ConversationID), Escalated: e.Escalated, Returned: int64(e.Returned),
		Declined: string(declined), Choice: string(e.Choice), UpdatedUs: desk.Micros(t.now),
	}))
}

// DeleteQueueEntry forgets what set a conversation apart.
func (t *Tx) DeleteQueueEntry(ctx context.Context, account desk.AccountID, id desk.ConversationID) error {
	const op = "delete queue entry"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "entry", t.q.DeleteQueueEntry(ctx, query.DeleteQueueEntryParams{AccountID: string(account), ConversationID: string(id)}))
}

// QueueOutcome is how a wait ended.
type QueueOutcome string

// The ways a wait ends.
const (
	QueueAssigned  QueueOutcome = "assigned"
	QueueAbandoned QueueOutcome = "abandoned" // the visitor gave up
	QueueClosed    QueueOutcome = "closed"    // resolved without anybody having had it
)

// QueueLeft is one time a conversation left the queue.
type QueueLeft struct {
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	TeamID         desk.TeamID
	AgentID        desk.AgentID
	Outcome        QueueOutcome
	Entered, Left  time.Time
	// Detail is why it was this agent, as JSON; may be empty.
	Detail string
}

// AddQueueLeft notes that a conversation left the queue; the same again is nothing.
func (t *Tx) AddQueueLeft(ctx context.Context, q QueueLeft) error {
	const op = "save queue history"
	if err := t.own(op, q.AccountID); err != nil {
		return err
	}
	return t.fail(op, "entry", t.q.InsertQueueHistory(ctx, query.InsertQueueHistoryParams{
		AccountID: string(q.AccountID), ConversationID: string(q.ConversationID), LeftUs: desk.Micros(q.Left), EnteredUs: desk.Micros(q.Entered),
		TeamID: string(q.TeamID), Outcome: string(q.Outcome), AgentID: string(q.AgentID), Detail: q.Detail,
	}))
}

// LastQueueLeft is the last time a conversation left the queue; false if it never did.
func (r Reads) LastQueueLeft(ctx context.Context, account desk.AccountID, id desk.ConversationID) (QueueLeft, bool, error) {
	row, err := r.q.LastQueueHistory(ctx, query.LastQueueHistoryParams{AccountID: string(account), ConversationID: string(id)})
	if errors.Is(err, sql.ErrNoRows) {
		return QueueLeft{}, false, nil
	}
	if err != nil {
		return QueueLeft{}, false, r.fail("read queue history", "entry", err)
	}
	return queueLeftOf(row), true, nil
}

// QueueHistory lists who left the queue from a time up to another, the newest first.
func (r Reads) QueueHistory(ctx context.Context, account desk.AccountID, from, to time.Time, limit int) ([]QueueLeft, error) {
	rows, err := r.q.QueueHistory(ctx, query.QueueHistoryParams{
		AccountID: string(account), FromUs: desk.Micros(from), ToUs: desk.Micros(to), RowLimit: bound(limit),
	})
	if err != nil {
		return nil, r.fail("list queue history", "entry", err)
	}
	out := make([]QueueLeft, len(rows))
	for i, row := range rows {
		out[i] = queueLeftOf(row)
	}
	return out, nil
}

func queueLeftOf(row query.QueueHistory) QueueLeft {
	return QueueLeft{
		AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID), TeamID: desk.TeamID(row.TeamID),
		AgentID: desk.AgentID(row.AgentID), Outcome: QueueOutcome(row.Outcome), Entered: desk.FromMicros(row.EnteredUs),
		Left: desk.FromMicros(row.LeftUs), Detail: row.Detail,
	}
}

// QueuePaces lists how long agents are busy, as JSON by team.
func (r Reads) QueuePaces(ctx context.Context, account desk.AccountID) (map[desk.TeamID]string, error) {
	rows, err := r.q.QueuePaces(ctx, query.QueuePacesParams{AccountID: string(account)})
	if err != nil {
		return nil, r.fail("read queue pace", "pace", err)
	}
	out := make(map[desk.TeamID]string, len(rows))
	for _, row := range rows {
		out[desk.TeamID(row.TeamID)] = row.Pace
	}
	return out, nil
}

// PutQueuePace sets how long agents of a team are busy, as JSON.
func (t *Tx) PutQueuePace(ctx context.Context, account desk.AccountID, team desk.TeamID, pace string) error {
	const op = "save queue pace"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "pace", t.q.PutQueuePace(ctx, query.PutQueuePaceParams{AccountID: string(account), TeamID: string(team), Pace: pace}))
}
