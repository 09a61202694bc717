package postgres

import (
	"github.com/jackc/pgx/v5"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

// The types below are tables of columns, as unnest takes them. Their args are
// in the order of the statement of the same name.

// keyRows are idempotency keys.
type keyRows struct {
	account, scope, key, result []string
	at                          []int64
}

func (r *keyRows) add(k *query.InsertDedupeParams) {
	r.account = append(r.account, k.AccountID)
	r.scope = append(r.scope, k.Scope)
	r.key = append(r.key, k.Key)
	r.result = append(r.result, k.ResultID)
	r.at = append(r.at, k.AtUs)
}

func (r *keyRows) queue(b *pgx.Batch) {
	if len(r.key) > 0 {
		b.Queue(sqlInsertKeys, r.account, r.scope, r.key, r.result, r.at)
	}
}

type contactRows struct {
	account, id   []string
	profile       [][]byte
	blocked       []bool
	created, seen []int64
}

func (r *contactRows) add(c *query.InsertContactParams) {
	r.account = append(r.account, c.AccountID)
	r.id = append(r.id, c.ID)
	r.profile = append(r.profile, c.Profile)
	r.blocked = append(r.blocked, c.Blocked)
	r.created = append(r.created, c.CreatedUs)
	r.seen = append(r.seen, c.SeenUs)
}

func (r *contactRows) queue(b *pgx.Batch) {
	if len(r.id) > 0 {
		b.Queue(sqlInsertContacts, r.account, r.id, r.profile, r.blocked, r.created, r.seen)
	}
}

type identityRows struct {
	account, scope, hash, contact, inbox []string
	external                             [][]byte
	verified                             []bool
	created                              []int64
}

func (r *identityRows) add(i *query.InsertIdentityParams) {
	r.account = append(r.account, i.AccountID)
	r.scope = append(r.scope, i.Scope)
	r.hash = append(r.hash, i.Hash)
	r.contact = append(r.contact, i.ContactID)
	r.inbox = append(r.inbox, i.InboxID)
	r.external = append(r.external, i.External)
	r.verified = append(r.verified, i.Verified)
	r.created = append(r.created, i.CreatedUs)
}

func (r *identityRows) queue(b *pgx.Batch) {
	if len(r.hash) > 0 {
		b.Queue(sqlInsertIdentities, r.account, r.scope, r.hash, r.contact, r.inbox, r.external, r.verified, r.created)
	}
}

type liveRows struct {
	account, contact, thread []string
	shard                    []int16
	id, previous             []string
}

func (r *liveRows) add(k liveKey, id, previous desk.ConversationID) {
	r.account = append(r.account, string(k.account))
	r.contact = append(r.contact, string(k.contact))
	r.thread = append(r.thread, k.thread)
	r.shard = append(r.shard, shardOf(id))
	r.id = append(r.id, string(id))
	r.previous = append(r.previous, string(previous))
}

func (r *liveRows) queue(b *pgx.Batch, move bool) {
	switch {
	case len(r.id) == 0:
	case move:
		b.Queue(sqlMoveLive, r.account, r.contact, r.thread, r.shard, r.id, r.previous)
	default:
		b.Queue(sqlInsertLive, r.account, r.contact, r.thread, r.shard, r.id)
	}
}

type conversationRows struct {
	shard                                                  []int16
	id, account, contact, inbox, thread                    []string
	status, assignee, team                                 []string
	seq, version, contactRead, agentRead, created, updated []int64
	lastMessage, waiting, snoozedUntil, resolved           []int64
	preview                                                [][]byte
}

func (r *conversationRows) add(c desk.Conversation) {
	row := store.ConversationRow(c)
	r.shard = append(r.shard, row.Shard)
	r.id = append(r.id, row.ID)
	r.account = append(r.account, row.AccountID)
	r.contact = append(r.contact, row.ContactID)
	r.inbox = append(r.inbox, row.InboxID)
	r.thread = append(r.thread, row.Thread)
	r.status = append(r.status, row.Status)
	r.assignee = append(r.assignee, row.AssigneeID)
	r.team = append(r.team, row.TeamID)
	r.seq = append(r.seq, row.Seq)
	r.version = append(r.version, row.Version)
	r.contactRead = append(r.contactRead, row.ContactReadSeq)
	r.agentRead = append(r.agentRead, row.AgentReadSeq)
	r.created = append(r.created, row.CreatedUs)
	r.updated = append(r.updated, row.UpdatedUs)
	r.lastMessage = append(r.lastMessage, row.LastMessageUs)
	r.waiting = append(r.waiting, row.WaitingUs)
	r.snoozedUntil = append(r.snoozedUntil, row.SnoozedUntilUs)
	r.resolved = append(r.resolved, row.ResolvedUs)
	r.preview = append(r.preview, row.Preview)
}

func (r *conversationRows) queue(b *pgx.Batch, sql string) {
	if len(r.id) > 0 {
		b.Queue(sql, r.shard, r.id, r.account, r.contact, r.inbox, r.thread, r.status, r.assignee, r.team,
			r.seq, r.version, r.contactRead, r.agentRead, r.created, r.updated, r.lastMessage,
			r.waiting, r.snoozedUntil, r.resolved, r.preview)
	}
}

// scanConversation reads a row of sqlLock.
func scanConversation(rows pgx.CollectableRow) (desk.Conversation, error) {
	var c query.Conversation
	err := rows.Scan(&c.Shard, &c.ID, &c.AccountID, &c.ContactID, &c.InboxID, &c.Thread, &c.Status, &c.AssigneeID, &c.TeamID,
		&c.Seq, &c.Version, &c.ContactReadSeq, &c.AgentReadSeq, &c.CreatedUs, &c.UpdatedUs, &c.LastMessageUs,
		&c.WaitingUs, &c.SnoozedUntilUs, &c.ResolvedUs, &c.Preview)
	return store.ConversationOf(c), err
}

type messageRows struct {
	shard                                 []int16
	id, account, conversation             []string
	seq                                   []int64
	inbox, authorKind, author, visibility []string
	status, reason, client, external      []string
	sent, at                              []int64
	body                                  [][]byte
}

func (r *messageRows) add(m query.InsertMessageParams) {
	r.shard = append(r.shard, m.Shard)
	r.id = append(r.id, m.ID)
	r.account = append(r.account, m.AccountID)
	r.conversation = append(r.conversation, m.ConversationID)
	r.seq = append(r.seq, m.Seq)
	r.inbox = append(r.inbox, m.InboxID)
	r.authorKind = append(r.authorKind, m.AuthorKind)
	r.author = append(r.author, m.AuthorID)
	r.visibility = append(r.visibility, m.Visibility)
	r.status = append(r.status, m.Status)
	r.reason = append(r.reason, m.FailureReason)
	r.client = append(r.client, m.ClientID)
	r.external = append(r.external, m.ExternalID)
	r.sent = append(r.sent, m.SentUs)
	r.at = append(r.at, m.AtUs)
	r.body = append(r.body, m.Body)
}

func (r *messageRows) queue(b *pgx.Batch) {
	if len(r.id) > 0 {
		b.Queue(sqlInsertMessages, r.shard, r.id, r.account, r.conversation, r.seq, r.inbox, r.authorKind, r.author,
			r.visibility, r.status, r.reason, r.client, r.external, r.sent, r.at, r.body)
	}
}

// scanMessage reads a row of sqlMessages.
func scanMessage(rows pgx.CollectableRow) (desk.StoredMessage, error) {
	var m query.Message
	err := rows.Scan(&m.Shard, &m.ID, &m.AccountID, &m.ConversationID, &m.Seq, &m.Status, &m.FailureReason)
	return store.MessageOf(m), err
}

type eventRows struct {
	account               []string
	shard                 []int16
	conversation, contact []string
	kind                  []string
	at                    []int64
	payload               [][]byte
}

func (r *eventRows) add(e query.InsertEventParams) {
	r.account = append(r.account, e.AccountID)
	r.shard = append(r.shard, e.Shard)
	r.conversation = append(r.conversation, e.ConversationID)
	r.contact = append(r.contact, e.ContactID)
	r.kind = append(r.kind, e.Kind)
	r.at = append(r.at, e.AtUs)
	r.payload = append(r.payload, e.Payload)
}

func (r *eventRows) args() []any {
	return []any{r.account, r.shard, r.conversation, r.contact, r.kind, r.at, r.payload}
}

func shardOf(id desk.ConversationID) int16 {
	shard, _ := id.Shard()
	return int16(shard)
}
