-- Queries of roles, invitations, second factors and the audit.

-- name: PutRole :execrows
INSERT INTO role (id, account_id, name, permissions, visibility, created_us)
VALUES (@id, @account_id, @name, @permissions, @visibility, @created_us)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, permissions = excluded.permissions, visibility = excluded.visibility
WHERE role.account_id = excluded.account_id;

-- name: Roles :many
SELECT * FROM role WHERE account_id = @account_id ORDER BY id;

-- name: DeleteRole :execrows
DELETE FROM role WHERE account_id = @account_id AND id = @id;

-- name: InsertInvitation :exec
INSERT INTO invitation (id, account_id, hash, role, teams, created_by, profile, created_us, expires_us)
VALUES (@id, @account_id, @hash, @role, @teams, @created_by, @profile, @created_us, @expires_us);

-- name: InvitationByHash :one
SELECT * FROM invitation WHERE hash = @hash;

-- name: Invitations :many
SELECT * FROM invitation WHERE account_id = @account_id ORDER BY id DESC;

-- name: UpdateInvitationProfile :execrows
UPDATE invitation SET profile = @profile WHERE account_id = @account_id AND id = @id;

-- name: DeleteInvitation :execrows
DELETE FROM invitation WHERE account_id = @account_id AND id = @id;

-- name: DeleteExpiredInvitations :execrows
DELETE FROM invitation WHERE expires_us < @before_us;

-- name: PutSecondFactor :exec
INSERT INTO second_factor (account_id, agent_id, secret, confirmed, last_step, created_us)
VALUES (@account_id, @agent_id, @secret, @confirmed, @last_step, @created_us)
ON CONFLICT (account_id, agent_id) DO UPDATE SET secret = excluded.secret, confirmed = excluded.confirmed,
  last_step = excluded.last_step, created_us = excluded.created_us;

-- name: SecondFactor :one
SELECT * FROM second_factor WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: SecondFactors :many
SELECT * FROM second_factor WHERE account_id = @account_id ORDER BY agent_id;

-- name: DeleteSecondFactor :execrows
DELETE FROM second_factor WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: InsertRecoveryCode :exec
INSERT INTO recovery_code (account_id, agent_id, hash) VALUES (@account_id, @agent_id, @hash);

-- name: DeleteRecoveryCode :execrows
DELETE FROM recovery_code WHERE account_id = @account_id AND agent_id = @agent_id AND hash = @hash;

-- name: DeleteRecoveryCodes :exec
DELETE FROM recovery_code WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: CountRecoveryCodes :one
SELECT count(*) FROM recovery_code WHERE account_id = @account_id AND agent_id = @agent_id;

-- name: InsertAudit :exec
INSERT INTO audit (id, account_id, at_us, actor_id, action, target_kind, target_id, details)
VALUES (@id, @account_id, @at_us, @actor_id, @action, @target_kind, @target_id, @details);

-- name: AuditPage :many
SELECT * FROM audit WHERE account_id = @account_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: AuditPageByActor :many
SELECT * FROM audit WHERE account_id = @account_id AND actor_id = @actor_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: AuditPageByAction :many
SELECT * FROM audit WHERE account_id = @account_id AND action = @action AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: AuditPageByActorAndAction :many
SELECT * FROM audit WHERE account_id = @account_id AND actor_id = @actor_id AND action = @action AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: AuditAfter :many
SELECT * FROM audit WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: ResealAudit :execrows
UPDATE audit SET details = @details WHERE account_id = @account_id AND id = @id;
