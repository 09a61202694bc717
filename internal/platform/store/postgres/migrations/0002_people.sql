-- Roles, invitations, second factors, the record of administrative acts.

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
