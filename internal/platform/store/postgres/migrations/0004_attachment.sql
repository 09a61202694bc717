-- Files that people send.

-- attachment has a row for each file; the bytes are in the blob of the same
-- name. message_id is empty until it is sent, keeper names what else needs it.
CREATE TABLE attachment (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  upload_key text   NOT NULL,
  uploader   text   NOT NULL,
  keeper     text   NOT NULL,
  message_id text   NOT NULL,
  kind       text   NOT NULL,
  size       bigint NOT NULL,
  meta       bytea  NOT NULL,
  created_us bigint NOT NULL,
  dropped_us bigint NOT NULL,
  UNIQUE (account_id, upload_key)
);
CREATE INDEX attachment_page ON attachment (account_id, id);
CREATE INDEX attachment_message ON attachment (message_id) WHERE message_id <> '';
CREATE INDEX attachment_unused ON attachment (created_us) WHERE message_id = '';
CREATE INDEX attachment_dropped ON attachment (dropped_us) WHERE dropped_us > 0;
CREATE INDEX attachment_keeper ON attachment (account_id, keeper) WHERE keeper <> '';

-- attachment_usage is what an account's files take, in bytes.
CREATE TABLE attachment_usage (
  account_id text   NOT NULL PRIMARY KEY,
  bytes      bigint NOT NULL,
  files      bigint NOT NULL
);
