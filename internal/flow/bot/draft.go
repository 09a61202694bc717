package bot

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Decision is a decision, opened.
type Decision struct {
	store.BotDecision
	Question, Title string
	// Content is the draft's answer; the zero value if it is none.
	Content desk.Content
}

func (s *Service) open(ctx context.Context, keys *seal.AccountKeys, row store.BotDecision) Decision {
	out := Decision{BotDecision: row}
	var body written
	plain, err := keys.Open(decisionPlace(row), row.Body)
	if err == nil {
		err = json.Unmarshal(plain, &body)
	}
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a decision of the bot cannot be opened", "decision_id", row.ID, "error", err)
		return out
	}
	out.Question, out.Title = body.Question, body.Title
	if body.Draft != nil {
		out.Content = *body.Draft
	}
	return out
}

func (s *Service) openAll(ctx context.Context, account desk.AccountID, rows []store.BotDecision) ([]Decision, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Decision, len(rows))
	for i, row := range rows {
		out[i] = s.open(ctx, keys, row)
	}
	return out, nil
}

// Drafts lists the answers that wait for a person to look at, the oldest first.
func (s *Service) Drafts(ctx context.Context, account desk.AccountID) ([]Decision, error) {
	rows, err := s.deps.Store.BotDrafts(ctx, account)
	if err != nil {
		return nil, err
	}
	return s.openAll(ctx, account, rows)
}

// Decisions lists decisions, the newest first, below the id before.
func (s *Service) Decisions(ctx context.Context, account desk.AccountID, f store.BotFilter, before string, limit int) ([]Decision, error) {
	rows, err := s.deps.Store.BotDecisions(ctx, account, f, before, limit)
	if err != nil {
		return nil, err
	}
	return s.openAll(ctx, account, rows)
}

// DecisionsOf lists a conversation's decisions, the newest first.
func (s *Service) DecisionsOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) ([]Decision, error) {
	rows, err := s.deps.Store.BotDecisionsOf(ctx, account, id)
	if err != nil {
		return nil, err
	}
	return s.openAll(ctx, account, rows)
}

// Decision finds one.
func (s *Service) Decision(ctx context.Context, account desk.AccountID, id string) (Decision, error) {
	row, err := s.deps.Store.BotDecision(ctx, account, id)
	if err != nil {
		return Decision{}, err
	}
	all, err := s.openAll(ctx, account, []store.BotDecision{row})
	if err != nil {
		return Decision{}, err
	}
	return all[0], nil
}

// claimFor is how much longer a draft waits whom somebody is working on.
const claimFor = 3 * time.Minute

// ClaimDraft gives a draft to an agent, who then has a little longer. Conflict
// if it does not wait any more or a colleague has it.
func (s *Service) ClaimDraft(ctx context.Context, account desk.AccountID, agent desk.AgentID, id string) (Decision, error) {
	d, err := s.Decision(ctx, account, id)
	if err != nil {
		return Decision{}, err
	}
	now := s.deps.Clock.Now()
	if d.Draft == desk.DraftWaiting && d.DraftAgent == agent && d.DraftUntil.Sub(now) > claimFor/2 {
		return d, nil // claimed a moment ago
	}
	until := now.Add(claimFor)
	if d.DraftUntil.After(until) {
		until = d.DraftUntil // whoever begins to write has no less time
	}
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ClaimBotDraft(ctx, account, id, agent, until); err != nil {
			return err
		}
		c, err := tx.Conversation(ctx, account, d.ConversationID)
		if err != nil {
			return err
		}
		if err := tx.PutTimer(ctx, store.Timer{TimerRef: store.TimerRef{AccountID: account, Kind: timerKind, Subject: string(c.ID)}, Due: until}); err != nil {
			return err
		}
		shard, _ := c.ID.Shard()
		return tx.Emit(desk.Event{
			AccountID: account, Shard: shard, ConversationID: c.ID, ContactID: c.ContactID, Actor: desk.Author{Kind: desk.ByAgent, ID: string(agent)},
			State: c.State(), Fact: desk.BotDrafted{DecisionID: id, State: desk.DraftWaiting, Until: until},
		})
	})
	d.DraftAgent, d.DraftUntil = agent, until
	return d, err
}

// errDraft tells that a draft is not there to be decided on.
var errDraft = desk.E(desk.Conflict, "decide on draft", "this draft does not wait any more, or a colleague has it")

// SendDraft sends a draft in the bot's name, with the text that the agent has
// given it, if any. Conflict if the customer wrote again, or somebody else
// decided.
func (s *Service) SendDraft(ctx context.Context, account desk.AccountID, agent desk.AgentID, id, text string) (Decision, error) {
	d, err := s.waiting(ctx, account, agent, id)
	if err != nil {
		return Decision{}, err
	}
	w, err := s.reopened(ctx, d)
	if err != nil {
		return Decision{}, err
	}
	content := d.Content
	if text = strings.TrimSpace(text); text != "" && text != content.PlainText() {
		content.Parts = append([]desk.Part{{Type: desk.TextPart, Text: text}}, withoutText(content.Parts)...)
	}
	if err := content.Validate(); err != nil {
		return Decision{}, err
	}
	content.DecisionID = d.ID
	v := w.session
	v.Hit, v.DecisionID = d.Hit, d.ID
	v.Tried = remember(v.Tried, d.Title)
	return s.settleDraft(ctx, w, d, desk.DraftSent, agent, v, Turn{Says: []desk.Content{content}})
}

func withoutText(parts []desk.Part) (out []desk.Part) {
	for _, p := range parts {
		if p.Type != desk.TextPart {
			out = append(out, p)
		}
	}
	return out
}

// RefuseDraft hands the conversation over: the answer was not right.
func (s *Service) RefuseDraft(ctx context.Context, account desk.AccountID, agent desk.AgentID, id string) (Decision, error) {
	d, err := s.waiting(ctx, account, agent, id)
	if err != nil {
		return Decision{}, err
	}
	w, err := s.reopened(ctx, d)
	if err != nil {
		return Decision{}, err
	}
	note := w.note(ReviewRefused, w.session, w.session.Mood.Level, d.Hit)
	v := w.session
	v.Flow, v.Slots, v.Tried, v.Said = nil, nil, nil, nil
	return s.settleDraft(ctx, w, d, desk.DraftRefused, agent, v, Turn{
		HandOver: true, Team: w.set.of(d.Topic).Team, Note: note, Late: true,
		Says: []desk.Content{desk.TextContent(w.set.handOverText(d.Locale, ReviewRefused))},
	})
}

func (s *Service) waiting(ctx context.Context, account desk.AccountID, agent desk.AgentID, id string) (Decision, error) {
	d, err := s.Decision(ctx, account, id)
	if err == nil && (d.Draft != desk.DraftWaiting || d.DraftAgent != "" && d.DraftAgent != agent) {
		err = errDraft
	}
	return d, err
}

// reopened is the turn that a draft belongs to.
func (s *Service) reopened(ctx context.Context, d Decision) (*work, error) {
	w := &work{s: s, ctx: ctx, turn: turn{account: d.AccountID, id: d.ConversationID, inbox: d.InboxID}, read: d.ReadSeq, started: s.deps.Clock.Now()}
	w.set, _ = s.deps.Book.of(d.AccountID)
	w.question.locale = d.Locale
	var err error
	if w.keys, err = s.deps.Keys.Account(ctx, d.AccountID); err != nil {
		return nil, err
	}
	w.session, err = s.session(ctx, w.keys, d.AccountID, d.ConversationID)
	w.read = max(w.read, w.session.readSeq)
	return w, err
}

func (s *Service) settleDraft(ctx context.Context, w *work, d Decision, to desk.DraftState, agent desk.AgentID, v session, t Turn) (Decision, error) {
	t.Account, t.Conversation, t.Key, t.Read = d.AccountID, d.ConversationID, "draft:"+d.ID, w.read
	t.Facts = []desk.Fact{desk.BotDrafted{DecisionID: d.ID, State: to}}
	var sealErr error
	t.Keep = func(after desk.Conversation, said []desk.MessageID, now time.Time) []store.Extra {
		if len(said) > 0 {
			d.MessageID = said[len(said)-1]
		}
		session, err := v.keep(w.keys, d.AccountID, d.ConversationID, after.Seq, now)
		if err != nil {
			sealErr = err
			return nil
		}
		return []store.Extra{store.FinishBotDraft(d.BotDecision, to, agent, d.MessageID), session}
	}
	_, _, err := s.deps.Talks.TakeTurn(ctx, t)
	d.Draft, d.DraftAgent = to, agent
	return d, errors.Join(err, sealErr)
}
