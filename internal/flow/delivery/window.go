package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// WindowTimer is the kind of the timers that hold what is used of windows.
// Nothing happens when one fires: the window is over and so is its count.
const WindowTimer = "delivery_window"

// CloseWindow is the handler of WindowTimer.
func (d *Delivery) CloseWindow(context.Context, store.Timer) error { return nil }

// ledger is a WindowTimer's data.
type ledger struct {
	// OpenedBy is the message that opened the window.
	OpenedBy desk.MessageID `json:"opened_by"`
	Quota    int            `json:"quota"`
	Used     int            `json:"used"`
}

// standing is an inbox's window for one customer: the ledger and where it is kept.
type standing struct {
	ledger
	ref     store.TimerRef
	expires time.Time
}

func (a standing) window() Window {
	return Window{ExpiresAt: a.expires, Quota: a.Quota, Used: a.Used}
}

// timer is the row that keeps the ledger.
func (a standing) timer() (store.Timer, error) {
	data, err := json.Marshal(a.ledger)
	return store.Timer{TimerRef: a.ref, Due: a.expires, Data: string(data)}, err
}

// historyPage is how far back the customer's newest message is looked for.
const historyPage = 200

// window finds how the customer's window of this inbox stands: opened by their
// newest message, used as the ledger says if it is of the same opening.
func (d *Delivery) window(ctx context.Context, item store.OutboxItem, w *channel.Window) (standing, error) {
	a := standing{ref: store.TimerRef{
		AccountID: item.AccountID, Kind: WindowTimer, Subject: string(item.InboxID) + "/" + string(item.ContactID),
	}}
	opening, ok := w.Opening(channel.OnMessage)
	if !ok {
		return a, nil
	}
	history, err := d.deps.Store.Messages(ctx, item.AccountID, item.ConversationID, store.MessageRange{
		BeforeSeq: store.NewestFirst, Limit: historyPage, PublicOnly: true,
	})
	if err != nil {
		return a, err
	}
	for _, m := range history {
		if m.Author.Kind == desk.ByVisitor && m.InboxID == item.InboxID {
			a.OpenedBy, a.expires = m.ID, m.At.Add(opening.For)
		}
	}
	if a.OpenedBy == "" {
		return a, nil // nothing opened it, or too long ago to matter
	}
	a.Quota = opening.Quota
	t, err := d.deps.Store.Timer(ctx, a.ref)
	if errors.Is(err, desk.NotFound) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	var kept ledger
	if json.Unmarshal([]byte(t.Data), &kept) == nil && kept.OpenedBy == a.OpenedBy {
		a.Used, a.Quota = kept.Used, kept.Quota
	}
	return a, nil
}
