package rest

import (
	"context"
	"time"
)

// UnsentMail is an e-mail of the program's own that was not sent yet.
type UnsentMail struct {
	ID       string    `json:"id"`
	Kind     string    `json:"kind" enum:"transcript,invitation"`
	Dead     bool      `json:"dead" doc:"It was put aside and is not tried any more."`
	Attempts int64     `json:"attempts"`
	Error    string    `json:"error,omitempty" enum:"refused,unreachable,unreadable"`
	At       time.Time `json:"at"`
	Due      time.Time `json:"due"`
}

// UnsentMails is a page of them, the newest first.
type UnsentMails struct {
	Enabled    bool         `json:"enabled" doc:"A mail server is configured."`
	Items      []UnsentMail `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

type mailsInput struct {
	Cursor string `query:"cursor" maxLength:"40" pattern:"^[a-z0-9_]*$"`
}

func (s *Server) listMails(ctx context.Context, c caller, in *mailsInput) (out[UnsentMails], error) {
	found, next, err := s.deps.Mails.Mails(ctx, c.Account, in.Cursor)
	page := UnsentMails{Enabled: s.deps.Mails.Enabled(), Items: make([]UnsentMail, len(found)), NextCursor: next}
	for i, m := range found {
		page.Items[i] = UnsentMail(m)
	}
	return out[UnsentMails]{page}, err
}

type mailAddressed struct {
	ID string `path:"id" maxLength:"40"`
	Keyed
}

func (s *Server) retryMail(ctx context.Context, c caller, in *mailAddressed) (noContent, error) {
	return noContent{}, s.deps.Mails.Retry(ctx, c.Account, in.ID)
}
