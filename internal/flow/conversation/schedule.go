package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// ScheduleTimer is the kind of the timers that send scheduled messages; the
// subject is the schedule's id. FireSchedule handles them.
const ScheduleTimer = "scheduled_message"

// maxScheduled is how many messages wait in one conversation at most.
const maxScheduled = 20

// Why a scheduled message was not sent.
const (
	ReasonCustomerWrote = "customer_wrote"
	ReasonByColleague   = "cancelled"
	ReasonAgentDisabled = "agent_disabled"
	ReasonRefused       = "refused"
)

// Scheduled is a message that is to be sent later, in clear. Content is empty
// once it was sent or cancelled.
type Scheduled struct {
	store.Scheduled
	Content desk.Content
}

// SchedulePlace is where a scheduled message is sealed for.
func SchedulePlace(conversation desk.ConversationID, id string) seal.Place {
	return seal.Place{Owner: string(conversation), Table: "scheduled_message", Row: id, Column: "body"}
}

// Schedule keeps a message to be sent at a time in the future, at most a year.
// With cancelOnReply it is dropped if the customer writes before.
func (s *Service) Schedule(ctx context.Context, o Order, content desk.Content, at time.Time, cancelOnReply bool) (Scheduled, error) {
	const verb = "schedule"
	if err := o.check(verb); err != nil {
		return Scheduled{}, err
	}
	if err := content.Validate(); err != nil {
		return Scheduled{}, err
	}
	account, at := o.Actor.Account, at.UTC().Truncate(time.Microsecond)
	if err := s.checkQuote(ctx, ReplyCommand{Actor: o.Actor, ConversationID: o.ConversationID, Content: content}); err != nil {
		return Scheduled{}, err
	}
	// Not what Prepare made of it: it looks again when the message is sent.
	if _, err := s.deps.Files.Prepare(ctx, account, desk.AgentUploader(o.Actor.Agent), content); err != nil {
		return Scheduled{}, err
	}
	waiting, err := s.deps.Store.ScheduledOf(ctx, account, o.ConversationID)
	if err != nil {
		return Scheduled{}, err
	}
	pending := 0
	for _, w := range waiting {
		if w.State == desk.SchedulePending {
			pending++
		}
	}
	if pending >= maxScheduled {
		return Scheduled{}, desk.E(desk.Limited, verb, "twenty messages wait in this conversation already; cancel one first")
	}
	keys, err := s.keys(ctx, account, verb)
	if err != nil {
		return Scheduled{}, err
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return Scheduled{}, desk.Wrap(desk.Invalid, "encode content", err)
	}
	id := s.deps.IDs.Other("sch")
	if err := s.keepFiles(ctx, account, id, content); err != nil {
		return Scheduled{}, err
	}
	command := o.command(verb, func(sit store.Situation) (store.Effects, error) {
		switch {
		case !at.After(sit.Now):
			return store.Effects{}, desk.InvalidField(verb, "at", "the time must be in the future")
		case at.Sub(sit.Now) > desk.MaxSchedule:
			return store.Effects{}, desk.InvalidField(verb, "at", "the time must be within a year")
		}
		tr := sit.Conversation.Schedule(desk.ScheduleChanged{ScheduleID: id, State: desk.SchedulePending, Due: at}, sit.Now)
		e := effects(sit.Conversation, tr, o.Actor.author())
		e.Timers = append(e.Timers, store.Timer{TimerRef: scheduleTimer(account, id), Due: at})
		e.Extras = []store.Extra{store.AddScheduled(store.Scheduled{
			ID: id, AccountID: account, ConversationID: o.ConversationID, AgentID: o.Actor.Agent, State: desk.SchedulePending,
			Due: at, CancelOnReply: cancelOnReply, AfterSeq: sit.Conversation.Seq, Body: keys.Seal(SchedulePlace(o.ConversationID, id), plain),
			CreatedAt: sit.Now, UpdatedAt: sit.Now,
		})}
		return e, nil
	})
	command.ResultID = id
	out, err := s.deps.Store.Do(ctx, command)
	if err != nil || out.Repeated {
		s.releaseFiles(ctx, account, id)
	}
	if err != nil {
		return Scheduled{}, err
	}
	row, err := s.deps.Store.Scheduled(ctx, account, out.ResultID)
	if err != nil {
		return Scheduled{}, err
	}
	return s.openScheduled(ctx, keys, row), nil
}

func scheduleTimer(account desk.AccountID, id string) store.TimerRef {
	return store.TimerRef{AccountID: account, Kind: ScheduleTimer, Subject: id}
}

// keepFiles keeps files that are to be sent longer than unsent ones live.
func (s *Service) keepFiles(ctx context.Context, account desk.AccountID, id string, content desk.Content) error {
	files := content.Attachments()
	if len(files) == 0 {
		return nil
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		for _, file := range files {
			if err := tx.KeepAttachment(ctx, account, "schedule:"+id, file); err != nil {
				return err
			}
		}
		return nil
	})
}

// releaseFiles gives them up; if that fails they stay, which harms nobody.
func (s *Service) releaseFiles(ctx context.Context, account desk.AccountID, id string) {
	err := s.deps.Store.Write(context.WithoutCancel(ctx), account, func(ctx context.Context, tx *store.Tx) error {
		return tx.ReleaseAttachments(ctx, account, "schedule:"+id)
	})
	if err != nil {
		s.deps.Log.WarnContext(ctx, "files of a scheduled message are kept longer than needed", "schedule_id", id, "error", err)
	}
}

func (s *Service) openScheduled(ctx context.Context, keys *seal.AccountKeys, row store.Scheduled) Scheduled {
	out := Scheduled{Scheduled: row}
	if len(row.Body) == 0 {
		return out
	}
	plain, err := keys.Open(SchedulePlace(row.ConversationID, row.ID), row.Body)
	if err == nil {
		err = json.Unmarshal(plain, &out.Content)
	}
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a scheduled message cannot be opened", "schedule_id", row.ID, "error", err)
	}
	return out
}

// ScheduledOf lists what waits in a conversation and what became of the rest,
// the latest time first. NotFound if the account has no such conversation.
func (s *Service) ScheduledOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) ([]Scheduled, error) {
	if _, err := s.deps.Store.Conversation(ctx, account, id); err != nil {
		return nil, err
	}
	rows, err := s.deps.Store.ScheduledOf(ctx, account, id)
	if err != nil {
		return nil, err
	}
	keys, err := s.keys(ctx, account, "list scheduled messages")
	if err != nil {
		return nil, err
	}
	out := make([]Scheduled, len(rows))
	for i, row := range rows {
		if overtaken, err := s.overtaken(ctx, row); err != nil {
			return nil, err
		} else if overtaken { // its timer will say so too
			row.State, row.Reason, row.Body = desk.ScheduleCancelled, ReasonCustomerWrote, nil
		}
		out[i] = s.openScheduled(ctx, keys, row)
	}
	return out, nil
}

// overtaken tells that the customer wrote before a message that then is not to be sent.
func (s *Service) overtaken(ctx context.Context, row store.Scheduled) (bool, error) {
	if row.State != desk.SchedulePending || !row.CancelOnReply {
		return false, nil
	}
	r := store.MessageRange{AfterSeq: row.AfterSeq, PublicOnly: true}
	for {
		later, err := s.deps.Store.Messages(ctx, row.AccountID, row.ConversationID, r)
		if err != nil || len(later) == 0 {
			return false, err
		}
		for _, m := range later {
			if m.Author.Kind == desk.ByVisitor {
				return true, nil
			}
		}
		r.AfterSeq = later[len(later)-1].Seq
	}
}

// CancelScheduled drops a message that waits. Conflict if it does not wait any
// more; of a cancelling and the sending at once, one happens.
func (s *Service) CancelScheduled(ctx context.Context, o Order, id string) error {
	const verb = "cancel scheduled message"
	if err := o.check(verb); err != nil {
		return err
	}
	account := o.Actor.Account
	_, err := s.onWhatIs(ctx, account, o.ConversationID, func(c desk.Conversation) (store.Command, error) {
		row, err := s.deps.Store.Scheduled(ctx, account, id)
		if err != nil {
			return store.Command{}, err
		}
		if row.ConversationID != c.ID {
			return store.Command{}, desk.E(desk.NotFound, verb, "there is no such scheduled message")
		}
		command := o.command(verb, func(sit store.Situation) (store.Effects, error) {
			if row.State != desk.SchedulePending {
				return store.Effects{}, desk.E(desk.Conflict, verb, "this message does not wait any more")
			}
			return finish(sit, row, desk.ScheduleCancelled, ReasonByColleague, o.Actor.author()), nil
		})
		if command.Key != "" {
			command.Key += ":" + id
		}
		return command, nil
	})
	if err == nil {
		s.releaseFiles(ctx, account, id)
	}
	return err
}

// finish ends a waiting message. Of a failed one the content stays, so that
// somebody can send it after all.
func finish(sit store.Situation, row store.Scheduled, to desk.ScheduleState, reason string, by desk.Author) store.Effects {
	row.State, row.Reason, row.UpdatedAt = to, reason, sit.Now
	if to != desk.ScheduleFailed {
		row.Body = nil
	}
	tr := sit.Conversation.Schedule(desk.ScheduleChanged{ScheduleID: row.ID, State: to, Reason: reason, Due: row.Due}, sit.Now)
	e := effects(sit.Conversation, tr, by)
	e.Cancel = append(e.Cancel, scheduleTimer(row.AccountID, row.ID))
	e.Extras = append(e.Extras, store.FinishScheduled(row))
	return e
}

// errDone tells that a scheduled message does not wait any more.
var errDone = desk.E(desk.Conflict, "send scheduled message", "this message does not wait any more")

// FireSchedule sends a message whose time has come, once: that it was sent is
// committed with it. If it cannot be sent, that is kept and told.
func (s *Service) FireSchedule(ctx context.Context, t store.Timer) error {
	row, err := s.deps.Store.Scheduled(ctx, t.AccountID, t.Subject)
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = s.onWhatIs(ctx, t.AccountID, row.ConversationID, func(desk.Conversation) (store.Command, error) {
		return s.firing(ctx, t)
	})
	if errors.Is(err, errDone) || errors.Is(err, desk.NotFound) {
		return nil // sent or cancelled already, or its conversation is gone
	}
	if err == nil {
		s.releaseFiles(ctx, t.AccountID, row.ID)
	}
	return err
}

// firing is the command that sends a waiting message or ends it otherwise.
func (s *Service) firing(ctx context.Context, t store.Timer) (store.Command, error) {
	const verb = "send scheduled message"
	row, err := s.deps.Store.Scheduled(ctx, t.AccountID, t.Subject)
	if err != nil {
		return store.Command{}, err
	}
	if row.State != desk.SchedulePending {
		return store.Command{}, errDone
	}
	end := func(to desk.ScheduleState, reason string) (store.Command, error) {
		return store.Command{
			Account: t.AccountID, Target: store.Target{Conversation: row.ConversationID},
			Decide: func(sit store.Situation) (store.Effects, error) {
				return finish(sit, row, to, reason, desk.Author{Kind: desk.BySystem}), nil
			},
		}, nil
	}
	agent, err := s.deps.Store.Agent(ctx, t.AccountID, row.AgentID)
	switch {
	case errors.Is(err, desk.NotFound) || err == nil && agent.Disabled:
		return end(desk.ScheduleFailed, ReasonAgentDisabled)
	case err != nil:
		return store.Command{}, err
	}
	if overtaken, err := s.overtaken(ctx, row); err != nil {
		return store.Command{}, err
	} else if overtaken {
		return end(desk.ScheduleCancelled, ReasonCustomerWrote)
	}
	keys, err := s.keys(ctx, t.AccountID, verb)
	if err != nil {
		return store.Command{}, err
	}
	routes, err := s.deps.Routes.Routes(ctx, t.AccountID)
	if err != nil {
		return store.Command{}, desk.Wrap(desk.KindOf(err), verb, err)
	}
	content := s.openScheduled(ctx, keys, row).Content
	say, err := s.saying(ctx, ReplyCommand{
		Actor: Actor{Account: t.AccountID, Agent: row.AgentID, Sight: desk.SeesAll()}, Key: row.ID,
		ConversationID: row.ConversationID, Content: content,
	}, verb, desk.Public, func(inbox desk.InboxID) Route {
		if route, ok := routes(inbox); ok {
			return route
		}
		return Route{Status: desk.Failed}
	})
	if err == nil {
		_, err = s.deps.Files.Prepare(ctx, t.AccountID, desk.AgentUploader(row.AgentID), content)
	}
	switch {
	case errors.Is(err, desk.Invalid):
		return end(desk.ScheduleFailed, ReasonRefused)
	case err != nil:
		return store.Command{}, err
	}
	decide := say.command.Decide
	say.command.Decide = func(sit store.Situation) (store.Effects, error) {
		if row.Due.After(sit.Now) {
			return store.Effects{}, desk.E(desk.Unavailable, verb, "it is not time yet")
		}
		e, err := decide(sit)
		if err != nil {
			return e, err
		}
		sent := row
		sent.State, sent.MessageID, sent.Body, sent.UpdatedAt = desk.ScheduleSent, say.written.ID, nil, sit.Now
		e.Facts = append(e.Facts, desk.ScheduleChanged{ScheduleID: row.ID, State: desk.ScheduleSent, Due: row.Due, MessageID: say.written.ID})
		e.Extras = append(e.Extras, store.FinishScheduled(sent))
		return e, nil
	}
	return say.command, nil
}
