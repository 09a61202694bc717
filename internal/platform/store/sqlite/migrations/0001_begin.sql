-- The tables of query/schema.sql as SQLite keeps them; a test holds both equal in
-- names and columns. What is added here:
--   STRICT         a wrong type is an error and not a surprise
--   WITHOUT ROWID  one tree instead of two where rows are small or found by key
--   message        is only ever appended to and found by two small indexes: rows that lie in the
--                  order of their conversation made each new one rewrite and split full pages
--   CHECK          as a chain of OR: for IN with more than two values SQLite builds a small
--                  table for each row it checks
--   dedupe         keeps its row id, so that the oldest keys are found without an index

CREATE TABLE installation (
  key   text NOT NULL PRIMARY KEY,
  value text NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  id         text   NOT NULL PRIMARY KEY,
  name       text   NOT NULL,
  locale     text   NOT NULL,
  require_totp integer NOT NULL DEFAULT 0,
  created_us integer NOT NULL
) STRICT;

CREATE TABLE account_key (
  account_id text    NOT NULL,
  purpose    text    NOT NULL,
  id         integer  NOT NULL,
  wrapped    blob   NOT NULL,
  created_us integer  NOT NULL,
  retired    integer NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  id         text    NOT NULL PRIMARY KEY,
  account_id text    NOT NULL,
  channel    text    NOT NULL,
  name       text    NOT NULL,
  key        text    NOT NULL UNIQUE,
  settings   text    NOT NULL,
  secrets    blob   NOT NULL,
  enabled    integer NOT NULL,
  version    integer  NOT NULL,
  created_us integer  NOT NULL
) STRICT;
CREATE INDEX inbox_account ON inbox (account_id, id);

CREATE TABLE agent (
  id            text    NOT NULL PRIMARY KEY,
  account_id    text    NOT NULL,
  role          text    NOT NULL,
  locale        text    NOT NULL,
  profile       blob   NOT NULL,
  email_hash    text    NOT NULL UNIQUE,
  password_hash text    NOT NULL,
  disabled      integer NOT NULL,
  created_us    integer  NOT NULL
) STRICT;
CREATE INDEX agent_account ON agent (account_id, id);

CREATE TABLE team (
  id         text NOT NULL PRIMARY KEY,
  account_id text NOT NULL,
  name       text NOT NULL
) STRICT;
CREATE INDEX team_account ON team (account_id, id);

CREATE TABLE team_member (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  agent_id   text NOT NULL,
  PRIMARY KEY (account_id, team_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
  hash       text   NOT NULL PRIMARY KEY,
  id         text   NOT NULL,
  account_id text   NOT NULL,
  agent_id   text   NOT NULL,
  meta       blob   NOT NULL,
  created_us integer NOT NULL,
  seen_us    integer NOT NULL,
  expires_us integer NOT NULL
) STRICT;
CREATE INDEX session_agent ON session (account_id, agent_id, id);
CREATE INDEX session_expiry ON session (expires_us);

CREATE TABLE api_token (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  agent_id    text   NOT NULL,
  name        text   NOT NULL,
  hash        text   NOT NULL UNIQUE,
  permissions text   NOT NULL,
  created_us  integer NOT NULL,
  used_us     integer NOT NULL,
  expires_us  integer NOT NULL
) STRICT;
CREATE INDEX api_token_account ON api_token (account_id, id);

CREATE TABLE contact (
  account_id text    NOT NULL,
  id         text    NOT NULL,
  profile    blob   NOT NULL,
  blocked    integer NOT NULL,
  created_us integer  NOT NULL,
  seen_us    integer  NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity (
  account_id text    NOT NULL,
  scope      text    NOT NULL,
  hash       text    NOT NULL,
  contact_id text    NOT NULL,
  inbox_id   text    NOT NULL,
  external   blob   NOT NULL,
  verified   integer NOT NULL,
  created_us integer  NOT NULL,
  PRIMARY KEY (account_id, scope, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_contact ON identity (account_id, contact_id);

CREATE TABLE live_conversation (
  account_id      text     NOT NULL,
  contact_id      text     NOT NULL,
  thread          text     NOT NULL,
  shard           integer NOT NULL,
  conversation_id text     NOT NULL,
  PRIMARY KEY (account_id, contact_id, thread)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
  shard            integer NOT NULL,
  id               text     NOT NULL,
  account_id       text     NOT NULL,
  contact_id       text     NOT NULL,
  inbox_id         text     NOT NULL,
  thread           text     NOT NULL,
  status           text     NOT NULL CHECK (status = 'pending' OR status = 'open' OR status = 'snoozed' OR status = 'resolved'),
  assignee_id      text     NOT NULL,
  team_id          text     NOT NULL,
  seq              integer   NOT NULL,
  version          integer   NOT NULL,
  contact_read_seq integer   NOT NULL,
  agent_read_seq   integer   NOT NULL,
  created_us       integer   NOT NULL,
  updated_us       integer   NOT NULL,
  last_message_us  integer   NOT NULL,
  waiting_us       integer   NOT NULL,
  snoozed_until_us integer   NOT NULL,
  resolved_us      integer   NOT NULL,
  preview          blob    NOT NULL,
  PRIMARY KEY (shard, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_status ON conversation (account_id, status, last_message_us, id);
-- team_id at the end lets the unassigned ones of certain teams be picked without reading the others' rows.
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, last_message_us, id, team_id);
CREATE INDEX conversation_team ON conversation (account_id, team_id, status, last_message_us, id, assignee_id) WHERE team_id <> '';
CREATE INDEX conversation_inbox ON conversation (account_id, inbox_id, id);
CREATE INDEX conversation_contact ON conversation (account_id, contact_id);

CREATE TABLE message (
  shard           integer NOT NULL,
  id              text     NOT NULL,
  account_id      text     NOT NULL,
  conversation_id text     NOT NULL,
  seq             integer   NOT NULL,
  inbox_id        text     NOT NULL,
  author_kind     text     NOT NULL CHECK (author_kind = 'visitor' OR author_kind = 'agent' OR author_kind = 'bot' OR author_kind = 'system'),
  author_id       text     NOT NULL,
  visibility      text     NOT NULL CHECK (visibility IN ('public', 'note')),
  status          text     NOT NULL,
  failure_reason  text     NOT NULL,
  client_id       text     NOT NULL,
  external_id     text     NOT NULL,
  sent_us         integer   NOT NULL,
  at_us           integer   NOT NULL,
  body            blob    NOT NULL,
  PRIMARY KEY (account_id, id, shard),
  UNIQUE (conversation_id, seq, shard)
) STRICT;
-- Only outgoing messages of channels with receipts have an external id, so this
-- index costs an incoming message nothing.
CREATE INDEX message_external ON message (account_id, inbox_id, external_id) WHERE external_id <> '';

CREATE TABLE event_log (
  pos             integer  NOT NULL PRIMARY KEY,
  account_id      text     NOT NULL,
  shard           integer NOT NULL,
  conversation_id text     NOT NULL,
  contact_id      text     NOT NULL,
  kind            text     NOT NULL,
  at_us           integer   NOT NULL,
  payload         blob    NOT NULL
) STRICT;
CREATE INDEX event_log_account ON event_log (account_id, pos);

-- log_head has one row: the newest position, so that positions have no gaps.
CREATE TABLE log_head (
  id  integer NOT NULL PRIMARY KEY CHECK (id = 1),
  pos integer   NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO log_head (id, pos) VALUES (1, 0);

CREATE TABLE dedupe (
  account_id text   NOT NULL,
  scope      text   NOT NULL,
  key        text   NOT NULL,
  result_id  text   NOT NULL,
  at_us      integer NOT NULL,
  PRIMARY KEY (account_id, scope, key)
) STRICT;

CREATE TABLE consumer_position (
  consumer   text     NOT NULL,
  shard      integer NOT NULL,
  pos        integer   NOT NULL,
  holder     text     NOT NULL,
  token      integer   NOT NULL,
  expires_us integer   NOT NULL,
  rebuild    integer  NOT NULL,
  PRIMARY KEY (consumer, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letter (
  id              text     NOT NULL PRIMARY KEY,
  account_id      text     NOT NULL,
  consumer        text     NOT NULL,
  shard           integer NOT NULL,
  conversation_id text     NOT NULL,
  contact_id      text     NOT NULL,
  pos             integer   NOT NULL,
  kind            text     NOT NULL,
  event_at_us     integer   NOT NULL,
  payload         blob    NOT NULL,
  error           text     NOT NULL,
  attempts        integer   NOT NULL,
  state           text     NOT NULL CHECK (state IN ('parked', 'replay')),
  at_us           integer   NOT NULL,
  UNIQUE (consumer, pos)
) STRICT;
CREATE INDEX dead_letter_account ON dead_letter (account_id, id);
CREATE INDEX dead_letter_state ON dead_letter (consumer, state, pos);

CREATE TABLE timer (
  account_id       text   NOT NULL,
  kind             text   NOT NULL,
  subject          text   NOT NULL,
  due_us           integer NOT NULL,
  data             text   NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us integer NOT NULL,
  PRIMARY KEY (account_id, kind, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_due ON timer (due_us);

CREATE TABLE lease (
  name       text   NOT NULL PRIMARY KEY,
  holder     text   NOT NULL,
  token      integer NOT NULL,
  expires_us integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  kind       text   NOT NULL,
  cursor     text   NOT NULL,
  done       integer NOT NULL,
  total      integer NOT NULL,
  state      text   NOT NULL CHECK (state IN ('running', 'done', 'failed')),
  error      text   NOT NULL,
  created_us integer NOT NULL,
  updated_us integer NOT NULL
) STRICT;
CREATE INDEX job_account ON job (account_id, kind, id);
CREATE INDEX job_kind ON job (kind, state);

CREATE TABLE outbox (
  account_id       text     NOT NULL,
  message_id       text     NOT NULL,
  shard            integer NOT NULL,
  conversation_id  text     NOT NULL,
  contact_id       text     NOT NULL,
  inbox_id         text     NOT NULL,
  seq              integer   NOT NULL,
  attempts         integer   NOT NULL,
  due_us           integer   NOT NULL,
  error            text     NOT NULL,
  holder           text     NOT NULL,
  claimed_until_us integer   NOT NULL,
  PRIMARY KEY (account_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due_us);
CREATE INDEX outbox_conversation ON outbox (account_id, conversation_id, seq);
