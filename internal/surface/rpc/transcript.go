package rpc

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/courier"
)

type transcriptParams struct {
	ConversationID desk.ConversationID `json:"conversation_id"`
	Email          string              `json:"email"`
	// UTCOffset is how many minutes the reader's clock is before UTC.
	UTCOffset int `json:"utc_offset"`
}

// mails reports whether transcripts can be sent.
func (s *Server) mails() bool { return s.deps.Mails != nil && s.deps.Mails.Enabled() }

// transcript mails what was said: in the conversation named, or the live one.
func (s *Server) transcript(ctx context.Context, c session, params json.RawMessage) (any, error) {
	const op = "mail transcript"
	var p transcriptParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if !s.mails() || !desk.IsOn(c.inbox.Settings.Widget.Transcript) {
		return nil, desk.E(desk.Unsupported, op, "no transcripts are sent here")
	}
	if p.UTCOffset < -14*60 || p.UTCOffset > 14*60 {
		return nil, desk.InvalidField(op, "utc_offset", "utc_offset is a number of minutes, at most 840 either way")
	}
	contact, err := s.writer(ctx, c, op)
	if err != nil {
		return nil, err
	}
	if p.ConversationID == "" {
		live, err := s.deps.Conversations.Live(ctx, c.visitor.Account, contact)
		if err != nil {
			return nil, err
		}
		p.ConversationID = live.ID
	}
	err = s.deps.Mails.Transcript(ctx, courier.Order{
		Account: c.visitor.Account, Contact: contact, Conversation: p.ConversationID, To: p.Email, Locale: c.visitor.Locale,
		Offset: time.Duration(p.UTCOffset) * time.Minute,
	})
	return nil, err
}
