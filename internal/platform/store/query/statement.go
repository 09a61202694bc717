package query

// Statement is one of the package's queries with its arguments, for commands
// that write more than the rows every command may write. It returns nothing.
type Statement struct {
	Text string
	Args []any
}

// Statement makes a statement of the parameters.
func (p InsertActivityParams) Statement() Statement {
	return Statement{insertActivity, []any{
		p.AccountID, p.ConversationID, p.AtUs, p.Version, p.N, p.Kind, p.ActorKind, p.ActorID, p.Details,
	}}
}

// Statement makes a statement of the parameters.
func (p InsertConversationLabelParams) Statement() Statement {
	return Statement{insertConversationLabel, []any{p.AccountID, p.ConversationID, p.LabelID}}
}

// Statement makes a statement of the parameters.
func (p DeleteConversationLabelParams) Statement() Statement {
	return Statement{deleteConversationLabel, []any{p.AccountID, p.ConversationID, p.LabelID}}
}

// Statement makes a statement of the parameters.
func (p PutMentionParams) Statement() Statement {
	return Statement{putMention, []any{p.AccountID, p.AgentID, p.ConversationID, p.Seq, p.AtUs}}
}

// Statement makes a statement of the parameters.
func (p DeleteMentionParams) Statement() Statement {
	return Statement{deleteMention, []any{p.AccountID, p.AgentID, p.ConversationID}}
}

// Statement makes a statement of the parameters.
func (p UpdateMessageBodyParams) Statement() Statement {
	return Statement{updateMessageBody, []any{p.Body, p.AccountID, p.Shard, p.ID}}
}

// Statement makes a statement of the parameters.
func (p ReplaceEventPayloadParams) Statement() Statement {
	return Statement{replaceEventPayload, []any{p.Payload, p.AccountID, p.Pos, p.AtUs}}
}

// Statement makes a statement of the parameters.
func (p ReplaceDeadLetterPayloadParams) Statement() Statement {
	return Statement{replaceDeadLetterPayload, []any{p.Payload, p.AccountID, p.Pos}}
}

// Statement makes a statement of the parameters.
func (p DropOutboxParams) Statement() Statement {
	return Statement{dropOutbox, []any{p.AccountID, p.MessageID}}
}

// Statement makes a statement of the parameters.
func (p RequeueMessageParams) Statement() Statement {
	return Statement{requeueMessage, []any{p.Status, p.AccountID, p.Shard, p.ID}}
}

// Statement makes a statement of the parameters.
func (p InsertScheduledMessageParams) Statement() Statement {
	return Statement{insertScheduledMessage, []any{
		p.AccountID, p.ID, p.ConversationID, p.AgentID, p.State, p.Reason, p.DueUs, p.CancelOnReply,
		p.AfterSeq, p.MessageID, p.Body, p.CreatedUs, p.UpdatedUs,
	}}
}

// Statement makes a statement of the parameters.
func (p FinishScheduledMessageParams) Statement() Statement {
	return Statement{finishScheduledMessage, []any{
		p.State, p.Reason, p.MessageID, p.Body, p.UpdatedUs, p.AccountID, p.ID,
	}}
}

// Statement makes a statement of the parameters.
func (p PutBotSessionParams) Statement() Statement {
	return Statement{putBotSession, []any{p.AccountID, p.ConversationID, p.ReadSeq, p.State, p.UpdatedUs}}
}

// Statement makes a statement of the parameters.
func (p InsertBotDecisionParams) Statement() Statement {
	return Statement{insertBotDecision, []any{
		p.AccountID, p.ID, p.ConversationID, p.InboxID, p.ReadSeq, p.AtUs, p.Kind, p.Reason, p.Topic, p.Hit, p.Confidence, p.Locale, p.Detail,
		p.Body, p.MessageID, p.Outcome, p.Thumb, p.ThumbReason, p.Draft, p.DraftUntilUs, p.DraftAgent, p.Checked, p.CheckedBy, p.Corrected,
	}}
}

// Statement makes a statement of the parameters.
func (p SetBotDraftParams) Statement() Statement {
	return Statement{setBotDraft, []any{p.Draft, p.DraftAgent, p.MessageID, p.AccountID, p.ID}}
}

// Statement makes a statement of the parameters.
func (p OvertakeBotDraftsParams) Statement() Statement {
	return Statement{overtakeBotDrafts, []any{p.AccountID, p.ConversationID}}
}

// Statement makes a statement of the parameters.
func (p SettleBotDecisionsParams) Statement() Statement {
	return Statement{settleBotDecisions, []any{p.Outcome, p.AccountID, p.ConversationID}}
}

// Statement makes a statement of the parameters.
func (p ThumbBotDecisionParams) Statement() Statement {
	return Statement{thumbBotDecision, []any{p.Thumb, p.ThumbReason, p.AccountID, p.ID}}
}
