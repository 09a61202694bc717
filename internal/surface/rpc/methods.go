package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

type sendResult struct {
	Message      wire.VisitorMessage      `json:"message"`
	Conversation wire.VisitorConversation `json:"conversation"`
	Repeated     bool                     `json:"repeated"`
}

// sendMessage stores a message and answers when it is durable.
func (s *Server) sendMessage(ctx context.Context, c session, params json.RawMessage) (any, error) {
	envelope, err := s.deps.Channel.Decode(c.visitor.VisitorClaims, params)
	if err != nil {
		return nil, err
	}
	accepted, err := s.deps.Intake.Accept(ctx, c.inbox, envelope)
	if err != nil {
		return nil, err
	}
	s.tell(ctx, c, accepted.ContactID)
	if !accepted.Repeated {
		s.followed(ctx, c, accepted.ContactID, params)
		if envelope.Introduces {
			// The message is stored; what the form asked is an extra.
			if err := s.deps.Visits.Introduce(ctx, c.visitor.Account, accepted.ContactID, envelope.Peer.Profile); err != nil {
				s.report(ctx, "message.send prechat", err)
			}
		}
	}
	m, err := s.sent(ctx, c, accepted.MessageID, accepted.Repeated, desk.Message{
		MessageHead: desk.MessageHead{
			ID: accepted.MessageID, AccountID: c.inbox.AccountID, ConversationID: accepted.ConversationID, Seq: accepted.Seq,
			InboxID: c.inbox.ID, Author: desk.Author{Kind: desk.ByVisitor, ID: string(accepted.ContactID)},
			Visibility: desk.Public, Status: desk.Received, ClientID: envelope.ID, SentAt: envelope.At, At: accepted.At,
		},
		Content: accepted.Content,
	})
	if err != nil {
		return nil, err
	}
	shape, _ := wire.ForVisitor(m, "")
	return sendResult{Message: shape, Conversation: s.shape(ctx, accepted.Conversation), Repeated: accepted.Repeated}, nil
}

// sent is the stored message: the one just accepted, or for a repeat the first.
func (s *Server) sent(ctx context.Context, c session, id desk.MessageID, repeated bool, fresh desk.Message) (desk.Message, error) {
	if !repeated {
		s.deps.Files.Sign(c.inbox.AccountID, &fresh.Content)
		return fresh, nil
	}
	return s.deps.Conversations.Message(ctx, c.inbox.AccountID, id)
}

type listParams struct {
	BeforeSeq int64 `json:"before_seq"`
	AfterSeq  int64 `json:"after_seq"`
	Limit     int   `json:"limit"`
}

type listResult struct {
	Messages     []wire.VisitorMessage     `json:"messages"`
	Conversation *wire.VisitorConversation `json:"conversation"`
	More         bool                      `json:"more"`
}

// listMessages reads the live conversation.
func (s *Server) listMessages(ctx context.Context, c session, params json.RawMessage) (any, error) {
	p := listParams{AfterSeq: -1}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.Limit < 0 || p.Limit > 100 || p.BeforeSeq < 0 || p.AfterSeq < -1 {
		return nil, desk.InvalidField("list messages", "limit", "limit is 1 to 100, before_seq and after_seq are not negative")
	}
	result := listResult{Messages: []wire.VisitorMessage{}}
	contact, err := s.contact(ctx, c)
	if err != nil || contact == "" {
		return result, err
	}
	live, err := s.deps.Conversations.Live(ctx, c.visitor.Account, contact)
	if errors.Is(err, desk.NotFound) {
		return result, nil
	}
	if err != nil {
		return nil, err
	}
	r := store.MessageRange{AfterSeq: max(p.AfterSeq, 0), BeforeSeq: p.BeforeSeq, Limit: p.Limit, PublicOnly: true}
	if p.AfterSeq < 0 && p.BeforeSeq == 0 {
		r.BeforeSeq = live.Seq + 1 // neither asked for: the newest
	}
	messages, more, err := s.deps.Conversations.Messages(ctx, c.visitor.Account, live.ID, r)
	if err != nil {
		return nil, err
	}
	result.More = more
	thumbs, err := s.thumbs(ctx, messages)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		if shape, ok := wire.ForVisitor(m, s.authorName(ctx, m)); ok {
			shape.Thumb = thumbs[m.ID]
			result.Messages = append(result.Messages, shape)
		}
	}
	shape, err := s.rated(ctx, live)
	result.Conversation = &shape
	return result, err
}

// markRead notes how far the visitor has read.
func (s *Server) markRead(ctx context.Context, c session, params json.RawMessage) (any, error) {
	envelope, err := s.deps.Channel.DecodeRead(c.visitor.VisitorClaims, params)
	if err != nil {
		return nil, err
	}
	_, err = s.deps.Intake.Accept(ctx, c.inbox, envelope)
	return nil, unlessNew(err)
}

// typing passes on that the visitor is writing.
func (s *Server) typing(ctx context.Context, c session, params json.RawMessage) (any, error) {
	envelope, err := s.deps.Channel.DecodeTyping(c.visitor.VisitorClaims, params)
	if err != nil {
		return nil, err
	}
	_, err = s.deps.Intake.Accept(ctx, c.inbox, envelope)
	return nil, unlessNew(err)
}

// unlessNew forgives reading and typing of somebody who has not written yet.
func unlessNew(err error) error {
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	return err
}

type fetchParams struct {
	Epoch string `json:"epoch"`
	Since int64  `json:"since"`
	Wait  int    `json:"wait"`
}

// fetchFeed replays the feed; with wait it is the long poll.
func (s *Server) fetchFeed(ctx context.Context, c session, params json.RawMessage) (any, error) {
	var p fetchParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	longest := int(s.config.LongPoll / time.Second)
	if p.Wait < 0 || p.Wait > longest || p.Since < 0 || len(p.Epoch) > 128 {
		return nil, desk.InvalidField("fetch feed", "wait", "wait is a number of seconds up to 25, since is not negative")
	}
	if c.Socket || c.batched {
		p.Wait = 0
	}
	contact, err := s.contact(ctx, c)
	if err != nil {
		return nil, err
	}
	if contact == "" {
		return s.strangerFeed(ctx, c, p)
	}
	return s.contactFeed(ctx, c, contact, p)
}

func (s *Server) contactFeed(ctx context.Context, c session, contact desk.ContactID, p fetchParams) (any, error) {
	audience := feed.Audience{Account: c.visitor.Account, Contact: contact}
	if p.Wait == 0 {
		return s.deps.Feeds.Fetch(ctx, audience, p.Epoch, p.Since, 0)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(p.Wait)*time.Second)
	defer cancel()
	return s.deps.Feeds.Wait(ctx, audience, p.Epoch, p.Since, 0)
}

// strangerFeed answers a visitor who has no contact, and therefore no feed,
// yet. A long poll waits all the same, and ends when the first message is
// stored, so that clients need no special case.
func (s *Server) strangerFeed(ctx context.Context, c session, p fetchParams) (any, error) {
	begun, leave := s.meetings.wait(c.visitor.Key())
	defer leave()
	// The position first: all that a contact does who comes into being later is
	// after it.
	position, err := s.deps.Feeds.Position(ctx)
	if err != nil {
		return nil, err
	}
	contact, err := s.contact(ctx, c)
	if err == nil && contact == "" && p.Wait > 0 {
		timer := time.NewTimer(time.Duration(p.Wait) * time.Second)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil, desk.Wrap(desk.Unavailable, "fetch feed", ctx.Err())
		case <-begun:
		case <-timer.C:
		}
		contact, err = s.contact(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	if contact != "" {
		p.Wait = 0 // there is something to tell
		return s.contactFeed(ctx, c, contact, p)
	}
	return wire.Batch{
		Epoch: position.Epoch, Seq: position.Seq, Events: []wire.Item{},
		Reset: p.Epoch != "" && p.Epoch != position.Epoch,
	}, nil
}

// rated is the conversation's shape with what the visitor thought of it.
func (s *Server) rated(ctx context.Context, c desk.Conversation) (wire.VisitorConversation, error) {
	shape := s.shape(ctx, c)
	r, err := s.deps.Visits.Rating(ctx, c.AccountID, c.ID)
	if errors.Is(err, desk.NotFound) {
		return shape, nil
	}
	rating := wire.ShapeRating(r)
	shape.Rating = &rating
	return shape, err
}

func (s *Server) shape(ctx context.Context, c desk.Conversation) wire.VisitorConversation {
	name := ""
	if c.AssigneeID != "" {
		name = s.deps.Offices.AgentName(ctx, c.AccountID, c.AssigneeID)
	}
	return wire.ConversationForVisitor(c, name)
}

func (s *Server) authorName(ctx context.Context, m desk.Message) string {
	if m.Author.Kind != desk.ByAgent {
		return ""
	}
	return s.deps.Offices.AgentName(ctx, m.AccountID, desk.AgentID(m.Author.ID))
}

// decode reads params into a struct; a missing object means all defaults.
func decode(params json.RawMessage, into any) error {
	if params == nil {
		return nil
	}
	if err := json.Unmarshal(params, into); err != nil {
		return &desk.Error{Kind: desk.Invalid, Op: "decode params", Field: "params", Msg: "the params are not what this method takes", Err: err}
	}
	return nil
}
