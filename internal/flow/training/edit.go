package training

import (
	"context"
	"slices"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Intents lists the account's intents: the built-in ones, then its own by name.
// The answer is shared and must not be changed.
func (s *Service) Intents(ctx context.Context, account desk.AccountID) ([]Intent, error) {
	snap, err := s.snapshot(ctx, s.deps.Store.Reads, account)
	if err != nil {
		return nil, err
	}
	return snap.list, nil
}

// Intent finds one by its id.
func (s *Service) Intent(ctx context.Context, account desk.AccountID, id string) (Intent, error) {
	all, err := s.Intents(ctx, account)
	if err != nil {
		return Intent{}, err
	}
	return find(all, "find intent", id)
}

func find(all []Intent, op, id string) (Intent, error) {
	at := slices.IndexFunc(all, func(i Intent) bool { return i.ID == id })
	if at < 0 {
		return Intent{}, desk.E(desk.NotFound, op, "there is no such intent")
	}
	return all[at], nil
}

// SaveIntent adds an intent (ID "") or changes one. Conflict if another has the
// name, or if it was changed since its Version was read.
func (s *Service) SaveIntent(ctx context.Context, by desk.By, i Intent) (Intent, error) {
	const op = "save intent"
	created := i.ID == ""
	if created {
		i.ID = by.ID("int", s.deps.IDs.Other("int"))
	}
	saved := i
	err := s.write(ctx, by, op, func(w *writing) (unit, error) {
		saved = i
		before, err := find(w.list, op, i.ID)
		switch {
		case err == nil && created: // a repeat
			saved = before
			return nil, nil
		case err != nil && !created:
			return nil, err
		case err == nil && before.Version != i.Version:
			return nil, desk.E(desk.Conflict, op, "this intent was changed by somebody else; load it again")
		}
		if saved.Builtin = before.Builtin; saved.Builtin {
			saved.Name = before.Name
		}
		if err := clean(op, &saved); err != nil {
			return nil, err
		}
		if err := w.free(op, saved); err != nil {
			return nil, err
		}
		return func(ctx context.Context, tx *store.Tx) (err error) {
			saved, err = w.put(ctx, tx, before, saved)
			return err
		}, nil
	})
	if err != nil {
		return Intent{}, err
	}
	return saved, nil
}

// AddExamples adds examples to an intent and answers how many were new.
func (s *Service) AddExamples(ctx context.Context, by desk.By, id string, examples []string) (added int, err error) {
	const op = "add examples"
	err = s.write(ctx, by, op, func(w *writing) (unit, error) {
		before, err := find(w.list, op, id)
		if err != nil {
			return nil, err
		}
		after := before
		after.Examples = append(slices.Clone(before.Examples), examples...)
		if err := clean(op, &after); err != nil {
			return nil, err
		}
		if added = len(after.Examples) - len(before.Examples); added <= 0 {
			return nil, nil
		}
		return func(ctx context.Context, tx *store.Tx) error {
			return once(ctx, tx, by, op+":"+id, func() error {
				_, err := w.put(ctx, tx, before, after)
				return err
			})
		}, nil
	})
	return added, err
}

// DeleteIntent removes an intent; a built-in one becomes what it was shipped as.
func (s *Service) DeleteIntent(ctx context.Context, by desk.By, id string) error {
	const op = "delete intent"
	return s.write(ctx, by, op, func(w *writing) (unit, error) {
		i, missing := find(w.list, op, id)
		if missing == nil && i.Version == 0 {
			return nil, nil // as it was shipped
		}
		return func(ctx context.Context, tx *store.Tx) error {
			return once(ctx, tx, by, op+":"+id, func() error {
				if missing != nil {
					return missing
				}
				if err := tx.DeleteIntent(ctx, by.Account, id); err != nil {
					return err
				}
				action := "intent.deleted"
				if i.Builtin {
					action = "intent.restored"
				}
				w.changes++
				return w.pen.Write(ctx, tx, audit.Act{
					Action: action, Target: audit.Target{Kind: "intent", ID: id, Name: i.Title}, Details: map[string]any{"examples": len(i.Examples)},
				})
			})
		}, nil
	})
}

// unit is what is to be written; nil is nothing.
type unit func(context.Context, *store.Tx) error

// writing is a change of an account's intents.
type writing struct {
	by   desk.By
	pen  audit.Pen
	keys *seal.AccountKeys
	// list is what there was before.
	list    []Intent
	changes int
	// own and letters are how much there is, with what is added.
	own, letters int
}

// free refuses a name that another intent has.
func (w *writing) free(op string, i Intent) error {
	if slices.ContainsFunc(w.list, func(o Intent) bool { return o.Name == i.Name && o.ID != i.ID }) {
		return &desk.Error{Kind: desk.Conflict, Op: op, Field: "name", Msg: "another intent has this name"}
	}
	return nil
}

// writeAttempts is how often a change is made anew because another came between.
const writeAttempts = 20

// write changes intents. What takes long is done in plan, before the
// transaction; if the intents are others by then, the change is planned anew.
// A change is counted and told, and asks for a training, in the same transaction.
func (s *Service) write(ctx context.Context, by desk.By, op string, plan func(*writing) (unit, error)) error {
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return err
	}
	for range writeAttempts {
		snap, err := s.snapshot(ctx, s.deps.Store.Reads, by.Account)
		if err != nil {
			return err
		}
		w := &writing{by: by, pen: pen, keys: keys, list: snap.list, own: snap.own, letters: snap.letters}
		do, err := plan(w)
		if err != nil || do == nil {
			return err
		}
		again := false
		err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
			w.changes, again = 0, false
			now, err := tx.Training(ctx, by.Account)
			if err != nil {
				return err
			}
			if again = now.Revision != snap.revision; again {
				return nil
			}
			return s.commit(ctx, tx, w, op, do)
		})
		if err != nil {
			return err
		}
		if !again {
			if w.changes > 0 {
				s.shelf.stale(by.Account)
				s.rouse()
			}
			return nil
		}
	}
	return desk.E(desk.Conflict, op, "others are changing the intents at this moment; try again")
}

func (s *Service) commit(ctx context.Context, tx *store.Tx, w *writing, op string, do unit) error {
	if err := do(ctx, tx); err != nil || w.changes == 0 {
		return err
	}
	switch {
	case w.own > MaxIntents:
		return desk.E(desk.Limited, op, "there are 5,000 intents already; delete one first")
	case w.letters > maxAccountLetters:
		return desk.E(desk.Limited, op, "the examples together are longer than 20 million characters")
	}
	if _, err := tx.TouchTraining(ctx, w.by.Account, 1, 0); err != nil {
		return err
	}
	if err := s.queue(ctx, tx, w.by, OriginChange, "", s.config.Debounce); err != nil {
		return err
	}
	return changed(tx, w.by, desk.BotIntents, "")
}

// put writes an intent in the place of before, which has no id if it is new.
func (w *writing) put(ctx context.Context, tx *store.Tx, before, after Intent) (Intent, error) {
	body, err := sealed(w.keys, IntentPlace(after.ID), content{Title: after.Title, Examples: after.Examples, Actions: after.Actions})
	if err != nil {
		return after, err
	}
	after.Version, after.UpdatedAt = before.Version+1, tx.Now()
	row := store.Intent{
		ID: after.ID, AccountID: w.by.Account, Name: after.Name, Topic: after.Topic, Enabled: after.Enabled, Content: body, Version: after.Version,
		CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	act := audit.Act{Action: "intent.changed", Target: audit.Target{Kind: "intent", ID: after.ID, Name: after.Title}}
	if before.Version == 0 {
		err = tx.InsertIntent(ctx, row)
	} else {
		err = tx.UpdateIntent(ctx, row, before.Version)
	}
	if err != nil {
		return after, err
	}
	if before.ID == "" {
		act.Action, act.Details = "intent.created", map[string]any{"examples": len(after.Examples)}
		w.own++
	} else {
		act.Details = audit.Changes(auditFields(before), auditFields(after))
	}
	w.changes++
	w.letters += letters(after) - letters(before)
	return after, w.pen.Write(ctx, tx, act)
}

func letters(i Intent) (n int) {
	for _, e := range i.Examples {
		n += utf8.RuneCountInString(e)
	}
	return n
}

// auditFields are what the record of acts keeps of an intent.
func auditFields(i Intent) map[string]any {
	return map[string]any{
		"name": i.Name, "title": i.Title, "topic": i.Topic, "enabled": i.Enabled, "examples": len(i.Examples), "actions": string(i.Actions),
	}
}

// Clash is an example that stands under more than one intent.
type Clash struct {
	Text string
	// Intents are the names, in alphabetical order.
	Intents []string
}

// Clashes finds the examples that stand under more than one intent that is enabled.
func Clashes(all []Intent) (out []Clash) {
	type stand struct {
		text  string
		names []string
	}
	seen := make(map[string]*stand)
	var order []string
	for _, i := range all {
		if !i.Enabled {
			continue
		}
		for _, e := range i.Examples {
			key := text.Normalize(e)
			at := seen[key]
			if at == nil {
				at = &stand{text: e}
				seen[key] = at
				order = append(order, key)
			}
			if !slices.Contains(at.names, i.Name) {
				at.names = append(at.names, i.Name)
			}
		}
	}
	for _, key := range order {
		if at := seen[key]; len(at.names) > 1 {
			slices.Sort(at.names)
			out = append(out, Clash{at.text, at.names})
		}
	}
	return out
}
