package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Ground is what preloading works with, before the server starts.
type Ground struct {
	Store     *store.Store
	Keys      *seal.Keyring
	IDs       *desk.IDs
	Workspace *workspace.Service
}

// Plan says what to preload.
type Plan struct {
	Accounts, Agents int
	// Stored is how many messages lie in the database already, in conversations
	// of PerConversation messages.
	Stored, PerConversation int
}

// Company is an account that was preloaded.
type Company struct {
	Account desk.AccountID
	Key     string   // its inbox's channel key
	Emails  []string // its agents
}

// Password is what all preloaded agents log in with.
const Password = "correct horse battery"

// Seed fills an empty database according to the plan.
func Seed(ctx context.Context, g Ground, p Plan, progress func(done, total int)) ([]Company, error) {
	companies := make([]Company, p.Accounts)
	for i := range companies {
		account, err := g.Workspace.CreateAccount(ctx, fmt.Sprintf("公司 %d", i), desk.Chinese)
		if err != nil {
			return nil, err
		}
		inbox, err := g.Workspace.CreateInbox(ctx, account.ID, workspace.NewInbox{
			Channel: "webchat", Name: "网页", Key: fmt.Sprintf("chk_bench%04d", i),
		})
		if err != nil {
			return nil, err
		}
		companies[i] = Company{Account: account.ID, Key: inbox.Key}
	}
	for i := range p.Agents {
		c := &companies[i%p.Accounts]
		email := fmt.Sprintf("agent%d@bench.example", i)
		role := desk.Answerer
		if i < p.Accounts {
			role = desk.Administrator
		}
		_, err := g.Workspace.CreateAgent(ctx, c.Account, workspace.NewAgent{
			Name: fmt.Sprintf("客服 %d", i), Email: email, Password: Password, Role: role,
		})
		if err != nil {
			return nil, err
		}
		c.Emails = append(c.Emails, email)
	}
	if p.Stored == 0 {
		return companies, nil
	}
	return companies, preload(ctx, g, p, companies, progress)
}

// preload writes conversations of many messages, each in one unit, and indexes
// them as the indexer would.
func preload(ctx context.Context, g Ground, p Plan, companies []Company, progress func(done, total int)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	total := p.Stored / p.PerConversation
	for i := range total {
		group.Go(func() error { return preloadOne(ctx, g, companies[i%len(companies)], i, p.PerConversation) })
		if progress != nil && i%500 == 0 {
			progress(i*p.PerConversation, p.Stored)
		}
	}
	return group.Wait()
}

func preloadOne(ctx context.Context, g Ground, c Company, n, messages int) error {
	keys, err := g.Keys.Account(ctx, c.Account)
	if err != nil {
		return err
	}
	inboxes, err := g.Store.Inboxes(ctx, c.Account)
	if err != nil {
		return err
	}
	inbox := inboxes[0].ID
	hash := keys.Hash("identity", fmt.Sprintf("user:preload%d", n))
	conversation := g.IDs.Conversation()
	var docs []store.IndexDoc
	command := store.Command{
		Account: c.Account, Scope: "preload", Key: fmt.Sprint(n),
		Target: store.Target{Identity: &store.IdentityClaim{
			Scope: "user", Hash: hash, Inbox: inbox, Verified: true,
			Sealed: func(id desk.ContactID) desk.Sealed {
				return keys.Seal(seal.Place{Owner: string(id), Table: "identity", Row: "user:" + hash, Column: "external"}, fmt.Appendf(nil, "preload%d", n))
			},
			NewContact: g.IDs.Contact(), NewConversation: conversation,
		}},
		Decide: func(s store.Situation) (store.Effects, error) {
			docs = docs[:0]
			tr := desk.OpenConversation(conversation, c.Account, s.ContactID, inbox, "", false, s.Now)
			return g.fill(s, keys, tr.Conversation, n, messages, &docs)
		},
	}
	if _, err := g.Store.Do(ctx, command); err != nil {
		return err
	}
	return g.Store.Index().Put(ctx, docs)
}

// fill writes the whole conversation at once, without events: as if the log
// had been trimmed since.
func (g Ground) fill(s store.Situation, keys *seal.AccountKeys, state desk.Conversation, n, messages int, docs *[]store.IndexDoc) (store.Effects, error) {
	id, owner, shard := string(s.ContactID), string(state.ID), s.Shard
	profile, err := json.Marshal(desk.Profile{Name: fmt.Sprintf("顾客 %d", n)})
	if err != nil {
		return store.Effects{}, fmt.Errorf("encode profile: %w", err)
	}
	e := store.Effects{
		Contact: &store.Contact{
			ID: s.ContactID, AccountID: state.AccountID, CreatedAt: s.Now, SeenAt: s.Now,
			Profile: keys.Seal(seal.Place{Owner: id, Table: "contact", Row: id, Column: "profile"}, profile),
		},
		Actor: desk.Author{Kind: desk.ByVisitor, ID: id},
	}
	for i := range messages {
		said := Text(n*messages + i)
		content, err := json.Marshal(desk.TextContent(said))
		if err != nil {
			return store.Effects{}, fmt.Errorf("encode content: %w", err)
		}
		message := g.IDs.Message(shard)
		stored := desk.StoredMessage{
			MessageHead: desk.MessageHead{ID: message, InboxID: state.InboxID, Author: e.Actor, Visibility: desk.Public},
			Body:        keys.Seal(seal.Place{Owner: owner, Table: "message", Row: string(message), Column: "body"}, content),
		}
		preview := keys.Seal(seal.Place{Owner: owner, Table: "conversation", Row: owner, Column: "preview"}, []byte(firstRunes(said, 120)))
		step, written := state.Add(stored, preview, desk.Sent, s.Now.Add(time.Duration(i)*time.Microsecond))
		state = step.Conversation
		e.Messages = append(e.Messages, written)
		*docs = append(*docs, store.IndexDoc{
			Account: state.AccountID, Message: message, Conversation: state.ID, At: written.At,
			Tokens: keys.Tokens(text.IndexTokens(said)),
		})
	}
	e.Conversation = state
	return e, nil
}

func firstRunes(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}
