-- What visitors leave besides messages: ratings of conversations.

-- rating has the newest of a conversation; what the customer wrote with it is sealed.
CREATE TABLE rating (
  account_id      text   NOT NULL,
  conversation_id text   NOT NULL,
  score           bigint NOT NULL CHECK (score BETWEEN 1 AND 5),
  comment         bytea NOT NULL,
  first_us        bigint NOT NULL,
  at_us           bigint NOT NULL,
  PRIMARY KEY (account_id, conversation_id)
);
