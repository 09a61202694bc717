package postgres

// The statements of the hot path. Each takes whole columns (unnest), so a batch
// is a handful of statements however many units it holds.

const (
	sqlBegin    = "BEGIN"
	sqlCommit   = "COMMIT"
	sqlRollback = "ROLLBACK"

	// sqlSharePeople and sqlLockPeople keep batches that look up identities and
	// units that give them to others apart. Looking up locks no row, so without
	// them a message could go to a contact that was merged away in this moment.
	sqlSharePeople = `SELECT pg_advisory_xact_lock_shared(6120984417)`
	sqlLockPeople  = `SELECT pg_advisory_xact_lock(6120984417)`

	// sqlResolve finds the contact and the live conversation of each identity; no
	// row, no contact. Here and below, sub-queries make the planner use the whole
	// key even before it has statistics; a join may settle for a part of it.
	sqlResolve = `
SELECT t.n::bigint, i.contact_id, coalesce((
    SELECT l.conversation_id FROM live_conversation l
    WHERE l.account_id = t.account_id AND l.contact_id = i.contact_id AND l.thread = t.thread), '')
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t (account_id, scope, hash, thread, n)
JOIN identity i ON i.account_id = t.account_id AND i.scope = t.scope AND i.hash = t.hash`

	// sqlUsedKeys tells for each key what it answered, NULL if it is new. It runs
	// after sqlLock, so it sees what the last one who held the lock did.
	sqlUsedKeys = `
SELECT (SELECT d.result_id FROM dedupe d WHERE d.account_id = t.account_id AND d.scope = t.scope AND d.key = t.key)
FROM unnest($1::text[], $2::text[], $3::text[]) AS t (account_id, scope, key)`

	// sqlLock locks conversations in the order given, which is that of their ids everywhere.
	sqlLock = `
SELECT c.shard, c.id, c.account_id, c.contact_id, c.inbox_id, c.thread, c.status, c.assignee_id, c.team_id,
  c.seq, c.version, c.contact_read_seq, c.agent_read_seq, c.created_us, c.updated_us, c.last_message_us,
  c.waiting_us, c.snoozed_until_us, c.resolved_us, c.preview
FROM unnest($1::smallint[], $2::text[]) AS t (shard, id)
JOIN conversation c ON c.shard = t.shard AND c.id = t.id
FOR UPDATE OF c`

	// sqlMessages reads what receipts are for.
	sqlMessages = `
SELECT m.shard, m.id, m.account_id, m.conversation_id, m.seq, m.status, m.failure_reason
FROM unnest($1::smallint[], $2::text[]) AS t (shard, id)
JOIN message m ON m.shard = t.shard AND m.id = t.id`

	sqlInsertContacts = `
INSERT INTO contact (account_id, id, profile, blocked, created_us, seen_us)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::boolean[], $5::bigint[], $6::bigint[])`

	// The inserts of keys, identities and pointers fail if another node was
	// faster between our look and now; then the batch runs again.
	sqlInsertKeys = `
INSERT INTO dedupe (account_id, scope, key, result_id, at_us)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])`

	sqlInsertIdentities = `
INSERT INTO identity (account_id, scope, hash, contact_id, inbox_id, external, verified, created_us)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::boolean[], $8::bigint[])`

	sqlInsertLive = `
INSERT INTO live_conversation (account_id, contact_id, thread, shard, conversation_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[])`

	// sqlMoveLive replaces pointers that are still as they were read, and
	// divides by zero, which ends the transaction, if one is not.
	sqlMoveLive = `
WITH moved AS (
  UPDATE live_conversation l SET shard = t.shard, conversation_id = t.conversation_id
  FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::text[], $6::text[])
    AS t (account_id, contact_id, thread, shard, conversation_id, previous_id)
  WHERE l.account_id = t.account_id AND l.contact_id = t.contact_id AND l.thread = t.thread
    AND l.conversation_id = t.previous_id
  RETURNING 1
)
SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM moved`

	sqlInsertConversations = `
INSERT INTO conversation (shard, id, account_id, contact_id, inbox_id, thread, status, assignee_id, team_id,
  seq, version, contact_read_seq, agent_read_seq, created_us, updated_us, last_message_us,
  waiting_us, snoozed_until_us, resolved_us, preview)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
  $17::bigint[], $18::bigint[], $19::bigint[], $20::bytea[])`

	// sqlUpdateConversations checks the account in a way that no index serves, or
	// the planner may read all of the account's conversations to find one.
	sqlUpdateConversations = `
UPDATE conversation c SET contact_id = t.contact_id, inbox_id = t.inbox_id, thread = t.thread, status = t.status,
  assignee_id = t.assignee_id, team_id = t.team_id, seq = t.seq, version = t.version,
  contact_read_seq = t.contact_read_seq, agent_read_seq = t.agent_read_seq, created_us = t.created_us,
  updated_us = t.updated_us, last_message_us = t.last_message_us, waiting_us = t.waiting_us,
  snoozed_until_us = t.snoozed_until_us, resolved_us = t.resolved_us, preview = t.preview
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[],
  $17::bigint[], $18::bigint[], $19::bigint[], $20::bytea[])
  AS t (shard, id, account_id, contact_id, inbox_id, thread, status, assignee_id, team_id,
  seq, version, contact_read_seq, agent_read_seq, created_us, updated_us, last_message_us,
  waiting_us, snoozed_until_us, resolved_us, preview)
WHERE c.shard = t.shard AND c.id = t.id AND c.account_id IS NOT DISTINCT FROM t.account_id`

	sqlInsertMessages = `
INSERT INTO message (shard, id, account_id, conversation_id, seq, inbox_id, author_kind, author_id, visibility,
  status, failure_reason, client_id, external_id, sent_us, at_us, body)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[],
  $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[], $15::bigint[], $16::bytea[])`

	sqlUpdateStatuses = `
UPDATE message m SET status = t.status, failure_reason = t.reason,
  external_id = CASE WHEN t.external_id = '' THEN m.external_id ELSE t.external_id END
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[]) AS t (shard, id, status, reason, external_id)
WHERE m.shard = t.shard AND m.id = t.id`

	sqlSeeContacts = `
UPDATE contact c SET seen_us = $3
FROM unnest($1::text[], $2::text[]) AS t (account_id, id)
WHERE c.account_id = t.account_id AND c.id = t.id AND c.seen_us < $3`

	sqlCancelTimers = `
DELETE FROM timer m USING unnest($1::text[], $2::text[], $3::text[]) AS t (account_id, kind, subject)
WHERE m.account_id = t.account_id AND m.kind = t.kind AND m.subject = t.subject`

	sqlPutTimers = `
INSERT INTO timer (account_id, kind, subject, due_us, data, holder, claimed_until_us)
SELECT t.*, '', 0 FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]) AS t
ON CONFLICT (account_id, kind, subject) DO UPDATE
SET due_us = excluded.due_us, data = excluded.data, holder = '', claimed_until_us = 0`

	sqlPutOutbox = `
INSERT INTO outbox (account_id, message_id, shard, conversation_id, contact_id, inbox_id, seq, attempts, due_us,
  error, holder, claimed_until_us)
SELECT t.*, '', '', 0 FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[], $6::text[],
  $7::bigint[], $8::bigint[], $9::bigint[]) AS t
ON CONFLICT (account_id, message_id) DO NOTHING`

	sqlUseAttachments = `
UPDATE attachment a SET message_id = t.message_id
FROM unnest($1::text[], $2::text[], $3::text[]) AS t (account_id, id, message_id)
WHERE a.id = t.id AND a.account_id = t.account_id AND a.message_id = ''`

	sqlDropAttachments = `
UPDATE attachment a SET dropped_us = $3
FROM unnest($1::text[], $2::text[]) AS t (account_id, message_id)
WHERE a.message_id = t.message_id AND a.message_id <> '' AND a.account_id = t.account_id AND a.dropped_us = 0`

	// sqlLockLog is held until the commit is visible. So positions are drawn in
	// the order of commits, and who sees one sees all below it.
	sqlLockLog = `SELECT pg_advisory_xact_lock(8746381909)`

	// sqlAppendLog draws positions without gaps, writes the events, wakes the
	// other nodes at commit, and returns the position before the first.
	sqlAppendLog = `
WITH head AS (
  UPDATE log_head SET pos = pos + cardinality($1::text[]) WHERE id = 1 RETURNING pos
), added AS (
  INSERT INTO event_log (pos, account_id, shard, conversation_id, contact_id, kind, at_us, payload)
  SELECT head.pos - cardinality($1::text[]) + t.n, t.account_id, t.shard, t.conversation_id, t.contact_id, t.kind,
    t.at_us, t.payload
  FROM head, unnest($1::text[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bytea[])
    WITH ORDINALITY AS t (account_id, shard, conversation_id, contact_id, kind, at_us, payload, n)
)
SELECT pos - cardinality($1::text[]), pg_notify('yingda_log', pos::text)::text FROM head`

	// sqlLockAccount makes units of Write of one account follow each other. Two
	// accounts with the same hash wait for each other too, which does no harm.
	sqlLockAccount = `SELECT pg_advisory_xact_lock(1987405313, hashtext($1))`

	// sqlTrimKeys works on one partition (%[1]s), because a row's place names it
	// only there.
	sqlTrimKeys = `DELETE FROM %[1]s WHERE ctid = ANY (ARRAY(SELECT ctid FROM %[1]s WHERE at_us < $1 LIMIT $2))`

	// sqlIndexPut divides by zero, which undoes it, if a message is another account's.
	sqlIndexPut = `
WITH put AS (
  INSERT INTO search_document (account_id, message_id, conversation_id, at_us, tokens)
  SELECT t.account_id, t.message_id, t.conversation_id, t.at_us, t.tokens::bigint[]
  FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[]) AS t (account_id, message_id, conversation_id, at_us, tokens)
  ON CONFLICT (message_id) DO UPDATE
  SET conversation_id = excluded.conversation_id, at_us = excluded.at_us, tokens = excluded.tokens
  WHERE search_document.account_id = excluded.account_id
  RETURNING 1
)
SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM put`

	sqlIndexSearch = `
SELECT message_id, conversation_id, at_us FROM search_document
WHERE account_id = $1 AND tokens @> $2::bigint[] AND (at_us, message_id) < ($3::bigint, $4::text)
ORDER BY at_us DESC, message_id DESC LIMIT $5`

	sqlIndexDelete = `DELETE FROM search_document WHERE account_id = $1 AND message_id = ANY($2::text[])`

	sqlIndexCount = `SELECT count(*) FROM search_document WHERE account_id = $1`
)
