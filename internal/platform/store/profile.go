package store

import (
	"context"
	"errors"
	"math"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// ContactRevision counts a contact's changes. The zero value is a contact that
// was never changed.
type ContactRevision struct {
	Version int64
	// MergedInto is the contact that took this one's place; empty if none did.
	MergedInto desk.ContactID
}

// ContactNote is what a colleague noted about a contact; the text is sealed.
type ContactNote struct {
	ID        string
	AccountID desk.AccountID
	ContactID desk.ContactID
	AgentID   desk.AgentID
	Body      desk.Sealed
	CreatedAt time.Time
}

// ContactMerge is one merge of two contacts; what it moved is sealed.
type ContactMerge struct {
	ID         string
	AccountID  desk.AccountID
	Keep, Lose desk.ContactID
	AgentID    desk.AgentID
	Moved      desk.Sealed
	CreatedAt  time.Time
	// UndoneAt is zero while the merge stands.
	UndoneAt time.Time
}

// PageVisit is what a contact did on a page, sealed.
type PageVisit struct {
	ID        string
	AccountID desk.AccountID
	ContactID desk.ContactID
	Body      desk.Sealed
	At        time.Time
}

// LiveConversation says where a contact's next message in a thread goes.
type LiveConversation struct {
	AccountID      desk.AccountID
	ContactID      desk.ContactID
	Thread         string
	ConversationID desk.ConversationID
}

// behind is above every id: a list before it begins at the newest.
const behind = "~"

func beforeID(id string) string {
	if id == "" {
		return behind
	}
	return id
}

// ContactRevision is how often a contact was changed; zero for one that never
// was or is not there.
func (r Reads) ContactRevision(ctx context.Context, account desk.AccountID, id desk.ContactID) (ContactRevision, error) {
	row, err := r.q.ContactRevision(ctx, query.ContactRevisionParams{AccountID: string(account), ContactID: string(id)})
	if err = r.fail("find contact's version", "contact", err); errors.Is(err, desk.NotFound) {
		return ContactRevision{}, nil
	}
	return ContactRevision{Version: row.Version, MergedInto: desk.ContactID(row.MergedInto)}, err
}

// ContactRevisions are those of many contacts; unchanged ones are left out.
func (r Reads) ContactRevisions(ctx context.Context, account desk.AccountID, ids []desk.ContactID) (map[desk.ContactID]ContactRevision, error) {
	out := make(map[desk.ContactID]ContactRevision, len(ids))
	for chunk := range chunks(ids) {
		p := query.ContactRevisionsParams{AccountID: string(account)}
		fill(chunk, &p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8)
		rows, err := r.q.ContactRevisions(ctx, p)
		if err != nil {
			return nil, r.fail("find contacts' versions", "contact", err)
		}
		for _, row := range rows {
			out[desk.ContactID(row.ContactID)] = ContactRevision{Version: row.Version, MergedInto: desk.ContactID(row.MergedInto)}
		}
	}
	return out, nil
}

// ContactsBefore lists contacts of the account, the newest first, below an id
// ("" is the top).
func (r Reads) ContactsBefore(ctx context.Context, account desk.AccountID, before desk.ContactID, limit int) ([]Contact, error) {
	rows, err := r.q.ContactsBefore(ctx, query.ContactsBeforeParams{AccountID: string(account), BeforeID: beforeID(string(before)), RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail("list contacts", "contact", err)
	}
	out := make([]Contact, len(rows))
	for i, row := range rows {
		out[i] = contactOf(row)
	}
	return out, nil
}

// ContactsByTokens lists the contacts that have the first four of the tokens,
// the newest first, below an id ("" is the top). No tokens find nobody.
func (r Reads) ContactsByTokens(ctx context.Context, account desk.AccountID, tokens []uint64, before desk.ContactID, limit int) ([]desk.ContactID, error) {
	if len(tokens) == 0 {
		return nil, nil
	}
	token := func(i int) int64 { return int64(tokens[min(i, len(tokens)-1)]) } //nolint:gosec // the same 64 bits
	ids, err := r.q.ContactsByTokens(ctx, query.ContactsByTokensParams{
		AccountID: string(account), Token1: token(0), Token2: token(1), Token3: token(2), Token4: token(3),
		BeforeID: beforeID(string(before)), RowLimit: bound(limit),
	})
	out := make([]desk.ContactID, len(ids))
	for i, id := range ids {
		out[i] = desk.ContactID(id)
	}
	return out, r.fail("find contacts", "contact", err)
}

// ContactNote finds a note of the account.
func (r Reads) ContactNote(ctx context.Context, account desk.AccountID, id string) (ContactNote, error) {
	row, err := r.q.ContactNote(ctx, query.ContactNoteParams{AccountID: string(account), ID: id})
	if err != nil {
		return ContactNote{}, r.fail("find note", "note", err)
	}
	return noteOf(row), nil
}

// ContactNotes lists a contact's notes, the newest first, below an id ("" is
// the top).
func (r Reads) ContactNotes(ctx context.Context, account desk.AccountID, contact desk.ContactID, before string, limit int) ([]ContactNote, error) {
	rows, err := r.q.ContactNotes(ctx, query.ContactNotesParams{
		AccountID: string(account), ContactID: string(contact), BeforeID: beforeID(before), RowLimit: bound(limit),
	})
	return notesOf(rows), r.fail("list notes", "note", err)
}

// ContactNotePage walks all notes of the account by id, from after on.
func (r Reads) ContactNotePage(ctx context.Context, account desk.AccountID, after string, limit int) ([]ContactNote, error) {
	rows, err := r.q.ContactNotePage(ctx, query.ContactNotePageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return notesOf(rows), r.fail("list notes", "note", err)
}

// PageVisits lists what a contact did on pages, the newest first, below an id
// ("" is the top).
func (r Reads) PageVisits(ctx context.Context, account desk.AccountID, contact desk.ContactID, before string, limit int) ([]PageVisit, error) {
	rows, err := r.q.PageVisits(ctx, query.PageVisitsParams{
		AccountID: string(account), ContactID: string(contact), BeforeID: beforeID(before), RowLimit: bound(limit),
	})
	return visitsOf(rows), r.fail("list pages", "page", err)
}

// PageVisitPage walks all visits of the account by id, from after on.
func (r Reads) PageVisitPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]PageVisit, error) {
	rows, err := r.q.PageVisitPage(ctx, query.PageVisitPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return visitsOf(rows), r.fail("list pages", "page", err)
}

// ContactMerge finds a merge of the account.
func (r Reads) ContactMerge(ctx context.Context, account desk.AccountID, id string) (ContactMerge, error) {
	row, err := r.q.ContactMerge(ctx, query.ContactMergeParams{AccountID: string(account), ID: id})
	if err != nil {
		return ContactMerge{}, r.fail("find merge", "merge", err)
	}
	return mergeOf(row), nil
}

// ContactMerges lists the newest merges that a contact was part of.
func (r Reads) ContactMerges(ctx context.Context, account desk.AccountID, contact desk.ContactID, limit int) ([]ContactMerge, error) {
	rows, err := r.q.ContactMerges(ctx, query.ContactMergesParams{AccountID: string(account), ContactID: string(contact), RowLimit: bound(limit)})
	return mergesOf(rows), r.fail("list merges", "merge", err)
}

// ContactMergePage walks all merges of the account by id, from after on.
func (r Reads) ContactMergePage(ctx context.Context, account desk.AccountID, after string, limit int) ([]ContactMerge, error) {
	rows, err := r.q.ContactMergePage(ctx, query.ContactMergePageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return mergesOf(rows), r.fail("list merges", "merge", err)
}

// LiveConversations lists a contact's live conversations, by thread.
func (r Reads) LiveConversations(ctx context.Context, account desk.AccountID, contact desk.ContactID) ([]LiveConversation, error) {
	rows, err := r.q.LiveConversations(ctx, query.LiveConversationsParams{AccountID: string(account), ContactID: string(contact)})
	out := make([]LiveConversation, len(rows))
	for i, row := range rows {
		out[i] = LiveConversation{
			AccountID: account, ContactID: desk.ContactID(row.ContactID), Thread: row.Thread, ConversationID: desk.ConversationID(row.ConversationID),
		}
	}
	return out, r.fail("list live conversations", "conversation", err)
}

// PutContactRevision notes a change of a contact.
func (t *Tx) PutContactRevision(ctx context.Context, account desk.AccountID, id desk.ContactID, rev ContactRevision) error {
	const op = "note contact's change"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "contact", t.q.PutContactRevision(ctx, query.PutContactRevisionParams{
		AccountID: string(account), ContactID: string(id), Version: rev.Version, MergedInto: string(rev.MergedInto),
	}))
}

// SetContactTokens replaces the words' hashes that a contact is found by.
func (t *Tx) SetContactTokens(ctx context.Context, account desk.AccountID, id desk.ContactID, tokens []uint64) error {
	const op = "index contact"
	if err := t.own(op, account); err != nil {
		return err
	}
	err := t.q.DeleteContactTokens(ctx, query.DeleteContactTokensParams{AccountID: string(account), ContactID: string(id)})
	for _, token := range tokens {
		if err != nil {
			break
		}
		err = t.q.InsertContactToken(ctx, query.InsertContactTokenParams{AccountID: string(account), Token: int64(token), ContactID: string(id)}) //nolint:gosec // the same 64 bits
	}
	return t.fail(op, "contact", err)
}

// InsertContactNote adds a note.
func (t *Tx) InsertContactNote(ctx context.Context, n ContactNote) error {
	const op = "insert note"
	if err := t.own(op, n.AccountID); err != nil {
		return err
	}
	return t.fail(op, "note", t.q.InsertContactNote(ctx, query.InsertContactNoteParams{
		ID: n.ID, AccountID: string(n.AccountID), ContactID: string(n.ContactID), AgentID: string(n.AgentID), Body: blob(n.Body),
		CreatedUs: desk.Micros(n.CreatedAt),
	}))
}

// UpdateContactNote changes a note's contact and sealed text.
func (t *Tx) UpdateContactNote(ctx context.Context, n ContactNote) error {
	const op = "update note"
	if err := t.own(op, n.AccountID); err != nil {
		return err
	}
	rows, err := t.q.UpdateContactNote(ctx, query.UpdateContactNoteParams{
		AccountID: string(n.AccountID), ID: n.ID, Body: blob(n.Body), ContactID: string(n.ContactID),
	})
	return t.changed(op, "note", rows, err)
}

// DeleteContactNote removes a note.
func (t *Tx) DeleteContactNote(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete note"
	if err := t.own(op, account); err != nil {
		return err
	}
	rows, err := t.q.DeleteContactNote(ctx, query.DeleteContactNoteParams{AccountID: string(account), ID: id})
	return t.changed(op, "note", rows, err)
}

// InsertPageVisits adds what one contact did, in order, and forgets all but
// the newest keep of that contact.
func (t *Tx) InsertPageVisits(ctx context.Context, account desk.AccountID, contact desk.ContactID, visits []PageVisit, keep int) error {
	const op = "insert pages"
	if err := t.own(op, account); err != nil {
		return err
	}
	for _, v := range visits {
		if err := t.q.InsertPageVisit(ctx, query.InsertPageVisitParams{
			ID: v.ID, AccountID: string(account), ContactID: string(contact), Body: blob(v.Body), AtUs: desk.Micros(v.At),
		}); err != nil {
			return t.fail(op, "page", err)
		}
	}
	newest, err := t.PageVisits(ctx, account, contact, "", keep+1)
	if err != nil || len(newest) <= keep {
		return err
	}
	return t.fail(op, "page", t.q.TrimPageVisits(ctx, query.TrimPageVisitsParams{
		AccountID: string(account), ContactID: string(contact), LastID: newest[keep].ID,
	}))
}

// UpdatePageVisit replaces the sealed knowledge, for a change of keys.
func (t *Tx) UpdatePageVisit(ctx context.Context, account desk.AccountID, id string, body desk.Sealed) error {
	const op = "update page"
	if err := t.own(op, account); err != nil {
		return err
	}
	rows, err := t.q.UpdatePageVisit(ctx, query.UpdatePageVisitParams{AccountID: string(account), ID: id, Body: blob(body)})
	return t.changed(op, "page", rows, err)
}

// DeleteOldPageVisits removes what is older than before, of all accounts.
func (t *Tx) DeleteOldPageVisits(ctx context.Context, before time.Time) (int64, error) {
	const op = "delete old pages"
	if err := t.installation(op); err != nil {
		return 0, err
	}
	n, err := t.q.DeleteOldPageVisits(ctx, query.DeleteOldPageVisitsParams{BeforeUs: desk.Micros(before)})
	return n, t.fail(op, "page", err)
}

// InsertContactMerge adds a merge.
func (t *Tx) InsertContactMerge(ctx context.Context, m ContactMerge) error {
	const op = "insert merge"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	return t.fail(op, "merge", t.q.InsertContactMerge(ctx, query.InsertContactMergeParams{
		ID: m.ID, AccountID: string(m.AccountID), KeepID: string(m.Keep), LoseID: string(m.Lose), AgentID: string(m.AgentID),
		Moved: blob(m.Moved), CreatedUs: desk.Micros(m.CreatedAt),
	}))
}

// UpdateContactMerge changes what a merge keeps sealed and whether it stands.
func (t *Tx) UpdateContactMerge(ctx context.Context, m ContactMerge) error {
	const op = "update merge"
	if err := t.own(op, m.AccountID); err != nil {
		return err
	}
	rows, err := t.q.UpdateContactMerge(ctx, query.UpdateContactMergeParams{
		AccountID: string(m.AccountID), ID: m.ID, Moved: blob(m.Moved), UndoneUs: desk.Micros(m.UndoneAt),
	})
	return t.changed(op, "merge", rows, err)
}

// MoveIdentity gives an identity to another contact, with the name sealed for
// that one; false if it is not the former contact's any more. Call it in
// WriteAlone.
func (t *Tx) MoveIdentity(ctx context.Context, i Identity, to desk.ContactID, external desk.Sealed) (bool, error) {
	const op = "move identity"
	if err := t.own(op, i.AccountID); err != nil {
		return false, err
	}
	n, err := t.q.MoveIdentity(ctx, query.MoveIdentityParams{
		AccountID: string(i.AccountID), Scope: i.Scope, Hash: i.Hash, FromID: string(i.ContactID), ToID: string(to), External: blob(external),
	})
	return n > 0, t.fail(op, "identity", err)
}

// MoveConversation gives a conversation to another contact; false if it is not
// the former contact's any more. Call it in WriteAlone.
func (t *Tx) MoveConversation(ctx context.Context, account desk.AccountID, id desk.ConversationID, from, to desk.ContactID) (bool, error) {
	const op = "move conversation"
	if err := t.own(op, account); err != nil {
		return false, err
	}
	shard, _ := id.Shard()
	n, err := t.q.MoveConversation(ctx, query.MoveConversationParams{
		AccountID: string(account), Shard: int16(shard), ID: string(id), FromID: string(from), ToID: string(to),
	})
	return n > 0, t.fail(op, "conversation", err)
}

// PutLiveConversation sets where a contact's next message in a thread goes.
// Call it in WriteAlone.
func (t *Tx) PutLiveConversation(ctx context.Context, l LiveConversation) error {
	const op = "set live conversation"
	if err := t.own(op, l.AccountID); err != nil {
		return err
	}
	shard, _ := l.ConversationID.Shard()
	return t.fail(op, "conversation", t.q.PutLiveConversation(ctx, query.PutLiveConversationParams{
		AccountID: string(l.AccountID), ContactID: string(l.ContactID), Thread: l.Thread, Shard: int16(shard), ConversationID: string(l.ConversationID),
	}))
}

// DeleteLiveConversation makes a contact's next message in a thread begin a
// conversation; one that is not there is fine. Call it in WriteAlone.
func (t *Tx) DeleteLiveConversation(ctx context.Context, l LiveConversation) error {
	const op = "delete live conversation"
	if err := t.own(op, l.AccountID); err != nil {
		return err
	}
	_, err := t.q.DeleteLiveConversation(ctx, query.DeleteLiveConversationParams{
		AccountID: string(l.AccountID), ContactID: string(l.ContactID), Thread: l.Thread,
	})
	return t.fail(op, "conversation", err)
}

// AllConversations lists every conversation of a contact, the newest message
// first.
func (r Reads) AllConversations(ctx context.Context, account desk.AccountID, contact desk.ContactID) ([]desk.Conversation, error) {
	var out []desk.Conversation
	before, id := int64(math.MaxInt64), ""
	for {
		rows, err := r.q.ConversationsByContact(ctx, query.ConversationsByContactParams{
			AccountID: string(account), ContactID: string(contact), BeforeUs: before, BeforeID: id, RowLimit: maxPage,
		})
		if err != nil {
			return nil, r.fail("list conversations", "conversation", err)
		}
		for _, row := range rows {
			out = append(out, ConversationOf(row))
		}
		if len(rows) < maxPage {
			return out, nil
		}
		before, id = rows[len(rows)-1].LastMessageUs, rows[len(rows)-1].ID
	}
}

func noteOf(row query.ContactNote) ContactNote {
	return ContactNote{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), ContactID: desk.ContactID(row.ContactID), AgentID: desk.AgentID(row.AgentID),
		Body: row.Body, CreatedAt: desk.FromMicros(row.CreatedUs),
	}
}

func notesOf(rows []query.ContactNote) []ContactNote {
	out := make([]ContactNote, len(rows))
	for i, row := range rows {
		out[i] = noteOf(row)
	}
	return out
}

func visitsOf(rows []query.PageVisit) []PageVisit {
	out := make([]PageVisit, len(rows))
	for i, row := range rows {
		out[i] = PageVisit{
			ID: row.ID, AccountID: desk.AccountID(row.AccountID), ContactID: desk.ContactID(row.ContactID), Body: row.Body, At: desk.FromMicros(row.AtUs),
		}
	}
	return out
}

func mergeOf(row query.ContactMerge) ContactMerge {
	return ContactMerge{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), Keep: desk.ContactID(row.KeepID), Lose: desk.ContactID(row.LoseID),
		AgentID: desk.AgentID(row.AgentID), Moved: row.Moved, CreatedAt: desk.FromMicros(row.CreatedUs), UndoneAt: desk.FromMicros(row.UndoneUs),
	}
}

func mergesOf(rows []query.ContactMerge) []ContactMerge {
	out := make([]ContactMerge, len(rows))
	for i, row := range rows {
		out[i] = mergeOf(row)
	}
	return out
}
