-- name: InsertMail :exec
INSERT INTO mail (id, account_id, kind, body, state, attempts, due_us, error, holder, claimed_until_us, created_us)
VALUES (@id, @account_id, @kind, @body, 'queued', 0, @due_us, '', '', 0, @created_us);

-- name: ClaimMails :many
UPDATE mail SET holder = @holder, claimed_until_us = @until_us
WHERE mail.claimed_until_us <= @now_us AND mail.id IN (
  SELECT m.id FROM mail m
  WHERE m.state = 'queued' AND m.due_us <= @now_us AND m.claimed_until_us <= @now_us
  ORDER BY m.due_us LIMIT CAST(@row_limit AS bigint)
)
RETURNING *;

-- name: Mail :one
SELECT * FROM mail WHERE account_id = @account_id AND id = @id;

-- name: Mails :many
SELECT * FROM mail WHERE account_id = @account_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: MailPage :many
SELECT * FROM mail WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateMail :execrows
UPDATE mail SET state = @state, attempts = @attempts, due_us = @due_us, error = @error, holder = '', claimed_until_us = 0
WHERE account_id = @account_id AND id = @id AND holder = @holder;

-- name: UpdateMailBody :execrows
UPDATE mail SET body = @body WHERE account_id = @account_id AND id = @id;

-- name: DeleteMail :execrows
DELETE FROM mail WHERE account_id = @account_id AND id = @id AND holder = @holder;

-- name: DeleteDeadMails :execrows
DELETE FROM mail WHERE state = 'dead' AND created_us < @before_us;
