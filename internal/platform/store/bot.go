package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// BotSettings are the account's settings of the bot, as JSON.
type BotSettings struct {
	AccountID desk.AccountID
	Settings  string
	Version   int64
	UpdatedAt time.Time
}

// BotSession is where the bot is in a conversation.
type BotSession struct {
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	// ReadSeq is up to which message the bot has read and said.
	ReadSeq   int64
	State     desk.Sealed
	UpdatedAt time.Time
}

// BotDecision is one time the bot decided what to do about a question.
type BotDecision struct {
	ID             string
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	InboxID        desk.InboxID
	ReadSeq        int64
	At             time.Time
	// Kind is what was done, Reason why, as a short code.
	Kind, Reason, Topic string
	// Hit is the knowledge or the intent that it rests on.
	Hit        string
	Confidence float64
	Locale     desk.Locale
	// Detail is JSON without anything that was written: versions, scores.
	Detail string
	// Body is what was written, sealed.
	Body desk.Sealed
	// MessageID is the answer, if there is one.
	MessageID desk.MessageID
	// Outcome is "" while it is open.
	Outcome string
	// Thumb and Checked are 1 for good, -1 for bad, 0 for not known.
	Thumb       int
	ThumbReason string
	Draft       desk.DraftState
	DraftUntil  time.Time
	DraftAgent  desk.AgentID
	Checked     int
	CheckedBy   desk.AgentID
	// Corrected is the knowledge that was made of its correction.
	Corrected string
}

const millionths = 1e6

func botDecisionOf(row query.BotDecision) BotDecision {
	return BotDecision{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID),
		InboxID: desk.InboxID(row.InboxID), ReadSeq: row.ReadSeq, At: desk.FromMicros(row.AtUs), Kind: row.Kind, Reason: row.Reason,
		Topic: row.Topic, Hit: row.Hit, Confidence: float64(row.Confidence) / millionths, Locale: desk.Locale(row.Locale),
		Detail: row.Detail, Body: row.Body, MessageID: desk.MessageID(row.MessageID), Outcome: row.Outcome, Thumb: int(row.Thumb),
		ThumbReason: row.ThumbReason, Draft: desk.DraftState(row.Draft), DraftUntil: desk.FromMicros(row.DraftUntilUs),
		DraftAgent: desk.AgentID(row.DraftAgent), Checked: int(row.Checked), CheckedBy: desk.AgentID(row.CheckedBy), Corrected: row.Corrected,
	}
}

func botDecisionsOf(rows []query.BotDecision) []BotDecision {
	out := make([]BotDecision, len(rows))
	for i, row := range rows {
		out[i] = botDecisionOf(row)
	}
	return out
}

// BotSettings finds the account's settings; NotFound if nothing was ever set.
func (r Reads) BotSettings(ctx context.Context, account desk.AccountID) (BotSettings, error) {
	row, err := r.q.BotSettings(ctx, query.BotSettingsParams{AccountID: string(account)})
	if err != nil {
		return BotSettings{}, r.fail("find bot settings", "settings", err)
	}
	return BotSettings{AccountID: account, Settings: row.Settings, Version: row.Version, UpdatedAt: desk.FromMicros(row.UpdatedUs)}, nil
}

// PutBotSettings sets the account's settings.
func (t *Tx) PutBotSettings(ctx context.Context, s BotSettings) error {
	const op = "save bot settings"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "settings", t.q.PutBotSettings(ctx, query.PutBotSettingsParams{
		AccountID: string(s.AccountID), Settings: s.Settings, Version: s.Version, UpdatedUs: desk.Micros(t.now),
	}))
}

func botSessionOf(row query.BotSession) BotSession {
	return BotSession{
		AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID), ReadSeq: row.ReadSeq,
		State: row.State, UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}

// BotSession finds where the bot is in a conversation; NotFound if it never was.
func (r Reads) BotSession(ctx context.Context, account desk.AccountID, id desk.ConversationID) (BotSession, error) {
	row, err := r.q.BotSession(ctx, query.BotSessionParams{AccountID: string(account), ConversationID: string(id)})
	if err != nil {
		return BotSession{}, r.fail("find bot session", "session", err)
	}
	return botSessionOf(row), nil
}

// BotSessionPage walks the account's sessions by conversation.
func (r Reads) BotSessionPage(ctx context.Context, account desk.AccountID, after desk.ConversationID, limit int) ([]BotSession, error) {
	rows, err := r.q.BotSessionPage(ctx, query.BotSessionPageParams{AccountID: string(account), AfterID: string(after), RowLimit: bound(limit)})
	out := make([]BotSession, len(rows))
	for i, row := range rows {
		out[i] = botSessionOf(row)
	}
	return out, r.fail("list bot sessions", "session", err)
}

// KeepBotSession is a write that belongs to a command.
func KeepBotSession(s BotSession) Extra {
	return Extra{s.AccountID, s.ConversationID, botSessionParams(s).Statement()}
}

// PutBotSession sets where the bot is, for a change of keys.
func (t *Tx) PutBotSession(ctx context.Context, s BotSession) error {
	const op = "save bot session"
	if err := t.own(op, s.AccountID); err != nil {
		return err
	}
	return t.fail(op, "session", t.q.PutBotSession(ctx, botSessionParams(s)))
}

func botSessionParams(s BotSession) query.PutBotSessionParams {
	return query.PutBotSessionParams{
		AccountID: string(s.AccountID), ConversationID: string(s.ConversationID), ReadSeq: s.ReadSeq, State: blob(s.State),
		UpdatedUs: desk.Micros(s.UpdatedAt),
	}
}

// AddBotDecision is a write that belongs to a command.
func AddBotDecision(d BotDecision) Extra {
	return Extra{d.AccountID, d.ConversationID, query.InsertBotDecisionParams{
		AccountID: string(d.AccountID), ID: d.ID, ConversationID: string(d.ConversationID), InboxID: string(d.InboxID), ReadSeq: d.ReadSeq,
		AtUs: desk.Micros(d.At), Kind: d.Kind, Reason: d.Reason, Topic: d.Topic, Hit: d.Hit, Confidence: int64(d.Confidence * millionths),
		Locale: string(d.Locale), Detail: d.Detail, Body: blob(d.Body), MessageID: string(d.MessageID), Outcome: d.Outcome,
		Thumb: int64(d.Thumb), ThumbReason: d.ThumbReason, Draft: string(d.Draft), DraftUntilUs: desk.Micros(d.DraftUntil),
		DraftAgent: string(d.DraftAgent), Checked: int64(d.Checked), CheckedBy: string(d.CheckedBy), Corrected: d.Corrected,
	}.Statement()}
}

// FinishBotDraft ends a draft that waits, with the message it became.
func FinishBotDraft(d BotDecision, to desk.DraftState, by desk.AgentID, message desk.MessageID) Extra {
	return Extra{d.AccountID, d.ConversationID, query.SetBotDraftParams{
		AccountID: string(d.AccountID), ID: d.ID, Draft: string(to), DraftAgent: string(by), MessageID: string(message),
	}.Statement()}
}

// OvertakeBotDrafts ends the drafts of a conversation that wait.
func OvertakeBotDrafts(account desk.AccountID, id desk.ConversationID) Extra {
	return Extra{account, id, query.OvertakeBotDraftsParams{AccountID: string(account), ConversationID: string(id)}.Statement()}
}

// SettleBotDecisions says what came of the conversation's decisions that are open.
func SettleBotDecisions(account desk.AccountID, id desk.ConversationID, outcome string) Extra {
	return Extra{account, id, query.SettleBotDecisionsParams{
		AccountID: string(account), ConversationID: string(id), Outcome: outcome,
	}.Statement()}
}

// ThumbBotDecision keeps what the customer thought.
func ThumbBotDecision(d BotDecision, thumb int, reason string) Extra {
	return Extra{d.AccountID, d.ConversationID, query.ThumbBotDecisionParams{
		AccountID: string(d.AccountID), ID: d.ID, Thumb: int64(thumb), ThumbReason: reason,
	}.Statement()}
}

// SettleBotDecisions is the same for what is no command of the conversation.
func (t *Tx) SettleBotDecisions(ctx context.Context, account desk.AccountID, id desk.ConversationID, outcome string) error {
	const op = "settle bot decisions"
	if err := t.own(op, account); err != nil {
		return err
	}
	_, err := t.q.SettleBotDecisions(ctx, query.SettleBotDecisionsParams{AccountID: string(account), ConversationID: string(id), Outcome: outcome})
	return t.fail(op, "decision", err)
}

// OvertakeBotDrafts is the same for what is no command of the conversation.
func (t *Tx) OvertakeBotDrafts(ctx context.Context, account desk.AccountID, id desk.ConversationID) error {
	const op = "end bot drafts"
	if err := t.own(op, account); err != nil {
		return err
	}
	_, err := t.q.OvertakeBotDrafts(ctx, query.OvertakeBotDraftsParams{AccountID: string(account), ConversationID: string(id)})
	return t.fail(op, "draft", err)
}

// BotDecision finds one.
func (r Reads) BotDecision(ctx context.Context, account desk.AccountID, id string) (BotDecision, error) {
	row, err := r.q.BotDecision(ctx, query.BotDecisionParams{AccountID: string(account), ID: id})
	if err != nil {
		return BotDecision{}, r.fail("find bot decision", "decision", err)
	}
	return botDecisionOf(row), nil
}

// BotFilter narrows a list of decisions; at most one of its fields is set.
type BotFilter struct{ Topic, Kind string }

// BotDecisions lists decisions, the newest first, below before; "" begins.
func (r Reads) BotDecisions(ctx context.Context, account desk.AccountID, f BotFilter, before string, limit int) ([]BotDecision, error) {
	if before == "" {
		before = "dec_~" // above every id
	}
	var rows []query.BotDecision
	var err error
	switch {
	case f.Topic != "":
		rows, err = r.q.BotDecisionsBeforeOfTopic(ctx, query.BotDecisionsBeforeOfTopicParams{
			AccountID: string(account), Topic: f.Topic, BeforeID: before, RowLimit: bound(limit),
		})
	case f.Kind != "":
		rows, err = r.q.BotDecisionsBeforeOfKind(ctx, query.BotDecisionsBeforeOfKindParams{
			AccountID: string(account), Kind: f.Kind, BeforeID: before, RowLimit: bound(limit),
		})
	default:
		rows, err = r.q.BotDecisionsBefore(ctx, query.BotDecisionsBeforeParams{AccountID: string(account), BeforeID: before, RowLimit: bound(limit)})
	}
	return botDecisionsOf(rows), r.fail("list bot decisions", "decision", err)
}

// BotDecisionPage walks the account's decisions by id.
func (r Reads) BotDecisionPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]BotDecision, error) {
	rows, err := r.q.BotDecisionPage(ctx, query.BotDecisionPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return botDecisionsOf(rows), r.fail("list bot decisions", "decision", err)
}

// BotDecisionsOf lists a conversation's decisions, the newest first, at most 200.
func (r Reads) BotDecisionsOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) ([]BotDecision, error) {
	rows, err := r.q.BotDecisionsOf(ctx, query.BotDecisionsOfParams{AccountID: string(account), ConversationID: string(id), RowLimit: 200})
	return botDecisionsOf(rows), r.fail("list bot decisions", "decision", err)
}

// BotDrafts lists the account's drafts that wait, the oldest first, at most 200.
func (r Reads) BotDrafts(ctx context.Context, account desk.AccountID) ([]BotDecision, error) {
	rows, err := r.q.BotDrafts(ctx, query.BotDraftsParams{AccountID: string(account), RowLimit: 200})
	return botDecisionsOf(rows), r.fail("list bot drafts", "draft", err)
}

// BotFigure is what statistics need to know of a decision.
type BotFigure struct {
	ID, Kind, Reason, Topic, Hit, Outcome string
	Confidence                            float64
	Thumb, Checked                        int
	Draft                                 desk.DraftState
	Corrected                             string
}

// BotFigures walks the account's decisions by id, without what they say.
func (r Reads) BotFigures(ctx context.Context, account desk.AccountID, after string, limit int) ([]BotFigure, error) {
	rows, err := r.q.BotFigures(ctx, query.BotFiguresParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	out := make([]BotFigure, len(rows))
	for i, row := range rows {
		out[i] = BotFigure{
			ID: row.ID, Kind: row.Kind, Reason: row.Reason, Topic: row.Topic, Hit: row.Hit, Outcome: row.Outcome,
			Confidence: float64(row.Confidence) / millionths, Thumb: int(row.Thumb), Checked: int(row.Checked),
			Draft: desk.DraftState(row.Draft), Corrected: row.Corrected,
		}
	}
	return out, r.fail("list bot figures", "decision", err)
}

// ClaimBotDraft gives a draft that waits to an agent and prolongs it; Conflict
// if it does not wait or another agent has it.
func (t *Tx) ClaimBotDraft(ctx context.Context, account desk.AccountID, id string, agent desk.AgentID, until time.Time) error {
	const op = "claim bot draft"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ClaimBotDraft(ctx, query.ClaimBotDraftParams{
		AccountID: string(account), ID: id, DraftAgent: string(agent), SameAgent: string(agent), DraftUntilUs: desk.Micros(until),
	})
	if err == nil && n == 0 {
		return desk.E(desk.Conflict, op, "this draft does not wait any more, or a colleague has it")
	}
	return t.fail(op, "draft", err)
}

// CheckBotDecision keeps what a colleague found: 1 right, -1 wrong.
func (t *Tx) CheckBotDecision(ctx context.Context, account desk.AccountID, id string, checked int, by desk.AgentID) error {
	const op = "check bot decision"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.CheckBotDecision(ctx, query.CheckBotDecisionParams{AccountID: string(account), ID: id, Checked: int64(checked), CheckedBy: string(by)})
	return t.changed(op, "decision", n, err)
}

// CorrectBotDecision keeps which knowledge was made of its correction.
func (t *Tx) CorrectBotDecision(ctx context.Context, account desk.AccountID, id, knowledge string) error {
	const op = "correct bot decision"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.CorrectBotDecision(ctx, query.CorrectBotDecisionParams{AccountID: string(account), ID: id, Corrected: knowledge})
	return t.changed(op, "decision", n, err)
}

// ResealBotDecision replaces the sealed text, for a change of keys.
func (t *Tx) ResealBotDecision(ctx context.Context, account desk.AccountID, id string, body desk.Sealed) error {
	const op = "change bot decision"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ResealBotDecision(ctx, query.ResealBotDecisionParams{AccountID: string(account), ID: id, Body: blob(body)})
	return t.changed(op, "decision", n, err)
}

// Copilot is what agents did with the replies that were suggested to them.
type Copilot struct{ Shown, Inserted, Edited, Ignored int64 }

// CountCopilot adds to the day's figures of an agent.
func (t *Tx) CountCopilot(ctx context.Context, account desk.AccountID, agent desk.AgentID, c Copilot) error {
	const op = "count suggestions"
	if err := t.own(op, account); err != nil {
		return err
	}
	return t.fail(op, "count", t.q.CountCopilot(ctx, query.CountCopilotParams{
		AccountID: string(account), Day: dayOf(t.now), AgentID: string(agent), Shown: c.Shown, Inserted: c.Inserted, Edited: c.Edited, Ignored: c.Ignored,
	}))
}

// Copilot sums up the days since a time.
func (r Reads) Copilot(ctx context.Context, account desk.AccountID, since time.Time) (Copilot, error) {
	row, err := r.q.Copilot(ctx, query.CopilotParams{AccountID: string(account), SinceDay: dayOf(since)})
	return Copilot(row), r.fail("count suggestions", "count", err)
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }
