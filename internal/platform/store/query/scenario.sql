-- name: InsertScenario :exec
INSERT INTO scenario (account_id, id, name, enabled, revision, published, draft, author_id, created_us, updated_us, published_us)
VALUES (@account_id, @id, @name, @enabled, @revision, @published, @draft, @author_id, @created_us, @updated_us, @published_us);

-- name: UpdateScenario :execrows
UPDATE scenario SET name = @name, enabled = @enabled, revision = @revision, published = @published, draft = @draft,
  author_id = @author_id, updated_us = @updated_us, published_us = @published_us
WHERE account_id = @account_id AND id = @id;

-- name: DeleteScenario :execrows
DELETE FROM scenario WHERE account_id = @account_id AND id = @id;

-- name: DeleteScenarioVersions :exec
DELETE FROM scenario_version WHERE account_id = @account_id AND scenario_id = @scenario_id;

-- name: Scenarios :many
SELECT * FROM scenario WHERE account_id = @account_id ORDER BY name LIMIT CAST(@row_limit AS bigint);

-- name: Scenario :one
SELECT * FROM scenario WHERE account_id = @account_id AND id = @id;

-- name: PutScenarioVersion :exec
INSERT INTO scenario_version (account_id, scenario_id, n, source, author_id, created_us)
VALUES (@account_id, @scenario_id, @n, @source, @author_id, @created_us)
ON CONFLICT (account_id, scenario_id, n) DO UPDATE SET source = excluded.source;

-- name: TrimScenarioVersions :exec
DELETE FROM scenario_version
WHERE account_id = @account_id AND scenario_id = @scenario_id AND n <= CAST(@last_n AS bigint);

-- name: ScenarioVersions :many
SELECT * FROM scenario_version WHERE account_id = @account_id AND scenario_id = @scenario_id
ORDER BY n DESC LIMIT CAST(@row_limit AS bigint);

-- name: ScenarioVersion :one
SELECT * FROM scenario_version WHERE account_id = @account_id AND scenario_id = @scenario_id AND n = @n;

-- name: PublishedScenarios :many
SELECT v.* FROM scenario s JOIN scenario_version v
  ON v.account_id = s.account_id AND v.scenario_id = s.id AND v.n = s.published
WHERE s.account_id = @account_id AND v.account_id = @account_id AND s.enabled ORDER BY s.name LIMIT CAST(@row_limit AS bigint);

-- name: PutScenarioSecret :exec
INSERT INTO scenario_secret (account_id, name, value, author_id, updated_us)
VALUES (@account_id, @name, @value, @author_id, @updated_us)
ON CONFLICT (account_id, name) DO UPDATE
SET value = excluded.value, author_id = excluded.author_id, updated_us = excluded.updated_us;

-- name: DeleteScenarioSecret :execrows
DELETE FROM scenario_secret WHERE account_id = @account_id AND name = @name;

-- name: ScenarioSecrets :many
SELECT * FROM scenario_secret WHERE account_id = @account_id ORDER BY name LIMIT CAST(@row_limit AS bigint);
