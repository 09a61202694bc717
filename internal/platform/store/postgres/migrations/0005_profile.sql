-- Contacts: notes, merges, page visits.

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
