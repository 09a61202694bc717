-- What the bot's work and old chats propose to learn, for a person to decide.

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
