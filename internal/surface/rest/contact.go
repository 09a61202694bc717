package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/wire"
)

// by is the caller as the profiles know them.
func (c caller) knows(key string) profile.By {
	return profile.By{Account: c.Account, Agent: c.Agent, Sight: c.Sight, Key: key}
}

// ContactDetail is a customer with what is known of them.
type ContactDetail struct {
	wire.Contact
	Attributes    map[string]string `json:"attributes"`
	Version       int64             `json:"version"`
	MergedInto    desk.ContactID    `json:"merged_into,omitempty" doc:"The contact that took this one's place."`
	Identities    []ContactIdentity `json:"identities"`
	Conversations int               `json:"conversations_count"`
	FirstSeen     time.Time         `json:"first_seen"`
	LastSeen      time.Time         `json:"last_seen"`
	Rating        float64           `json:"rating_avg,omitempty" doc:"1 to 5."`
}

// ContactIdentity is how a channel names a customer.
type ContactIdentity struct {
	ID        string       `json:"id"`
	Scope     string       `json:"scope" doc:"anon is a browser, user a user of the site."`
	InboxID   desk.InboxID `json:"inbox_id"`
	Verified  bool         `json:"verified"`
	CreatedAt time.Time    `json:"created_at"`
	Label     string       `json:"label,omitempty" doc:"The name that the site or platform gives the person."`
}

func contactShape(v profile.View) ContactDetail {
	out := ContactDetail{
		Contact: wire.AgentContact(v.Contact), Attributes: v.Contact.Profile.Attributes, Version: v.Version, MergedInto: v.MergedInto,
		Identities: make([]ContactIdentity, len(v.Identities)), Conversations: v.Conversations,
		FirstSeen: v.Contact.CreatedAt, LastSeen: v.Contact.SeenAt, Rating: v.Rating,
	}
	if out.Attributes == nil {
		out.Attributes = map[string]string{}
	}
	for i, identity := range v.Identities {
		out.Identities[i] = ContactIdentity(identity)
	}
	return out
}

// ContactAddressed is the contact in the path.
type ContactAddressed struct {
	ID desk.ContactID `path:"id" maxLength:"40"`
}

type contactsInput struct {
	Query  string `query:"q" maxLength:"200" doc:"Words of name, e-mail address or phone."`
	Cursor string `query:"cursor" maxLength:"40"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"30"`
}

// ContactRow is a customer in a list.
type ContactRow struct {
	wire.Contact
	Version   int64     `json:"version"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

// ContactPage is a page of customers, the newest first. It may be short and
// still have a next one.
type ContactPage struct {
	Items      []ContactRow `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

func (s *Server) listContacts(ctx context.Context, c caller, in *contactsInput) (out[ContactPage], error) {
	rows, next, err := s.deps.Profiles.List(ctx, c.knows(""), profile.ListQuery{Text: in.Query, Cursor: in.Cursor, Limit: in.Limit})
	page := ContactPage{Items: make([]ContactRow, len(rows)), NextCursor: next}
	for i, r := range rows {
		page.Items[i] = ContactRow{wire.AgentContact(r.Contact), r.Version, r.Contact.CreatedAt, r.Contact.SeenAt}
	}
	return out[ContactPage]{page}, err
}

func (s *Server) getContact(ctx context.Context, c caller, in *ContactAddressed) (out[ContactDetail], error) {
	v, err := s.deps.Profiles.Get(ctx, c.knows(""), in.ID)
	return out[ContactDetail]{contactShape(v)}, err
}

type contactInput struct {
	ContactAddressed
	Keyed
	Body struct {
		Name       *string           `json:"name,omitempty" maxLength:"800"`
		Email      *string           `json:"email,omitempty" maxLength:"254"`
		Phone      *string           `json:"phone,omitempty" maxLength:"40"`
		Locale     *desk.Locale      `json:"locale,omitempty" maxLength:"10"`
		Attributes map[string]string `json:"attributes,omitempty" doc:"Replaces all of them."`
		Version    *int64            `json:"version,omitempty" minimum:"0" doc:"Refuse if the contact has changed since this version."`
	}
}

func version(v *int64) int64 {
	if v == nil {
		return -1
	}
	return *v
}

func (s *Server) updateContact(ctx context.Context, c caller, in *contactInput) (out[ContactDetail], error) {
	b := in.Body
	v, err := s.deps.Profiles.Update(ctx, c.knows(in.Key), in.ID, profile.Change{
		Name: b.Name, Email: b.Email, Phone: b.Phone, Locale: b.Locale, Attributes: b.Attributes, Version: version(b.Version),
	})
	return out[ContactDetail]{contactShape(v)}, err
}

type blockInput struct {
	ContactAddressed
	Keyed
	Body struct {
		Blocked bool `json:"blocked"`
	}
}

func (s *Server) blockContact(ctx context.Context, c caller, in *blockInput) (out[ContactDetail], error) {
	v, err := s.deps.Profiles.Update(ctx, c.knows(in.Key), in.ID, profile.Change{Blocked: &in.Body.Blocked, Version: -1})
	return out[ContactDetail]{contactShape(v)}, err
}

// ContactNote is what a colleague noted about a customer.
type ContactNote struct {
	ID     string      `json:"id"`
	Author wire.Author `json:"author"`
	Text   string      `json:"text"`
	At     time.Time   `json:"at"`
}

// ContactNotePage is a page of notes, the newest first.
type ContactNotePage struct {
	Items      []ContactNote `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty"`
}

func (s *Server) contactNote(ctx context.Context, account desk.AccountID, n profile.Note) ContactNote {
	return ContactNote{
		ID: n.ID, Text: n.Text, At: n.At,
		Author: wire.Author{Kind: desk.ByAgent, ID: string(n.AgentID), Name: s.deps.Workspace.AgentName(ctx, account, n.AgentID)},
	}
}

type pagedContact struct {
	ContactAddressed
	Cursor string `query:"cursor" maxLength:"40" pattern:"^[a-z0-9_]*$"`
}

func (s *Server) listContactNotes(ctx context.Context, c caller, in *pagedContact) (out[ContactNotePage], error) {
	notes, next, err := s.deps.Profiles.Notes(ctx, c.knows(""), in.ID, in.Cursor)
	page := ContactNotePage{Items: make([]ContactNote, len(notes)), NextCursor: next}
	for i, n := range notes {
		page.Items[i] = s.contactNote(ctx, c.Account, n)
	}
	return out[ContactNotePage]{page}, err
}

type contactNoteInput struct {
	ContactAddressed
	Keyed
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"40000" example:"喜欢周末送货" doc:"At most 10,000 characters."`
	}
}

func (s *Server) addContactNote(ctx context.Context, c caller, in *contactNoteInput) (out[ContactNote], error) {
	n, err := s.deps.Profiles.AddNote(ctx, c.knows(in.Key), in.ID, in.Body.Text)
	return out[ContactNote]{s.contactNote(ctx, c.Account, n)}, err
}

type contactNoteAddressed struct {
	ContactAddressed
	Keyed
	Note string `path:"note" maxLength:"40"`
}

func (s *Server) deleteContactNote(ctx context.Context, c caller, in *contactNoteAddressed) (noContent, error) {
	return noContent{}, s.deps.Profiles.DeleteNote(ctx, c.knows(in.Key), in.ID, in.Note)
}

// ContactVisit is what a customer did on a page of the site.
type ContactVisit struct {
	Kind    desk.VisitKind    `json:"kind" enum:"page,dwell,custom"`
	URL     string            `json:"url,omitempty"`
	Title   string            `json:"title,omitempty"`
	Name    string            `json:"name,omitempty"`
	Props   map[string]string `json:"props,omitempty"`
	DwellMS int64             `json:"dwell_ms,omitempty"`
	At      time.Time         `json:"at"`
}

// ContactVisitPage is a page of visits, the newest first.
type ContactVisitPage struct {
	Items      []ContactVisit `json:"items"`
	NextCursor string         `json:"next_cursor,omitempty"`
}

func (s *Server) listContactPages(ctx context.Context, c caller, in *pagedContact) (out[ContactVisitPage], error) {
	visits, next, err := s.deps.Profiles.Pages(ctx, c.knows(""), in.ID, in.Cursor)
	page := ContactVisitPage{Items: make([]ContactVisit, len(visits)), NextCursor: next}
	for i, v := range visits {
		page.Items[i] = ContactVisit{Kind: v.Kind, URL: v.URL, Title: v.Title, Name: v.Name, Props: v.Props, DwellMS: v.Dwell.Milliseconds(), At: v.At}
	}
	return out[ContactVisitPage]{page}, err
}

type previewInput struct {
	ContactAddressed
	Keyed
	Body struct {
		OtherID desk.ContactID `json:"other_id" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"Who would become one with the contact in the address."`
	}
}

// MergePreview is what a merge would do.
type MergePreview struct {
	Keep          ContactDetail   `json:"keep"`
	Lose          ContactDetail   `json:"lose"`
	Conflicts     []MergeConflict `json:"conflicts"`
	Verified      bool            `json:"verified" doc:"The site vouches for both as different users; the merge must be forced."`
	Conversations int             `json:"conversations" doc:"How many would move."`
	Identities    int             `json:"identities" doc:"How many would move."`
}

// MergeConflict is something on which two contacts differ.
type MergeConflict struct {
	Field string `json:"field" doc:"name, email, phone, locale or attributes.<name>"`
	Keep  string `json:"keep"`
	Lose  string `json:"lose"`
}

func (s *Server) previewMerge(ctx context.Context, c caller, in *previewInput) (out[MergePreview], error) {
	p, err := s.deps.Profiles.Preview(ctx, c.knows(""), in.ID, in.Body.OtherID)
	shape := MergePreview{
		Keep: contactShape(p.Keep), Lose: contactShape(p.Lose), Conflicts: make([]MergeConflict, len(p.Conflicts)), Verified: p.Verified,
		Conversations: p.Conversations, Identities: p.Identities,
	}
	for i, x := range p.Conflicts {
		shape.Conflicts[i] = MergeConflict(x)
	}
	return out[MergePreview]{shape}, err
}

type mergeInput struct {
	ContactAddressed
	Keyed
	Body struct {
		OtherID desk.ContactID    `json:"other_id" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		Choices map[string]string `json:"choices,omitempty" doc:"keep or lose, by the field of a conflict; keep if nothing is said."`
		Force   bool              `json:"force,omitempty" doc:"Merge two users for whom the site vouches."`
	}
}

// Merged names a merge that was made.
type Merged struct {
	MergeID string        `json:"merge_id"`
	Contact ContactDetail `json:"contact"`
}

func (s *Server) mergeContacts(ctx context.Context, c caller, in *mergeInput) (out[Merged], error) {
	id, err := s.deps.Profiles.Merge(ctx, c.knows(in.Key), profile.MergeOrder{
		Keep: in.ID, Lose: in.Body.OtherID, Choices: in.Body.Choices, Force: in.Body.Force,
	})
	if err != nil {
		return out[Merged]{}, err
	}
	v, err := s.deps.Profiles.Get(ctx, c.knows(""), in.ID)
	return out[Merged]{Merged{id, contactShape(v)}}, err
}

// ContactMerge is a merge that was made.
type ContactMerge struct {
	ID       string         `json:"id"`
	KeepID   desk.ContactID `json:"keep_id"`
	LoseID   desk.ContactID `json:"lose_id"`
	Author   wire.Author    `json:"author"`
	At       time.Time      `json:"at"`
	UndoneAt time.Time      `json:"undone_at,omitzero"`
}

// ContactMerges are the merges of a customer, the newest first.
type ContactMerges struct {
	Items []ContactMerge `json:"items"`
}

func (s *Server) contactMerge(ctx context.Context, account desk.AccountID, m profile.Merge) ContactMerge {
	return ContactMerge{
		ID: m.ID, KeepID: m.Keep, LoseID: m.Lose, At: m.At, UndoneAt: m.UndoneAt,
		Author: wire.Author{Kind: desk.ByAgent, ID: string(m.AgentID), Name: s.deps.Workspace.AgentName(ctx, account, m.AgentID)},
	}
}

func (s *Server) listMerges(ctx context.Context, c caller, in *ContactAddressed) (out[ContactMerges], error) {
	merges, err := s.deps.Profiles.Merges(ctx, c.knows(""), in.ID)
	page := ContactMerges{Items: make([]ContactMerge, len(merges))}
	for i, m := range merges {
		page.Items[i] = s.contactMerge(ctx, c.Account, m)
	}
	return out[ContactMerges]{page}, err
}

type mergeAddressed struct {
	ID string `path:"id" maxLength:"40"`
	Keyed
}

func (s *Server) undoMerge(ctx context.Context, c caller, in *mergeAddressed) (out[ContactMerge], error) {
	m, err := s.deps.Profiles.Undo(ctx, c.knows(in.Key), in.ID)
	return out[ContactMerge]{s.contactMerge(ctx, c.Account, m)}, err
}
