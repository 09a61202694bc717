package feed

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/wire"
)

// storePage is how many events are read from the log at a time.
const storePage = 1000

// Fetch returns the feed's events after since, at most limit of them (1 to
// 1,000; 0 means 500). Batch.Seq is how far the client is with them. Reset
// means that since cannot be continued: another epoch, a position that was
// trimmed or never was, or too many events; the client loads everything anew
// and goes on from Seq. Denied as in Attach.
func (f *Feed) Fetch(ctx context.Context, a Audience, epoch string, since int64, limit int) (wire.Batch, error) {
	if err := f.permit(ctx, a); err != nil {
		return wire.Batch{}, err
	}
	if err := f.wait(ctx); err != nil {
		return wire.Batch{}, err
	}
	if limit <= 0 {
		limit = 500
	}
	limit = min(limit, storePage)
	// The head is read first: every event up to it is visible to what follows.
	head, err := f.deps.Store.Head(ctx)
	if err != nil {
		return wire.Batch{}, err
	}
	b := wire.Batch{Epoch: f.epoch, Seq: head, Events: []wire.Item{}}
	if epoch != b.Epoch || since < 0 || since > head {
		b.Reset = true
		return b, nil
	}
	if since == head {
		return b, nil
	}
	trimmed, err := f.trimmed(ctx, since)
	if err != nil {
		return wire.Batch{}, err
	}
	if trimmed {
		b.Reset = true
		return b, nil
	}
	events, more, err := f.missed(ctx, a, since, head, limit)
	if err != nil {
		return wire.Batch{}, err
	}
	if events == nil && more {
		b.Reset = true
		return b, nil
	}
	if more {
		b.More, b.Seq = true, events[len(events)-1].Pos
	} else if n := len(events); n > 0 {
		b.Seq = max(head, events[n-1].Pos)
	}
	b.Events, err = f.render(ctx, a, events)
	return b, err
}

func (f *Feed) trimmed(ctx context.Context, since int64) (bool, error) {
	oldest, err := f.deps.Store.Oldest(ctx)
	return oldest == 0 || since+1 < oldest, err
}

// missed reads the page after since. No events and more mean that there are
// too many to replay.
func (f *Feed) missed(ctx context.Context, a Audience, since, head int64, limit int) (events []desk.Event, more bool, err error) {
	if a.Contact != "" {
		// A visitor's events are few among the account's: look through all of
		// them at once or give up.
		events, err = f.deps.Store.AccountEvents(ctx, a.Account, since, min(f.config.MaxVisitorReplay, storePage))
		if err != nil {
			return nil, false, err
		}
		if len(events) == min(f.config.MaxVisitorReplay, storePage) && events[len(events)-1].Pos < head {
			return nil, true, nil
		}
		return events, false, nil
	}
	if head-since > int64(f.config.MaxReplay) {
		if tooMany, err := f.tooMany(ctx, a.Account, since); err != nil || tooMany {
			return nil, tooMany, err
		}
	}
	events, err = f.deps.Store.AccountEvents(ctx, a.Account, since, min(limit+1, storePage))
	if err != nil {
		return nil, false, err
	}
	if n := min(limit, storePage-1); len(events) > n {
		return events[:n], true, nil
	}
	return events, false, nil
}

// tooMany counts the account's events after since up to MaxReplay.
func (f *Feed) tooMany(ctx context.Context, account desk.AccountID, since int64) (bool, error) {
	for seen := 0; ; {
		page, err := f.deps.Store.AccountEvents(ctx, account, since, storePage)
		if err != nil {
			return false, err
		}
		if seen += len(page); seen > f.config.MaxReplay {
			return true, nil
		}
		if len(page) < storePage {
			return false, nil
		}
		since = page[len(page)-1].Pos
	}
}

func (f *Feed) render(ctx context.Context, a Audience, events []desk.Event) ([]wire.Item, error) {
	items := make([]wire.Item, 0, len(events))
	if len(events) == 0 {
		return items, nil
	}
	r, err := f.renderer(ctx, a.Account)
	if err != nil {
		return nil, err
	}
	now, sight, err := f.replaySight(ctx, a, events)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.Fact == nil || (a.Contact != "" && e.ContactID != a.Contact) {
			continue
		}
		var body []byte
		var ok bool
		if a.Contact != "" {
			body, ok = r.visitor(ctx, e, r.content(ctx, e))
		} else {
			v, err := now.view(ctx, sight, e, true)
			if err != nil {
				return nil, err
			}
			switch v {
			case whole:
				body, ok = r.agent(ctx, e, r.content(ctx, e))
			case farewell:
				body, ok = r.hidden(ctx, e)
			case nothing:
			}
		}
		if ok {
			items = append(items, wire.Item{Seq: e.Pos, Event: body})
		}
	}
	return items, nil
}

// replaySight is what an agent may see today, with what is needed to judge.
func (f *Feed) replaySight(ctx context.Context, a Audience, events []desk.Event) (*lives, desk.Sight, error) {
	now := f.lives(a.Account)
	if a.Agent == "" {
		return now, desk.Sight{}, nil
	}
	sight, err := f.deps.Directory.AgentSight(ctx, a.Account, a.Agent)
	if err == nil && !sight.Everything() {
		err = now.load(ctx, events)
	}
	return now, sight, err
}

// Wait is Fetch that, when there is nothing to return, waits for the feed's
// next event. It returns an empty batch when ctx ends or the server stops.
func (f *Feed) Wait(ctx context.Context, a Audience, epoch string, since int64, limit int) (wire.Batch, error) {
	if err := f.permit(ctx, a); err != nil {
		return wire.Batch{}, err
	}
	if err := f.wait(ctx); err != nil {
		return wire.Batch{}, err
	}
	c, _ := f.attach(a)
	defer f.Detach(a)
	for {
		// Asked for before reading, so that no event falls between.
		wake := f.nextEvent(c)
		b, err := f.Fetch(ctx, a, epoch, since, limit)
		if err != nil || b.Reset || b.More || len(b.Events) > 0 {
			return b, err
		}
		since = b.Seq
		select {
		case <-wake:
		case <-f.stopped:
			return b, nil
		case <-ctx.Done():
			return b, nil
		}
	}
}

// nextEvent returns a channel that is closed when the feed has an event.
func (f *Feed) nextEvent(c *chain) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.wake == nil {
		c.wake = make(chan struct{})
	}
	return c.wake
}
