-- name: LiveConversation :one
SELECT * FROM live_conversation
WHERE account_id = @account_id AND contact_id = @contact_id AND thread = @thread;

-- name: PutLiveConversation :exec
INSERT INTO live_conversation (account_id, contact_id, thread, shard, conversation_id)
VALUES (@account_id, @contact_id, @thread, @shard, @conversation_id)
ON CONFLICT (account_id, contact_id, thread) DO UPDATE
SET shard = excluded.shard, conversation_id = excluded.conversation_id;

-- name: Conversation :one
SELECT * FROM conversation WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: InsertConversation :exec
INSERT INTO conversation (shard, id, account_id, contact_id, inbox_id, thread, status, assignee_id, team_id,
  seq, version, contact_read_seq, agent_read_seq, created_us, updated_us, last_message_us, waiting_us,
  snoozed_until_us, resolved_us, preview)
VALUES (@shard, @id, @account_id, @contact_id, @inbox_id, @thread, @status, @assignee_id, @team_id,
  @seq, @version, @contact_read_seq, @agent_read_seq, @created_us, @updated_us, @last_message_us, @waiting_us,
  @snoozed_until_us, @resolved_us, @preview);

-- name: UpdateConversation :execrows
UPDATE conversation SET inbox_id = @inbox_id, status = @status, assignee_id = @assignee_id, team_id = @team_id,
  seq = @seq, version = @version, contact_read_seq = @contact_read_seq, agent_read_seq = @agent_read_seq,
  updated_us = @updated_us, last_message_us = @last_message_us, waiting_us = @waiting_us,
  snoozed_until_us = @snoozed_until_us, resolved_us = @resolved_us, preview = @preview
WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: ConversationsByStatus :many
SELECT * FROM conversation
WHERE account_id = @account_id AND status = @status
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsByTeam :many
SELECT * FROM conversation
WHERE account_id = @account_id AND status = @status AND team_id = @team_id
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsByAssignee :many
SELECT * FROM conversation
WHERE account_id = @account_id AND assignee_id = @assignee_id AND status = @status
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsByContact :many
SELECT * FROM conversation
WHERE account_id = @account_id AND contact_id = @contact_id
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationPage :many
SELECT * FROM conversation
WHERE account_id = @account_id AND shard = @shard AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: CountByStatus :one
SELECT count(*) FROM (
  SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.status = @status
  LIMIT CAST(@row_limit AS bigint)
) AS capped;

-- name: CountByAssignee :one
SELECT count(*) FROM (
  SELECT 1 FROM conversation c
  WHERE c.account_id = @account_id AND c.assignee_id = @assignee_id AND c.status = @status
  LIMIT CAST(@row_limit AS bigint)
) AS capped;

-- name: ConversationsByAssigneeAndTeam :many
SELECT * FROM conversation
WHERE account_id = @account_id AND assignee_id = @assignee_id AND status = @status AND team_id = @team_id
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);
