-- name: PutAgent :execrows
INSERT INTO agent (id, account_id, role, locale, profile, email_hash, password_hash, disabled, created_us)
VALUES (@id, @account_id, @role, @locale, @profile, @email_hash, @password_hash, @disabled, @created_us)
ON CONFLICT (id) DO UPDATE SET role = excluded.role, locale = excluded.locale, profile = excluded.profile,
  email_hash = excluded.email_hash, password_hash = excluded.password_hash, disabled = excluded.disabled
WHERE agent.account_id = excluded.account_id;

-- name: Agent :one
SELECT * FROM agent WHERE account_id = @account_id AND id = @id;

-- name: AgentByEmailHash :one
SELECT * FROM agent WHERE email_hash = @email_hash;

-- name: Agents :many
SELECT * FROM agent WHERE account_id = @account_id ORDER BY id;

-- name: PutTeam :execrows
INSERT INTO team (id, account_id, name) VALUES (@id, @account_id, @name)
ON CONFLICT (id) DO UPDATE SET name = excluded.name
WHERE team.account_id = excluded.account_id;

-- name: Teams :many
SELECT * FROM team WHERE account_id = @account_id ORDER BY id;

-- name: DeleteTeam :execrows
DELETE FROM team WHERE account_id = @account_id AND id = @id;

-- name: TeamMembers :many
SELECT * FROM team_member WHERE account_id = @account_id ORDER BY team_id, agent_id;

-- name: InsertTeamMember :exec
INSERT INTO team_member (account_id, team_id, agent_id) VALUES (@account_id, @team_id, @agent_id)
ON CONFLICT (account_id, team_id, agent_id) DO NOTHING;

-- name: DeleteTeamMembers :exec
DELETE FROM team_member WHERE account_id = @account_id AND team_id = @team_id;

-- name: InsertContact :exec
INSERT INTO contact (account_id, id, profile, blocked, created_us, seen_us)
VALUES (@account_id, @id, @profile, @blocked, @created_us, @seen_us);

-- name: UpdateContact :execrows
UPDATE contact SET profile = @profile, blocked = @blocked
WHERE account_id = @account_id AND id = @id;

-- name: TouchContact :exec
UPDATE contact SET seen_us = @seen_us
WHERE account_id = @account_id AND id = @id AND seen_us < @seen_us;

-- name: Contact :one
SELECT * FROM contact WHERE account_id = @account_id AND id = @id;

-- name: ContactPage :many
SELECT * FROM contact WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: Identity :one
SELECT * FROM identity WHERE account_id = @account_id AND scope = @scope AND hash = @hash;

-- name: Identities :many
SELECT * FROM identity WHERE account_id = @account_id AND contact_id = @contact_id ORDER BY scope, hash;

-- name: InsertIdentity :execrows
INSERT INTO identity (account_id, scope, hash, contact_id, inbox_id, external, verified, created_us)
VALUES (@account_id, @scope, @hash, @contact_id, @inbox_id, @external, @verified, @created_us)
ON CONFLICT (account_id, scope, hash) DO NOTHING;

-- name: UpdateIdentity :execrows
UPDATE identity SET contact_id = @contact_id, external = @external, verified = @verified
WHERE account_id = @account_id AND scope = @scope AND hash = @hash;

-- name: ContactsByID :many
-- As many as a page of conversations has.
SELECT * FROM contact WHERE account_id = @account_id
  AND id IN (
    @id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8, @id9, @id10, @id11, @id12,
    @id13, @id14, @id15, @id16, @id17, @id18, @id19, @id20, @id21, @id22, @id23, @id24,
    @id25, @id26, @id27, @id28, @id29, @id30, @id31, @id32, @id33, @id34, @id35, @id36,
    @id37, @id38, @id39, @id40, @id41, @id42, @id43, @id44, @id45, @id46, @id47, @id48,
    @id49, @id50
  );
