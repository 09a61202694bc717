package auth

import (
	"encoding/json"
	"log/slog"
	"math/bits"

	"yingda.dev/internal/desk"
)

// Permission names something a caller may do, as "noun.verb".
type Permission string

// Everything that can be permitted.
const (
	ConversationsRead    Permission = "conversations.read"
	ConversationsReply   Permission = "conversations.reply"
	ConversationsNote    Permission = "conversations.note"
	ConversationsAssign  Permission = "conversations.assign"
	ConversationsResolve Permission = "conversations.resolve"
	ConversationsSnooze  Permission = "conversations.snooze"
	SearchRead           Permission = "search.read"
	PeopleRead           Permission = "people.read"
	PeopleManage         Permission = "people.manage"
	InboxesRead          Permission = "inboxes.read"
	InboxesManage        Permission = "inboxes.manage"
	TokensManage         Permission = "tokens.manage"
	KeysManage           Permission = "keys.manage"
	DeadLettersManage    Permission = "dead_letters.manage"
	MetricsRead          Permission = "metrics.read"
	ContactsManage       Permission = "contacts.manage"
	ToolboxManage        Permission = "toolbox.manage"
	RolesManage          Permission = "roles.manage"
	SessionsManage       Permission = "sessions.manage"
	AuditRead            Permission = "audit.read"
	LiveRead             Permission = "live.read"
	QueueManage          Permission = "queue.manage"
	KnowledgeRead        Permission = "knowledge.read"
	KnowledgeManage      Permission = "knowledge.manage"
	BotManage            Permission = "bot.manage"
	// BotAssist is to use what the bot suggests, and to correct what it said.
	BotAssist Permission = "bot.assist"
	// MessagesRecall is for what others wrote, at any time; one's own messages
	// need it only after two minutes.
	MessagesRecall Permission = "messages.recall"
	// AccountManage is to change the company itself.
	AccountManage Permission = "account.manage"
)

// all fixes each permission's bit; it is only ever appended to.
var all = [...]Permission{
	ConversationsRead, ConversationsReply, ConversationsNote, ConversationsAssign, ConversationsResolve,
	ConversationsSnooze, SearchRead, PeopleRead, PeopleManage, InboxesRead, InboxesManage, TokensManage,
	KeysManage, DeadLettersManage, MetricsRead, ContactsManage, ToolboxManage, RolesManage, SessionsManage,
	AuditRead, LiveRead, QueueManage, KnowledgeRead, KnowledgeManage, BotManage, MessagesRecall,
	BotAssist, AccountManage,
}

// Permissions lists every permission in a stable order.
func Permissions() []Permission { return append([]Permission(nil), all[:]...) }

// Set is a set of permissions. The zero value permits nothing. It is a plain
// value and may be compared with ==.
type Set uint64

// NewSet makes a set; permissions that do not exist are left out.
func NewSet(permissions ...Permission) Set {
	var s Set
	for _, p := range permissions {
		s |= bit(p)
	}
	return s
}

// ParseSet makes a set of names from outside; an unknown one is Invalid.
func ParseSet(names []string) (Set, error) {
	var s Set
	for _, n := range names {
		b := bit(Permission(n))
		if b == 0 {
			return 0, desk.InvalidField("read permissions", "permissions", "there is no such permission")
		}
		s |= b
	}
	return s, nil
}

// Has reports whether p is in the set.
func (s Set) Has(p Permission) bool { return s&bit(p) != 0 }

// Intersect keeps what both sets permit: a token never exceeds its owner.
func (s Set) Intersect(t Set) Set { return s & t }

// List returns the permissions in the order of Permissions.
func (s Set) List() []Permission {
	out := make([]Permission, 0, bits.OnesCount64(uint64(s)))
	for _, p := range all {
		if s.Has(p) {
			out = append(out, p)
		}
	}
	return out
}

// MarshalJSON writes the list of names.
func (s Set) MarshalJSON() ([]byte, error) { return json.Marshal(s.List()) }

// UnmarshalJSON reads a list of names; an unknown one is Invalid.
func (s *Set) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return desk.Wrap(desk.Invalid, "read permissions", err)
	}
	set, err := ParseSet(names)
	if err == nil {
		*s = set
	}
	return err
}

func bit(p Permission) Set {
	for i, q := range all {
		if p == q {
			return 1 << i
		}
	}
	return 0
}

// Contains reports whether everything in t is in s too.
func (s Set) Contains(t Set) bool { return s&t == t }

// RolePermissions is what the built-in roles may do; they see everything. An
// unknown role may do nothing.
func RolePermissions(role desk.Role) Set {
	answerer := NewSet(ConversationsRead, ConversationsReply, ConversationsNote, ConversationsAssign,
		ConversationsResolve, ConversationsSnooze, SearchRead, PeopleRead, InboxesRead, ContactsManage, KnowledgeRead, BotAssist)
	switch role {
	case desk.Answerer:
		return answerer
	case desk.Supervisor:
		return answerer | NewSet(DeadLettersManage, MetricsRead, ToolboxManage, LiveRead, AuditRead, KnowledgeManage, BotManage)
	case desk.Administrator:
		return NewSet(all[:]...)
	}
	return 0
}

// Principal is a known caller on the agents' side.
type Principal struct {
	Account desk.AccountID
	Agent   desk.AgentID
	Role    desk.Role
	// Permissions are the role's, for an API token cut to its scopes.
	Permissions Set
	// Sight is which conversations the caller may see.
	Sight desk.Sight
	// Session is the id of the log-in session and Token that of the API token;
	// exactly one is set.
	Session, Token string
	// NeedsFactor is set for a log-in without the second factor that the account
	// requires: until there is one, Permissions are none.
	NeedsFactor bool
	// CSRF is what the caller's pages must send with commands; empty for tokens,
	// which browsers do not send by themselves.
	CSRF string
}

// Require returns a Denied error unless the caller has the permission.
func (p Principal) Require(needed Permission) error {
	if p.Permissions.Has(needed) {
		return nil
	}
	if p.NeedsFactor {
		return &desk.Error{Kind: desk.Denied, Op: "check permission", Field: "totp", Msg: "your company requires a second factor; set it up first"}
	}
	return desk.E(desk.Denied, "check permission", "this needs the permission "+string(needed))
}

// LogValue shows who it is and hides the rest.
func (p Principal) LogValue() slog.Value {
	return slog.GroupValue(slog.String("account", string(p.Account)), slog.String("agent", string(p.Agent)))
}

var _ json.Unmarshaler = (*Set)(nil)
