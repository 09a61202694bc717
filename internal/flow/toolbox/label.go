package toolbox

import (
	"context"
	"slices"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// maxLabels is how many labels an account has at most.
const maxLabels = 500

// Labels lists the account's labels by name.
func (s *Service) Labels(ctx context.Context, account desk.AccountID) ([]desk.Label, error) {
	return s.deps.Store.Labels(ctx, account)
}

// SaveLabel adds a label (ID "") or changes one. Conflict if another has the
// name, whatever its case and width, and if by.Seen is not what it is now.
func (s *Service) SaveLabel(ctx context.Context, by By, l desk.Label) (desk.Label, error) {
	const op = "save label"
	l.AccountID = by.Account
	var err error
	if l.Name, err = line(op, "name", l.Name, 40); err != nil {
		return desk.Label{}, err
	}
	if l.Color == "" {
		l.Color = desk.LabelColors()[0]
	}
	if !slices.Contains(desk.LabelColors(), l.Color) {
		return desk.Label{}, desk.InvalidField(op, "color", "there is no such colour")
	}
	if !utf8.ValidString(l.Description) || utf8.RuneCountInString(l.Description) > 200 {
		return desk.Label{}, desk.InvalidField(op, "description", "the description is at most 200 characters")
	}
	key, created := store.LabelKey(text.Normalize(l.Name)), l.ID == ""
	if created {
		l.ID = desk.LabelID(by.ID("lbl", s.deps.IDs.Other("lbl")))
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return desk.Label{}, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		all, err := tx.Labels(ctx, by.Account)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(o desk.Label) bool { return o.ID == l.ID })
		switch {
		case created && at >= 0: // a repeat
			l = all[at]
			return nil
		case created && len(all) >= maxLabels:
			return desk.E(desk.Limited, op, "there are 500 labels already; delete one first")
		case !created && at < 0:
			return desk.E(desk.NotFound, op, "there is no such label")
		case !created && all[at].Revision() == l.Revision(): // a repeat, or nothing to do
			l = all[at]
			return nil
		case !created:
			if err := by.Seen.Seen(op, all[at].Revision()); err != nil {
				return err
			}
		}
		act := audit.Act{Action: "label.created", Target: labelTarget(l), Details: map[string]any{"color": l.Color}}
		if created {
			l.CreatedAt = tx.Now()
			err = tx.InsertLabel(ctx, l, key)
		} else {
			l.CreatedAt = all[at].CreatedAt
			act.Action, act.Details = "label.changed", audit.Changes(labelFields(all[at]), labelFields(l))
			err = tx.UpdateLabel(ctx, l, key)
		}
		if err == nil {
			err = pen.Write(ctx, tx, act)
		}
		if err != nil {
			return err
		}
		return changed(tx, by, desk.ToolboxLabels)
	})
	return l, taken(err, op, "name", "another label has this name")
}

// DeleteLabel removes a label from the account and from its conversations.
// One that is gone already is fine if the command is a repeat.
func (s *Service) DeleteLabel(ctx context.Context, by By, id desk.LabelID) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	return s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		return once(ctx, tx, by, "delete label:"+string(id), func() error {
			all, err := tx.Labels(ctx, by.Account)
			if err != nil {
				return err
			}
			target := audit.Target{Kind: "label", ID: string(id)}
			if i := slices.IndexFunc(all, func(l desk.Label) bool { return l.ID == id }); i >= 0 {
				target = labelTarget(all[i])
			}
			if err := pen.Write(ctx, tx, audit.Act{Action: "label.deleted", Target: target}); err != nil {
				return err
			}
			if err := tx.DeleteLabel(ctx, by.Account, id); err != nil {
				return err
			}
			return changed(tx, by, desk.ToolboxLabels)
		})
	})
}

func labelTarget(l desk.Label) audit.Target {
	return audit.Target{Kind: "label", ID: string(l.ID), Name: l.Name}
}

func labelFields(l desk.Label) map[string]any {
	return map[string]any{"name": l.Name, "color": l.Color, "description": l.Description}
}

// once runs what a key asks for the first time.
func once(ctx context.Context, tx *store.Tx, by By, verb string, do func() error) error {
	if by.Key == "" {
		return do()
	}
	_, repeated, err := tx.Once(ctx, by.Account, "agent:"+string(by.Agent), verb+":"+by.Key, "")
	if err != nil || repeated {
		return err
	}
	return do()
}
