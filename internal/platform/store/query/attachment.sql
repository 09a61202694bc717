-- name: InsertAttachment :execrows
INSERT INTO attachment (id, account_id, upload_key, uploader, keeper, message_id, kind, size, meta, created_us, dropped_us)
VALUES (@id, @account_id, @upload_key, @uploader, '', '', @kind, @size, @meta, @created_us, 0)
ON CONFLICT (account_id, upload_key) DO NOTHING;

-- name: Attachment :one
SELECT * FROM attachment WHERE account_id = @account_id AND id = @id;

-- name: AttachmentByUpload :one
SELECT * FROM attachment WHERE account_id = @account_id AND upload_key = @upload_key;

-- name: AttachmentByID :one
SELECT * FROM attachment WHERE id = @id;

-- name: AttachmentsByID :many
SELECT * FROM attachment WHERE account_id = @account_id
  AND id IN (@id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8);

-- name: AttachmentsKnown :many
SELECT id FROM attachment WHERE id IN (@id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8);

-- name: AttachmentPage :many
SELECT * FROM attachment WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateAttachmentMeta :execrows
UPDATE attachment SET meta = @meta WHERE account_id = @account_id AND id = @id;

-- name: KeepAttachment :execrows
UPDATE attachment SET keeper = @keeper
WHERE account_id = @account_id AND id = @id AND keeper IN ('', @keeper) AND message_id = '' AND dropped_us = 0;

-- name: ReleaseAttachments :exec
UPDATE attachment SET keeper = '', created_us = CASE WHEN message_id = '' THEN @now_us ELSE created_us END
WHERE account_id = @account_id AND keeper = @keeper AND keeper <> '';

-- name: UseAttachment :exec
UPDATE attachment SET message_id = @message_id WHERE account_id = @account_id AND id = @id AND message_id = '';

-- name: DropAttachments :exec
UPDATE attachment SET dropped_us = @now_us
WHERE account_id = @account_id AND message_id = @message_id AND message_id <> '' AND dropped_us = 0;

-- name: UnneededAttachments :many
SELECT * FROM attachment WHERE message_id = '' AND keeper = '' AND created_us < @before_us
ORDER BY created_us LIMIT CAST(@row_limit AS bigint);

-- name: DroppedAttachments :many
SELECT * FROM attachment WHERE dropped_us > 0 ORDER BY dropped_us LIMIT CAST(@row_limit AS bigint);

-- name: DeleteAttachment :execrows
DELETE FROM attachment WHERE account_id = @account_id AND id = @id
  AND (dropped_us > 0 OR (message_id = '' AND keeper = '' AND created_us < @before_us));

-- name: AddAttachmentUsage :one
INSERT INTO attachment_usage (account_id, bytes, files) VALUES (@account_id, @bytes, @files)
ON CONFLICT (account_id) DO UPDATE
SET bytes = attachment_usage.bytes + excluded.bytes, files = attachment_usage.files + excluded.files
RETURNING *;

-- name: AttachmentUsage :one
SELECT * FROM attachment_usage WHERE account_id = @account_id;
