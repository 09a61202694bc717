-- What the bot is set to, where it is in conversations, what it decided.

-- The account's settings of the bot, as JSON.
CREATE TABLE bot_settings (
  account_id text   NOT NULL PRIMARY KEY,
  settings   text   NOT NULL,
  version    integer NOT NULL,
  updated_us integer NOT NULL
) STRICT, WITHOUT ROWID;

-- Where the bot is in a conversation: state is JSON, sealed; read_seq is up to
-- which message it has read and said.
CREATE TABLE bot_session (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  read_seq        integer NOT NULL,
  state           blob  NOT NULL,
  updated_us      integer NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
) STRICT, WITHOUT ROWID;

-- One row for each time the bot decided what to do about a question. detail is
-- JSON without anything that was written, body is JSON with it, sealed.
-- confidence is in millionths. thumb and checked are 1 for good and -1 for bad.
CREATE TABLE bot_decision (
  account_id      text   NOT NULL,
  id              text   NOT NULL,
  conversation_id text   NOT NULL,
  inbox_id        text   NOT NULL,
  read_seq        integer NOT NULL,
  at_us           integer NOT NULL,
  kind            text   NOT NULL,
  reason          text   NOT NULL,
  topic           text   NOT NULL,
  hit             text   NOT NULL,
  confidence      integer NOT NULL,
  locale          text   NOT NULL,
  detail          text   NOT NULL,
  body            blob  NOT NULL,
  message_id      text   NOT NULL,
  outcome         text   NOT NULL,
  thumb           integer NOT NULL,
  thumb_reason    text   NOT NULL,
  draft           text   NOT NULL,
  draft_until_us  integer NOT NULL,
  draft_agent     text   NOT NULL,
  checked         integer NOT NULL,
  checked_by      text   NOT NULL,
  corrected       text   NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX bot_decision_conversation ON bot_decision (account_id, conversation_id, id);
CREATE INDEX bot_decision_draft ON bot_decision (account_id, id) WHERE draft = 'waiting';

-- What agents did with the replies that were suggested to them, by day.
CREATE TABLE bot_copilot (
  account_id text   NOT NULL,
  day        integer NOT NULL,
  agent_id   text   NOT NULL,
  shown      integer NOT NULL,
  inserted   integer NOT NULL,
  edited     integer NOT NULL,
  ignored    integer NOT NULL,
  PRIMARY KEY (account_id, day, agent_id)
) STRICT, WITHOUT ROWID;
