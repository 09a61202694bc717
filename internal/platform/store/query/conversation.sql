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

-- name: ConversationsByID :many
-- A pair matches one row; spare ones have the id '' and match none.
SELECT c.* FROM (
  SELECT CAST(@account_id AS text) AS account_id, CAST(@shard1 AS smallint) AS shard, CAST(@id1 AS text) AS id
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard2 AS smallint), CAST(@id2 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard3 AS smallint), CAST(@id3 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard4 AS smallint), CAST(@id4 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard5 AS smallint), CAST(@id5 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard6 AS smallint), CAST(@id6 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard7 AS smallint), CAST(@id7 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard8 AS smallint), CAST(@id8 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard9 AS smallint), CAST(@id9 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard10 AS smallint), CAST(@id10 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard11 AS smallint), CAST(@id11 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard12 AS smallint), CAST(@id12 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard13 AS smallint), CAST(@id13 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard14 AS smallint), CAST(@id14 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard15 AS smallint), CAST(@id15 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard16 AS smallint), CAST(@id16 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard17 AS smallint), CAST(@id17 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard18 AS smallint), CAST(@id18 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard19 AS smallint), CAST(@id19 AS text)
  UNION ALL SELECT CAST(@account_id AS text), CAST(@shard20 AS smallint), CAST(@id20 AS text)
) wanted JOIN conversation c ON c.account_id = wanted.account_id AND c.shard = wanted.shard AND c.id = wanted.id;

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

-- name: ConversationsByContact :many
SELECT * FROM conversation
WHERE account_id = @account_id AND contact_id = @contact_id
  AND (last_message_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY last_message_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationPage :many
SELECT * FROM conversation
WHERE account_id = @account_id AND shard = @shard AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- Lists. An empty filter lets everything pass; sight is '' for all, 'team' or
-- 'own', for what the viewer may see.
-- name: ConversationsByStatus :many
SELECT c.* FROM conversation c
WHERE c.account_id = @account_id AND c.status = @status
  AND (c.last_message_us, c.id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
  AND (CAST(@team_id AS text) = '' OR c.team_id = CAST(@team_id AS text))
  AND (CAST(@inbox_id AS text) = '' OR c.inbox_id = CAST(@inbox_id AS text))
  AND (NOT CAST(@unread AS boolean) OR c.seq > c.agent_read_seq)
  AND (CAST(@label_id AS text) = '' OR EXISTS (
    SELECT 1 FROM conversation_label l
    WHERE l.account_id = @account_id AND l.conversation_id = c.id AND l.label_id = CAST(@label_id AS text)
  ))
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
ORDER BY c.last_message_us DESC, c.id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsByAssignee :many
SELECT c.* FROM conversation c
WHERE c.account_id = @account_id AND c.assignee_id = @assignee_id AND c.status = @status
  AND (c.last_message_us, c.id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
  AND (CAST(@team_id AS text) = '' OR c.team_id = CAST(@team_id AS text))
  AND (CAST(@inbox_id AS text) = '' OR c.inbox_id = CAST(@inbox_id AS text))
  AND (NOT CAST(@unread AS boolean) OR c.seq > c.agent_read_seq)
  AND (CAST(@label_id AS text) = '' OR EXISTS (
    SELECT 1 FROM conversation_label l
    WHERE l.account_id = @account_id AND l.conversation_id = c.id AND l.label_id = CAST(@label_id AS text)
  ))
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
ORDER BY c.last_message_us DESC, c.id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsByTeam :many
SELECT c.* FROM conversation c
WHERE c.account_id = @account_id AND c.team_id = @team_id AND c.team_id <> '' AND c.status = @status
  AND (c.last_message_us, c.id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
  AND (CAST(@inbox_id AS text) = '' OR c.inbox_id = CAST(@inbox_id AS text))
  AND (NOT CAST(@unread AS boolean) OR c.seq > c.agent_read_seq)
  AND (CAST(@label_id AS text) = '' OR EXISTS (
    SELECT 1 FROM conversation_label l
    WHERE l.account_id = @account_id AND l.conversation_id = c.id AND l.label_id = CAST(@label_id AS text)
  ))
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
ORDER BY c.last_message_us DESC, c.id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ConversationsWaiting :many
-- Who waits longest comes first, then those who do not wait, the newest first.
-- It sorts, because an index on the wait would cost every message.
SELECT c.* FROM conversation c
WHERE c.account_id = @account_id AND c.status = @status
  AND (CAST(@any_assignee AS boolean) OR c.assignee_id = CAST(@assignee_id AS text))
  AND (CAST(@team_id AS text) = '' OR c.team_id = CAST(@team_id AS text))
  AND (CAST(@inbox_id AS text) = '' OR c.inbox_id = CAST(@inbox_id AS text))
  AND (NOT CAST(@unread AS boolean) OR c.seq > c.agent_read_seq)
  AND (CAST(@label_id AS text) = '' OR EXISTS (
    SELECT 1 FROM conversation_label l
    WHERE l.account_id = @account_id AND l.conversation_id = c.id AND l.label_id = CAST(@label_id AS text)
  ))
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
  AND ((CASE WHEN c.waiting_us > 0 THEN c.waiting_us ELSE 9000000000000000000 - c.last_message_us END), c.id) > (CAST(@after_rank AS bigint), CAST(@after_id AS text))
ORDER BY (CASE WHEN c.waiting_us > 0 THEN c.waiting_us ELSE 9000000000000000000 - c.last_message_us END), c.id LIMIT CAST(@row_limit AS bigint);

-- name: CountByStatus :one
SELECT count(*) FROM (
  SELECT 1 FROM conversation c
  WHERE c.account_id = @account_id AND c.status = @status
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
  LIMIT CAST(@row_limit AS bigint)
) AS capped;

-- name: CountByAssignee :one
SELECT count(*) FROM (
  SELECT 1 FROM conversation c
  WHERE c.account_id = @account_id AND c.assignee_id = @assignee_id AND c.status = @status
  AND (CAST(@sight AS text) = '' OR c.assignee_id = CAST(@viewer AS text) OR (c.assignee_id = '' AND c.team_id = '')
    OR (CAST(@sight AS text) = 'team' AND c.team_id IN (
      SELECT m.team_id FROM team_member m WHERE m.account_id = @account_id AND m.agent_id = CAST(@viewer AS text)
    )))
  LIMIT CAST(@row_limit AS bigint)
) AS capped;

-- CountViews counts all boxes of somebody who sees everything, in one round trip.
-- name: CountViews :one
SELECT
  (SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.assignee_id = @agent_id AND c.status = 'open' LIMIT CAST(@row_limit AS bigint)) AS capped) AS mine,
  (SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.assignee_id = '' AND c.status = 'open' LIMIT CAST(@row_limit AS bigint)) AS capped) AS unassigned,
  (SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.status = 'open' LIMIT CAST(@row_limit AS bigint)) AS capped) AS open,
  (SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.status = 'pending' LIMIT CAST(@row_limit AS bigint)) AS capped) AS pending,
  (SELECT count(*) FROM (SELECT 1 FROM conversation c WHERE c.account_id = @account_id AND c.status = 'snoozed' LIMIT CAST(@row_limit AS bigint)) AS capped) AS snoozed,
  (SELECT count(*) FROM (SELECT 1 FROM mention m WHERE m.account_id = @account_id AND m.agent_id = @agent_id LIMIT CAST(@row_limit AS bigint)) AS capped) AS mentioned;

-- name: FirstConversationByInbox :one
SELECT created_us FROM conversation WHERE account_id = @account_id AND inbox_id = @inbox_id
ORDER BY id LIMIT 1;

-- name: CountByTeamOfOthers :one
-- The assigned ones of a team that the viewer has not got.
SELECT count(*) FROM (
  SELECT 1 FROM conversation c
  WHERE c.account_id = @account_id AND c.team_id = @team_id AND c.team_id <> '' AND c.status = @status
    AND c.assignee_id <> '' AND c.assignee_id <> CAST(@viewer AS text)
  LIMIT CAST(@row_limit AS bigint)
) AS capped;
