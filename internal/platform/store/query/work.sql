-- name: PutTimer :exec
INSERT INTO timer (account_id, kind, subject, due_us, data, holder, claimed_until_us)
VALUES (@account_id, @kind, @subject, @due_us, @data, '', 0)
ON CONFLICT (account_id, kind, subject) DO UPDATE
SET due_us = excluded.due_us, data = excluded.data, holder = '', claimed_until_us = 0;

-- name: ClaimTimers :many
UPDATE timer SET holder = @holder, claimed_until_us = @until_us
WHERE timer.claimed_until_us <= @now_us AND (timer.account_id, timer.kind, timer.subject) IN (
  SELECT t.account_id, t.kind, t.subject FROM timer t
  WHERE t.due_us <= @now_us AND t.claimed_until_us <= @now_us
  ORDER BY t.due_us LIMIT CAST(@row_limit AS bigint)
)
RETURNING *;

-- name: HoldTimers :exec
UPDATE timer SET claimed_until_us = @until_us WHERE holder = @holder AND claimed_until_us > 0;

-- name: FreeTimers :exec
UPDATE timer SET claimed_until_us = 0 WHERE claimed_until_us > 0;

-- name: FreeOutbox :exec
UPDATE outbox SET claimed_until_us = 0 WHERE claimed_until_us > 0;

-- name: FreeLeases :exec
UPDATE lease SET holder = '', expires_us = 0 WHERE holder <> '';

-- name: NextTimer :one
SELECT due_us FROM timer ORDER BY due_us LIMIT 1;

-- name: Timer :one
SELECT * FROM timer WHERE account_id = @account_id AND kind = @kind AND subject = @subject;

-- name: CancelTimer :execrows
DELETE FROM timer WHERE account_id = @account_id AND kind = @kind AND subject = @subject;

-- name: DeleteTimer :execrows
DELETE FROM timer
WHERE account_id = @account_id AND kind = @kind AND subject = @subject AND due_us = @due_us;

-- name: AcquireLease :many
INSERT INTO lease (name, holder, token, expires_us) VALUES (@name, @holder, 1, @expires_us)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, token = lease.token + 1, expires_us = excluded.expires_us
WHERE lease.holder = excluded.holder OR lease.holder = '' OR lease.expires_us < @now_us
RETURNING *;

-- name: RenewLease :execrows
UPDATE lease SET expires_us = @expires_us WHERE name = @name AND holder = @holder AND token = @token;

-- name: ReleaseLease :execrows
UPDATE lease SET holder = '', expires_us = 0 WHERE name = @name AND holder = @holder AND token = @token;

-- name: PutJob :execrows
INSERT INTO job (id, account_id, kind, cursor, done, total, state, error, created_us, updated_us)
VALUES (@id, @account_id, @kind, @cursor, @done, @total, @state, @error, @created_us, @updated_us)
ON CONFLICT (id) DO UPDATE SET cursor = excluded.cursor, done = excluded.done, total = excluded.total,
  state = excluded.state, error = excluded.error, updated_us = excluded.updated_us
WHERE job.account_id = excluded.account_id;

-- name: Job :one
SELECT * FROM job WHERE account_id = @account_id AND kind = @kind ORDER BY id DESC LIMIT 1;

-- name: RunningJobs :many
SELECT * FROM job WHERE kind = @kind AND state = 'running' ORDER BY id;

-- name: PutOutbox :exec
INSERT INTO outbox (account_id, message_id, shard, conversation_id, contact_id, inbox_id, seq, attempts, due_us,
  error, holder, claimed_until_us)
VALUES (@account_id, @message_id, @shard, @conversation_id, @contact_id, @inbox_id, @seq, @attempts, @due_us,
  '', '', 0)
ON CONFLICT (account_id, message_id) DO NOTHING;

-- name: ClaimOutbox :many
UPDATE outbox SET holder = @holder, claimed_until_us = @until_us
WHERE outbox.claimed_until_us <= @now_us AND (outbox.account_id, outbox.message_id) IN (
  SELECT o.account_id, o.message_id FROM outbox o
  WHERE o.due_us <= @now_us AND o.claimed_until_us <= @now_us
    AND NOT EXISTS (
      SELECT 1 FROM outbox e
      WHERE e.account_id = o.account_id AND e.conversation_id = o.conversation_id AND e.seq < o.seq
    )
  ORDER BY o.due_us LIMIT CAST(@row_limit AS bigint)
)
RETURNING *;

-- name: UpdateOutbox :execrows
UPDATE outbox SET attempts = @attempts, due_us = @due_us, error = @error, holder = '', claimed_until_us = 0
WHERE account_id = @account_id AND message_id = @message_id AND holder = @holder;

-- name: DeleteOutbox :execrows
DELETE FROM outbox WHERE account_id = @account_id AND message_id = @message_id AND holder = @holder;

-- name: NextOutbox :one
SELECT due_us FROM outbox ORDER BY due_us LIMIT 1;
