package conversation

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// maxLabelChange is how many labels one command adds or removes.
const maxLabelChange = 50

// Label puts labels on the conversation and takes others off. Labels that the
// account does not have are Invalid.
func (s *Service) Label(ctx context.Context, o Order, add, remove []desk.LabelID) (desk.Conversation, error) {
	const verb = "label"
	if err := o.check(verb); err != nil {
		return desk.Conversation{}, err
	}
	if len(add) > maxLabelChange || len(remove) > maxLabelChange {
		return desk.Conversation{}, desk.InvalidField(verb, "add", "at most 50 labels are changed at once")
	}
	account := o.Actor.Account
	if _, err := s.deps.Store.Conversation(ctx, account, o.ConversationID); err != nil {
		return desk.Conversation{}, err
	}
	if len(add) > 0 {
		known, err := s.deps.Store.Labels(ctx, account)
		if err != nil {
			return desk.Conversation{}, err
		}
		for _, id := range add {
			if !slices.ContainsFunc(known, func(l desk.Label) bool { return l.ID == id }) {
				return desk.Conversation{}, desk.InvalidField(verb, "add", "there is no such label")
			}
		}
	}
	out, err := s.onWhatIs(ctx, account, o.ConversationID, func(c desk.Conversation) (store.Command, error) {
		labels, err := s.deps.Store.LabelsOf(ctx, account, []desk.ConversationID{c.ID})
		if err != nil {
			return store.Command{}, err
		}
		return o.command(verb, func(sit store.Situation) (store.Effects, error) {
			if err := sit.Conversation.ExpectVersion(o.ExpectVersion); err != nil {
				return store.Effects{}, err
			}
			tr, err := sit.Conversation.Label(labels[c.ID], add, remove, sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			e := effects(sit.Conversation, tr, o.Actor.author())
			for _, f := range tr.Facts {
				if f, ok := f.(desk.ConversationLabelled); ok {
					for _, id := range f.Added {
						e.Extras = append(e.Extras, store.AddLabel(account, c.ID, id))
					}
					for _, id := range f.Removed {
						e.Extras = append(e.Extras, store.RemoveLabel(account, c.ID, id))
					}
				}
			}
			return e, nil
		}), nil
	})
	if err != nil {
		return desk.Conversation{}, err
	}
	return s.after(ctx, account, o.ConversationID, out)
}
