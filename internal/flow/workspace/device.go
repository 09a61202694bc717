package workspace

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
)

// Device is a log-in as its owner sees it.
type Device struct {
	ID        string
	AgentID   desk.AgentID
	Browser   string
	Address   string
	CreatedAt time.Time
	// SeenAt is the last use, to Config.TouchEvery.
	SeenAt    time.Time
	ExpiresAt time.Time
	// Current tells that it is the session that asks.
	Current bool
}

// Devices lists an agent's log-ins that are not over, the oldest first.
func (s *Service) Devices(ctx context.Context, by auth.Principal, agent desk.AgentID) ([]Device, error) {
	if _, err := s.deps.Store.Agent(ctx, by.Account, agent); err != nil {
		return nil, err
	}
	rows, err := s.deps.Store.Sessions(ctx, by.Account, agent)
	if err != nil {
		return nil, err
	}
	now := s.deps.Clock.Now()
	var out []Device
	for _, row := range rows {
		if !now.Before(row.ExpiresAt) {
			continue
		}
		var m sessionMeta
		if err := s.open(ctx, by.Account, sessionPlace(row.Hash), row.Meta, &m); err != nil {
			return nil, err
		}
		out = append(out, Device{
			ID: row.ID, AgentID: row.AgentID, Browser: m.Browser, Address: m.Address, CreatedAt: row.CreatedAt,
			SeenAt: row.SeenAt, ExpiresAt: row.ExpiresAt, Current: row.Hash == by.Session,
		})
	}
	return out, nil
}

// EndSession ends a log-in at once: one's own, or a colleague's with the
// permission to manage sessions, unless the colleague may more. NotFound if
// there is none, or it is not for the caller to know. A repeat of the
// idempotency key changes nothing.
func (s *Service) EndSession(ctx context.Context, by auth.Principal, key, id string) error {
	const op = "end session"
	missing := desk.E(desk.NotFound, op, "there is no such session")
	row, err := s.deps.Store.SessionByID(ctx, by.Account, id)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return err
	}
	foreign := err == nil && row.AgentID != by.Agent
	if foreign && !by.Permissions.Has(auth.SessionsManage) {
		return missing
	}
	return s.recorded(ctx, by.Account, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		return once(ctx, tx, pen, "end session", key, id, func() error {
			if row.ID == "" {
				return missing
			}
			if foreign {
				if err := mayReach(ctx, tx, op, by, by.Account, row.AgentID); err != nil {
					return err
				}
			}
			if err := tx.DeleteSession(ctx, by.Account, row.Hash); err != nil {
				return err
			}
			return pen.Write(ctx, tx, audit.Act{Action: "session.ended", Target: audit.Target{Kind: "agent", ID: string(row.AgentID)}})
		}, func(string) error { return nil })
	})
}
