package store

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Contact is a customer as databases keep one: the profile is sealed.
type Contact struct {
	ID        desk.ContactID
	AccountID desk.AccountID
	// Profile is a sealed desk.Profile.
	Profile   desk.Sealed
	Blocked   bool
	CreatedAt time.Time
	SeenAt    time.Time
}

// Identity ties a contact to how a channel names them, with the name hashed
// and sealed.
type Identity struct {
	AccountID desk.AccountID
	Scope     string
	// Hash is the keyed hash of the external id.
	Hash      string
	ContactID desk.ContactID
	InboxID   desk.InboxID
	External  desk.Sealed
	Verified  bool
	CreatedAt time.Time
}

// Contact finds a contact of the account.
func (r Reads) Contact(ctx context.Context, account desk.AccountID, id desk.ContactID) (Contact, error) {
	row, err := r.q.Contact(ctx, query.ContactParams{AccountID: string(account), ID: string(id)})
	if err != nil {
		return Contact{}, r.fail("find contact", "contact", err)
	}
	return contactOf(row), nil
}

// Contacts finds many contacts of the account; unknown ids are left out.
func (r Reads) Contacts(ctx context.Context, account desk.AccountID, ids []desk.ContactID) (map[desk.ContactID]Contact, error) {
	out := make(map[desk.ContactID]Contact, len(ids))
	for chunk := range slices.Chunk(ids, pageChunk) {
		p := query.ContactsByIDParams{AccountID: string(account)}
		fill(chunk,
			&p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8, &p.Id9, &p.Id10,
			&p.Id11, &p.Id12, &p.Id13, &p.Id14, &p.Id15, &p.Id16, &p.Id17, &p.Id18, &p.Id19, &p.Id20,
			&p.Id21, &p.Id22, &p.Id23, &p.Id24, &p.Id25, &p.Id26, &p.Id27, &p.Id28, &p.Id29, &p.Id30,
			&p.Id31, &p.Id32, &p.Id33, &p.Id34, &p.Id35, &p.Id36, &p.Id37, &p.Id38, &p.Id39, &p.Id40,
			&p.Id41, &p.Id42, &p.Id43, &p.Id44, &p.Id45, &p.Id46, &p.Id47, &p.Id48, &p.Id49, &p.Id50,
		)
		rows, err := r.q.ContactsByID(ctx, p)
		if err != nil {
			return nil, r.fail("find contacts", "contact", err)
		}
		for _, row := range rows {
			out[desk.ContactID(row.ID)] = contactOf(row)
		}
	}
	return out, nil
}

// ContactPage walks all contacts of the account by id, from after on.
func (r Reads) ContactPage(ctx context.Context, account desk.AccountID, after desk.ContactID, limit int) ([]Contact, error) {
	rows, err := r.q.ContactPage(ctx, query.ContactPageParams{AccountID: string(account), AfterID: string(after), RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail("list contacts", "contact", err)
	}
	out := make([]Contact, len(rows))
	for i, row := range rows {
		out[i] = contactOf(row)
	}
	return out, nil
}

// ContactByIdentity finds who a channel's name belongs to; NotFound if nobody.
func (r Reads) ContactByIdentity(ctx context.Context, account desk.AccountID, scope, hash string) (desk.ContactID, error) {
	row, err := r.q.Identity(ctx, query.IdentityParams{AccountID: string(account), Scope: scope, Hash: hash})
	if err != nil {
		return "", r.fail("find identity", "identity", err)
	}
	return desk.ContactID(row.ContactID), nil
}

// Identities lists how channels name the contact.
func (r Reads) Identities(ctx context.Context, account desk.AccountID, contact desk.ContactID) ([]Identity, error) {
	rows, err := r.q.Identities(ctx, query.IdentitiesParams{AccountID: string(account), ContactID: string(contact)})
	if err != nil {
		return nil, r.fail("list identities", "identity", err)
	}
	out := make([]Identity, len(rows))
	for i, row := range rows {
		out[i] = Identity{
			AccountID: desk.AccountID(row.AccountID), Scope: row.Scope, Hash: row.Hash,
			ContactID: desk.ContactID(row.ContactID), InboxID: desk.InboxID(row.InboxID),
			External: row.External, Verified: row.Verified, CreatedAt: desk.FromMicros(row.CreatedUs),
		}
	}
	return out, nil
}

func contactOf(row query.Contact) Contact {
	return Contact{
		ID: desk.ContactID(row.ID), AccountID: desk.AccountID(row.AccountID), Profile: row.Profile,
		Blocked: row.Blocked, CreatedAt: desk.FromMicros(row.CreatedUs), SeenAt: desk.FromMicros(row.SeenUs),
	}
}

// InsertContact adds a contact.
func (t *Tx) InsertContact(ctx context.Context, c Contact) error {
	const op = "insert contact"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	return t.fail(op, "contact", t.q.InsertContact(ctx, contactParams(c)))
}

func contactParams(c Contact) query.InsertContactParams {
	return query.InsertContactParams{
		AccountID: string(c.AccountID), ID: string(c.ID), Profile: blob(c.Profile), Blocked: c.Blocked,
		CreatedUs: desk.Micros(c.CreatedAt), SeenUs: desk.Micros(c.SeenAt),
	}
}

// UpdateContact changes profile and block.
func (t *Tx) UpdateContact(ctx context.Context, c Contact) error {
	const op = "update contact"
	if err := t.own(op, c.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateContact(ctx, query.UpdateContactParams{
		AccountID: string(c.AccountID), ID: string(c.ID), Profile: blob(c.Profile), Blocked: c.Blocked,
	})
	return t.changed(op, "contact", n, err)
}

// InsertIdentity ties a channel's name to a contact; Conflict if it is taken.
func (t *Tx) InsertIdentity(ctx context.Context, i Identity) error {
	const op = "insert identity"
	if err := t.own(op, i.AccountID); err != nil {
		return err
	}
	n, err := t.q.InsertIdentity(ctx, query.InsertIdentityParams{
		AccountID: string(i.AccountID), Scope: i.Scope, Hash: i.Hash, ContactID: string(i.ContactID),
		InboxID: string(i.InboxID), External: blob(i.External), Verified: i.Verified, CreatedUs: desk.Micros(i.CreatedAt),
	})
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "this identity belongs to a contact already")
	}
	return t.fail(op, "identity", err)
}

// UpdateIdentity changes whom a channel's name belongs to, its sealed copy and
// whether it is proved.
func (t *Tx) UpdateIdentity(ctx context.Context, i Identity) error {
	const op = "update identity"
	if err := t.own(op, i.AccountID); err != nil {
		return err
	}
	n, err := t.q.UpdateIdentity(ctx, query.UpdateIdentityParams{
		AccountID: string(i.AccountID), Scope: i.Scope, Hash: i.Hash, ContactID: string(i.ContactID),
		External: blob(i.External), Verified: i.Verified,
	})
	return t.changed(op, "identity", n, err)
}
