-- The tables of query/schema.sql as PostgreSQL keeps them; a test holds both
-- equal in names, columns and keys. What is added here:
--   conversation, message  LIST partitions by shard, which every query passes
--   dedupe                 HASH partitions by the whole key, never by time
--   event_log              RANGE partitions by commit time, one a day, made ahead and
--                          dropped whole by the driver; event_log_default is a safety
--                          net for a wrong clock
--   sealed columns         not compressed, because sealed bytes do not shrink
--   search_document        the index of sealed text: keyed token hashes

CREATE TABLE installation (
  key   text NOT NULL PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE account (
  id         text   NOT NULL PRIMARY KEY,
  name       text   NOT NULL,
  locale     text   NOT NULL,
  require_totp boolean NOT NULL DEFAULT false,
  created_us bigint NOT NULL
);

CREATE TABLE account_key (
  account_id text    NOT NULL,
  purpose    text    NOT NULL,
  id         bigint  NOT NULL,
  wrapped    bytea   NOT NULL,
  created_us bigint  NOT NULL,
  retired    boolean NOT NULL,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE inbox (
  id         text    NOT NULL PRIMARY KEY,
  account_id text    NOT NULL,
  channel    text    NOT NULL,
  name       text    NOT NULL,
  key        text    NOT NULL UNIQUE,
  settings   text    NOT NULL,
  secrets    bytea   NOT NULL,
  enabled    boolean NOT NULL,
  version    bigint  NOT NULL,
  created_us bigint  NOT NULL
);
CREATE INDEX inbox_account ON inbox (account_id, id);

CREATE TABLE agent (
  id            text    NOT NULL PRIMARY KEY,
  account_id    text    NOT NULL,
  role          text    NOT NULL,
  locale        text    NOT NULL,
  profile       bytea   NOT NULL,
  email_hash    text    NOT NULL UNIQUE,
  password_hash text    NOT NULL,
  disabled      boolean NOT NULL,
  created_us    bigint  NOT NULL
);
CREATE INDEX agent_account ON agent (account_id, id);

CREATE TABLE team (
  id         text NOT NULL PRIMARY KEY,
  account_id text NOT NULL,
  name       text NOT NULL
);
CREATE INDEX team_account ON team (account_id, id);

CREATE TABLE team_member (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  agent_id   text NOT NULL,
  PRIMARY KEY (account_id, team_id, agent_id)
);

CREATE TABLE session (
  hash       text   NOT NULL PRIMARY KEY,
  id         text   NOT NULL,
  account_id text   NOT NULL,
  agent_id   text   NOT NULL,
  meta       bytea  NOT NULL,
  created_us bigint NOT NULL,
  seen_us    bigint NOT NULL,
  expires_us bigint NOT NULL
);
CREATE INDEX session_agent ON session (account_id, agent_id, id);
CREATE INDEX session_expiry ON session (expires_us);

CREATE TABLE api_token (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  agent_id    text   NOT NULL,
  name        text   NOT NULL,
  hash        text   NOT NULL UNIQUE,
  permissions text   NOT NULL,
  created_us  bigint NOT NULL,
  used_us     bigint NOT NULL,
  expires_us  bigint NOT NULL
);
CREATE INDEX api_token_account ON api_token (account_id, id);

CREATE TABLE contact (
  account_id text    NOT NULL,
  id         text    NOT NULL,
  profile    bytea   NOT NULL,
  blocked    boolean NOT NULL,
  created_us bigint  NOT NULL,
  seen_us    bigint  NOT NULL,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE identity (
  account_id text    NOT NULL,
  scope      text    NOT NULL,
  hash       text    NOT NULL,
  contact_id text    NOT NULL,
  inbox_id   text    NOT NULL,
  external   bytea   NOT NULL,
  verified   boolean NOT NULL,
  created_us bigint  NOT NULL,
  PRIMARY KEY (account_id, scope, hash)
);
CREATE INDEX identity_contact ON identity (account_id, contact_id);

CREATE TABLE live_conversation (
  account_id      text     NOT NULL,
  contact_id      text     NOT NULL,
  thread          text     NOT NULL,
  shard           smallint NOT NULL,
  conversation_id text     NOT NULL,
  PRIMARY KEY (account_id, contact_id, thread)
);

CREATE TABLE conversation (
  shard            smallint NOT NULL,
  id               text     NOT NULL,
  account_id       text     NOT NULL,
  contact_id       text     NOT NULL,
  inbox_id         text     NOT NULL,
  thread           text     NOT NULL,
  status           text     NOT NULL CHECK (status IN ('pending', 'open', 'snoozed', 'resolved')),
  assignee_id      text     NOT NULL,
  team_id          text     NOT NULL,
  seq              bigint   NOT NULL,
  version          bigint   NOT NULL,
  contact_read_seq bigint   NOT NULL,
  agent_read_seq   bigint   NOT NULL,
  created_us       bigint   NOT NULL,
  updated_us       bigint   NOT NULL,
  last_message_us  bigint   NOT NULL,
  waiting_us       bigint   NOT NULL,
  snoozed_until_us bigint   NOT NULL,
  resolved_us      bigint   NOT NULL,
  preview          bytea    NOT NULL,
  PRIMARY KEY (shard, id)
) PARTITION BY LIST (shard);
ALTER TABLE conversation ALTER COLUMN preview SET STORAGE EXTERNAL;
CREATE INDEX conversation_status ON conversation (account_id, status, last_message_us, id);
-- team_id at the end lets the unassigned ones of certain teams be picked without reading the others' rows.
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, last_message_us, id, team_id);
CREATE INDEX conversation_team ON conversation (account_id, team_id, status, last_message_us, id, assignee_id) WHERE team_id <> '';
CREATE INDEX conversation_inbox ON conversation (account_id, inbox_id, id);
CREATE INDEX conversation_contact ON conversation (account_id, contact_id);
CREATE TABLE conversation_s00 PARTITION OF conversation FOR VALUES IN (0);
CREATE TABLE conversation_s01 PARTITION OF conversation FOR VALUES IN (1);
CREATE TABLE conversation_s02 PARTITION OF conversation FOR VALUES IN (2);
CREATE TABLE conversation_s03 PARTITION OF conversation FOR VALUES IN (3);
CREATE TABLE conversation_s04 PARTITION OF conversation FOR VALUES IN (4);
CREATE TABLE conversation_s05 PARTITION OF conversation FOR VALUES IN (5);
CREATE TABLE conversation_s06 PARTITION OF conversation FOR VALUES IN (6);
CREATE TABLE conversation_s07 PARTITION OF conversation FOR VALUES IN (7);
CREATE TABLE conversation_s08 PARTITION OF conversation FOR VALUES IN (8);
CREATE TABLE conversation_s09 PARTITION OF conversation FOR VALUES IN (9);
CREATE TABLE conversation_s10 PARTITION OF conversation FOR VALUES IN (10);
CREATE TABLE conversation_s11 PARTITION OF conversation FOR VALUES IN (11);
CREATE TABLE conversation_s12 PARTITION OF conversation FOR VALUES IN (12);
CREATE TABLE conversation_s13 PARTITION OF conversation FOR VALUES IN (13);
CREATE TABLE conversation_s14 PARTITION OF conversation FOR VALUES IN (14);
CREATE TABLE conversation_s15 PARTITION OF conversation FOR VALUES IN (15);

CREATE TABLE message (
  shard           smallint NOT NULL,
  id              text     NOT NULL,
  account_id      text     NOT NULL,
  conversation_id text     NOT NULL,
  seq             bigint   NOT NULL,
  inbox_id        text     NOT NULL,
  author_kind     text     NOT NULL CHECK (author_kind IN ('visitor', 'agent', 'bot', 'system')),
  author_id       text     NOT NULL,
  visibility      text     NOT NULL CHECK (visibility IN ('public', 'note')),
  status          text     NOT NULL,
  failure_reason  text     NOT NULL,
  client_id       text     NOT NULL,
  external_id     text     NOT NULL,
  sent_us         bigint   NOT NULL,
  at_us           bigint   NOT NULL,
  body            bytea    NOT NULL,
  PRIMARY KEY (shard, id),
  -- Within a partition all shards are equal. Behind the others the column keeps
  -- the planner from taking this index to look for an id.
  UNIQUE (conversation_id, seq, shard)
) PARTITION BY LIST (shard);
ALTER TABLE message ALTER COLUMN body SET STORAGE EXTERNAL;
-- Only outgoing messages of channels with receipts have an external id, so this
-- index costs an incoming message nothing.
CREATE INDEX message_external ON message (account_id, inbox_id, external_id) WHERE external_id <> '';
CREATE TABLE message_s00 PARTITION OF message FOR VALUES IN (0);
CREATE TABLE message_s01 PARTITION OF message FOR VALUES IN (1);
CREATE TABLE message_s02 PARTITION OF message FOR VALUES IN (2);
CREATE TABLE message_s03 PARTITION OF message FOR VALUES IN (3);
CREATE TABLE message_s04 PARTITION OF message FOR VALUES IN (4);
CREATE TABLE message_s05 PARTITION OF message FOR VALUES IN (5);
CREATE TABLE message_s06 PARTITION OF message FOR VALUES IN (6);
CREATE TABLE message_s07 PARTITION OF message FOR VALUES IN (7);
CREATE TABLE message_s08 PARTITION OF message FOR VALUES IN (8);
CREATE TABLE message_s09 PARTITION OF message FOR VALUES IN (9);
CREATE TABLE message_s10 PARTITION OF message FOR VALUES IN (10);
CREATE TABLE message_s11 PARTITION OF message FOR VALUES IN (11);
CREATE TABLE message_s12 PARTITION OF message FOR VALUES IN (12);
CREATE TABLE message_s13 PARTITION OF message FOR VALUES IN (13);
CREATE TABLE message_s14 PARTITION OF message FOR VALUES IN (14);
CREATE TABLE message_s15 PARTITION OF message FOR VALUES IN (15);

CREATE TABLE event_log (
  pos             bigint   NOT NULL,
  account_id      text     NOT NULL,
  shard           smallint NOT NULL,
  conversation_id text     NOT NULL,
  contact_id      text     NOT NULL,
  kind            text     NOT NULL,
  at_us           bigint   NOT NULL,
  payload         bytea    NOT NULL,
  -- pos alone is unique because log_head hands it out; a key of a partitioned
  -- table has to name the partition's column.
  PRIMARY KEY (pos, at_us)
) PARTITION BY RANGE (at_us);
ALTER TABLE event_log ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE TABLE event_log_default PARTITION OF event_log DEFAULT;
CREATE INDEX event_log_account ON event_log (account_id, pos);

-- log_head has one row: the newest position, so that positions have no gaps.
CREATE TABLE log_head (
  id  smallint NOT NULL PRIMARY KEY CHECK (id = 1),
  pos bigint   NOT NULL
) WITH (fillfactor = 10);
INSERT INTO log_head (id, pos) VALUES (1, 0);

CREATE TABLE dedupe (
  account_id text   NOT NULL,
  scope      text   NOT NULL,
  key        text   NOT NULL,
  result_id  text   NOT NULL,
  at_us      bigint NOT NULL,
  PRIMARY KEY (account_id, scope, key)
) PARTITION BY HASH (account_id, scope, key);
-- Rows come in order of time, so a few summary pages are enough to trim by it.
CREATE INDEX dedupe_at ON dedupe USING brin (at_us) WITH (pages_per_range = 32);
CREATE TABLE dedupe_h00 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 0);
CREATE TABLE dedupe_h01 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 1);
CREATE TABLE dedupe_h02 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 2);
CREATE TABLE dedupe_h03 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 3);
CREATE TABLE dedupe_h04 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 4);
CREATE TABLE dedupe_h05 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 5);
CREATE TABLE dedupe_h06 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 6);
CREATE TABLE dedupe_h07 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 7);
CREATE TABLE dedupe_h08 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 8);
CREATE TABLE dedupe_h09 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 9);
CREATE TABLE dedupe_h10 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 10);
CREATE TABLE dedupe_h11 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 11);
CREATE TABLE dedupe_h12 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 12);
CREATE TABLE dedupe_h13 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 13);
CREATE TABLE dedupe_h14 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 14);
CREATE TABLE dedupe_h15 PARTITION OF dedupe FOR VALUES WITH (MODULUS 16, REMAINDER 15);

CREATE TABLE consumer_position (
  consumer   text     NOT NULL,
  shard      smallint NOT NULL,
  pos        bigint   NOT NULL,
  holder     text     NOT NULL,
  token      bigint   NOT NULL,
  expires_us bigint   NOT NULL,
  rebuild    boolean  NOT NULL,
  PRIMARY KEY (consumer, shard)
);

CREATE TABLE dead_letter (
  id              text     NOT NULL PRIMARY KEY,
  account_id      text     NOT NULL,
  consumer        text     NOT NULL,
  shard           smallint NOT NULL,
  conversation_id text     NOT NULL,
  contact_id      text     NOT NULL,
  pos             bigint   NOT NULL,
  kind            text     NOT NULL,
  event_at_us     bigint   NOT NULL,
  payload         bytea    NOT NULL,
  error           text     NOT NULL,
  attempts        bigint   NOT NULL,
  state           text     NOT NULL CHECK (state IN ('parked', 'replay')),
  at_us           bigint   NOT NULL,
  UNIQUE (consumer, pos)
);
CREATE INDEX dead_letter_account ON dead_letter (account_id, id);
CREATE INDEX dead_letter_state ON dead_letter (consumer, state, pos);

CREATE TABLE timer (
  account_id       text   NOT NULL,
  kind             text   NOT NULL,
  subject          text   NOT NULL,
  due_us           bigint NOT NULL,
  data             text   NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us bigint NOT NULL,
  PRIMARY KEY (account_id, kind, subject)
);
CREATE INDEX timer_due ON timer (due_us);

CREATE TABLE lease (
  name       text   NOT NULL PRIMARY KEY,
  holder     text   NOT NULL,
  token      bigint NOT NULL,
  expires_us bigint NOT NULL
);

CREATE TABLE job (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  kind       text   NOT NULL,
  cursor     text   NOT NULL,
  done       bigint NOT NULL,
  total      bigint NOT NULL,
  state      text   NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  error      text   NOT NULL,
  created_us bigint NOT NULL,
  updated_us bigint NOT NULL
);
CREATE INDEX job_account ON job (account_id, kind, id);
CREATE INDEX job_kind ON job (kind, state);

CREATE TABLE outbox (
  account_id       text     NOT NULL,
  message_id       text     NOT NULL,
  shard            smallint NOT NULL,
  conversation_id  text     NOT NULL,
  contact_id       text     NOT NULL,
  inbox_id         text     NOT NULL,
  seq              bigint   NOT NULL,
  attempts         bigint   NOT NULL,
  due_us           bigint   NOT NULL,
  error            text     NOT NULL,
  holder           text     NOT NULL,
  claimed_until_us bigint   NOT NULL,
  PRIMARY KEY (account_id, message_id)
);
CREATE INDEX outbox_due ON outbox (due_us);
CREATE INDEX outbox_conversation ON outbox (account_id, conversation_id, seq);

CREATE TABLE search_document (
  message_id      text     NOT NULL PRIMARY KEY,
  account_id      text     NOT NULL,
  conversation_id text     NOT NULL,
  at_us           bigint   NOT NULL,
  tokens          bigint[] NOT NULL
);
CREATE INDEX search_document_account ON search_document (account_id, at_us, message_id);
-- A token is keyed by its account, so the index needs no account column.
CREATE INDEX search_document_tokens ON search_document USING gin (tokens);
