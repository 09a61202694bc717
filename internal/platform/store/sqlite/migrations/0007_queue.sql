-- Skills, presence, hours, the queue and its history.

CREATE TABLE skill (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  name       text   NOT NULL,
  name_key   text   NOT NULL,
  created_us integer NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name_key)
) STRICT, WITHOUT ROWID;

-- What an agent can take, and how a team works: settings as JSON. The team ''
-- is the account itself.
CREATE TABLE agent_work (
  account_id text NOT NULL,
  agent_id   text NOT NULL,
  settings   text NOT NULL,
  PRIMARY KEY (account_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_work (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  settings   text NOT NULL,
  PRIMARY KEY (account_id, team_id)
) STRICT, WITHOUT ROWID;

-- choice is what the agent has chosen ('auto' follows the connections), status
-- what that makes of it.
CREATE TABLE presence (
  account_id text   NOT NULL,
  agent_id   text   NOT NULL,
  choice     text   NOT NULL,
  reason     text   NOT NULL,
  status     text   NOT NULL,
  since_us   integer NOT NULL,
  PRIMARY KEY (account_id, agent_id)
) STRICT, WITHOUT ROWID;

-- Which node has connections of an agent. A node that dies stops renewing.
CREATE TABLE presence_link (
  account_id text    NOT NULL,
  agent_id   text    NOT NULL,
  node       text    NOT NULL,
  idle       integer NOT NULL,
  expires_us integer  NOT NULL,
  PRIMARY KEY (account_id, agent_id, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX presence_link_node ON presence_link (node);
CREATE INDEX presence_link_expiry ON presence_link (expires_us);

-- What sets a waiting conversation apart; one that is like all others has no row.
CREATE TABLE queue_entry (
  account_id      text    NOT NULL,
  conversation_id text    NOT NULL,
  escalated       integer NOT NULL,
  returned        integer  NOT NULL,
  declined        text    NOT NULL,
  choice          text    NOT NULL,
  updated_us      integer  NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- One row for each time a conversation left the queue.
CREATE TABLE queue_history (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  left_us         integer NOT NULL,
  entered_us      integer NOT NULL,
  team_id         text   NOT NULL,
  outcome         text   NOT NULL,
  agent_id        text   NOT NULL,
  detail          text   NOT NULL,
  PRIMARY KEY (account_id, conversation_id, left_us)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_history_left ON queue_history (account_id, left_us);

-- How long agents of a team are busy with a conversation, as JSON.
CREATE TABLE queue_pace (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  pace       text NOT NULL,
  PRIMARY KEY (account_id, team_id)
) STRICT, WITHOUT ROWID;

-- Who asked to be called back. details are the number and what it is about;
-- from and to bound when, 0 meaning any time.
CREATE TABLE callback (
  account_id      text   NOT NULL,
  id              text   NOT NULL,
  conversation_id text   NOT NULL,
  contact_id      text   NOT NULL,
  details         blob   NOT NULL,
  state           text   NOT NULL,
  from_us         integer NOT NULL,
  to_us           integer NOT NULL,
  created_us      integer NOT NULL,
  done_us         integer NOT NULL,
  done_by         text   NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX callback_state ON callback (account_id, state, id);
CREATE INDEX callback_conversation ON callback (account_id, conversation_id);

-- Which alerts are on, so that a restart does not raise them again.
CREATE TABLE queue_alert (
  account_id text   NOT NULL,
  rule       text   NOT NULL,
  value      integer NOT NULL,
  since_us   integer NOT NULL,
  PRIMARY KEY (account_id, rule)
) STRICT, WITHOUT ROWID;

-- Group robots that are told of alerts. secret is the address and the signing
-- secret, settings the rest as JSON; error is why the last message failed.
CREATE TABLE robot (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  settings   text   NOT NULL,
  secret     blob   NOT NULL,
  error      text   NOT NULL,
  sent_us    integer NOT NULL,
  created_us integer NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
