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
  created_us  bigint NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name_key)
);

CREATE TABLE conversation_label (
  account_id      text NOT NULL,
  conversation_id text NOT NULL,
  label_id        text NOT NULL,
  PRIMARY KEY (account_id, conversation_id, label_id)
);
CREATE INDEX conversation_label_label ON conversation_label (account_id, label_id, conversation_id);

CREATE TABLE canned_reply (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  scope      text   NOT NULL CHECK (scope IN ('personal', 'team', 'all')),
  owner_id   text   NOT NULL,
  shortcut   text   NOT NULL,
  content    bytea  NOT NULL,
  created_us bigint NOT NULL,
  updated_us bigint NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, owner_id, shortcut)
);

CREATE TABLE draft (
  account_id      text   NOT NULL,
  agent_id        text   NOT NULL,
  conversation_id text   NOT NULL,
  kind            text   NOT NULL CHECK (kind IN ('reply', 'note')),
  revision        bigint NOT NULL,
  body            bytea  NOT NULL,
  updated_us      bigint NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id, kind)
);
CREATE INDEX draft_age ON draft (updated_us);

CREATE TABLE scheduled_message (
  account_id      text    NOT NULL,
  id              text    NOT NULL,
  conversation_id text    NOT NULL,
  agent_id        text    NOT NULL,
  state           text    NOT NULL CHECK (state IN ('pending', 'sent', 'cancelled', 'failed')),
  reason          text    NOT NULL,
  due_us          bigint  NOT NULL,
  cancel_on_reply boolean NOT NULL,
  after_seq       bigint  NOT NULL,
  message_id      text    NOT NULL,
  body            bytea   NOT NULL,
  created_us      bigint  NOT NULL,
  updated_us      bigint  NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX scheduled_message_conversation ON scheduled_message (account_id, conversation_id, due_us);

CREATE TABLE mention (
  account_id      text   NOT NULL,
  agent_id        text   NOT NULL,
  conversation_id text   NOT NULL,
  seq             bigint NOT NULL,
  at_us           bigint NOT NULL,
  PRIMARY KEY (account_id, agent_id, conversation_id)
);

CREATE TABLE activity (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  at_us           bigint NOT NULL,
  version         bigint NOT NULL,
  n               bigint NOT NULL,
  kind            text   NOT NULL,
  actor_kind      text   NOT NULL,
  actor_id        text   NOT NULL,
  details         text   NOT NULL,
  PRIMARY KEY (account_id, conversation_id, at_us, version, n, kind)
);

ALTER TABLE canned_reply ALTER COLUMN content SET STORAGE EXTERNAL;
ALTER TABLE draft ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE scheduled_message ALTER COLUMN body SET STORAGE EXTERNAL;
