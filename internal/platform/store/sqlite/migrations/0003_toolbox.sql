-- Labels, canned replies, drafts, scheduled messages and what else agents work with.
-- mention holds what its agent has not seen yet; activity is the trail of each
-- conversation, which outlives the event log.

CREATE TABLE label (
  account_id  text   NOT NULL,
  id          text   NOT NULL,
  name        text   NOT NULL,
  name_key    text   NOT NULL,
  color       text   NOT NULL,
  description text   NOT NULL,
  created_us  integer NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation_label (
  account_id      text NOT NULL,
  conversation_id text NOT NULL,
  label_id        text NOT NULL,
  PRIMARY KEY (account_id, conversation_id, label_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_label_label ON conversation_label (account_id, label_id, conversation_id);

CREATE TABLE canned_reply (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  scope      text   NOT NULL CHECK (scope = 'personal' OR scope = 'team' OR scope = 'all'),
  owner_id   text   NOT NULL,
  shortcut   text   NOT NULL,
  content    blob   NOT NULL,
  created_us integer NOT NULL,
  updated_us integer NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, owner_id, shortcut)
) STRICT, WITHOUT ROWID;

CREATE TABLE draft (
  account_id      text   NOT NULL,
  agent_id        text   NOT NULL,
  conversation_id text   NOT NULL,
  kind            text   NOT NULL CHECK (kind IN ('reply', 'note')),
  revision        integer NOT NULL,
  body            blob   NOT NULL,
  updated_us      integer NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX draft_age ON draft (updated_us);

CREATE TABLE scheduled_message (
  account_id      text    NOT NULL,
  id              text    NOT NULL,
  conversation_id text    NOT NULL,
  agent_id        text    NOT NULL,
  state           text    NOT NULL CHECK (state = 'pending' OR state = 'sent' OR state = 'cancelled' OR state = 'failed'),
  reason          text    NOT NULL,
  due_us          integer NOT NULL,
  cancel_on_reply integer NOT NULL,
  after_seq       integer NOT NULL,
  message_id      text    NOT NULL,
  body            blob   NOT NULL,
  created_us      integer NOT NULL,
  updated_us      integer NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scheduled_message_conversation ON scheduled_message (account_id, conversation_id, due_us);

CREATE TABLE mention (
  account_id      text   NOT NULL,
  agent_id        text   NOT NULL,
  conversation_id text   NOT NULL,
  seq             integer NOT NULL,
  at_us           integer NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE activity (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  at_us           integer NOT NULL,
  version         integer NOT NULL,
  n               integer NOT NULL,
  kind            text   NOT NULL,
  actor_kind      text   NOT NULL,
  actor_id        text   NOT NULL,
  details         text   NOT NULL,
  PRIMARY KEY (account_id, conversation_id, at_us, version, n, kind)
) STRICT, WITHOUT ROWID;
