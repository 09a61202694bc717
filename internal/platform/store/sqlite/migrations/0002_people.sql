-- Roles, invitations, second factors, the record of administrative acts.

CREATE TABLE role (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  name        text   NOT NULL,
  permissions text   NOT NULL,
  visibility  text   NOT NULL,
  created_us  integer NOT NULL
) STRICT;
CREATE INDEX role_account ON role (account_id, id);

CREATE TABLE invitation (
  id         text   NOT NULL PRIMARY KEY,
  account_id text   NOT NULL,
  hash       text   NOT NULL UNIQUE,
  role       text   NOT NULL,
  teams      text   NOT NULL,
  created_by text   NOT NULL,
  profile    blob  NOT NULL,
  created_us integer NOT NULL,
  expires_us integer NOT NULL
) STRICT;
CREATE INDEX invitation_account ON invitation (account_id, id);
CREATE INDEX invitation_expiry ON invitation (expires_us);

-- last_step is the newest thirty seconds whose code was used; no code is good twice.
CREATE TABLE second_factor (
  account_id text    NOT NULL,
  agent_id   text    NOT NULL,
  secret     blob   NOT NULL,
  confirmed  integer NOT NULL,
  last_step  integer  NOT NULL,
  created_us integer  NOT NULL,
  PRIMARY KEY (account_id, agent_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
  account_id text NOT NULL,
  agent_id   text NOT NULL,
  hash       text NOT NULL,
  PRIMARY KEY (account_id, agent_id, hash)
) STRICT, WITHOUT ROWID;

-- audit is only ever inserted into: there is no statement that changes or deletes what was recorded, but for the key it
-- is sealed with.
CREATE TABLE audit (
  id          text   NOT NULL PRIMARY KEY,
  account_id  text   NOT NULL,
  at_us       integer NOT NULL,
  actor_id    text   NOT NULL,
  action      text   NOT NULL,
  target_kind text   NOT NULL,
  target_id   text   NOT NULL,
  details     blob  NOT NULL
) STRICT;
CREATE INDEX audit_account ON audit (account_id, id);
CREATE INDEX audit_actor ON audit (account_id, actor_id, id);
CREATE INDEX audit_action ON audit (account_id, action, id);
