-- What the program sends by e-mail.

-- mail is what the program itself sends by e-mail; a row goes when it was sent.
CREATE TABLE mail (
  id               text   NOT NULL PRIMARY KEY,
  account_id       text   NOT NULL,
  kind             text   NOT NULL,
  body             bytea  NOT NULL,
  state            text   NOT NULL,
  attempts         bigint NOT NULL,
  due_us           bigint NOT NULL,
  error            text   NOT NULL,
  holder           text   NOT NULL,
  claimed_until_us bigint NOT NULL,
  created_us       bigint NOT NULL
);
CREATE INDEX mail_account ON mail (account_id, id);
CREATE INDEX mail_due ON mail (due_us) WHERE state = 'queued';
