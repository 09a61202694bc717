package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Act is one recorded act of administration.
type Act struct {
	// ID rises with time; lists are ordered by it.
	ID        string
	AccountID desk.AccountID
	At        time.Time
	// ActorID is the agent's; "" is the operator at the command line.
	ActorID    desk.AgentID
	Action     string
	TargetKind string
	TargetID   string
	// Details holds names, what was changed, and the address, sealed.
	Details desk.Sealed
}

// ActFilter narrows a list of acts; zero fields mean any.
type ActFilter struct {
	Actor  desk.AgentID
	Action string
}

// lastID is above every id.
const lastID = "~"

// Acts lists recorded acts, the newest first, before Page.BeforeID.
func (r Reads) Acts(ctx context.Context, account desk.AccountID, f ActFilter, p Page) ([]Act, error) {
	before := p.BeforeID
	if before == "" {
		before = lastID
	}
	var rows []query.Audit
	var err error
	switch {
	case f.Actor != "" && f.Action != "":
		rows, err = r.q.AuditPageByActorAndAction(ctx, query.AuditPageByActorAndActionParams{
			AccountID: string(account), ActorID: string(f.Actor), Action: f.Action, BeforeID: before, RowLimit: bound(p.Limit),
		})
	case f.Actor != "":
		rows, err = r.q.AuditPageByActor(ctx, query.AuditPageByActorParams{
			AccountID: string(account), ActorID: string(f.Actor), BeforeID: before, RowLimit: bound(p.Limit),
		})
	case f.Action != "":
		rows, err = r.q.AuditPageByAction(ctx, query.AuditPageByActionParams{
			AccountID: string(account), Action: f.Action, BeforeID: before, RowLimit: bound(p.Limit),
		})
	default:
		rows, err = r.q.AuditPage(ctx, query.AuditPageParams{AccountID: string(account), BeforeID: before, RowLimit: bound(p.Limit)})
	}
	return r.acts(rows, err)
}

// ActsAfter walks all recorded acts by id, from after on, for sealing them anew.
func (r Reads) ActsAfter(ctx context.Context, account desk.AccountID, after string, limit int) ([]Act, error) {
	rows, err := r.q.AuditAfter(ctx, query.AuditAfterParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return r.acts(rows, err)
}

func (r Reads) acts(rows []query.Audit, err error) ([]Act, error) {
	if err != nil {
		return nil, r.fail("list acts", "act", err)
	}
	out := make([]Act, len(rows))
	for i, row := range rows {
		out[i] = Act{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), At: desk.FromMicros(row.AtUs), ActorID: desk.AgentID(row.ActorID),
			Action: row.Action, TargetKind: row.TargetKind, TargetID: row.TargetID, Details: row.Details,
		}
	}
	return out, nil
}

// InsertAct records an act. There is no method that changes or deletes one.
func (t *Tx) InsertAct(ctx context.Context, a Act) error {
	const op = "record act"
	if err := t.own(op, a.AccountID); err != nil {
		return err
	}
	return t.fail(op, "act", t.q.InsertAudit(ctx, query.InsertAuditParams{
		ID: a.ID, AccountID: string(a.AccountID), AtUs: desk.Micros(a.At), ActorID: string(a.ActorID), Action: a.Action,
		TargetKind: a.TargetKind, TargetID: a.TargetID, Details: blob(a.Details),
	}))
}

// ResealAct puts what was recorded under another key.
func (t *Tx) ResealAct(ctx context.Context, account desk.AccountID, id string, details desk.Sealed) error {
	const op = "reseal act"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ResealAudit(ctx, query.ResealAuditParams{AccountID: string(account), ID: id, Details: blob(details)})
	return t.changed(op, "act", n, err)
}
