-- name: InsertLabel :exec
INSERT INTO label (account_id, id, name, name_key, color, description, created_us)
VALUES (@account_id, @id, @name, @name_key, @color, @description, @created_us);

-- name: UpdateLabel :execrows
UPDATE label SET name = @name, name_key = @name_key, color = @color, description = @description
WHERE account_id = @account_id AND id = @id;

-- name: DeleteLabel :execrows
DELETE FROM label WHERE account_id = @account_id AND id = @id;

-- name: Labels :many
SELECT * FROM label WHERE account_id = @account_id ORDER BY name_key LIMIT CAST(@row_limit AS bigint);

-- name: DeleteLabelUses :exec
DELETE FROM conversation_label WHERE account_id = @account_id AND label_id = @label_id;

-- name: InsertConversationLabel :exec
INSERT INTO conversation_label (account_id, conversation_id, label_id)
VALUES (@account_id, @conversation_id, @label_id)
ON CONFLICT (account_id, conversation_id, label_id) DO NOTHING;

-- name: DeleteConversationLabel :exec
DELETE FROM conversation_label
WHERE account_id = @account_id AND conversation_id = @conversation_id AND label_id = @label_id;

-- name: LabelsOfConversations :many
-- As many as a page of conversations has.
SELECT conversation_id, label_id FROM conversation_label WHERE account_id = @account_id
  AND conversation_id IN (
    @id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8, @id9, @id10, @id11, @id12,
    @id13, @id14, @id15, @id16, @id17, @id18, @id19, @id20, @id21, @id22, @id23, @id24,
    @id25, @id26, @id27, @id28, @id29, @id30, @id31, @id32, @id33, @id34, @id35, @id36,
    @id37, @id38, @id39, @id40, @id41, @id42, @id43, @id44, @id45, @id46, @id47, @id48,
    @id49, @id50
  )
ORDER BY conversation_id, label_id;

-- name: InsertCannedReply :exec
INSERT INTO canned_reply (account_id, id, scope, owner_id, shortcut, content, created_us, updated_us)
VALUES (@account_id, @id, @scope, @owner_id, @shortcut, @content, @created_us, @updated_us);

-- name: UpdateCannedReply :execrows
UPDATE canned_reply SET scope = @scope, owner_id = @owner_id, shortcut = @shortcut, content = @content,
  updated_us = @updated_us
WHERE account_id = @account_id AND id = @id;

-- name: DeleteCannedReply :execrows
DELETE FROM canned_reply WHERE account_id = @account_id AND id = @id;

-- name: CannedReplies :many
SELECT * FROM canned_reply WHERE account_id = @account_id ORDER BY shortcut, id LIMIT CAST(@row_limit AS bigint);

-- name: CannedReply :one
SELECT * FROM canned_reply WHERE account_id = @account_id AND id = @id;

-- name: ConversationsOfLabel :many
SELECT conversation_id FROM conversation_label
WHERE account_id = @account_id AND label_id = @label_id
ORDER BY conversation_id DESC LIMIT CAST(@row_limit AS bigint);

-- name: PutMention :exec
INSERT INTO mention (account_id, agent_id, conversation_id, seq, at_us)
VALUES (@account_id, @agent_id, @conversation_id, @seq, @at_us)
ON CONFLICT (account_id, agent_id, conversation_id) DO UPDATE SET seq = excluded.seq, at_us = excluded.at_us;

-- name: DeleteMention :exec
DELETE FROM mention
WHERE account_id = @account_id AND agent_id = @agent_id AND conversation_id = @conversation_id;

-- name: MentionsOf :many
SELECT * FROM mention WHERE account_id = @account_id AND agent_id = @agent_id
ORDER BY at_us DESC, conversation_id DESC LIMIT CAST(@row_limit AS bigint);

-- name: InsertActivity :exec
INSERT INTO activity (account_id, conversation_id, at_us, version, n, kind, actor_kind, actor_id, details)
VALUES (@account_id, @conversation_id, @at_us, @version, @n, @kind, @actor_kind, @actor_id, @details)
ON CONFLICT (account_id, conversation_id, at_us, version, n, kind) DO NOTHING;

-- name: Activity :many
SELECT * FROM activity WHERE account_id = @account_id AND conversation_id = @conversation_id
  AND (at_us, version, n) < (CAST(@before_us AS bigint), CAST(@before_version AS bigint), CAST(@before_n AS bigint))
ORDER BY at_us DESC, version DESC, n DESC LIMIT CAST(@row_limit AS bigint);

-- name: ReplaceEventPayload :exec
UPDATE event_log SET payload = @payload WHERE account_id = @account_id AND pos = @pos AND at_us = @at_us;

-- name: ReplaceDeadLetterPayload :exec
UPDATE dead_letter SET payload = @payload WHERE account_id = @account_id AND pos = @pos;

-- name: DropOutbox :exec
DELETE FROM outbox WHERE account_id = @account_id AND message_id = @message_id;

-- name: RequeueMessage :exec
UPDATE message SET status = @status, failure_reason = '' WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: Mentioned :one
SELECT count(*) FROM mention
WHERE account_id = @account_id AND agent_id = @agent_id AND conversation_id = @conversation_id;

-- name: Draft :one
SELECT * FROM draft WHERE account_id = @account_id AND agent_id = @agent_id
  AND conversation_id = @conversation_id AND kind = @kind;

-- name: PutDraft :exec
INSERT INTO draft (account_id, agent_id, conversation_id, kind, revision, body, updated_us)
VALUES (@account_id, @agent_id, @conversation_id, @kind, @revision, @body, @updated_us)
ON CONFLICT (account_id, agent_id, conversation_id, kind) DO UPDATE
SET revision = excluded.revision, body = excluded.body, updated_us = excluded.updated_us;

-- name: DeleteDraft :execrows
DELETE FROM draft WHERE account_id = @account_id AND agent_id = @agent_id
  AND conversation_id = @conversation_id AND kind = @kind;

-- name: DraftedConversations :many
-- As many as a page of conversations has.
SELECT conversation_id FROM draft WHERE account_id = @account_id AND agent_id = @agent_id
  AND conversation_id IN (
    @id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8, @id9, @id10, @id11, @id12,
    @id13, @id14, @id15, @id16, @id17, @id18, @id19, @id20, @id21, @id22, @id23, @id24,
    @id25, @id26, @id27, @id28, @id29, @id30, @id31, @id32, @id33, @id34, @id35, @id36,
    @id37, @id38, @id39, @id40, @id41, @id42, @id43, @id44, @id45, @id46, @id47, @id48,
    @id49, @id50
  );

-- name: DraftPage :many
SELECT * FROM draft WHERE account_id = @account_id
  AND (agent_id, conversation_id, kind) > (CAST(@after_agent AS text), CAST(@after_conversation AS text), CAST(@after_kind AS text))
ORDER BY agent_id, conversation_id, kind LIMIT CAST(@row_limit AS bigint);

-- name: OldDrafts :many
SELECT * FROM draft WHERE updated_us < @before_us ORDER BY updated_us LIMIT CAST(@row_limit AS bigint);

-- name: InsertScheduledMessage :exec
INSERT INTO scheduled_message (account_id, id, conversation_id, agent_id, state, reason, due_us, cancel_on_reply,
  after_seq, message_id, body, created_us, updated_us)
VALUES (@account_id, @id, @conversation_id, @agent_id, @state, @reason, @due_us, @cancel_on_reply,
  @after_seq, @message_id, @body, @created_us, @updated_us);

-- name: FinishScheduledMessage :exec
UPDATE scheduled_message SET state = @state, reason = @reason, message_id = @message_id, body = @body,
  updated_us = @updated_us
WHERE account_id = @account_id AND id = @id;

-- name: ScheduledMessage :one
SELECT * FROM scheduled_message WHERE account_id = @account_id AND id = @id;

-- name: ScheduledMessages :many
SELECT * FROM scheduled_message WHERE account_id = @account_id AND conversation_id = @conversation_id
ORDER BY due_us DESC, id LIMIT CAST(@row_limit AS bigint);

-- name: ScheduledPage :many
SELECT * FROM scheduled_message WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: ResealScheduledMessage :execrows
UPDATE scheduled_message SET body = @body WHERE account_id = @account_id AND id = @id;
