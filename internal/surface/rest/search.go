package rest

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/search"
	"yingda.dev/internal/wire"
)

type searchInput struct {
	Query  string `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"Words that must all occur; Chinese from two characters, Latin words from three letters."`
	Cursor string `query:"cursor" maxLength:"200"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// SearchHit is a message that was found.
type SearchHit struct {
	Message      wire.Message      `json:"message"`
	Conversation wire.Conversation `json:"conversation"`
	Snippet      Snippet           `json:"snippet"`
}

// Snippet is one line around the first place found.
type Snippet struct {
	Text string `json:"text"`
	From int    `json:"from" doc:"Where the found words begin, in characters."`
	To   int    `json:"to" doc:"Where they end."`
}

// SearchPage is a page of hits, the newest message first. It may be empty and
// still have a next one.
type SearchPage struct {
	Items      []SearchHit `json:"items"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

func (s *Server) search(ctx context.Context, c caller, in *searchInput) (out[SearchPage], error) {
	hits, next, err := s.deps.Search.Search(ctx, search.Query{Account: c.Account, Sight: c.Sight, Text: in.Query, Cursor: in.Cursor, Limit: in.Limit})
	if err != nil {
		return out[SearchPage]{}, err
	}
	shapes, err := s.hitConversations(ctx, c.Account, hits)
	if err != nil {
		return out[SearchPage]{}, err
	}
	page := SearchPage{Items: make([]SearchHit, len(hits)), NextCursor: next}
	for i, h := range hits {
		s.deps.Files.Sign(c.Account, &h.Message.Content)
		page.Items[i] = SearchHit{
			Message: wire.AgentMessage(h.Message, s.authorName(ctx, h.Message)), Conversation: shapes[h.Conversation.ID],
			Snippet: Snippet{Text: h.Snippet, From: h.From, To: h.To},
		}
	}
	return out[SearchPage]{page}, nil
}

// hitConversations completes each conversation once, all in one read.
func (s *Server) hitConversations(ctx context.Context, account desk.AccountID, hits []search.Hit) (map[desk.ConversationID]wire.Conversation, error) {
	shapes := make(map[desk.ConversationID]wire.Conversation)
	var distinct []desk.Conversation
	for _, h := range hits {
		if _, ok := shapes[h.Conversation.ID]; !ok {
			shapes[h.Conversation.ID] = wire.Conversation{}
			distinct = append(distinct, h.Conversation)
		}
	}
	views, err := s.deps.Conversations.Views(ctx, account, distinct)
	for _, v := range views {
		shapes[v.Conversation.ID] = viewShape(v)
	}
	return shapes, err
}
