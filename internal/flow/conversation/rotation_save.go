package conversation

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Save replaces values that are still what they were, with the progress.
func (w *walker) Save(ctx context.Context, account desk.AccountID, changes []seal.Change, p seal.Progress) error {
	cursor, err := json.Marshal(p)
	if err != nil {
		return desk.Wrap(desk.Internal, "save rotation progress", err)
	}
	job := store.Job{
		ID: w.jobID(account), AccountID: account, Kind: rotationJob, Cursor: string(cursor),
		Done: p.Done, Total: p.Total, State: store.JobRunning,
	}
	if p.Finished {
		job.State = store.JobDone
	}
	// Conversations change only through commands. A preview replaced without
	// the progress is found done when the step is repeated.
	for _, c := range changes {
		if c.Place.Table == "conversation" {
			if err := w.replacePreview(ctx, account, c); err != nil {
				return err
			}
		}
	}
	return w.store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		for _, c := range changes {
			if err := replace(ctx, tx, account, c); err != nil && !errors.Is(err, desk.NotFound) {
				return err
			}
		}
		return tx.SaveJob(ctx, job)
	})
}

// replacePreview changes nothing but the preview's key, and tells nobody: the
// version stays, so that no command on what is shown conflicts.
func (w *walker) replacePreview(ctx context.Context, account desk.AccountID, c seal.Change) error {
	_, err := w.store.Do(ctx, store.Command{
		Account: account, Target: store.Target{Conversation: desk.ConversationID(c.Place.Row)},
		Decide: func(sit store.Situation) (store.Effects, error) {
			if !bytes.Equal(sit.Conversation.Preview, c.Old) {
				return store.Effects{}, nil
			}
			after := sit.Conversation
			after.Preview = c.New
			return store.Effects{Conversation: after, Actor: desk.Author{Kind: desk.BySystem}}, nil
		},
	})
	return err
}

// replace puts the newly sealed value where the old one still stands.
func replace(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	same := func(now desk.Sealed) bool { return bytes.Equal(now, c.Old) }
	row := c.Place.Row
	switch c.Place.Table {
	case "agent":
		a, err := tx.Agent(ctx, account, desk.AgentID(row))
		if err != nil || !same(a.Profile) {
			return err
		}
		a.Profile = c.New
		return tx.PutAgent(ctx, a)
	case "inbox":
		in, err := tx.Inbox(ctx, account, desk.InboxID(row))
		if err != nil || !same(in.Secrets) {
			return err
		}
		in.Secrets = c.New
		return tx.PutInbox(ctx, in)
	case "contact":
		contact, err := tx.Contact(ctx, account, desk.ContactID(row))
		if err != nil || !same(contact.Profile) {
			return err
		}
		contact.Profile = c.New
		return tx.UpdateContact(ctx, contact)
	case "identity":
		return replaceIdentity(ctx, tx, account, c)
	case "attachment":
		a, err := tx.Attachment(ctx, account, desk.AttachmentID(row))
		if err != nil || !same(a.Meta) {
			return err
		}
		return tx.UpdateAttachmentMeta(ctx, account, a.ID, c.New)
	case "callback", "robot":
		return replaceQueue(ctx, tx, account, c)
	case "mail":
		return tx.UpdateMailBody(ctx, account, row, c.New) // written once and never changed
	case "contact_note":
		n, err := tx.ContactNote(ctx, account, row)
		if err != nil || !same(n.Body) {
			return err
		}
		n.Body = c.New
		return tx.UpdateContactNote(ctx, n)
	case "page_visit":
		return tx.UpdatePageVisit(ctx, account, row, c.New) // written once and never changed
	case "contact_merge":
		m, err := tx.ContactMerge(ctx, account, row)
		if err != nil || !same(m.Moved) {
			return err
		}
		m.Moved = c.New
		return tx.UpdateContactMerge(ctx, m)
	case "conversation":
		return nil // done before
	case "canned_reply", "draft", "scheduled_message":
		return replaceOfToolbox(ctx, tx, account, c)
	case "knowledge_item", "knowledge_version", "knowledge_part":
		return replaceOfKnowledge(ctx, tx, account, c)
	case "bot_session", "bot_decision":
		return replaceOfBot(ctx, tx, account, c)
	case "intent", "intent_model":
		return replaceOfTraining(ctx, tx, account, c)
	case "review_proposal":
		return replaceOfReview(ctx, tx, account, c)
	case "scenario", "scenario_version", "scenario_secret":
		return replaceOfScenario(ctx, tx, account, c)
	case "session", "invitation", "second_factor", "audit":
		return replaceOfPeople(ctx, tx, account, c)
	case "rating":
		r, err := tx.Rating(ctx, account, desk.ConversationID(row))
		if err != nil || !same(r.Comment) {
			return err
		}
		r.Comment = c.New
		return tx.PutRating(ctx, r)
	default:
		m, err := tx.Message(ctx, account, desk.MessageID(row))
		if err != nil || !same(m.Body) {
			return err
		}
		return tx.UpdateMessageBody(ctx, account, m.ID, c.New)
	}
}

func replaceIdentity(ctx context.Context, tx *store.Tx, account desk.AccountID, c seal.Change) error {
	identities, err := tx.Identities(ctx, account, desk.ContactID(c.Place.Owner))
	for _, i := range identities {
		if i.Scope+":"+i.Hash == c.Place.Row && bytes.Equal(i.External, c.Old) {
			i.External = c.New
			return tx.UpdateIdentity(ctx, i)
		}
	}
	return err
}
