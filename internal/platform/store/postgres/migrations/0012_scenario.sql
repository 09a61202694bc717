-- Flows of dialogue, their versions, and secrets of the services that they call.

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
