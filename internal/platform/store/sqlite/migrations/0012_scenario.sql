-- Flows of dialogue, their versions, and secrets of the services that they call.

-- scenario is a flow of dialogue: draft is what is being written, sealed, and
-- revision counts its changes; published is the version that serves, 0 if none.
CREATE TABLE scenario (
  account_id   text    NOT NULL,
  id           text    NOT NULL,
  name         text    NOT NULL,
  enabled      integer NOT NULL,
  revision     integer  NOT NULL,
  published    integer  NOT NULL,
  draft        blob    NOT NULL,
  author_id    text    NOT NULL,
  created_us   integer  NOT NULL,
  updated_us   integer  NOT NULL,
  published_us integer  NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, name)
) STRICT, WITHOUT ROWID;

-- What was published, the newest fifty of each.
CREATE TABLE scenario_version (
  account_id  text   NOT NULL,
  scenario_id text   NOT NULL,
  n           integer NOT NULL,
  source      blob   NOT NULL,
  author_id   text   NOT NULL,
  created_us  integer NOT NULL,
  PRIMARY KEY (account_id, scenario_id, n)
) STRICT, WITHOUT ROWID;

-- Keys and addresses for calls of services, sealed; they are never shown again.
CREATE TABLE scenario_secret (
  account_id text   NOT NULL,
  name       text   NOT NULL,
  value      blob   NOT NULL,
  author_id  text   NOT NULL,
  updated_us integer NOT NULL,
  PRIMARY KEY (account_id, name)
) STRICT, WITHOUT ROWID;
