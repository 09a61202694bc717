package conversation

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// BotTimer is the kind of the timers that see to it that a customer of the bot
// is never left in silence; the subject is the conversation's id. Each message
// of the customer to the bot sets it, and what the bot does about the message
// ends it.
const BotTimer = "bot"

// BotPatience is how long after a customer's message the timer asks what became
// of it. It is longer than the bot waits for the end of a sentence.
const BotPatience = 8 * time.Second

// bots says what a bot does for an inbox; package bot implements it.
type bots interface {
	// Serves tells whether new conversations of the inbox begin with the bot, and
	// whether those that come back after a person has resolved them do. It does
	// not block.
	Serves(desk.Inbox) (first, returning bool)
}

// plainBots goes by the inbox alone.
type plainBots struct{}

func (plainBots) Serves(in desk.Inbox) (first, returning bool) { return in.Settings.BotFirst, false }

// Turn is what the bot does about what it has read: all of it is committed at
// once or not at all.
type Turn struct {
	Account      desk.AccountID
	Conversation desk.ConversationID
	// Key is the idempotency key: the same again changes nothing.
	Key string
	// Read is the seq up to which the bot has read. If there is more, the turn is
	// ErrOvertaken, and the bot has to read again. Late does it all the same.
	Read int64
	Late bool
	// Says are messages to the customer, in the bot's name.
	Says []desk.Content
	// Note is for colleagues; the zero value is none.
	Note desk.Content
	// HandOver brings the conversation to the people.
	HandOver bool
	// Team is whose queue it goes to; "" is everybody's. Only with HandOver.
	Team desk.TeamID
	// Escalate tells that the best there is should look at it. Only with HandOver.
	Escalate *desk.ConversationEscalated
	// Until is when somebody has to have decided about a draft; zero if nobody
	// has to.
	Until time.Time
	// Heard ends the customer's wait without a word: what they wrote was answered
	// before.
	Heard bool
	// Facts are told besides.
	Facts []desk.Fact
	// Keep are writes that belong to it. It gets the conversation after the turn
	// and the messages that were said.
	Keep func(after desk.Conversation, said []desk.MessageID, now time.Time) []store.Extra
}

// ErrOvertaken tells that the customer wrote again before the bot's turn was committed.
var ErrOvertaken = desk.E(desk.Conflict, "take bot's turn", "the customer has written again")

// ErrNotBots tells that the conversation is with people.
var ErrNotBots = desk.E(desk.Conflict, "take bot's turn", "the conversation is with people")

// said is a message of the bot, ready to be sealed.
type said struct {
	body body
	id   desk.MessageID
	note bool
}

// TakeTurn commits a turn. repeated tells that it was committed before.
func (s *Service) TakeTurn(ctx context.Context, t Turn) (after desk.Conversation, repeated bool, err error) {
	const op = "take bot's turn"
	shard, ok := t.Conversation.Shard()
	if !ok {
		return desk.Conversation{}, false, desk.E(desk.NotFound, op, "there is no such conversation")
	}
	keys, err := s.keys(ctx, t.Account, op)
	if err != nil {
		return desk.Conversation{}, false, err
	}
	routes, err := s.deps.Routes.Routes(ctx, t.Account)
	if err != nil {
		return desk.Conversation{}, false, desk.Wrap(desk.KindOf(err), op, err)
	}
	var messages []said
	if len(t.Note.Parts) > 0 { // first, so that who gets the conversation finds it there
		note, err := newBody(t.Note)
		if err != nil {
			return desk.Conversation{}, false, err
		}
		messages = append(messages, said{note, s.deps.IDs.Message(shard), true})
	}
	for _, c := range t.Says {
		content, err := newBody(c)
		if err != nil {
			return desk.Conversation{}, false, err
		}
		messages = append(messages, said{content, s.deps.IDs.Message(shard), false})
	}
	by := desk.Author{Kind: desk.ByBot}
	out, err := s.deps.Store.Do(ctx, store.Command{
		Account: t.Account, Scope: "bot", Key: t.Key, Target: store.Target{Conversation: t.Conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			before := sit.Conversation
			switch {
			case before.Status != desk.Pending:
				return store.Effects{}, ErrNotBots
			case before.Seq > t.Read && !t.Late:
				return store.Effects{}, ErrOvertaken
			}
			way, reachable := routes(before.InboxID)
			if !reachable {
				way = Route{Status: desk.Failed}
			}
			c, e := before, store.Effects{Actor: by}
			var public []desk.MessageID
			for _, m := range messages {
				head := desk.MessageHead{ID: m.id, InboxID: before.InboxID, Author: by, Visibility: desk.Public}
				if m.note {
					head.Visibility = desk.Note
				} else if way.Status == desk.Failed {
					head.FailureReason = noInbox
				}
				sealed, preview := m.body.seal(keys, before.ID, m.id, desk.ByBot)
				tr, stored := c.Add(desk.StoredMessage{MessageHead: head, Body: sealed}, preview, way.Status, sit.Now)
				c = tr.Conversation
				e.Facts = append(e.Facts, tr.Facts...)
				e.Messages = append(e.Messages, stored)
				e.Attachments = append(e.Attachments, m.body.uses(m.id)...)
				if m.note {
					continue
				}
				public = append(public, m.id)
				if way.Queue {
					e.Outbox = append(e.Outbox, store.OutboxItem{
						AccountID: stored.AccountID, MessageID: stored.ID, ConversationID: stored.ConversationID,
						ContactID: before.ContactID, InboxID: stored.InboxID, Seq: stored.Seq,
					})
				}
			}
			if t.HandOver {
				tr := c.HandOver(t.Team, before.WaitingSince, sit.Now)
				c = tr.Conversation
				e.Facts = append(e.Facts, tr.Facts...)
				if t.Escalate != nil {
					e.Facts = append(e.Facts, *t.Escalate)
				}
			}
			if t.Heard {
				c.WaitingSince = time.Time{}
			}
			e.Facts = append(e.Facts, t.Facts...)
			// However many things it did, it is one change.
			c.Version, c.UpdatedAt = before.Version+1, sit.Now
			e.Conversation = c
			timer := store.TimerRef{AccountID: t.Account, Kind: BotTimer, Subject: string(t.Conversation)}
			switch {
			case !t.Until.IsZero() && c.Status == desk.Pending:
				e.Timers = []store.Timer{{TimerRef: timer, Due: t.Until}}
			default:
				e.Cancel = []store.TimerRef{timer}
			}
			if t.Keep != nil {
				e.Extras = t.Keep(c, public, sit.Now)
			}
			return e, nil
		},
	})
	if err != nil {
		return desk.Conversation{}, false, err
	}
	after, err = s.after(ctx, t.Account, t.Conversation, out)
	return after, out.Repeated, err
}

// GiveToBot gives a conversation to the bot: what the customer writes next is
// the bot's to answer, and what nobody has answered yet is too.
func (s *Service) GiveToBot(ctx context.Context, o Order) (desk.Conversation, error) {
	return s.change(ctx, o, "give_to_bot", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		return c.GiveToBot(now), nil
	})
}

// Thumb tells what the customer thought of one answer and commits keep with
// it. NotFound if the message is not an answer of the bot to this contact.
func (s *Service) Thumb(ctx context.Context, account desk.AccountID, contact desk.ContactID, m desk.Message, helpful bool, reason string,
	keep func(now time.Time) []store.Extra,
) error {
	_, err := s.deps.Store.Do(ctx, store.Command{
		Account: account, Target: store.Target{Conversation: m.ConversationID},
		Decide: func(sit store.Situation) (store.Effects, error) {
			c := sit.Conversation
			if c.ContactID != contact {
				return store.Effects{}, desk.E(desk.NotFound, "rate answer", "there is no such answer")
			}
			c.Version, c.UpdatedAt = c.Version+1, sit.Now
			return store.Effects{
				Conversation: c, Actor: desk.Author{Kind: desk.ByVisitor, ID: string(contact)},
				Facts:  []desk.Fact{desk.MessageThumbed{MessageID: m.ID, Seq: m.Seq, Helpful: helpful, Reason: reason}},
				Extras: keep(sit.Now),
			}, nil
		},
	})
	return err
}

// BotTimerRef names the timer of a conversation.
func BotTimerRef(account desk.AccountID, id desk.ConversationID) store.TimerRef {
	return store.TimerRef{AccountID: account, Kind: BotTimer, Subject: string(id)}
}

// PutOffBotTimer moves the timer of a conversation that the bot is at work on.
func (s *Service) PutOffBotTimer(ctx context.Context, account desk.AccountID, id desk.ConversationID, due time.Time) error {
	err := s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutTimer(ctx, store.Timer{TimerRef: BotTimerRef(account, id), Due: due})
	})
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	return err
}

// botTimers keeps the bot's timer in step with the conversation: a message of
// the customer to the bot sets it, leaving the bot ends it. A customer who waits
// when the bot gets the conversation is its turn at once.
func botTimers(before, after desk.Conversation, byVisitor bool, now time.Time, e *store.Effects) {
	switch {
	case after.Status == desk.Pending && byVisitor:
		e.Timers = append(e.Timers, store.Timer{TimerRef: BotTimerRef(after.AccountID, after.ID), Due: now.Add(BotPatience)})
	case before.Status != desk.Pending && after.Status == desk.Pending && !after.WaitingSince.IsZero():
		e.Timers = append(e.Timers, store.Timer{TimerRef: BotTimerRef(after.AccountID, after.ID), Due: now})
	case before.Status == desk.Pending && after.Status != desk.Pending:
		e.Cancel = append(e.Cancel, BotTimerRef(after.AccountID, after.ID))
	}
}
