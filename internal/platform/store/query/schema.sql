-- The portable shape of every table, for sqlc. The real definitions are in each
-- driver's migrations, which add partitions and storage options; storetest holds
-- the drivers equal. Ids are text, times are microseconds since 1970 (0 = not
-- set), nothing is NULL, sealed values are bytes.

CREATE TABLE installation (
  key   text NOT NULL PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE account (
  id           text    NOT NULL PRIMARY KEY,
  name         text    NOT NULL,
  locale       text    NOT NULL,
  require_totp boolean NOT NULL,
  created_us   bigint  NOT NULL
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
);
CREATE INDEX conversation_status ON conversation (account_id, status, last_message_us, id);
-- team_id at the end lets the unassigned ones of certain teams be picked without reading the others' rows.
CREATE INDEX conversation_assignee ON conversation (account_id, assignee_id, status, last_message_us, id, team_id);
CREATE INDEX conversation_team ON conversation (account_id, team_id, status, last_message_us, id, assignee_id) WHERE team_id <> '';
CREATE INDEX conversation_inbox ON conversation (account_id, inbox_id, id);
CREATE INDEX conversation_contact ON conversation (account_id, contact_id);

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
  UNIQUE (shard, conversation_id, seq)
);
-- Only outgoing messages of channels with receipts have an external id, so this
-- index costs an incoming message nothing.
CREATE INDEX message_external ON message (account_id, inbox_id, external_id) WHERE external_id <> '';

CREATE TABLE event_log (
  pos             bigint   NOT NULL PRIMARY KEY,
  account_id      text     NOT NULL,
  shard           smallint NOT NULL,
  conversation_id text     NOT NULL,
  contact_id      text     NOT NULL,
  kind            text     NOT NULL,
  at_us           bigint   NOT NULL,
  payload         bytea    NOT NULL
);
CREATE INDEX event_log_account ON event_log (account_id, pos);

-- log_head has one row: the newest position, so that positions have no gaps.
CREATE TABLE log_head (
  id  smallint NOT NULL PRIMARY KEY CHECK (id = 1),
  pos bigint   NOT NULL
);

CREATE TABLE dedupe (
  account_id text   NOT NULL,
  scope      text   NOT NULL,
  key        text   NOT NULL,
  result_id  text   NOT NULL,
  at_us      bigint NOT NULL,
  PRIMARY KEY (account_id, scope, key)
);

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

-- ---------------------------------------------------------------------------
-- Migration 0002_people: roles, invitations, second factors, the record of administrative acts.
-- ---------------------------------------------------------------------------

CREATE TABLE role (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  name        text   NOT NULL,
  permissions text   NOT NULL,
  visibility  text   NOT NULL,
  created_us  bigint NOT NULL
);
CREATE INDEX role_account ON role (account_id, id);

CREATE TABLE invitation (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  hash       text   NOT NULL UNIQUE,
  role       text   NOT NULL,
  teams      text   NOT NULL,
  created_by text   NOT NULL,
  profile    bytea  NOT NULL,
  created_us bigint NOT NULL,
  expires_us bigint NOT NULL
);
CREATE INDEX invitation_account ON invitation (account_id, id);
CREATE INDEX invitation_expiry ON invitation (expires_us);

-- last_step is the newest thirty seconds whose code was used; no code is good twice.
CREATE TABLE second_factor (
  account_id text    NOT NULL,
  agent_id   text    NOT NULL,
  secret     bytea   NOT NULL,
  confirmed  boolean NOT NULL,
  last_step  bigint  NOT NULL,
  created_us bigint  NOT NULL,
  PRIMARY KEY (account_id, agent_id)
);

CREATE TABLE recovery_code (
  account_id text NOT NULL,
  agent_id   text NOT NULL,
  hash       text NOT NULL,
  PRIMARY KEY (account_id, agent_id, hash)
);

-- audit is only ever inserted into: there is no statement that changes or deletes what was recorded, but for the key it
-- is sealed with.
CREATE TABLE audit (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  at_us       bigint NOT NULL,
  actor_id    text   NOT NULL,
  action      text   NOT NULL,
  target_kind text   NOT NULL,
  target_id   text   NOT NULL,
  details     bytea  NOT NULL
);
CREATE INDEX audit_account ON audit (account_id, id);
CREATE INDEX audit_actor ON audit (account_id, actor_id, id);
CREATE INDEX audit_action ON audit (account_id, action, id);

-- ---------------------------------------------------------------------------
-- Migration 0003_toolbox: labels, canned replies, drafts, scheduled messages.
-- ---------------------------------------------------------------------------

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

-- ---------------------------------------------------------------------------
-- Migration 0004_attachment: files that people send.
-- ---------------------------------------------------------------------------

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

-- ---------------------------------------------------------------------------
-- Migration 0005_profile: contacts: notes, merges, page visits.
-- ---------------------------------------------------------------------------

-- contact_revision counts a contact's changes, from the first on; merged_into
-- names the contact that took this one's place.
CREATE TABLE contact_revision (
  account_id  text   NOT NULL,
  contact_id  text   NOT NULL,
  version     bigint NOT NULL,
  merged_into text   NOT NULL,
  PRIMARY KEY (account_id, contact_id)
);

-- contact_token has the keyed hashes of the words that a contact is found by.
CREATE TABLE contact_token (
  account_id text   NOT NULL,
  token      bigint NOT NULL,
  contact_id text   NOT NULL,
  PRIMARY KEY (account_id, token, contact_id)
);
CREATE INDEX contact_token_contact ON contact_token (account_id, contact_id);

CREATE TABLE contact_note (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  contact_id text   NOT NULL,
  agent_id   text   NOT NULL,
  body       bytea  NOT NULL,
  created_us bigint NOT NULL
);
CREATE INDEX contact_note_contact ON contact_note (account_id, contact_id, id);

-- contact_merge keeps what a merge moved, sealed, so that it can be undone.
CREATE TABLE contact_merge (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  keep_id    text   NOT NULL,
  lose_id    text   NOT NULL,
  agent_id   text   NOT NULL,
  moved      bytea  NOT NULL,
  created_us bigint NOT NULL,
  undone_us  bigint NOT NULL
);
CREATE INDEX contact_merge_keep ON contact_merge (account_id, keep_id, id);
CREATE INDEX contact_merge_lose ON contact_merge (account_id, lose_id, id);

-- page_visit is what contacts did on pages; the newest of each for a month.
CREATE TABLE page_visit (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  contact_id text   NOT NULL,
  body       bytea  NOT NULL,
  at_us      bigint NOT NULL
);
CREATE INDEX page_visit_contact ON page_visit (account_id, contact_id, id);
CREATE INDEX page_visit_age ON page_visit (at_us);

-- ---------------------------------------------------------------------------
-- Migration 0006_visitor: ratings.
-- ---------------------------------------------------------------------------

-- rating has the newest of a conversation; what the customer wrote with it is sealed.
CREATE TABLE rating (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  score           bigint NOT NULL CHECK (score BETWEEN 1 AND 5),
  comment         bytea NOT NULL,
  first_us        bigint NOT NULL,
  at_us           bigint NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
);

-- ---------------------------------------------------------------------------
-- Migration 0007_queue: skills, presence, hours, the queue.
-- ---------------------------------------------------------------------------

CREATE TABLE skill (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  name       text   NOT NULL,
  name_key   text   NOT NULL,
  created_us bigint NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name_key)
);

-- What an agent can take, and how a team works: settings as JSON. The team ''
-- is the account itself.
CREATE TABLE agent_work (
  account_id text NOT NULL,
  agent_id   text NOT NULL,
  settings   text NOT NULL,
  PRIMARY KEY (account_id, agent_id)
);

CREATE TABLE team_work (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  settings   text NOT NULL,
  PRIMARY KEY (account_id, team_id)
);

-- choice is what the agent has chosen ('auto' follows the connections), status
-- what that makes of it.
CREATE TABLE presence (
  account_id text   NOT NULL,
  agent_id   text   NOT NULL,
  choice     text   NOT NULL,
  reason     text   NOT NULL,
  status     text   NOT NULL,
  since_us   bigint NOT NULL,
  PRIMARY KEY (account_id, agent_id)
);

-- Which node has connections of an agent. A node that dies stops renewing.
CREATE TABLE presence_link (
  account_id text    NOT NULL,
  agent_id   text    NOT NULL,
  node       text    NOT NULL,
  idle       boolean NOT NULL,
  expires_us bigint  NOT NULL,
  PRIMARY KEY (account_id, agent_id, node)
);
CREATE INDEX presence_link_node ON presence_link (node);
CREATE INDEX presence_link_expiry ON presence_link (expires_us);

-- What sets a waiting conversation apart; one that is like all others has no row.
CREATE TABLE queue_entry (
  account_id      text    NOT NULL,
  conversation_id text    NOT NULL,
  escalated       boolean NOT NULL,
  returned        bigint  NOT NULL,
  declined        text    NOT NULL,
  choice          text    NOT NULL,
  updated_us      bigint  NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
);

-- One row for each time a conversation left the queue.
CREATE TABLE queue_history (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  left_us         bigint NOT NULL,
  entered_us      bigint NOT NULL,
  team_id         text   NOT NULL,
  outcome         text   NOT NULL,
  agent_id        text   NOT NULL,
  detail          text   NOT NULL,
  PRIMARY KEY (account_id, conversation_id, left_us)
);
CREATE INDEX queue_history_left ON queue_history (account_id, left_us);

-- How long agents of a team are busy with a conversation, as JSON.
CREATE TABLE queue_pace (
  account_id text NOT NULL,
  team_id    text NOT NULL,
  pace       text NOT NULL,
  PRIMARY KEY (account_id, team_id)
);

-- Who asked to be called back. details are the number and what it is about;
-- from and to bound when, 0 meaning any time.
CREATE TABLE callback (
  account_id      text   NOT NULL,
  id              text   NOT NULL,
  conversation_id text   NOT NULL,
  contact_id      text   NOT NULL,
  details         bytea   NOT NULL,
  state           text   NOT NULL,
  from_us         bigint NOT NULL,
  to_us           bigint NOT NULL,
  created_us      bigint NOT NULL,
  done_us         bigint NOT NULL,
  done_by         text   NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX callback_state ON callback (account_id, state, id);
CREATE INDEX callback_conversation ON callback (account_id, conversation_id);

-- Which alerts are on, so that a restart does not raise them again.
CREATE TABLE queue_alert (
  account_id text   NOT NULL,
  rule       text   NOT NULL,
  value      bigint NOT NULL,
  since_us   bigint NOT NULL,
  PRIMARY KEY (account_id, rule)
);

-- Group robots that are told of alerts. secret is the address and the signing
-- secret, settings the rest as JSON; error is why the last message failed.
CREATE TABLE robot (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  settings   text   NOT NULL,
  secret     bytea   NOT NULL,
  error      text   NOT NULL,
  sent_us    bigint NOT NULL,
  created_us bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);

-- ---------------------------------------------------------------------------
-- Migration 0008_knowledge: what the bot knows and decided.
-- ---------------------------------------------------------------------------

-- An FAQ or an article. What people wrote of it is sealed.
CREATE TABLE knowledge_item (
  account_id  text   NOT NULL,
  id          text   NOT NULL,
  kind        text   NOT NULL,
  category_id text   NOT NULL,
  version     bigint NOT NULL,
  content     bytea  NOT NULL,
  created_us  bigint NOT NULL,
  updated_us  bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX knowledge_item_updated ON knowledge_item (account_id, updated_us, id);

-- One row for each save of an item: its history.
CREATE TABLE knowledge_version (
  account_id text   NOT NULL,
  item_id    text   NOT NULL,
  version    bigint NOT NULL,
  act        text   NOT NULL,
  agent_id   text   NOT NULL,
  content    bytea  NOT NULL,
  at_us      bigint NOT NULL,
  PRIMARY KEY (account_id, item_id, version)
);

-- What belongs to all items: categories and synonyms as JSON, and which
-- training serves. revision counts changes, trained is the last one learned.
CREATE TABLE knowledge_shelf (
  account_id text   NOT NULL PRIMARY KEY,
  revision   bigint NOT NULL,
  trained    bigint NOT NULL,
  serving    text   NOT NULL,
  pinned     text   NOT NULL,
  settings   text   NOT NULL,
  updated_us bigint NOT NULL
);

-- A training and what it was worth; its index lies in parts.
CREATE TABLE knowledge_index (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  revision   bigint NOT NULL,
  parts      bigint NOT NULL,
  report     text   NOT NULL,
  created_us bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);

CREATE TABLE knowledge_part (
  account_id text   NOT NULL,
  index_id   text   NOT NULL,
  part       bigint NOT NULL,
  body       bytea  NOT NULL,
  PRIMARY KEY (account_id, index_id, part)
);

-- ---------------------------------------------------------------------------
-- Migration 0009_mail: what the program sends by e-mail.
-- ---------------------------------------------------------------------------

-- mail is what the program itself sends by e-mail; a row goes when it was sent.
CREATE TABLE mail (
  id               text   NOT NULL PRIMARY KEY,
  account_id       text   NOT NULL,
  kind             text   NOT NULL,
  body             bytea  NOT NULL,
  state            text   NOT NULL,
  attempts         bigint NOT NULL,
  due_us           bigint NOT NULL,
  error            text   NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us bigint NOT NULL,
  created_us       bigint NOT NULL
);
CREATE INDEX mail_account ON mail (account_id, id);
CREATE INDEX mail_due ON mail (due_us) WHERE state = 'queued';

-- ---------------------------------------------------------------------------
-- Migration 0010_bot: the bot's settings, sessions and decisions.
-- ---------------------------------------------------------------------------

-- The account's settings of the bot, as JSON.
CREATE TABLE bot_settings (
  account_id text   NOT NULL PRIMARY KEY,
  settings   text   NOT NULL,
  version    bigint NOT NULL,
  updated_us bigint NOT NULL
);

-- Where the bot is in a conversation: state is JSON, sealed; read_seq is up to
-- which message it has read and said.
CREATE TABLE bot_session (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  read_seq        bigint NOT NULL,
  state           bytea  NOT NULL,
  updated_us      bigint NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
);

-- One row for each time the bot decided what to do about a question. detail is
-- JSON without anything that was written, body is JSON with it, sealed.
-- confidence is in millionths. thumb and checked are 1 for good and -1 for bad.
CREATE TABLE bot_decision (
  account_id      text   NOT NULL,
  id              text   NOT NULL,
  conversation_id text   NOT NULL,
  inbox_id        text   NOT NULL,
  read_seq        bigint NOT NULL,
  at_us           bigint NOT NULL,
  kind            text   NOT NULL,
  reason          text   NOT NULL,
  topic           text   NOT NULL,
  hit             text   NOT NULL,
  confidence      bigint NOT NULL,
  locale          text   NOT NULL,
  detail          text   NOT NULL,
  body            bytea  NOT NULL,
  message_id      text   NOT NULL,
  outcome         text   NOT NULL,
  thumb           bigint NOT NULL,
  thumb_reason    text   NOT NULL,
  draft           text   NOT NULL,
  draft_until_us  bigint NOT NULL,
  draft_agent     text   NOT NULL,
  checked         bigint NOT NULL,
  checked_by      text   NOT NULL,
  corrected       text   NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX bot_decision_conversation ON bot_decision (account_id, conversation_id, id);
CREATE INDEX bot_decision_draft ON bot_decision (account_id, id) WHERE draft = 'waiting';

-- What agents did with the replies that were suggested to them, by day.
CREATE TABLE bot_copilot (
  account_id text   NOT NULL,
  day        bigint NOT NULL,
  agent_id   text   NOT NULL,
  shown      bigint NOT NULL,
  inserted   bigint NOT NULL,
  edited     bigint NOT NULL,
  ignored    bigint NOT NULL,
  PRIMARY KEY (account_id, day, agent_id)
);

-- Migration 0011_training: what visitors may want, and the models that learn it.
-- ---------------------------------------------------------------------------

-- intent is something that visitors may want. Built-in ones have a row once
-- they were changed. content is sealed: title, examples, actions.
CREATE TABLE intent (
  account_id text    NOT NULL,
  id         text    NOT NULL,
  name       text    NOT NULL,
  topic      text    NOT NULL,
  enabled    boolean NOT NULL,
  content    bytea   NOT NULL,
  version    bigint  NOT NULL,
  created_us bigint  NOT NULL,
  updated_us bigint  NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name)
);

-- training is where an account stands: which model serves, and the number of
-- the last change of its intents.
CREATE TABLE training (
  account_id text   NOT NULL PRIMARY KEY,
  model_id   text   NOT NULL,
  revision   bigint NOT NULL,
  number     bigint NOT NULL
);

-- intent_model is a trained model; its bytes are in a blob of the same name.
-- report is JSON without content; secret is sealed: the blob's key, and what
-- was taken for what.
CREATE TABLE intent_model (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  job_id     text   NOT NULL,
  number     bigint NOT NULL,
  kind       text   NOT NULL,
  seed       text   NOT NULL,
  hash       text   NOT NULL,
  size       bigint NOT NULL,
  revision   bigint NOT NULL,
  report     text   NOT NULL,
  secret     bytea  NOT NULL,
  created_us bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);

-- training_job is a training to be done, at work, or ended.
CREATE TABLE training_job (
  account_id       text   NOT NULL,
  id               text   NOT NULL,
  origin           text   NOT NULL,
  agent_id         text   NOT NULL,
  seed             text   NOT NULL,
  state            text   NOT NULL,
  stage            text   NOT NULL,
  done             bigint NOT NULL,
  total            bigint NOT NULL,
  left_us          bigint NOT NULL,
  error            text   NOT NULL,
  attempts         bigint NOT NULL,
  due_us           bigint NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us bigint NOT NULL,
  created_us       bigint NOT NULL,
  started_us       bigint NOT NULL,
  ended_us         bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX training_job_due ON training_job (due_us) WHERE state = 'queued' OR state = 'running';

-- ---------------------------------------------------------------------------
-- Migration 0012_scenario: flows of dialogue.
-- ---------------------------------------------------------------------------

-- scenario is a flow of dialogue: draft is what is being written, sealed, and
-- revision counts its changes; published is the version that serves, 0 if none.
CREATE TABLE scenario (
  account_id   text    NOT NULL,
  id           text    NOT NULL,
  name         text    NOT NULL,
  enabled      boolean NOT NULL,
  revision     bigint  NOT NULL,
  published    bigint  NOT NULL,
  draft        bytea   NOT NULL,
  author_id    text    NOT NULL,
  created_us   bigint  NOT NULL,
  updated_us   bigint  NOT NULL,
  published_us bigint  NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name)
);

-- What was published, the newest fifty of each.
CREATE TABLE scenario_version (
  account_id  text   NOT NULL,
  scenario_id text   NOT NULL,
  n           bigint NOT NULL,
  source      bytea  NOT NULL,
  author_id   text   NOT NULL,
  created_us  bigint NOT NULL,
  PRIMARY KEY (account_id, scenario_id, n)
);

-- Keys and addresses for calls of services, sealed; they are never shown again.
CREATE TABLE scenario_secret (
  account_id text   NOT NULL,
  name       text   NOT NULL,
  value      bytea  NOT NULL,
  author_id  text   NOT NULL,
  updated_us bigint NOT NULL,
  PRIMARY KEY (account_id, name)
);
-- Migration 0013_review: what is proposed to be learned.
-- ---------------------------------------------------------------------------

-- content is sealed JSON: what was asked, how agents answered, which entry it
-- is about. size is how many questions stand behind it; result is the knowledge
-- that came of it.
CREATE TABLE review_proposal (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  kind       text   NOT NULL,
  state      text   NOT NULL,
  size       bigint NOT NULL,
  version    bigint NOT NULL,
  content    bytea  NOT NULL,
  result     text   NOT NULL,
  decided_by text   NOT NULL,
  created_us bigint NOT NULL,
  updated_us bigint NOT NULL,
  decided_us bigint NOT NULL,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX review_proposal_state ON review_proposal (account_id, state, id);
