-- name: ContactRevision :one
SELECT * FROM contact_revision WHERE account_id = @account_id AND contact_id = @contact_id;

-- name: ContactRevisions :many
SELECT * FROM contact_revision WHERE account_id = @account_id
  AND contact_id IN (@id1, @id2, @id3, @id4, @id5, @id6, @id7, @id8);

-- name: PutContactRevision :exec
INSERT INTO contact_revision (account_id, contact_id, version, merged_into)
VALUES (@account_id, @contact_id, @version, @merged_into)
ON CONFLICT (account_id, contact_id) DO UPDATE SET version = excluded.version, merged_into = excluded.merged_into;

-- name: ContactsBefore :many
SELECT * FROM contact WHERE account_id = @account_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ContactsByTokens :many
SELECT a.contact_id FROM contact_token a
WHERE a.account_id = @account_id AND a.token = @token1 AND a.contact_id < @before_id
  AND EXISTS (SELECT 1 FROM contact_token b WHERE b.account_id = @account_id AND b.token = @token2 AND b.contact_id = a.contact_id)
  AND EXISTS (SELECT 1 FROM contact_token c WHERE c.account_id = @account_id AND c.token = @token3 AND c.contact_id = a.contact_id)
  AND EXISTS (SELECT 1 FROM contact_token d WHERE d.account_id = @account_id AND d.token = @token4 AND d.contact_id = a.contact_id)
ORDER BY a.contact_id DESC LIMIT CAST(@row_limit AS bigint);

-- name: DeleteContactTokens :exec
DELETE FROM contact_token WHERE account_id = @account_id AND contact_id = @contact_id;

-- name: InsertContactToken :exec
INSERT INTO contact_token (account_id, token, contact_id) VALUES (@account_id, @token, @contact_id)
ON CONFLICT (account_id, token, contact_id) DO NOTHING;

-- name: InsertContactNote :exec
INSERT INTO contact_note (id, account_id, contact_id, agent_id, body, created_us)
VALUES (@id, @account_id, @contact_id, @agent_id, @body, @created_us);

-- name: ContactNote :one
SELECT * FROM contact_note WHERE account_id = @account_id AND id = @id;

-- name: ContactNotes :many
SELECT * FROM contact_note WHERE account_id = @account_id AND contact_id = @contact_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ContactNotePage :many
SELECT * FROM contact_note WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateContactNote :execrows
UPDATE contact_note SET body = @body, contact_id = @contact_id WHERE account_id = @account_id AND id = @id;

-- name: DeleteContactNote :execrows
DELETE FROM contact_note WHERE account_id = @account_id AND id = @id;

-- name: InsertPageVisit :exec
INSERT INTO page_visit (id, account_id, contact_id, body, at_us) VALUES (@id, @account_id, @contact_id, @body, @at_us);

-- name: PageVisits :many
SELECT * FROM page_visit WHERE account_id = @account_id AND contact_id = @contact_id AND id < @before_id
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: PageVisitPage :many
SELECT * FROM page_visit WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdatePageVisit :execrows
UPDATE page_visit SET body = @body WHERE account_id = @account_id AND id = @id;

-- name: TrimPageVisits :exec
DELETE FROM page_visit WHERE account_id = @account_id AND contact_id = @contact_id AND id <= @last_id;

-- name: DeleteOldPageVisits :execrows
DELETE FROM page_visit WHERE at_us < @before_us;

-- name: InsertContactMerge :exec
INSERT INTO contact_merge (id, account_id, keep_id, lose_id, agent_id, moved, created_us, undone_us)
VALUES (@id, @account_id, @keep_id, @lose_id, @agent_id, @moved, @created_us, 0);

-- name: ContactMerge :one
SELECT * FROM contact_merge WHERE account_id = @account_id AND id = @id;

-- name: ContactMerges :many
SELECT * FROM contact_merge WHERE account_id = @account_id AND (keep_id = @contact_id OR lose_id = @contact_id)
ORDER BY id DESC LIMIT CAST(@row_limit AS bigint);

-- name: ContactMergePage :many
SELECT * FROM contact_merge WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: UpdateContactMerge :execrows
UPDATE contact_merge SET moved = @moved, undone_us = @undone_us WHERE account_id = @account_id AND id = @id;

-- name: MoveIdentity :execrows
UPDATE identity SET contact_id = @to_id, external = @external
WHERE account_id = @account_id AND scope = @scope AND hash = @hash AND contact_id = @from_id;

-- name: LiveConversations :many
SELECT * FROM live_conversation WHERE account_id = @account_id AND contact_id = @contact_id ORDER BY thread;

-- name: DeleteLiveConversation :execrows
DELETE FROM live_conversation WHERE account_id = @account_id AND contact_id = @contact_id AND thread = @thread;

-- name: MoveConversation :execrows
UPDATE conversation SET contact_id = @to_id
WHERE account_id = @account_id AND shard = @shard AND id = @id AND contact_id = @from_id;
