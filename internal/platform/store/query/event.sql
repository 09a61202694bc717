-- name: LogHead :one
SELECT pos FROM log_head;

-- name: SetLogHead :exec
UPDATE log_head SET pos = @pos;

-- name: OldestEvent :one
SELECT CAST(COALESCE(min(pos), 0) AS bigint) AS pos FROM event_log;

-- name: EventAt :one
SELECT pos, at_us FROM event_log WHERE pos >= @pos ORDER BY pos LIMIT 1;

-- name: InsertEvent :exec
INSERT INTO event_log (pos, account_id, shard, conversation_id, contact_id, kind, at_us, payload)
VALUES (@pos, @account_id, @shard, @conversation_id, @contact_id, @kind, @at_us, @payload);

-- name: Events :many
SELECT * FROM event_log WHERE pos > @after_pos ORDER BY pos LIMIT CAST(@row_limit AS bigint);

-- name: AccountEvents :many
SELECT * FROM event_log WHERE account_id = @account_id AND pos > @after_pos
ORDER BY pos LIMIT CAST(@row_limit AS bigint);

-- name: InsertDedupe :execrows
INSERT INTO dedupe (account_id, scope, key, result_id, at_us)
VALUES (@account_id, @scope, @key, @result_id, @at_us)
ON CONFLICT (account_id, scope, key) DO NOTHING;

-- name: Dedupe :one
SELECT * FROM dedupe WHERE account_id = @account_id AND scope = @scope AND key = @key;

-- name: CreatePosition :exec
INSERT INTO consumer_position (consumer, shard, pos, holder, token, expires_us, rebuild)
VALUES (@consumer, @shard, @pos, '', 0, 0, @rebuild)
ON CONFLICT (consumer, shard) DO NOTHING;

-- name: ClaimPosition :many
UPDATE consumer_position SET
  token = CASE WHEN holder = @holder THEN token ELSE token + 1 END,
  holder = @holder, expires_us = @expires_us
WHERE consumer = @consumer AND (holder = @holder OR holder = '' OR expires_us < @now_us)
RETURNING *;

-- name: SavePosition :execrows
UPDATE consumer_position SET pos = @pos
WHERE consumer = @consumer AND shard = @shard AND holder = @holder AND token = @token AND rebuild = @rebuild
  AND pos = @was;

-- name: FinishRebuild :execrows
UPDATE consumer_position SET pos = @pos, rebuild = false
WHERE consumer = @consumer AND shard = @shard AND holder = @holder AND token = @token;

-- name: ReleasePositions :exec
UPDATE consumer_position SET holder = '', expires_us = 0 WHERE consumer = @consumer AND holder = @holder;

-- name: FreePositions :exec
UPDATE consumer_position SET holder = '', expires_us = 0 WHERE holder <> '';

-- name: MarkRebuild :execrows
UPDATE consumer_position SET rebuild = true WHERE pos < @oldest_kept AND NOT rebuild;

-- name: SlowestPosition :one
SELECT CAST(COALESCE(min(pos), -1) AS bigint) AS pos FROM consumer_position WHERE NOT rebuild;

-- name: Positions :many
SELECT * FROM consumer_position ORDER BY consumer, shard;

-- name: PutDeadLetter :exec
INSERT INTO dead_letter (id, account_id, consumer, shard, conversation_id, contact_id, pos, kind, event_at_us,
  payload, error, attempts, state, at_us)
VALUES (@id, @account_id, @consumer, @shard, @conversation_id, @contact_id, @pos, @kind, @event_at_us,
  @payload, @error, @attempts, 'parked', @at_us)
ON CONFLICT (consumer, pos) DO UPDATE SET error = excluded.error, attempts = dead_letter.attempts + excluded.attempts,
  state = 'parked', at_us = excluded.at_us;

-- name: ParkedConversations :many
SELECT DISTINCT account_id, shard, conversation_id FROM dead_letter WHERE consumer = @consumer
ORDER BY account_id, conversation_id LIMIT CAST(@row_limit AS bigint);

-- name: DeadLetters :many
SELECT * FROM dead_letter WHERE account_id = @account_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: DeadLetter :one
SELECT * FROM dead_letter WHERE account_id = @account_id AND id = @id;

-- name: RequestReplay :execrows
UPDATE dead_letter SET state = 'replay'
WHERE account_id = @account_id AND consumer = @consumer AND conversation_id = @conversation_id;

-- name: DueReplays :many
SELECT * FROM dead_letter WHERE consumer = @consumer AND state = 'replay'
ORDER BY pos LIMIT CAST(@row_limit AS bigint);

-- name: DeleteDeadLetter :execrows
DELETE FROM dead_letter WHERE account_id = @account_id AND id = @id;

-- name: ConsumerPositions :many
SELECT * FROM consumer_position WHERE consumer = @consumer ORDER BY shard;
