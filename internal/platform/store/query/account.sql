-- name: InstallationValue :one
SELECT value FROM installation WHERE key = @key;

-- name: PutInstallationValue :exec
INSERT INTO installation (key, value) VALUES (@key, @value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value;

-- name: ClaimInstallationValue :execrows
INSERT INTO installation (key, value) VALUES (@key, @value) ON CONFLICT (key) DO NOTHING;

-- name: InsertAccount :exec
INSERT INTO account (id, name, locale, require_totp, created_us) VALUES (@id, @name, @locale, @require_totp, @created_us);

-- name: UpdateAccount :execrows
UPDATE account SET name = @name, locale = @locale, require_totp = @require_totp WHERE id = @id;

-- name: Accounts :many
SELECT * FROM account ORDER BY id;

-- name: Account :one
SELECT * FROM account WHERE id = @id;

-- name: InsertAccountKey :execrows
INSERT INTO account_key (account_id, purpose, id, wrapped, created_us, retired)
VALUES (@account_id, @purpose, @id, @wrapped, @created_us, @retired)
ON CONFLICT DO NOTHING;

-- name: UpdateAccountKey :execrows
UPDATE account_key SET wrapped = @wrapped, retired = @retired
WHERE account_id = @account_id AND id = @id;

-- name: AccountKeys :many
SELECT * FROM account_key WHERE account_id = @account_id ORDER BY id;

-- name: PutInbox :execrows
INSERT INTO inbox (id, account_id, channel, name, key, settings, secrets, enabled, version, created_us)
VALUES (@id, @account_id, @channel, @name, @key, @settings, @secrets, @enabled, @version, @created_us)
ON CONFLICT (id) DO UPDATE SET channel = excluded.channel, name = excluded.name, key = excluded.key,
  settings = excluded.settings, secrets = excluded.secrets, enabled = excluded.enabled, version = excluded.version
WHERE inbox.account_id = excluded.account_id;

-- name: DeleteInbox :execrows
DELETE FROM inbox WHERE account_id = @account_id AND id = @id;

-- name: InboxByKey :one
SELECT * FROM inbox WHERE key = @key;

-- name: Inbox :one
SELECT * FROM inbox WHERE account_id = @account_id AND id = @id;

-- name: Inboxes :many
SELECT * FROM inbox WHERE account_id = @account_id ORDER BY id;

-- name: InsertSession :exec
INSERT INTO session (hash, id, account_id, agent_id, meta, created_us, seen_us, expires_us)
VALUES (@hash, @id, @account_id, @agent_id, @meta, @created_us, @seen_us, @expires_us);

-- name: Sessions :many
SELECT * FROM session WHERE account_id = @account_id AND agent_id = @agent_id ORDER BY id;

-- name: SessionByID :one
SELECT * FROM session WHERE account_id = @account_id AND id = @id;

-- name: SessionPage :many
SELECT * FROM session WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateSessionMeta :execrows
UPDATE session SET meta = @meta WHERE account_id = @account_id AND hash = @hash;

-- name: LastSeen :many
SELECT s.agent_id, CAST(max(s.seen_us) AS bigint) AS seen_us FROM session s
WHERE s.account_id = @account_id GROUP BY s.agent_id;

-- name: Session :one
SELECT * FROM session WHERE hash = @hash;

-- name: TouchSession :execrows
UPDATE session SET seen_us = @seen_us, expires_us = @expires_us
WHERE account_id = @account_id AND hash = @hash;

-- name: DeleteSession :execrows
DELETE FROM session WHERE account_id = @account_id AND hash = @hash;

-- name: DeleteAgentSessions :execrows
DELETE FROM session WHERE account_id = @account_id AND agent_id = @agent_id AND hash <> @but_hash;

-- name: DeleteExpiredSessions :execrows
DELETE FROM session WHERE expires_us < @before_us;

-- name: InsertAPIToken :exec
INSERT INTO api_token (id, account_id, agent_id, name, hash, permissions, created_us, used_us, expires_us)
VALUES (@id, @account_id, @agent_id, @name, @hash, @permissions, @created_us, @used_us, @expires_us);

-- name: APIToken :one
SELECT * FROM api_token WHERE hash = @hash;

-- name: APITokens :many
SELECT * FROM api_token WHERE account_id = @account_id ORDER BY id;

-- name: TouchAPIToken :execrows
UPDATE api_token SET used_us = @used_us WHERE account_id = @account_id AND id = @id;

-- name: DeleteAgentTokens :execrows
DELETE FROM api_token WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: DeleteAPIToken :execrows
DELETE FROM api_token WHERE account_id = @account_id AND id = @id;
