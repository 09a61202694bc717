package bot

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// Effort is how much work understanding may be.
type Effort int

// The efforts, from all there is to what costs nothing.
const (
	// Full uses everything.
	Full Effort = iota
	// NoNetwork leaves out the network model.
	NoNetwork
	// PlainSearch leaves out the classifiers: words are compared, and that is all.
	PlainSearch
)

// Ask is a question to the knowledge.
type Ask struct {
	Text    string
	Locale  desk.Locale
	Channel string
	Limit   int
	Effort  Effort
}

// Found is what the knowledge has to a question.
type Found struct {
	// Version names the knowledge that was asked.
	Version string
	// Confidence is the chance that the first hit is right.
	Confidence float64
	Hits       []Hit
}

// Hit is something that may answer a question.
type Hit struct {
	ID, Kind, Title, Topic string
	// P is how likely it is among the hits.
	P      float64
	Answer desk.Content
	Source desk.Source
}

// Knowledge finds answers, from memory.
type Knowledge interface {
	Find(ctx context.Context, account desk.AccountID, a Ask) (Found, error)
}

// Lesson is a question with its right answer.
type Lesson struct {
	Question, Answer string
	Locale           desk.Locale
	Topic            string
	// Key is its idempotency key.
	Key string
}

// Learner makes knowledge of a lesson and returns its id.
type Learner interface {
	Learn(ctx context.Context, account desk.AccountID, by desk.AgentID, l Lesson) (string, error)
}

// Meaning is what a text wants.
type Meaning struct {
	// Version names the model that was asked.
	Version string
	// Confidence is the chance that the first intent is right.
	Confidence float64
	Intents    []Intent
}

// Intent is something a customer may want.
type Intent struct {
	// Name begins with "@" for those that every account has.
	Name, Title, Topic string
	P                  float64
	// Actions are what is done about it, as operators write it; may be empty.
	Actions json.RawMessage
}

// Mind understands what texts want, from memory.
type Mind interface {
	Understand(ctx context.Context, account desk.AccountID, text string, effort Effort) (Meaning, error)
}

// Step is what a flow hears.
type Step struct {
	// Begin starts what is done about an intent; nil goes on.
	Begin  *Intent
	Text   string
	Locale desk.Locale
	// Guess is what the text seems to want.
	Guess           string
	GuessConfidence float64
	// Small is the answer to small talk, if the text seems to be some: a flow that
	// can do nothing else with it says it, and asks again.
	Small string
	// Form are the values of a form that was filled in.
	Form map[string]string
	// Expired says that nothing was heard in time.
	Expired        bool
	Conversation   desk.ConversationID
	Contact        desk.ContactID
	Salutation     string
	IdempotencyKey string
}

// Stepped is what a flow does.
type Stepped struct {
	// State goes into the next step; empty when the flow has ended.
	State json.RawMessage
	Says  []desk.Content
	// Passed says that the text was not for the flow, which waits.
	Passed bool
	// HandOff and Escalate bring the conversation to people.
	HandOff, Escalate bool
	Reason            string
	Score             float64
	// Slots are what was collected, for people to read.
	Slots map[string]string
	Flow  string
	// Version names the flows that were run.
	Version string
}

// Flows runs dialogues, with the calls they make.
type Flows interface {
	Step(ctx context.Context, account desk.AccountID, state json.RawMessage, in Step) (Stepped, error)
}

// Turn is what the bot does, all at once or not at all; see flow/conversation.
type Turn struct {
	Account      desk.AccountID
	Conversation desk.ConversationID
	Key          string
	Read         int64
	Late         bool
	Says         []desk.Content
	Note         desk.Content
	HandOver     bool
	Team         desk.TeamID
	Escalate     *desk.ConversationEscalated
	Until        time.Time
	Heard        bool
	Facts        []desk.Fact
	Keep         func(after desk.Conversation, said []desk.MessageID, now time.Time) []store.Extra
}

// talks is the one writer of conversations.
type talks interface {
	TakeTurn(ctx context.Context, t Turn) (after desk.Conversation, repeated bool, err error)
	PutOffBotTimer(ctx context.Context, account desk.AccountID, id desk.ConversationID, due time.Time) error
	Messages(ctx context.Context, account desk.AccountID, id desk.ConversationID, r store.MessageRange) ([]desk.Message, bool, error)
	Message(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.Message, error)
	Thumb(ctx context.Context, account desk.AccountID, contact desk.ContactID, m desk.Message, helpful bool, reason string, keep func(time.Time) []store.Extra) error
}

// queue knows who gets what is urgent, and whether anybody is there.
type queue interface {
	Senior(ctx context.Context, account desk.AccountID) (desk.TeamID, error)
	Attended(ctx context.Context, account desk.AccountID) (bool, error)
}

// offices knows inboxes.
type offices interface {
	InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error)
}

// lane is what the bot needs of the bus besides events.
type lane interface {
	Signal(ctx context.Context, s bus.Signal)
	Follow(ctx context.Context, from int64, fn func(events []desk.Event)) error
}
