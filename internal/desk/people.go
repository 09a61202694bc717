package desk

import (
	"slices"
	"time"
)

// Account is one company on the installation, strictly apart from all others.
type Account struct {
	ID     AccountID
	Name   string
	Locale Locale
	// RequireTOTP lets people work only once they have a second factor.
	RequireTOTP bool
	CreatedAt   time.Time
}

// Locale is a BCP 47 language tag of a language the product speaks.
type Locale string

// The languages whose catalogues are complete.
const (
	Chinese Locale = "zh-CN"
	English Locale = "en"
)

// Inbox is one configured channel of an account: a widget on a site, a
// WeChat account, a mailbox.
type Inbox struct {
	ID        InboxID
	AccountID AccountID
	// Channel is the adapter's kind, such as "webchat" or "email".
	Channel string
	Name    string
	// Key is the public name a page or a platform uses for this inbox. It is
	// not a secret: it stands in the pasted script line.
	Key      string
	Settings InboxSettings
	Enabled  bool
	// Version rises with each change of name, settings or Enabled.
	Version int64
	// CreatedAt is the commit time.
	CreatedAt time.Time
}

// InboxSettings are what an administrator may change on an inbox. The zero
// value is a working inbox.
type InboxSettings struct {
	// AllowedOrigins are the web origins ("https://shop.example") that may embed
	// the widget. Empty means any.
	AllowedOrigins []string `json:"allowed_origins,omitempty"`
	// Greeting is shown before the first message.
	Greeting string `json:"greeting,omitempty"`
	// Primary is the widget's main colour as #rrggbb; empty is the house green.
	Primary string `json:"primary,omitempty"`
	// ThreadPerConversation opens a conversation for each thread the channel
	// names (e-mail) instead of one live conversation per contact.
	ThreadPerConversation bool `json:"thread_per_conversation,omitempty"`
	// BotFirst starts new conversations as Pending, served by the bot.
	BotFirst bool `json:"bot_first,omitempty"`
	// Widget is how the chat window looks and what it offers.
	Widget WidgetSettings `json:"widget,omitzero"`
}

// Contact is a customer, the same one on every channel.
type Contact struct {
	ID        ContactID
	AccountID AccountID
	Profile   Profile
	// Blocked contacts are still stored and never answered.
	Blocked   bool
	CreatedAt time.Time
	SeenAt    time.Time
}

// Profile is a contact's personal data. It is stored sealed, as one value.
type Profile struct {
	Name       string            `json:"name,omitempty"`
	Email      string            `json:"email,omitempty"`
	Phone      string            `json:"phone,omitempty"`
	Locale     Locale            `json:"locale,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

// Identity ties a contact to how a channel names them.
type Identity struct {
	AccountID AccountID
	ContactID ContactID
	InboxID   InboxID
	// Scope is the realm in which External is unique: "user" for the account's
	// own user ids, "anon" for a browser, "wechat:<appid>" for an openid …
	Scope string
	// External is the channel's name for the person. It is personal data:
	// databases hold a keyed hash and a sealed copy.
	External string
	// Verified means the channel or a signed token proved it.
	Verified  bool
	CreatedAt time.Time
}

// Role decides what an agent may do.
type Role string

// The built-in roles, from most to least. Any other is the id of a role that
// the account made: "rol_…".
const (
	Administrator Role = "administrator"
	Supervisor    Role = "supervisor"
	Answerer      Role = "agent"
)

// Agent is a colleague who answers customers.
type Agent struct {
	ID        AgentID
	AccountID AccountID
	Name      string
	Email     string
	Role      Role
	Locale    Locale
	Disabled  bool
	CreatedAt time.Time
}

// Team is a group of agents that conversations can be assigned to.
type Team struct {
	ID        TeamID
	AccountID AccountID
	Name      string
	Members   []AgentID
}

// Revision names what the team is now, whatever the order of its members.
func (t Team) Revision() Revision {
	return RevisionOf(t.Name, slices.Sorted(slices.Values(t.Members)))
}
