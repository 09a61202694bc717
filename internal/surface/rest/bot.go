package rest

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// BotSettings are how the bot is set.
type BotSettings struct {
	bot.Settings
	Seen
}

func botSettingsShape(set bot.Settings) BotSettings { return BotSettings{set, seenOf(set)} }

func (s *Server) getBotSettings(ctx context.Context, c caller, _ *nothing) (out[BotSettings], error) {
	set, err := s.deps.Bot.Settings(ctx, c.Account)
	return out[BotSettings]{botSettingsShape(set)}, err
}

type botSettingsInput struct {
	Keyed
	Body BotSettings
}

func (s *Server) setBotSettings(ctx context.Context, c caller, in *botSettingsInput) (out[BotSettings], error) {
	set, err := s.deps.Bot.SetSettings(ctx, c.Account, c.Agent, in.Body.Settings, in.Body.Revision)
	return out[BotSettings]{botSettingsShape(set)}, err
}

// BotHealth is how the bot copes on this node.
type BotHealth struct {
	Effort    string    `json:"effort" enum:"full,no_network,plain_search" doc:"What it gives up under load."`
	Waiting   int       `json:"waiting" doc:"Conversations that wait for its turn."`
	Queued    int       `json:"queued" doc:"Of those, how many wait for a worker."`
	SlowestMS float64   `json:"slowest_ms" doc:"The slowest of the newest turns."`
	Since     time.Time `json:"since,omitzero" doc:"When the effort last changed."`
	Switches  int       `json:"switches" doc:"How often it changed since the start."`
	Knowledge bool      `json:"knowledge"`
	Intents   bool      `json:"intents"`
}

func (s *Server) getBotHealth(_ context.Context, _ caller, _ *nothing) (out[BotHealth], error) {
	return out[BotHealth]{s.botHealth()}, nil
}

func (s *Server) botHealth() BotHealth {
	h := s.deps.Bot.Health()
	shape := BotHealth{
		Effort: [...]string{"full", "no_network", "plain_search"}[h.Effort], Waiting: h.Waiting, Queued: h.Queued,
		SlowestMS: float64(h.Slowest.Microseconds()) / 1000, Switches: h.Switches, Knowledge: h.Knowledge, Intents: h.Mind,
	}
	if !h.Since.IsZero() {
		shape.Since = h.Since.UTC()
	}
	return shape
}

// BotDecision is one time the bot decided what to do about a question.
type BotDecision struct {
	ID             string              `json:"id"`
	ConversationID desk.ConversationID `json:"conversation_id"`
	At             time.Time           `json:"at"`
	Kind           bot.Kind            `json:"kind" enum:"answer,review,ask_back,flow,smalltalk,hand_over"`
	Reason         string              `json:"reason"`
	Topic          string              `json:"topic,omitempty"`
	Hit            string              `json:"hit,omitempty" doc:"The knowledge, intent or flow that it rests on."`
	Title          string              `json:"title,omitempty"`
	Question       string              `json:"question" doc:"What was read, several messages as one."`
	Confidence     float64             `json:"confidence"`
	MessageID      desk.MessageID      `json:"message_id,omitempty"`
	Outcome        string              `json:"outcome,omitempty" enum:",resolved,handed_over,taken_over"`
	Thumb          *wire.Thumb         `json:"thumb,omitempty"`
	Draft          desk.DraftState     `json:"draft,omitempty" enum:",waiting,sent,refused,expired,overtaken"`
	DraftUntil     time.Time           `json:"draft_until,omitzero"`
	DraftAgent     desk.AgentID        `json:"draft_agent_id,omitempty"`
	Parts          []desk.Part         `json:"parts,omitempty" doc:"What a draft says."`
	Sources        []desk.Source       `json:"sources,omitempty"`
	Checked        int                 `json:"checked,omitempty" doc:"1: a colleague found it right, -1: wrong."`
	Corrected      string              `json:"corrected,omitempty" doc:"The knowledge that was made of its correction."`
	Detail         json.RawMessage     `json:"detail,omitempty" doc:"Versions, scores and thresholds."`
}

func botDecisionShape(d bot.Decision) BotDecision {
	v := BotDecision{
		ID: d.ID, ConversationID: d.ConversationID, At: d.At.UTC(), Kind: bot.Kind(d.Kind), Reason: d.Reason, Topic: d.Topic, Hit: d.Hit,
		Title: d.Title, Question: d.Question, Confidence: d.Confidence, MessageID: d.MessageID, Outcome: d.Outcome, Draft: d.Draft,
		DraftAgent: d.DraftAgent, Parts: d.Content.Parts, Sources: d.Content.Sources, Checked: d.Checked, Corrected: d.Corrected,
	}
	if d.Draft != "" {
		v.DraftUntil = d.DraftUntil.UTC()
	}
	if d.Thumb != 0 {
		v.Thumb = &wire.Thumb{Helpful: d.Thumb > 0, Reason: d.ThumbReason}
	}
	if json.Valid([]byte(d.Detail)) {
		v.Detail = json.RawMessage(d.Detail)
	}
	return v
}

// listBotDrafts leaves out what the caller may not see; a few are looked up.
func (s *Server) listBotDrafts(ctx context.Context, c caller, _ *nothing) (out[Items[BotDecision]], error) {
	drafts, err := s.deps.Bot.Drafts(ctx, c.Account)
	if err != nil {
		return out[Items[BotDecision]]{}, err
	}
	return itemsOf(s.inSight(ctx, c, drafts), botDecisionShape), nil
}

// inSight leaves out what the caller may not see. Only those who do not see
// everything cost a look at each conversation.
func (s *Server) inSight(ctx context.Context, c caller, all []bot.Decision) []bot.Decision {
	if c.Sight.Everything() {
		return all
	}
	var seen []bot.Decision
	for _, d := range all {
		if s.mine(ctx, c, d.ConversationID) == nil {
			seen = append(seen, d)
		}
	}
	return seen
}

// decisionSeen refuses a decision that the caller may not see.
func (s *Server) decisionSeen(ctx context.Context, c caller, id string) error {
	d, err := s.deps.Bot.Decision(ctx, c.Account, id)
	if err == nil {
		err = s.mine(ctx, c, d.ConversationID)
	}
	return err
}

func (s *Server) claimBotDraft(ctx context.Context, c caller, in *namedInput) (out[BotDecision], error) {
	if err := s.decisionSeen(ctx, c, in.ID); err != nil {
		return out[BotDecision]{}, err
	}
	d, err := s.deps.Bot.ClaimDraft(ctx, c.Account, c.Agent, in.ID)
	return out[BotDecision]{botDecisionShape(d)}, err
}

type sendDraftInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Text string `json:"text,omitempty" maxLength:"40000" example:"一般两天送到。" doc:"Instead of the draft's text; at most 10,000 characters."`
	}
}

func (s *Server) sendBotDraft(ctx context.Context, c caller, in *sendDraftInput) (out[BotDecision], error) {
	if err := s.decisionSeen(ctx, c, in.ID); err != nil {
		return out[BotDecision]{}, err
	}
	d, err := s.deps.Bot.SendDraft(ctx, c.Account, c.Agent, in.ID, in.Body.Text)
	return out[BotDecision]{botDecisionShape(d)}, err
}

func (s *Server) refuseBotDraft(ctx context.Context, c caller, in *namedInput) (out[BotDecision], error) {
	if err := s.decisionSeen(ctx, c, in.ID); err != nil {
		return out[BotDecision]{}, err
	}
	d, err := s.deps.Bot.RefuseDraft(ctx, c.Account, c.Agent, in.ID)
	return out[BotDecision]{botDecisionShape(d)}, err
}

func (s *Server) getBotOfConversation(ctx context.Context, c caller, in *Addressed) (out[Items[BotDecision]], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[Items[BotDecision]]{}, err
	}
	all, err := s.deps.Bot.DecisionsOf(ctx, c.Account, in.ID)
	return itemsOf(all, botDecisionShape), err
}

type suggestInput struct {
	Addressed
	Text string `query:"text" maxLength:"8000" doc:"What the customer is writing; without it the newest messages count."`
}

// SuggestedReply is a reply that may fit.
type SuggestedReply struct {
	ID         string      `json:"id"`
	Title      string      `json:"title"`
	Topic      string      `json:"topic,omitempty"`
	Confidence float64     `json:"confidence"`
	Parts      []desk.Part `json:"parts"`
	Source     desk.Source `json:"source"`
}

func (s *Server) suggestReplies(ctx context.Context, c caller, in *suggestInput) (out[Items[SuggestedReply]], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[Items[SuggestedReply]]{}, err
	}
	all, err := s.deps.Bot.Suggest(ctx, c.Account, in.ID, in.Text)
	return itemsOf(all, func(v bot.Suggestion) SuggestedReply {
		return SuggestedReply{ID: v.ID, Title: v.Title, Topic: v.Topic, Confidence: v.Confidence, Parts: v.Answer.Parts, Source: v.Source}
	}), err
}

type usedInput struct {
	Addressed
	Keyed
	Body struct {
		Shown    int64 `json:"shown,omitempty" minimum:"0" maximum:"10"`
		Inserted int64 `json:"inserted,omitempty" minimum:"0" maximum:"1" doc:"Inserted, and sent as it was."`
		Edited   int64 `json:"edited,omitempty" minimum:"0" maximum:"1" doc:"Inserted, and sent with another text."`
		Ignored  int64 `json:"ignored,omitempty" minimum:"0" maximum:"1" doc:"Something else was sent."`
	}
}

func (s *Server) countSuggestions(ctx context.Context, c caller, in *usedInput) (noContent, error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Bot.Used(ctx, c.Account, c.Agent, store.Copilot(in.Body))
}

func (s *Server) giveToBot(ctx context.Context, c caller, in *orderInput) (out[wire.Conversation], error) {
	after, err := s.deps.Conversations.GiveToBot(ctx, in.order(c))
	return s.changed(ctx, after, err)
}

type decisionsInput struct {
	Topic  string `query:"topic" maxLength:"256"`
	Kind   string `query:"kind" enum:",answer,review,ask_back,flow,smalltalk,hand_over" doc:"Not together with topic."`
	Cursor string `query:"cursor" maxLength:"64" pattern:"^[a-z0-9_]*$"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"30"`
}

// BotDecisionPage is a page of decisions.
type BotDecisionPage struct {
	Items      []BotDecision `json:"items"`
	NextCursor string        `json:"next_cursor,omitempty" doc:"Missing at the end."`
}

func (s *Server) listBotDecisions(ctx context.Context, c caller, in *decisionsInput) (out[BotDecisionPage], error) {
	all, err := s.deps.Bot.Decisions(ctx, c.Account, store.BotFilter{Topic: in.Topic, Kind: in.Kind}, in.Cursor, in.Limit+1)
	if err != nil {
		return out[BotDecisionPage]{}, err
	}
	page := BotDecisionPage{Items: make([]BotDecision, 0, len(all))}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		page.NextCursor = all[len(all)-1].ID
	}
	for _, d := range s.inSight(ctx, c, all) {
		page.Items = append(page.Items, botDecisionShape(d))
	}
	return out[BotDecisionPage]{page}, nil
}

type correctInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Question string `json:"question,omitempty" maxLength:"8000" doc:"Without it, what the customer asked."`
		Answer   string `json:"answer" minLength:"1" maxLength:"40000" example:"订单发货后一般两天送到。"`
	}
}

// MadeKnowledge names what was made.
type MadeKnowledge struct {
	ID string `json:"id"`
}

func (s *Server) correctBotAnswer(ctx context.Context, c caller, in *correctInput) (out[MadeKnowledge], error) {
	if err := s.decisionSeen(ctx, c, in.ID); err != nil {
		return out[MadeKnowledge]{}, err
	}
	id, err := s.deps.Bot.Correct(ctx, c.Account, c.Agent, in.ID, in.Body.Question, in.Body.Answer)
	return out[MadeKnowledge]{MadeKnowledge{id}}, err
}

type teachInput struct {
	Addressed
	MessageID desk.MessageID `path:"message" maxLength:"64"`
	Keyed
	Body struct {
		Question string `json:"question" minLength:"1" maxLength:"8000" example:"多久能到？"`
		Answer   string `json:"answer" minLength:"1" maxLength:"40000" example:"订单发货后一般两天送到。"`
	}
}

func (s *Server) learnFromReply(ctx context.Context, c caller, in *teachInput) (out[MadeKnowledge], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[MadeKnowledge]{}, err
	}
	id, err := s.deps.Bot.Teach(ctx, c.Account, c.Agent, in.ID, in.MessageID, in.Body.Question, in.Body.Answer)
	return out[MadeKnowledge]{MadeKnowledge{id}}, err
}

type checkInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Right bool `json:"right"`
	}
}

func (s *Server) checkBotAnswer(ctx context.Context, c caller, in *checkInput) (noContent, error) {
	if err := s.decisionSeen(ctx, c, in.ID); err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Bot.Check(ctx, c.Account, c.Agent, in.ID, in.Body.Right)
}

type figuresInput struct {
	Days int `query:"days" minimum:"1" maximum:"366" default:"30"`
}

// BotFigures are what the bot did since a time.
type BotFigures struct {
	Since     time.Time          `json:"since"`
	Decisions int                `json:"decisions"`
	Cut       bool               `json:"cut,omitempty" doc:"There were more than were counted."`
	Kinds     map[string]int     `json:"kinds"`
	Outcomes  map[string]int     `json:"outcomes"`
	Helpful   int                `json:"helpful"`
	Unhelpful int                `json:"unhelpful"`
	Topics    []bot.TopicFigures `json:"topics" doc:"By topic and confidence, in steps of a fiftieth."`
	Copilot   CopilotFigures     `json:"copilot"`
}

// CopilotFigures are what agents did with suggested replies.
type CopilotFigures struct {
	Shown    int64 `json:"shown"`
	Inserted int64 `json:"inserted"`
	Edited   int64 `json:"edited"`
	Ignored  int64 `json:"ignored"`
}

func (s *Server) getBotFigures(ctx context.Context, c caller, in *figuresInput) (out[BotFigures], error) {
	f, err := s.deps.Bot.Figures(ctx, c.Account, in.Days)
	shape := BotFigures{
		Since: f.Since.UTC(), Decisions: f.Decisions, Cut: f.Cut, Kinds: f.Kinds, Outcomes: f.Outcomes, Helpful: f.ThumbsUp, Unhelpful: f.Down,
		Topics: f.Topics, Copilot: CopilotFigures(f.Copilot),
	}
	if shape.Topics == nil {
		shape.Topics = []bot.TopicFigures{}
	}
	return out[BotFigures]{shape}, err
}

type sampleInput struct {
	Topic string `query:"topic" maxLength:"256" doc:"Empty takes all topics."`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

func (s *Server) sampleBotAnswers(ctx context.Context, c caller, in *sampleInput) (out[Items[BotDecision]], error) {
	all, err := s.deps.Bot.Sample(ctx, c.Account, in.Topic, in.Limit)
	return itemsOf(s.inSight(ctx, c, all), botDecisionShape), err
}
