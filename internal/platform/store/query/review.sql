-- name: ReviewProposal :one
SELECT * FROM review_proposal WHERE account_id = @account_id AND id = @id;

-- name: ReviewProposals :many
SELECT * FROM review_proposal WHERE account_id = @account_id AND state = @state AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ReviewProposalPage :many
SELECT * FROM review_proposal WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: PutReviewProposal :execrows
INSERT INTO review_proposal (account_id, id, kind, state, size, version, content, result, decided_by, created_us, updated_us, decided_us)
VALUES (@account_id, @id, @kind, @state, @size, @version, @content, @result, @decided_by, @created_us, @updated_us, @decided_us)
ON CONFLICT (account_id, id) DO UPDATE SET kind = excluded.kind, state = excluded.state, size = excluded.size, version = excluded.version,
  content = excluded.content, result = excluded.result, decided_by = excluded.decided_by, updated_us = excluded.updated_us,
  decided_us = excluded.decided_us
WHERE review_proposal.account_id = excluded.account_id AND review_proposal.version = excluded.version - 1;

-- name: ResealReviewProposal :execrows
UPDATE review_proposal SET content = @content WHERE account_id = @account_id AND id = @id;

-- name: TrimReviewProposals :execrows
DELETE FROM review_proposal WHERE account_id = @account_id AND state <> 'open' AND decided_us < @before_us;
