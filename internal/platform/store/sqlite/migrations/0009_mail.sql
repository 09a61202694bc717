-- What the program sends by e-mail.

-- mail is what the program itself sends by e-mail; a row goes when it was sent.
CREATE TABLE mail (
  id               text   NOT NULL PRIMARY KEY,
  account_id       text   NOT NULL,
  kind             text   NOT NULL,
  body             blob   NOT NULL,
  state            text   NOT NULL,
  attempts         integer NOT NULL,
  due_us           integer NOT NULL,
  error            text   NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us integer NOT NULL,
  created_us       integer NOT NULL
) STRICT;
CREATE INDEX mail_account ON mail (account_id, id);
CREATE INDEX mail_due ON mail (due_us) WHERE state = 'queued';
