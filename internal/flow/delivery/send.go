package delivery

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The reasons of messages given up without or after trying; beside these, the
// classes of channel.SendError are reasons.
const (
	ReasonInbox   = "inbox_unavailable"
	ReasonAddress = "no_address"
	ReasonContact = "contact_blocked"
	ReasonExpired = "expired"
	reasonBroken  = "unreadable"
)

// parcel is a message with everything needed to send it.
type parcel struct {
	item    store.OutboxItem
	message desk.StoredMessage
	content desk.Content
	adapter channel.Adapter
	account channel.Account
	able    channel.Capabilities
	peer    channel.Peer
	window  standing
	state   progress
	plan    Plan
	// watched: the list of held conversations has this one.
	watched, held bool
}

// process brings one claimed row a step further. Whatever it cannot do now
// stays in the outbox: the claim ends by itself after a minute.
func (d *Delivery) process(ctx context.Context, item store.OutboxItem) {
	result, err := d.advance(ctx, item)
	name := "unknown"
	if inbox, ierr := d.deps.Store.Inbox(ctx, item.AccountID, item.InboxID); ierr == nil {
		name = inbox.Channel
	}
	if err != nil {
		result = "error"
		if ctx.Err() == nil {
			d.deps.Log.WarnContext(ctx, "message not delivered yet", "account", item.AccountID,
				"message", item.MessageID, "channel", name, "error", err)
			// It counts, so that the pauses grow; MaxAge ends it, not the number.
			item.Attempts++
			d.putOff(ctx, item, d.backoff(int(item.Attempts)))
		}
	}
	d.outcomes.WithLabelValues(name, result).Inc()
}

// putOff gives a row back for later; if that fails too, its claim runs out.
func (d *Delivery) putOff(ctx context.Context, item store.OutboxItem, wait time.Duration) {
	item.Due = d.deps.Clock.Now().Add(wait)
	if err := d.update(ctx, item); err != nil && ctx.Err() == nil {
		d.deps.Log.WarnContext(ctx, "outbox row not put off", "message", item.MessageID, "error", err)
	}
}

func (d *Delivery) advance(ctx context.Context, item store.OutboxItem) (string, error) {
	p := &parcel{item: item, state: parseProgress(item.Error)}
	if reason, err := d.prepare(ctx, p); err != nil {
		// The next messages of the conversation do not wait for ever.
		if ctx.Err() == nil && p.message.ID != "" && d.deps.Clock.Now().Sub(p.message.At) >= d.cfg.MaxAge {
			return d.fail(ctx, p, ReasonExpired)
		}
		return "", err
	} else if reason != "" {
		return d.fail(ctx, p, reason)
	}
	if done(p.message.Status) {
		return d.finish(ctx, p, p.message.Status, "")
	}
	if p.able.FeedOnly() {
		return d.finish(ctx, p, desk.Sent, "")
	}
	now := d.deps.Clock.Now()
	age := now.Sub(p.message.At)
	if p.state.code == underway {
		// A process died while sending. Whether it arrived, nobody knows.
		verdict := Classify(&channel.SendError{Class: channel.UnknownOutcome}, p.able)
		if verdict == Fail || expired(p.able.Idempotency, age) {
			return d.fail(ctx, p, string(channel.UnknownOutcome))
		}
	}
	if age >= d.cfg.MaxAge {
		return d.fail(ctx, p, ReasonExpired)
	}
	if p.able.Window != nil {
		// From here on the customer's next message is noticed.
		p.watched = d.expect(item)
		defer d.forget(p)
		var err error
		if p.window, err = d.window(ctx, item, p.able.Window); err != nil {
			return "", err
		}
	}
	if p.state.done == 0 && p.state.code != underway && p.state.code != string(channel.UnknownOutcome) {
		// Nothing of it can have arrived, so it may be cut anew.
		p.state.budget = 0
	}
	p.plan = Make(Request{
		Parts: p.content.Parts, Capabilities: p.able, Author: p.message.Author.Kind,
		Window: p.window.window(), Now: now, Budget: p.state.budget, Done: p.state.done,
	})
	switch p.plan.Verdict {
	case GiveUp:
		return d.fail(ctx, p, p.plan.Reason)
	case Hold:
		return d.keep(ctx, p, p.plan.Reason)
	case Go:
	}
	left := len(p.plan.Sends) - p.state.done
	if wait := d.rates.take(string(item.InboxID), p.peer.Scope+":"+p.peer.External, p.able.Rates, left, now); wait > 0 {
		item.Due = now.Add(wait)
		return "rate_limited", d.update(ctx, item)
	}
	return d.send(ctx, p)
}

// done reports whether a platform has the message already.
func done(s desk.DeliveryStatus) bool {
	switch s {
	case desk.Accepted, desk.Sent, desk.Delivered, desk.Read:
		return true
	default:
		return false
	}
}

// inboxSecrets is what delivery reads of the form in which flow/workspace seals
// an inbox's secrets.
type inboxSecrets struct {
	Options map[string]string `json:"options"`
}

// prepare collects what a parcel needs; a reason means that it can never be sent.
func (d *Delivery) prepare(ctx context.Context, p *parcel) (reason string, err error) {
	item, s := p.item, d.deps.Store
	if p.message, err = s.Message(ctx, item.AccountID, item.MessageID); err != nil {
		if desk.KindOf(err) == desk.NotFound {
			return reasonBroken, nil
		}
		return "", err
	}
	inbox, err := s.Inbox(ctx, item.AccountID, item.InboxID)
	if err != nil && desk.KindOf(err) != desk.NotFound {
		return "", err
	}
	adapter, ok := d.deps.Channels.Adapter(channel.Kind(inbox.Channel))
	if err != nil || !ok || !inbox.Enabled {
		return ReasonInbox, nil //nolint:nilerr // not found: the inbox is gone, which is the reason
	}
	p.adapter = adapter
	keys, err := d.deps.Keys.Account(ctx, item.AccountID)
	if err != nil {
		return "", err
	}
	p.account.Inbox = inbox.Inbox
	if len(inbox.Secrets) > 0 {
		place := seal.Place{Owner: string(inbox.ID), Table: "inbox", Row: string(inbox.ID), Column: "secrets"}
		var secrets inboxSecrets
		plain, err := keys.Open(place, inbox.Secrets)
		if err == nil {
			err = json.Unmarshal(plain, &secrets)
		}
		if err != nil { // no retry mends it; the reason tells the agent
			return ReasonInbox, nil //nolint:nilerr // as above
		}
		p.account.Options = secrets.Options
	}
	p.able = adapter.Capabilities(p.account)
	place := seal.Place{Owner: string(p.message.ConversationID), Table: "message", Row: string(p.message.ID), Column: "body"}
	body, err := keys.Open(place, p.message.Body)
	if err == nil {
		err = json.Unmarshal(body, &p.content)
	}
	if err != nil {
		return reasonBroken, nil //nolint:nilerr // no retry mends it; the reason tells the agent
	}
	if d.deps.Files != nil {
		d.deps.Files.Sign(item.AccountID, &p.content)
	}
	for i, part := range p.content.Parts {
		if part.Media != nil && strings.HasPrefix(part.Media.URL, "/") {
			media := *part.Media
			media.URL = d.cfg.PublicURL + media.URL
			p.content.Parts[i].Media = &media
		}
	}
	contact, err := s.Contact(ctx, item.AccountID, item.ContactID)
	if err != nil {
		if desk.KindOf(err) == desk.NotFound {
			return ReasonAddress, nil
		}
		return "", err
	}
	if contact.Blocked {
		return ReasonContact, nil
	}
	return d.address(ctx, keys, p)
}

// address finds how the channel names the person: the identity of this inbox,
// or another one of the realm that its account uses.
func (d *Delivery) address(ctx context.Context, keys *seal.AccountKeys, p *parcel) (string, error) {
	if p.able.FeedOnly() {
		return "", nil
	}
	identities, err := d.deps.Store.Identities(ctx, p.item.AccountID, p.item.ContactID)
	if err != nil {
		return "", err
	}
	for _, strict := range []bool{true, false} {
		for _, i := range identities {
			fits := i.InboxID == p.item.InboxID
			if scope := p.able.IdentityScope; scope != "" {
				fits = i.Scope == scope && (fits || !strict)
			}
			if !fits {
				continue
			}
			external, err := keys.Open(seal.Place{
				Owner: string(p.item.ContactID), Table: "identity", Row: i.Scope + ":" + i.Hash, Column: "external",
			}, i.External)
			if err != nil {
				continue
			}
			p.peer = channel.Peer{Scope: i.Scope, External: string(external), Verified: i.Verified}
			return "", nil
		}
	}
	return ReasonAddress, nil
}

// send makes the calls of a plan that are not done yet. When the process is
// told to stop it ends between two calls.
func (d *Delivery) send(stop context.Context, p *parcel) (string, error) {
	err := d.deps.Conversations.SetMessageSent(stop, p.item.AccountID, p.item.MessageID, desk.Sending, "", "")
	if err != nil {
		return "", err
	}
	// What was sent must be noted, whatever happens.
	ctx := context.WithoutCancel(stop)
	var last channel.Sent
	for p.state.done < len(p.plan.Sends) {
		p.state.code, p.state.budget = underway, p.plan.Budget
		if stop.Err() != nil {
			p.state.code = interrupted
			p.item.Error, p.item.Due = p.state.String(), d.deps.Clock.Now()
			return interrupted, d.update(ctx, p.item)
		}
		if err := d.note(ctx, p, 1); err != nil {
			return "", err
		}
		sent, err := d.call(ctx, p)
		if err != nil {
			return d.failed(ctx, p, channel.AsSendError(err))
		}
		p.state.done++
		if len(sent.ExternalIDs) > 0 {
			last.ExternalIDs = sent.ExternalIDs
		}
		last.Status = sent.Status
	}
	status := desk.Sent
	if last.Status == desk.Accepted {
		status = desk.Accepted
	}
	external := ""
	if n := len(last.ExternalIDs); n > 0 {
		// Receipts of the last piece speak for the message.
		external = last.ExternalIDs[n-1]
	}
	d.delay.Observe(d.deps.Clock.Now().Sub(p.message.At).Seconds())
	return d.finish(ctx, p, status, external)
}

// note makes durable that a call begins, and what it costs of the quota, so
// that neither a crash nor another node can forget it. cost is negative when a
// call is known not to have counted.
func (d *Delivery) note(ctx context.Context, p *parcel, cost int) error {
	item := p.item
	item.Error = p.state.String()
	// Until then nobody else takes the row; the claim ends with this update.
	item.Due = d.deps.Clock.Now().Add(2 * d.cfg.SendTimeout)
	counted := p.able.Window != nil && p.window.OpenedBy != "" && cost != 0
	if counted {
		p.window.Used = max(0, p.window.Used+cost)
	}
	err := d.deps.Store.Write(ctx, item.AccountID, func(ctx context.Context, tx *store.Tx) error {
		if counted {
			t, err := p.window.timer()
			if err != nil {
				return err
			}
			if err := tx.PutTimer(ctx, t); err != nil {
				return err
			}
		}
		return tx.UpdateOutbox(ctx, item)
	})
	if err == nil {
		item.Holder = ""
		p.item = item
	}
	return err
}

func (d *Delivery) call(ctx context.Context, p *parcel) (channel.Sent, error) {
	// A send that began is waited for, even when the process is told to stop:
	// its outcome would be unknown otherwise. SendTimeout bounds the wait.
	ctx, cancel := context.WithTimeout(ctx, d.cfg.SendTimeout)
	defer cancel()
	id := string(p.item.MessageID)
	if p.state.done > 0 {
		id += "." + strconv.Itoa(p.state.done+1)
	}
	return p.adapter.Send(ctx, p.account, channel.Outbound{
		ID: id, Peer: p.peer, Parts: p.plan.Sends[p.state.done], Author: p.message.Author.Kind,
		NotAfter: p.message.At.Add(d.cfg.MaxAge),
	})
}

// failed does what the class of an error asks for.
func (d *Delivery) failed(ctx context.Context, p *parcel, e *channel.SendError) (string, error) {
	d.deps.Log.WarnContext(ctx, "send failed", "account", p.item.AccountID, "message", p.item.MessageID,
		"channel", p.adapter.Kind(), "class", e.Class, "code", channel.Redact(p.adapter, p.account, e.Code))
	now := d.deps.Clock.Now()
	action := Classify(e, p.able)
	refund := 0
	if e.Class != channel.UnknownOutcome {
		refund = -1
	}
	if e.Class == channel.Quota && p.window.OpenedBy != "" && p.window.Quota > 0 {
		// The platform knows better what is left.
		p.window.Used, refund = p.window.Quota+1, -1
	}
	p.state.code = string(e.Class)
	if err := d.note(ctx, p, refund); err != nil {
		return "", err
	}
	switch action {
	case Held:
		return d.keep(ctx, p, string(e.Class))
	case Wait:
		wait := e.RetryAfter
		if wait <= 0 {
			wait = d.cfg.Quiet
		}
		d.rates.pause(string(p.item.InboxID), now.Add(wait))
		p.item.Due = now.Add(wait)
		return string(e.Class), d.update(ctx, p.item)
	case Again:
		p.item.Attempts++
		if p.item.Attempts >= int64(d.cfg.Attempts) {
			return d.fail(ctx, p, string(e.Class))
		}
		p.item.Due = now.Add(max(e.RetryAfter, d.backoff(int(p.item.Attempts))))
		return string(e.Class), d.update(ctx, p.item)
	default:
		return d.fail(ctx, p, string(e.Class))
	}
}

// keep holds a message until the customer writes.
func (d *Delivery) keep(ctx context.Context, p *parcel, reason string) (string, error) {
	now := d.deps.Clock.Now()
	if now.Sub(p.message.At) >= d.cfg.MaxAge {
		return d.fail(ctx, p, reason)
	}
	p.state.code = reason
	p.item.Error = p.state.String()
	p.item.Due = now.Add(min(d.cfg.Recheck, p.message.At.Add(d.cfg.MaxAge).Sub(now)))
	if err := d.update(ctx, p.item); err != nil {
		return "", err
	}
	p.held = true
	if p.watched && !d.hold(p.item) {
		// The customer wrote while we looked.
		p.item.Holder, p.item.Due = "", now
		return "held", d.update(ctx, p.item)
	}
	return "held", nil
}

// fail gives a message up: its status says why, and its row goes.
func (d *Delivery) fail(ctx context.Context, p *parcel, reason string) (string, error) {
	if err := d.close(ctx, p, desk.Failed, reason, ""); err != nil {
		return "", err
	}
	d.deps.Log.WarnContext(ctx, "message given up", "account", p.item.AccountID, "message", p.item.MessageID, "reason", reason)
	return "failed", nil
}

func (d *Delivery) finish(ctx context.Context, p *parcel, status desk.DeliveryStatus, external string) (string, error) {
	return "sent", d.close(ctx, p, status, "", external)
}

// close sets the final status and then removes the row. In between a crash
// leads here again, which changes nothing. A message that is gone has no status.
func (d *Delivery) close(ctx context.Context, p *parcel, status desk.DeliveryStatus, reason, external string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.cfg.SendTimeout)
	defer cancel()
	err := d.deps.Conversations.SetMessageSent(ctx, p.item.AccountID, p.item.MessageID, status, reason, external)
	if err != nil && desk.KindOf(err) != desk.NotFound {
		return err
	}
	return d.deps.Store.Write(ctx, p.item.AccountID, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteOutbox(ctx, p.item)
	})
}
