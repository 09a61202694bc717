-- Queries of skills, presence, hours and the queue.

-- name: InsertSkill :exec
INSERT INTO skill (account_id, id, name, name_key, created_us) VALUES (@account_id, @id, @name, @name_key, @created_us);

-- name: RenameSkill :execrows
UPDATE skill SET name = @name, name_key = @name_key WHERE account_id = @account_id AND id = @id;

-- name: DeleteSkill :execrows
DELETE FROM skill WHERE account_id = @account_id AND id = @id;

-- name: Skills :many
SELECT * FROM skill WHERE account_id = @account_id ORDER BY name_key LIMIT CAST(@row_limit AS bigint);

-- name: PutAgentWork :exec
INSERT INTO agent_work (account_id, agent_id, settings) VALUES (@account_id, @agent_id, @settings)
ON CONFLICT (account_id, agent_id) DO UPDATE SET settings = excluded.settings
WHERE agent_work.account_id = excluded.account_id;

-- name: AgentWorks :many
SELECT * FROM agent_work WHERE account_id = @account_id;

-- name: PutTeamWork :exec
INSERT INTO team_work (account_id, team_id, settings) VALUES (@account_id, @team_id, @settings)
ON CONFLICT (account_id, team_id) DO UPDATE SET settings = excluded.settings
WHERE team_work.account_id = excluded.account_id;

-- name: TeamWorks :many
SELECT * FROM team_work WHERE account_id = @account_id;

-- name: PutPresence :exec
INSERT INTO presence (account_id, agent_id, choice, reason, status, since_us)
VALUES (@account_id, @agent_id, @choice, @reason, @status, @since_us)
ON CONFLICT (account_id, agent_id) DO UPDATE
SET choice = excluded.choice, reason = excluded.reason, status = excluded.status, since_us = excluded.since_us
WHERE presence.account_id = excluded.account_id;

-- name: Presences :many
SELECT * FROM presence WHERE account_id = @account_id;

-- name: Presence :one
SELECT * FROM presence WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: PutPresenceLink :exec
INSERT INTO presence_link (account_id, agent_id, node, idle, expires_us)
VALUES (@account_id, @agent_id, @node, @idle, @expires_us)
ON CONFLICT (account_id, agent_id, node) DO UPDATE SET idle = excluded.idle, expires_us = excluded.expires_us
WHERE presence_link.account_id = excluded.account_id;

-- name: DeletePresenceLink :exec
DELETE FROM presence_link WHERE account_id = @account_id AND agent_id = @agent_id AND node = @node;

-- name: RenewPresenceLinks :execrows
UPDATE presence_link SET expires_us = @expires_us WHERE node = @node;

-- name: PresenceLinks :many
SELECT * FROM presence_link WHERE account_id = @account_id AND agent_id = @agent_id AND expires_us > @now_us;

-- name: ExpiredPresenceLinks :many
SELECT * FROM presence_link WHERE expires_us <= @now_us ORDER BY expires_us LIMIT CAST(@row_limit AS bigint);

-- name: PutQueueEntry :exec
INSERT INTO queue_entry (account_id, conversation_id, escalated, returned, declined, choice, updated_us)
VALUES (@account_id, @conversation_id, @escalated, @returned, @declined, @choice, @updated_us)
ON CONFLICT (account_id, conversation_id) DO UPDATE
SET escalated = excluded.escalated, returned = excluded.returned, declined = excluded.declined, choice = excluded.choice,
  updated_us = excluded.updated_us
WHERE queue_entry.account_id = excluded.account_id;

-- name: DeleteQueueEntry :exec
DELETE FROM queue_entry WHERE account_id = @account_id AND conversation_id = @conversation_id;

-- name: QueueEntries :many
SELECT * FROM queue_entry WHERE account_id = @account_id ORDER BY conversation_id LIMIT CAST(@row_limit AS bigint);

-- name: QueueEntry :one
SELECT * FROM queue_entry WHERE account_id = @account_id AND conversation_id = @conversation_id;

-- name: InsertQueueHistory :exec
INSERT INTO queue_history (account_id, conversation_id, left_us, entered_us, team_id, outcome, agent_id, detail)
VALUES (@account_id, @conversation_id, @left_us, @entered_us, @team_id, @outcome, @agent_id, @detail)
ON CONFLICT (account_id, conversation_id, left_us) DO NOTHING;

-- name: LastQueueHistory :one
SELECT * FROM queue_history WHERE account_id = @account_id AND conversation_id = @conversation_id ORDER BY left_us DESC LIMIT 1;

-- name: QueueHistory :many
SELECT * FROM queue_history WHERE account_id = @account_id AND left_us >= @from_us AND left_us < @to_us
ORDER BY left_us DESC LIMIT CAST(@row_limit AS bigint);

-- name: TrimQueueHistory :execrows
DELETE FROM queue_history WHERE account_id = @account_id AND left_us < @before_us;

-- name: PutQueuePace :exec
INSERT INTO queue_pace (account_id, team_id, pace) VALUES (@account_id, @team_id, @pace)
ON CONFLICT (account_id, team_id) DO UPDATE SET pace = excluded.pace
WHERE queue_pace.account_id = excluded.account_id;

-- name: QueuePaces :many
SELECT * FROM queue_pace WHERE account_id = @account_id;

-- name: OpenLoad :one
SELECT count(*) FROM (
  SELECT 1 FROM conversation WHERE account_id = @account_id AND assignee_id = @assignee_id AND status = 'open'
  LIMIT CAST(@row_limit AS bigint)
) AS open_ones;

-- name: QueueOutcomes :many
SELECT outcome, CAST(count(*) AS bigint) AS n, CAST(coalesce(sum(left_us - entered_us), 0) AS bigint) AS waited_us FROM queue_history
WHERE account_id = @account_id AND left_us >= @from_us
GROUP BY outcome;

-- name: InsertCallback :exec
INSERT INTO callback (account_id, id, conversation_id, contact_id, details, state, from_us, to_us, created_us, done_us, done_by)
VALUES (@account_id, @id, @conversation_id, @contact_id, @details, @state, @from_us, @to_us, @created_us, 0, '');

-- name: Callback :one
SELECT * FROM callback WHERE account_id = @account_id AND id = @id;

-- name: Callbacks :many
SELECT * FROM callback WHERE account_id = @account_id AND state = @state AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: CallbacksOf :many
SELECT * FROM callback WHERE account_id = @account_id AND conversation_id = @conversation_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: CallbackPage :many
SELECT * FROM callback WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateCallback :execrows
UPDATE callback SET details = @details, state = @state, done_us = @done_us, done_by = @done_by
WHERE account_id = @account_id AND id = @id;

-- name: QueueAlerts :many
SELECT * FROM queue_alert WHERE account_id = @account_id;

-- name: PutQueueAlert :exec
INSERT INTO queue_alert (account_id, rule, value, since_us) VALUES (@account_id, @rule, @value, @since_us)
ON CONFLICT (account_id, rule) DO NOTHING;

-- name: DeleteQueueAlert :execrows
DELETE FROM queue_alert WHERE account_id = @account_id AND rule = @rule;

-- name: PutRobot :exec
INSERT INTO robot (account_id, id, settings, secret, error, sent_us, created_us)
VALUES (@account_id, @id, @settings, @secret, @error, @sent_us, @created_us)
ON CONFLICT (account_id, id) DO UPDATE
SET settings = excluded.settings, secret = excluded.secret, error = excluded.error, sent_us = excluded.sent_us
WHERE robot.account_id = excluded.account_id;

-- name: Robots :many
SELECT * FROM robot WHERE account_id = @account_id ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: Robot :one
SELECT * FROM robot WHERE account_id = @account_id AND id = @id;

-- name: DeleteRobot :execrows
DELETE FROM robot WHERE account_id = @account_id AND id = @id;
