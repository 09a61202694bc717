-- name: PutRating :exec
INSERT INTO rating (account_id, conversation_id, score, comment, first_us, at_us)
VALUES (@account_id, @conversation_id, @score, @comment, @first_us, @at_us)
ON CONFLICT (account_id, conversation_id) DO UPDATE SET
  score = excluded.score, comment = excluded.comment, at_us = excluded.at_us;

-- name: Rating :one
SELECT * FROM rating WHERE account_id = @account_id AND conversation_id = @conversation_id;

-- name: RatingPage :many
SELECT * FROM rating WHERE account_id = @account_id AND conversation_id > @after_id
ORDER BY conversation_id LIMIT CAST(@row_limit AS bigint);

-- name: ContactRating :one
SELECT CAST(COALESCE(SUM(score), 0) AS bigint) AS total, COUNT(*) AS ratings FROM rating
WHERE rating.account_id = @account_id AND rating.conversation_id IN (
  SELECT id FROM conversation WHERE conversation.account_id = @account_id AND conversation.contact_id = @contact_id);
