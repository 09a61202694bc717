-- What visitors may want, and the models that learn it.

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
