package hub

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Incoming is a customer's message on its way to the conversation it belongs to.
type Incoming struct {
	Inbox desk.Inbox
	// Keys seal what the message says and who wrote it.
	Keys *seal.AccountKeys
	// MessageID names the message on the shard of its conversation. It gives the
	// same id each time, because a unit of work may run more than once.
	MessageID func(desk.Shard) desk.MessageID
	Content   desk.Content
	// Quoted is the conversation of the public message that Content.ReplyTo
	// names; empty if it names none.
	Quoted desk.ConversationID
	// ClientID is the sender's own id of the message.
	ClientID string
	// SentAt is the sender's clock; may be zero.
	SentAt time.Time
	// Profile is what the channel says of the person, for one who is new.
	Profile desk.Profile
	// Thread is the channel's thread, for inboxes with a conversation per thread.
	Thread string
	// NewConversation is the id for a conversation that has to begin.
	NewConversation desk.ConversationID
}

// conversations is what the hub needs of flow/conversation.
type conversations interface {
	// Receive decides what the message does: a pure function for the store.
	Receive(Incoming) func(store.Situation) (store.Effects, error)
	// ReadByContact notes that the customer has read up to seq.
	ReadByContact(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, contact desk.ContactID, seq int64) error
	// SetMessageStatus moves an outgoing message's status upward.
	SetMessageStatus(ctx context.Context, account desk.AccountID, id desk.MessageID, status desk.DeliveryStatus, reason string) error
}

// files completes what is attached to messages; package attachment implements it.
type files interface {
	Prepare(ctx context.Context, account desk.AccountID, uploader string, c desk.Content) (desk.Content, error)
}

// signals is the ephemeral lane of the bus.
type signals interface {
	Signal(ctx context.Context, s bus.Signal)
}

// Deps are the hub's required collaborators.
type Deps struct {
	Store         *store.Store
	Keys          *seal.Keyring
	IDs           *desk.IDs
	Conversations conversations
	// Files may be nil: then customers send no uploaded files.
	Files   files
	Signals signals
	Metrics prometheus.Registerer
}

// Config has no settings yet; its zero value is the default.
type Config struct{}

// Hub takes envelopes in. Build it with New.
type Hub struct {
	deps      Deps
	envelopes *prometheus.CounterVec
}

// New builds a Hub. A missing collaborator or a metric that is registered
// already is an error.
func New(d Deps, _ Config) (*Hub, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Conversations == nil || d.Signals == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, "build hub", "a required part is missing")
	}
	h := &Hub{deps: d, envelopes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yingda_hub_envelopes_total", Help: "Envelopes taken in, by channel, kind and result.",
	}, []string{"channel", "kind", "result"})}
	if err := d.Metrics.Register(h.envelopes); err != nil {
		return nil, desk.Wrap(desk.Internal, "build hub", err)
	}
	return h, nil
}

// Accepted says what became of an envelope.
type Accepted struct {
	MessageID      desk.MessageID
	ConversationID desk.ConversationID
	ContactID      desk.ContactID
	// Seq and At are the message's number and commit time; zero when the
	// envelope held no message.
	Seq int64
	At  time.Time
	// Conversation is the one a message went to, right after it (after a repeat:
	// as it is now); zero for other envelopes.
	Conversation desk.Conversation
	// Content is what a message says, as it was stored; empty after a repeat.
	Content desk.Content
	// Repeated: this envelope was taken in before, and the rest is the answer it
	// got then.
	Repeated bool
}

// Accept takes one envelope of an inbox in. Messages are durable when it
// returns without error. Receipts, signals and the customer's reading concern
// what exists already, and are NotFound for people who never wrote. Kinds that
// nothing here can use yet are Unsupported; a caller acknowledges those to the
// platform all the same. Other errors: Invalid, Limited, Unavailable, Internal.
func (h *Hub) Accept(ctx context.Context, inbox desk.Inbox, e channel.Envelope) (Accepted, error) {
	a, err := h.accept(ctx, inbox, e)
	result := "accepted"
	switch {
	case err != nil:
		result = desk.KindOf(err).String()
	case e.Echo:
		result = "echo"
	case a.Repeated:
		result = "repeated"
	}
	h.envelopes.WithLabelValues(inbox.Channel, string(e.Kind), result).Inc()
	return a, err
}

func (h *Hub) accept(ctx context.Context, inbox desk.Inbox, e channel.Envelope) (Accepted, error) {
	const op = "accept envelope"
	if err := e.Validate(); err != nil {
		return Accepted{}, err
	}
	if !inbox.Enabled {
		return Accepted{}, desk.E(desk.Unavailable, op, "this inbox is switched off")
	}
	if e.Echo {
		// Our own message coming back; it is stored already.
		return Accepted{}, nil
	}
	keys, err := h.deps.Keys.Account(ctx, inbox.AccountID)
	if err != nil {
		return Accepted{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	switch e.Kind {
	case channel.MessageEvent:
		return h.message(ctx, inbox, keys, e)
	case channel.ReceiptEvent:
		return h.receipt(ctx, inbox, keys, e)
	case channel.SignalEvent:
		return h.signal(ctx, inbox, keys, e)
	case channel.ActionEvent, channel.EditEvent, channel.RecallEvent:
		return Accepted{}, desk.E(desk.Unsupported, op, "this kind of event changes nothing here")
	default:
		return Accepted{}, desk.E(desk.Invalid, op, "unknown kind of envelope")
	}
}

// IdentityHash is the keyed hash under which a peer's identity is stored.
func IdentityHash(keys *seal.AccountKeys, p channel.Peer) string {
	return keys.Hash("identity", p.Scope+":"+p.External)
}

// Uploader names a peer as the one who may send the files that they upload.
func (h *Hub) Uploader(ctx context.Context, account desk.AccountID, p channel.Peer) (string, error) {
	keys, err := h.deps.Keys.Account(ctx, account)
	if err != nil {
		return "", desk.Wrap(desk.KindOf(err), "name uploader", err)
	}
	return desk.VisitorUploader(IdentityHash(keys, p)), nil
}

// Contact finds who a peer is. NotFound means that they never wrote.
func (h *Hub) Contact(ctx context.Context, account desk.AccountID, p channel.Peer) (desk.ContactID, error) {
	keys, err := h.deps.Keys.Account(ctx, account)
	if err != nil {
		return "", desk.Wrap(desk.KindOf(err), "find contact", err)
	}
	return h.deps.Store.ContactByIdentity(ctx, account, p.Scope, IdentityHash(keys, p))
}

func thread(inbox desk.Inbox, e channel.Envelope) string {
	if inbox.Settings.ThreadPerConversation {
		return e.Chat
	}
	return ""
}

func (h *Hub) message(ctx context.Context, inbox desk.Inbox, keys *seal.AccountKeys, e channel.Envelope) (Accepted, error) {
	quoted, err := h.quoted(ctx, inbox.AccountID, e.Message.Content.ReplyTo)
	if err != nil {
		return Accepted{}, err
	}
	hash := IdentityHash(keys, e.Peer)
	content, refused := h.prepare(ctx, inbox.AccountID, hash, e.Message.Content)
	// The shard is known only once the conversation is; until then the id is
	// drawn for shard 0, and its last digit changed when it is used.
	drawn := h.deps.IDs.Message(0)
	begin := h.deps.IDs.Conversation()
	command := store.Command{
		Account: inbox.AccountID,
		// Ids are unique among one peer's envelopes of one inbox.
		Scope: "peer:" + string(inbox.ID) + ":" + hash, Key: e.ID,
		Target: store.Target{Identity: &store.IdentityClaim{
			Scope: e.Peer.Scope, Hash: hash, Inbox: inbox.ID, Thread: thread(inbox, e), Verified: e.Peer.Verified,
			Sealed: func(contact desk.ContactID) desk.Sealed {
				return keys.Seal(seal.Place{
					Owner: string(contact), Table: "identity", Row: e.Peer.Scope + ":" + hash, Column: "external",
				}, []byte(e.Peer.External))
			},
			NewContact: h.deps.IDs.Contact(), NewConversation: begin,
		}},
	}
	decide := h.deps.Conversations.Receive(Incoming{
		Inbox: inbox, Keys: keys,
		MessageID: func(s desk.Shard) desk.MessageID { return onShard(drawn, s) },
		Content:   content, Quoted: quoted, ClientID: e.ID, SentAt: e.At, Profile: e.Peer.Profile,
		Thread: thread(inbox, e), NewConversation: begin,
	})
	// What the last run of the unit wrote is what was committed.
	var written Accepted
	command.Decide = func(s store.Situation) (store.Effects, error) {
		if refused != nil {
			return store.Effects{}, refused
		}
		effects, err := decide(s)
		if err != nil {
			return effects, err
		}
		if len(effects.Messages) == 0 {
			return effects, desk.E(desk.Internal, "accept envelope", "the conversation stored no message")
		}
		m := effects.Messages[len(effects.Messages)-1]
		effects.ResultID = string(m.ID)
		written = Accepted{MessageID: m.ID, ConversationID: m.ConversationID, ContactID: s.ContactID, Seq: m.Seq, At: m.At}
		return effects, nil
	}
	out, err := h.deps.Store.Do(ctx, command)
	if err != nil {
		return Accepted{}, err
	}
	if out.Repeated {
		return h.firstAnswer(ctx, inbox.AccountID, out)
	}
	written.Conversation, written.Content = out.Conversation, content
	return written, nil
}

// prepare completes the files of a message. That some cannot be sent is said in
// the decision, which a repeat does not run: its files were sent already.
func (h *Hub) prepare(ctx context.Context, account desk.AccountID, hash string, c desk.Content) (desk.Content, error) {
	if h.deps.Files != nil {
		return h.deps.Files.Prepare(ctx, account, desk.VisitorUploader(hash), c)
	}
	if len(c.Attachments()) > 0 {
		return c, desk.InvalidField("accept envelope", "parts", "files cannot be uploaded here")
	}
	return c, nil
}

// quoted finds the conversation of a message that a customer quotes, before
// the unit, for few messages quote. One that the customer cannot see or that is
// not there has none.
func (h *Hub) quoted(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.ConversationID, error) {
	if id == "" {
		return "", nil
	}
	m, err := h.deps.Store.Message(ctx, account, id)
	if errors.Is(err, desk.NotFound) || (err == nil && m.Visibility != desk.Public) {
		return "", nil
	}
	return m.ConversationID, err
}

// firstAnswer reads what the first delivery of a repeated envelope led to.
func (h *Hub) firstAnswer(ctx context.Context, account desk.AccountID, out store.Outcome) (Accepted, error) {
	m, err := h.deps.Store.Message(ctx, account, desk.MessageID(out.ResultID))
	if err != nil {
		return Accepted{}, err
	}
	a := Accepted{
		MessageID: m.ID, ConversationID: m.ConversationID, ContactID: desk.ContactID(m.Author.ID),
		Seq: m.Seq, At: m.At, Conversation: out.Conversation, Repeated: true,
	}
	if a.Conversation.ID != m.ConversationID { // another has begun since, or it is not known
		a.Conversation, err = h.deps.Store.Conversation(ctx, account, m.ConversationID)
	}
	return a, err
}

// onShard changes the shard that a message id carries in its last digit.
func onShard(id desk.MessageID, s desk.Shard) desk.MessageID {
	const digits = "0123456789abcdef"
	if len(id) == 0 || s < 0 || int(s) >= len(digits) {
		return id
	}
	return id[:len(id)-1] + desk.MessageID(digits[s])
}

// maxWatermark is how many messages a watermark by time looks back over.
const maxWatermark = 200

// receipt moves what it speaks of upward. What it does not find, because it
// was not sent by us, is no error: the platform would only say it again.
func (h *Hub) receipt(ctx context.Context, inbox desk.Inbox, keys *seal.AccountKeys, e channel.Envelope) (Accepted, error) {
	account, r := inbox.AccountID, e.Receipt
	if len(r.ExternalIDs) > 0 {
		return h.namedReceipt(ctx, inbox, r)
	}
	contact, conversation, err := h.live(ctx, inbox, keys, e)
	if err != nil {
		return Accepted{}, err
	}
	a := Accepted{ContactID: contact, ConversationID: conversation}
	if r.UpToSeq > 0 && r.Status == desk.Read {
		return a, h.deps.Conversations.ReadByContact(ctx, account, conversation, contact, r.UpToSeq)
	}
	sent, err := h.deps.Store.Messages(ctx, account, conversation, store.MessageRange{
		BeforeSeq: store.NewestFirst, Limit: maxWatermark, PublicOnly: true,
	})
	if err != nil {
		return Accepted{}, err
	}
	readTo := int64(0)
	for _, m := range sent {
		covered := m.Seq <= r.UpToSeq || (!r.UpToTime.IsZero() && !m.At.After(r.UpToTime))
		if !covered || m.Author.Kind == desk.ByVisitor || m.InboxID != inbox.ID {
			continue
		}
		readTo = m.Seq
		if _, moves := m.Status.Advance(r.Status); moves {
			if err := h.deps.Conversations.SetMessageStatus(ctx, account, m.ID, r.Status, r.Reason); err != nil {
				return Accepted{}, err
			}
		}
	}
	if r.Status == desk.Read && readTo > 0 {
		return a, h.deps.Conversations.ReadByContact(ctx, account, conversation, contact, readTo)
	}
	return a, nil
}

func (h *Hub) namedReceipt(ctx context.Context, inbox desk.Inbox, r *channel.Receipt) (Accepted, error) {
	var a Accepted
	for _, external := range r.ExternalIDs {
		m, err := h.deps.Store.MessageByExternal(ctx, inbox.AccountID, inbox.ID, external)
		if errors.Is(err, desk.NotFound) {
			continue
		}
		if err == nil {
			a.ConversationID = m.ConversationID
			err = h.deps.Conversations.SetMessageStatus(ctx, inbox.AccountID, m.ID, r.Status, r.Reason)
		}
		if err != nil {
			return Accepted{}, err
		}
	}
	return a, nil
}

func (h *Hub) signal(ctx context.Context, inbox desk.Inbox, keys *seal.AccountKeys, e channel.Envelope) (Accepted, error) {
	contact, conversation, err := h.live(ctx, inbox, keys, e)
	if err != nil {
		return Accepted{}, err
	}
	h.deps.Signals.Signal(ctx, bus.Signal{
		AccountID: inbox.AccountID, ConversationID: conversation, ContactID: contact,
		Kind: e.Signal.Name, By: desk.Author{Kind: desk.ByVisitor, ID: string(contact)},
		On: e.Signal.On, Text: e.Signal.Text,
	})
	return Accepted{ContactID: contact, ConversationID: conversation}, nil
}

// live finds the conversation that concerns a peer now, without creating any.
func (h *Hub) live(ctx context.Context, inbox desk.Inbox, keys *seal.AccountKeys, e channel.Envelope) (desk.ContactID, desk.ConversationID, error) {
	contact, err := h.deps.Store.ContactByIdentity(ctx, inbox.AccountID, e.Peer.Scope, IdentityHash(keys, e.Peer))
	if err != nil {
		return "", "", err
	}
	conversation, err := h.deps.Store.LiveConversation(ctx, inbox.AccountID, contact, thread(inbox, e))
	return contact, conversation, err
}
