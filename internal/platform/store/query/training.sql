-- name: Intents :many
SELECT * FROM intent WHERE account_id = @account_id ORDER BY name LIMIT CAST(@row_limit AS bigint);

-- name: Intent :one
SELECT * FROM intent WHERE account_id = @account_id AND id = @id;

-- name: IntentPage :many
SELECT * FROM intent WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: InsertIntent :exec
INSERT INTO intent (account_id, id, name, topic, enabled, content, version, created_us, updated_us)
VALUES (@account_id, @id, @name, @topic, @enabled, @content, @version, @created_us, @updated_us);

-- name: UpdateIntent :execrows
UPDATE intent SET name = @name, topic = @topic, enabled = @enabled, content = @content, version = @version, updated_us = @updated_us
WHERE account_id = @account_id AND id = @id AND version = @before;

-- name: UpdateIntentContent :execrows
UPDATE intent SET content = @content WHERE account_id = @account_id AND id = @id;

-- name: DeleteIntent :execrows
DELETE FROM intent WHERE account_id = @account_id AND id = @id;

-- name: Training :one
SELECT * FROM training WHERE account_id = @account_id;

-- name: TouchTraining :one
INSERT INTO training (account_id, model_id, revision, number) VALUES (@account_id, '', @revisions, @numbers)
ON CONFLICT (account_id) DO UPDATE SET revision = training.revision + excluded.revision, number = training.number + excluded.number
RETURNING *;

-- name: ServeModel :execrows
UPDATE training SET model_id = @model_id WHERE account_id = @account_id;

-- name: InsertIntentModel :exec
INSERT INTO intent_model (account_id, id, job_id, number, kind, seed, hash, size, revision, report, secret, created_us)
VALUES (@account_id, @id, @job_id, @number, @kind, @seed, @hash, @size, @revision, @report, @secret, @created_us);

-- name: IntentModel :one
SELECT * FROM intent_model WHERE account_id = @account_id AND id = @id;

-- name: IntentModels :many
SELECT * FROM intent_model WHERE account_id = @account_id
ORDER BY number DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: UpdateIntentModelSecret :execrows
UPDATE intent_model SET secret = @secret WHERE account_id = @account_id AND id = @id;

-- name: DeleteIntentModel :execrows
DELETE FROM intent_model WHERE account_id = @account_id AND id = @id;

-- name: IntentModelsKnown :many
SELECT id FROM intent_model WHERE id IN (@id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8);

-- name: InsertTrainingJob :exec
INSERT INTO training_job (account_id, id, origin, agent_id, seed, state, stage, done, total, left_us, error, attempts, due_us, holder,
  claimed_until_us, created_us, started_us, ended_us)
VALUES (@account_id, @id, @origin, @agent_id, @seed, 'queued', '', 0, 0, 0, '', 0, @due_us, '', 0, @created_us, 0, 0);

-- name: TrainingJobs :many
SELECT * FROM training_job WHERE account_id = @account_id
ORDER BY created_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ActiveTrainingJobs :many
SELECT * FROM training_job WHERE account_id = @account_id AND (state = 'queued' OR state = 'running')
ORDER BY created_us, id LIMIT CAST(@row_limit AS bigint);

-- name: PostponeTrainingJob :execrows
UPDATE training_job SET due_us = @due_us, seed = @seed WHERE account_id = @account_id AND id = @id AND state = 'queued';

-- name: ClaimTrainingJobs :many
UPDATE training_job SET state = 'running', holder = @holder, claimed_until_us = @until_us, started_us = @now_us, attempts = attempts + 1,
  stage = '', done = 0, total = 0, left_us = 0
WHERE training_job.claimed_until_us <= @now_us AND training_job.id IN (
  SELECT j.id FROM training_job j
  WHERE (j.state = 'queued' OR j.state = 'running') AND j.due_us <= @now_us AND j.claimed_until_us <= @now_us
    AND NOT EXISTS (
      SELECT 1 FROM training_job o
      WHERE o.account_id = j.account_id AND o.state = 'running' AND o.claimed_until_us > @now_us
    )
  ORDER BY j.due_us LIMIT CAST(@row_limit AS bigint)
)
RETURNING *;

-- name: NoteTraining :execrows
UPDATE training_job SET stage = @stage, done = @done, total = @total, left_us = @left_us, claimed_until_us = @until_us
WHERE account_id = @account_id AND id = @id AND state = 'running' AND holder = @holder;

-- name: EndTraining :execrows
UPDATE training_job SET state = @state, error = @error, ended_us = @ended_us, due_us = @due_us, holder = '', claimed_until_us = 0
WHERE account_id = @account_id AND id = @id AND state = 'running' AND holder = @holder;

-- name: CancelTraining :execrows
UPDATE training_job SET state = 'cancelled', error = @error, ended_us = @ended_us, holder = '', claimed_until_us = 0
WHERE account_id = @account_id AND id = @id AND (state = 'queued' OR state = 'running');

-- name: TrimTrainingJobs :execrows
DELETE FROM training_job WHERE account_id = @account_id AND ended_us > 0 AND ended_us < @before_us;

-- name: TrainingJobsDue :one
SELECT count(*) FROM training_job
WHERE (state = 'queued' OR state = 'running') AND due_us <= @now_us AND claimed_until_us <= @now_us;
