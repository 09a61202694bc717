package conversation

import (
	"context"
	"log/slog"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Route is how a reply by an inbox begins its way.
type Route struct {
	// Status is the reply's first status: Sent where the visitor reads our own
	// feed, Queued where delivery has to send it.
	Status desk.DeliveryStatus
	// Queue puts the reply into the outbox.
	Queue bool
}

// routes is what replies need to know of channels.
type routes interface {
	// Routes returns a look-up of the account's inboxes that does not block;
	// false means that nothing can be sent by this inbox any more.
	Routes(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (Route, bool), error)
}

// files is what messages need to know of what is attached to them; package
// attachment implements it.
type files interface {
	// Prepare completes the files of a message that uploader is about to send,
	// and refuses those that cannot be sent. It returns content of its own if
	// there are any.
	Prepare(ctx context.Context, account desk.AccountID, uploader string, c desk.Content) (desk.Content, error)
	// Sign gives the files of a content their addresses, in place.
	Sign(account desk.AccountID, c *desk.Content)
}

// Deps are the service's required collaborators.
type Deps struct {
	Store  *store.Store
	Keys   *seal.Keyring
	IDs    *desk.IDs
	Routes routes
	// Files may be nil: then messages carry no uploaded files.
	Files files
	// Bots may be nil: then an inbox's own settings say who is first.
	Bots bots
	Log  *slog.Logger
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// MaxPage bounds how many conversations or messages one query returns.
	// Default 200.
	MaxPage int
}

// Service is the one writer of conversations and messages. Build it with New.
type Service struct {
	deps   Deps
	config Config
}

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps, c Config) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Routes == nil || d.Log == nil {
		return nil, desk.E(desk.Invalid, "build conversation service", "a required part is missing")
	}
	if c.MaxPage <= 0 {
		c.MaxPage = 200
	}
	if d.Files == nil {
		d.Files = noFiles{}
	}
	if d.Bots == nil {
		d.Bots = plainBots{}
	}
	return &Service{deps: d, config: c}, nil
}

// noFiles takes part where nothing can be uploaded.
type noFiles struct{}

func (noFiles) Prepare(_ context.Context, _ desk.AccountID, _ string, c desk.Content) (desk.Content, error) {
	if len(c.Attachments()) > 0 {
		return c, desk.InvalidField("attach file", "parts", "files cannot be uploaded here")
	}
	return c, nil
}

func (noFiles) Sign(desk.AccountID, *desk.Content) {}

// Actor is the colleague who gives a command.
type Actor struct {
	Account desk.AccountID
	Agent   desk.AgentID
	// Name is not stored; it is for those who render the answer.
	Name string
	// Sight is which conversations the colleague may act on; the others are
	// NotFound. The zero value is none.
	Sight desk.Sight
}

func (a Actor) author() desk.Author { return desk.Author{Kind: desk.ByAgent, ID: string(a.Agent)} }

// Order is what every command of an agent says.
type Order struct {
	Actor Actor
	// Key is the idempotency key, unique per agent, command and conversation, at
	// most 200 bytes. Empty means that a repeat is done again.
	Key            string
	ConversationID desk.ConversationID
	// ExpectVersion, if not zero, must be the conversation's version; otherwise
	// the command is a Conflict.
	ExpectVersion int64
}

const maxClientKey = 200

func (o Order) check(op string) error {
	switch {
	case o.Actor.Account == "" || !o.Actor.Agent.Valid():
		return desk.E(desk.Internal, op, "")
	case len(o.Key) > maxClientKey:
		return desk.InvalidField(op, "key", "the idempotency key is longer than 200 bytes")
	}
	if _, ok := o.ConversationID.Shard(); !ok {
		return desk.E(desk.NotFound, op, "there is no such conversation")
	}
	return nil
}

// command begins a store command that carries the order's key. What the actor
// may not see is not there for them, at the moment of the commit.
func (o Order) command(verb string, decide func(store.Situation) (store.Effects, error)) store.Command {
	c := store.Command{
		Account: o.Actor.Account, Scope: "agent:" + string(o.Actor.Agent), Target: store.Target{Conversation: o.ConversationID},
		Decide: func(sit store.Situation) (store.Effects, error) {
			if !o.Actor.Sight.SeesConversation(sit.Conversation) {
				return store.Effects{}, errUnseen(verb)
			}
			return decide(sit)
		},
	}
	if o.Key != "" {
		c.Key = verb + ":" + string(o.ConversationID) + ":" + o.Key
	}
	return c
}

// errUnseen is what somebody hears of a conversation that they may not see: the
// same as of one that does not exist.
func errUnseen(op string) error { return desk.E(desk.NotFound, op, "there is no such conversation") }

// stillSeen checks a repeated command, whose decision did not run again. What
// the actor gave away by the command itself may be out of their sight since.
func (s *Service) stillSeen(ctx context.Context, o Order, verb string, out store.Outcome) error {
	if !out.Repeated || o.Actor.Sight.Everything() {
		return nil
	}
	now := out.Conversation
	if now.ID == "" {
		var err error
		if now, err = s.deps.Store.Conversation(ctx, o.Actor.Account, o.ConversationID); err != nil {
			return err
		}
	}
	if !o.Actor.Sight.SeesConversation(now) {
		return errUnseen(verb)
	}
	return nil
}

// effects turns a transition into what the store writes, keeping the snooze
// timer in step with the conversation.
func effects(before desk.Conversation, tr desk.Transition, actor desk.Author) store.Effects {
	if len(tr.Facts) == 0 {
		return store.Effects{}
	}
	after := tr.Conversation
	e := store.Effects{Conversation: after, Actor: actor, Facts: tr.Facts}
	timer := store.TimerRef{AccountID: after.AccountID, Kind: SnoozeTimer, Subject: string(after.ID)}
	switch {
	case after.Status == desk.Snoozed && !after.SnoozedUntil.Equal(before.SnoozedUntil):
		e.Timers = []store.Timer{{TimerRef: timer, Due: after.SnoozedUntil}}
	case before.Status == desk.Snoozed && after.Status != desk.Snoozed:
		e.Cancel = []store.TimerRef{timer}
	}
	botTimers(before, after, actor.Kind == desk.ByVisitor && tells[desk.MessageReceived](tr.Facts), after.UpdatedAt, &e)
	return e
}

// tells reports whether one of the facts is of a kind.
func tells[F desk.Fact](facts []desk.Fact) bool {
	for _, f := range facts {
		if _, ok := f.(F); ok {
			return true
		}
	}
	return false
}
