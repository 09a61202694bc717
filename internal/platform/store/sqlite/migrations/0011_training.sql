-- What visitors may want, and the models that learn it.

-- intent is something that visitors may want. Built-in ones have a row once
-- they were changed. content is sealed: title, examples, actions.
CREATE TABLE intent (
  account_id text    NOT NULL,
  id         text    NOT NULL,
  name       text    NOT NULL,
  topic      text    NOT NULL,
  enabled    integer NOT NULL,
  content    blob   NOT NULL,
  version    integer  NOT NULL,
  created_us integer  NOT NULL,
  updated_us integer  NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name)
) STRICT;

-- training is where an account stands: which model serves, and the number of
-- the last change of its intents.
CREATE TABLE training (
  account_id text   NOT NULL PRIMARY KEY,
  model_id   text   NOT NULL,
  revision   integer NOT NULL,
  number     integer NOT NULL
) STRICT;

-- intent_model is a trained model; its bytes are in a blob of the same name.
-- report is JSON without content; secret is sealed: the blob's key, and what
-- was taken for what.
CREATE TABLE intent_model (
  account_id text   NOT NULL,
  id         text   NOT NULL,
  job_id     text   NOT NULL,
  number     integer NOT NULL,
  kind       text   NOT NULL,
  seed       text   NOT NULL,
  hash       text   NOT NULL,
  size       integer NOT NULL,
  revision   integer NOT NULL,
  report     text   NOT NULL,
  secret     blob  NOT NULL,
  created_us integer NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT;

-- training_job is a training to be done, at work, or ended.
CREATE TABLE training_job (
  account_id       text   NOT NULL,
  id               text   NOT NULL,
  origin           text   NOT NULL,
  agent_id         text   NOT NULL,
  seed             text   NOT NULL,
  state            text   NOT NULL,
  stage            text   NOT NULL,
  done             integer NOT NULL,
  total            integer NOT NULL,
  left_us          integer NOT NULL,
  error            text   NOT NULL,
  attempts         integer NOT NULL,
  due_us           integer NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us integer NOT NULL,
  created_us       integer NOT NULL,
  started_us       integer NOT NULL,
  ended_us         integer NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT;
CREATE INDEX training_job_due ON training_job (due_us) WHERE state = 'queued' OR state = 'running';
