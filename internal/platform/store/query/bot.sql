-- Queries of the bot's settings, sessions and decisions.

-- name: PutBotSettings :exec
INSERT INTO bot_settings (account_id, settings, version, updated_us) VALUES (@account_id, @settings, @version, @updated_us)
ON CONFLICT (account_id) DO UPDATE SET settings = excluded.settings, version = excluded.version, updated_us = excluded.updated_us
WHERE bot_settings.account_id = excluded.account_id;

-- name: BotSettings :one
SELECT * FROM bot_settings WHERE account_id = @account_id;

-- name: PutBotSession :exec
INSERT INTO bot_session (account_id, conversation_id, read_seq, state, updated_us)
VALUES (@account_id, @conversation_id, @read_seq, @state, @updated_us)
ON CONFLICT (account_id, conversation_id) DO UPDATE
SET read_seq = excluded.read_seq, state = excluded.state, updated_us = excluded.updated_us
WHERE bot_session.account_id = excluded.account_id;

-- name: BotSession :one
SELECT * FROM bot_session WHERE account_id = @account_id AND conversation_id = @conversation_id;

-- name: BotSessionPage :many
SELECT * FROM bot_session WHERE account_id = @account_id AND conversation_id > @after_id
ORDER BY conversation_id LIMIT CAST(@row_limit AS bigint);

-- name: InsertBotDecision :exec
INSERT INTO bot_decision (account_id, id, conversation_id, inbox_id, read_seq, at_us, kind, reason, topic, hit, confidence, locale, detail,
  body, message_id, outcome, thumb, thumb_reason, draft, draft_until_us, draft_agent, checked, checked_by, corrected)
VALUES (@account_id, @id, @conversation_id, @inbox_id, @read_seq, @at_us, @kind, @reason, @topic, @hit, @confidence, @locale, @detail,
  @body, @message_id, @outcome, @thumb, @thumb_reason, @draft, @draft_until_us, @draft_agent, @checked, @checked_by, @corrected);

-- name: BotDecision :one
SELECT * FROM bot_decision WHERE account_id = @account_id AND id = @id;

-- name: BotDecisionsBefore :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND id < @before_id ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: BotDecisionsBeforeOfTopic :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND topic = @topic AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: BotDecisionsBeforeOfKind :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND kind = @kind AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: BotDecisionPage :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND id > @after_id ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: BotDecisionsOf :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND conversation_id = @conversation_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: BotDrafts :many
SELECT * FROM bot_decision WHERE account_id = @account_id AND draft = 'waiting' ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: BotFigures :many
SELECT id, kind, reason, topic, hit, confidence, outcome, thumb, draft, checked, corrected
FROM bot_decision WHERE account_id = @account_id AND id > @after_id ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: SetBotDraft :execrows
UPDATE bot_decision SET draft = @draft, draft_agent = @draft_agent, message_id = @message_id
WHERE account_id = @account_id AND id = @id AND draft = 'waiting';

-- name: OvertakeBotDrafts :execrows
UPDATE bot_decision SET draft = 'overtaken' WHERE account_id = @account_id AND conversation_id = @conversation_id AND draft = 'waiting';

-- name: ClaimBotDraft :execrows
UPDATE bot_decision SET draft_agent = @draft_agent, draft_until_us = @draft_until_us
WHERE account_id = @account_id AND id = @id AND draft = 'waiting' AND draft_agent IN ('', @same_agent);

-- name: SettleBotDecisions :execrows
UPDATE bot_decision SET outcome = @outcome WHERE account_id = @account_id AND conversation_id = @conversation_id AND outcome = '';

-- name: ThumbBotDecision :execrows
UPDATE bot_decision SET thumb = @thumb, thumb_reason = @thumb_reason WHERE account_id = @account_id AND id = @id;

-- name: CheckBotDecision :execrows
UPDATE bot_decision SET checked = @checked, checked_by = @checked_by WHERE account_id = @account_id AND id = @id;

-- name: CorrectBotDecision :execrows
UPDATE bot_decision SET corrected = @corrected WHERE account_id = @account_id AND id = @id;

-- name: ResealBotDecision :execrows
UPDATE bot_decision SET body = @body WHERE account_id = @account_id AND id = @id;

-- name: CountCopilot :exec
INSERT INTO bot_copilot (account_id, day, agent_id, shown, inserted, edited, ignored)
VALUES (@account_id, @day, @agent_id, @shown, @inserted, @edited, @ignored)
ON CONFLICT (account_id, day, agent_id) DO UPDATE
SET shown = bot_copilot.shown + excluded.shown, inserted = bot_copilot.inserted + excluded.inserted,
  edited = bot_copilot.edited + excluded.edited, ignored = bot_copilot.ignored + excluded.ignored
WHERE bot_copilot.account_id = excluded.account_id;

-- name: Copilot :one
SELECT CAST(COALESCE(SUM(shown), 0) AS bigint) AS shown, CAST(COALESCE(SUM(inserted), 0) AS bigint) AS inserted,
  CAST(COALESCE(SUM(edited), 0) AS bigint) AS edited, CAST(COALESCE(SUM(ignored), 0) AS bigint) AS ignored
FROM bot_copilot WHERE account_id = @account_id AND day >= @since_day;
