-- name: KnowledgeItem :one
SELECT * FROM knowledge_item WHERE account_id = @account_id AND id = @id;

-- name: KnowledgeItemsByID :many
SELECT * FROM knowledge_item WHERE account_id = @account_id AND id > @after_id
ORDER BY id LIMIT CAST(@row_limit AS bigint);

-- name: KnowledgeItemsByAge :many
SELECT * FROM knowledge_item WHERE account_id = @account_id
  AND (updated_us, id) < (CAST(@before_us AS bigint), CAST(@before_id AS text))
ORDER BY updated_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: InsertKnowledgeItem :exec
INSERT INTO knowledge_item (account_id, id, kind, category_id, version, content, created_us, updated_us)
VALUES (@account_id, @id, @kind, @category_id, @version, @content, @created_us, @updated_us);

-- name: UpdateKnowledgeItem :execrows
UPDATE knowledge_item SET category_id = @category_id, version = @version, content = @content, updated_us = @updated_us
WHERE account_id = @account_id AND id = @id;

-- name: DeleteKnowledgeItem :execrows
DELETE FROM knowledge_item WHERE account_id = @account_id AND id = @id;

-- name: DeleteKnowledgeVersions :exec
DELETE FROM knowledge_version WHERE account_id = @account_id AND item_id = @item_id AND version <= CAST(@upto AS bigint);

-- name: InsertKnowledgeVersion :exec
INSERT INTO knowledge_version (account_id, item_id, version, act, agent_id, content, at_us)
VALUES (@account_id, @item_id, @version, @act, @agent_id, @content, @at_us);

-- name: KnowledgeVersions :many
SELECT * FROM knowledge_version WHERE account_id = @account_id AND item_id = @item_id
ORDER BY version DESC LIMIT CAST(@row_limit AS bigint);

-- name: KnowledgeVersion :one
SELECT * FROM knowledge_version WHERE account_id = @account_id AND item_id = @item_id AND version = @version;

-- name: KnowledgeVersionPage :many
SELECT * FROM knowledge_version WHERE account_id = @account_id
  AND (item_id, version) > (CAST(@after_item AS text), CAST(@after_version AS bigint))
ORDER BY item_id, version LIMIT CAST(@row_limit AS bigint);

-- name: ResealKnowledgeVersion :exec
UPDATE knowledge_version SET content = @content WHERE account_id = @account_id AND item_id = @item_id AND version = @version;

-- name: KnowledgeShelf :one
SELECT * FROM knowledge_shelf WHERE account_id = @account_id;

-- name: UntrainedKnowledge :many
SELECT account_id FROM knowledge_shelf WHERE revision > trained ORDER BY updated_us LIMIT CAST(@row_limit AS bigint);

-- name: PutKnowledgeShelf :exec
INSERT INTO knowledge_shelf (account_id, revision, trained, serving, pinned, settings, updated_us)
VALUES (@account_id, @revision, @trained, @serving, @pinned, @settings, @updated_us)
ON CONFLICT (account_id) DO UPDATE SET revision = excluded.revision, trained = excluded.trained,
  serving = excluded.serving, pinned = excluded.pinned, settings = excluded.settings, updated_us = excluded.updated_us;

-- name: KnowledgeIndexes :many
SELECT * FROM knowledge_index WHERE account_id = @account_id
ORDER BY created_us DESC, id DESC LIMIT CAST(@row_limit AS bigint);

-- name: InsertKnowledgeIndex :exec
INSERT INTO knowledge_index (account_id, id, revision, parts, report, created_us)
VALUES (@account_id, @id, @revision, @parts, @report, @created_us);

-- name: DeleteKnowledgeIndex :exec
DELETE FROM knowledge_index WHERE account_id = @account_id AND id = @id;

-- name: InsertKnowledgePart :exec
INSERT INTO knowledge_part (account_id, index_id, part, body) VALUES (@account_id, @index_id, @part, @body);

-- name: KnowledgePart :one
SELECT * FROM knowledge_part WHERE account_id = @account_id AND index_id = @index_id AND part = @part;

-- name: KnowledgePartPage :many
SELECT * FROM knowledge_part WHERE account_id = @account_id
  AND (index_id, part) > (CAST(@after_index AS text), CAST(@after_part AS bigint))
ORDER BY index_id, part LIMIT CAST(@row_limit AS bigint);

-- name: ResealKnowledgePart :exec
UPDATE knowledge_part SET body = @body WHERE account_id = @account_id AND index_id = @index_id AND part = @part;

-- name: DeleteKnowledgeParts :exec
DELETE FROM knowledge_part WHERE account_id = @account_id AND index_id = @index_id;

-- name: KnowledgeIndexNames :many
SELECT DISTINCT index_id FROM knowledge_part WHERE account_id = @account_id ORDER BY index_id LIMIT CAST(@row_limit AS bigint);
