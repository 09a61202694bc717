-- What the bot knows: items, their history, and what was learned of them.

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
