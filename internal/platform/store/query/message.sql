-- name: InsertMessage :exec
INSERT INTO message (shard, id, account_id, conversation_id, seq, inbox_id, author_kind, author_id, visibility,
  status, failure_reason, client_id, external_id, sent_us, at_us, body)
VALUES (@shard, @id, @account_id, @conversation_id, @seq, @inbox_id, @author_kind, @author_id, @visibility,
  @status, @failure_reason, @client_id, @external_id, @sent_us, @at_us, @body);

-- name: Message :one
SELECT * FROM message WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: MessageByExternal :one
SELECT * FROM message
WHERE account_id = @account_id AND inbox_id = @inbox_id AND external_id = @external_id AND external_id <> ''
LIMIT 1;

-- name: MessagesAfter :many
SELECT * FROM message
WHERE account_id = @account_id AND shard = @shard AND conversation_id = @conversation_id
  AND seq > @after_seq
ORDER BY seq LIMIT CAST(@row_limit AS bigint);

-- name: MessagesBefore :many
SELECT * FROM message
WHERE account_id = @account_id AND shard = @shard AND conversation_id = @conversation_id
  AND seq > @after_seq AND seq < @before_seq
ORDER BY seq DESC LIMIT CAST(@row_limit AS bigint);

-- name: PublicMessagesAfter :many
SELECT * FROM message
WHERE account_id = @account_id AND shard = @shard AND conversation_id = @conversation_id
  AND seq > @after_seq AND visibility = 'public'
ORDER BY seq LIMIT CAST(@row_limit AS bigint);

-- name: PublicMessagesBefore :many
SELECT * FROM message
WHERE account_id = @account_id AND shard = @shard AND conversation_id = @conversation_id
  AND seq > @after_seq AND seq < @before_seq AND visibility = 'public'
ORDER BY seq DESC LIMIT CAST(@row_limit AS bigint);

-- name: MessagePage :many
SELECT * FROM message
WHERE account_id = @account_id AND shard = @shard AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateMessageStatus :execrows
UPDATE message SET status = @status, failure_reason = @failure_reason,
  external_id = CASE WHEN CAST(@new_external_id AS text) = '' THEN external_id ELSE CAST(@new_external_id AS text) END
WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: UpdateMessageBody :execrows
UPDATE message SET body = @body WHERE account_id = @account_id AND shard = @shard AND id = @id;

-- name: MessagesByID :many
SELECT * FROM message WHERE account_id = @account_id AND shard = @shard
  AND id IN (@id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8);
