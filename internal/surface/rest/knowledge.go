package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/library"
)

func (c caller) librarian(key string) desk.By {
	return desk.By{Account: c.Account, Agent: c.Agent, Key: key}
}

// KnowledgeAnswer is what an FAQ is answered with, in a channel and a language.
type KnowledgeAnswer struct {
	Channel string      `json:"channel,omitempty" maxLength:"32" doc:"Where it is for (webchat); empty is everywhere."`
	Locale  string      `json:"locale,omitempty" maxLength:"35" doc:"The language it is in (zh-CN, en); empty is any."`
	Parts   []desk.Part `json:"parts" minItems:"1" maxItems:"20" example:"[{\"type\":\"text\",\"text\":\"七天内可以退货。\"}]" doc:"As in docs/protocol.md."`
}

// KnowledgeSource is where knowledge comes from.
type KnowledgeSource struct {
	Title string `json:"title,omitempty" maxLength:"800"`
	URL   string `json:"url,omitempty" maxLength:"2048"`
}

// KnowledgeBody is what is said of an FAQ or an article.
type KnowledgeBody struct {
	Kind       string            `json:"kind" enum:"faq,article"`
	Category   string            `json:"category_id,omitempty" maxLength:"60"`
	Title      string            `json:"title" minLength:"1" maxLength:"1200" example:"怎么退货" doc:"An FAQ's question or an article's title, at most 300 characters."`
	Ways       []string          `json:"ways,omitempty" maxItems:"1000" example:"[\"我想退货\",\"可以退吗\"]" doc:"Other ways of asking it, at most 300. Repeats are dropped."`
	Answers    []KnowledgeAnswer `json:"answers,omitempty" maxItems:"20" doc:"Of an FAQ: at most one for each channel and language."`
	Text       string            `json:"text,omitempty" maxLength:"800000" doc:"Of an article: Markdown, at most 200,000 characters."`
	Locale     string            `json:"locale,omitempty" maxLength:"35" doc:"Of an article: its language; empty is every."`
	Source     KnowledgeSource   `json:"source,omitzero"`
	Topic      string            `json:"topic,omitempty" maxLength:"240" doc:"What thresholds and figures are kept by."`
	ValidFrom  time.Time         `json:"valid_from,omitzero"`
	ValidUntil time.Time         `json:"valid_until,omitzero"`
	Enabled    bool              `json:"enabled"`
}

// KnowledgeEntry is an FAQ or an article.
type KnowledgeEntry struct {
	ID string `json:"id"`
	KnowledgeBody
	State     string       `json:"state" enum:"live,disabled,waiting,expired"`
	Version   int64        `json:"version"`
	Origin    string       `json:"origin,omitempty" doc:"Where it came from: desk, import, review or demo."`
	UpdatedBy desk.AgentID `json:"updated_by,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	UpdatedAt time.Time    `json:"updated_at"`
}

func (s *Server) knowledgeShape(it library.Item) KnowledgeEntry {
	return KnowledgeEntry{
		ID: it.ID, KnowledgeBody: knowledgeBodyShape(it.Kind, it.Category, it.Body), State: it.State(s.deps.Clock.Now()), Version: it.Version,
		Origin: it.Origin, UpdatedBy: it.UpdatedBy, CreatedAt: it.CreatedAt, UpdatedAt: it.UpdatedAt,
	}
}

func knowledgeBodyShape(kind, category string, b library.Body) KnowledgeBody {
	out := KnowledgeBody{
		Kind: kind, Category: category, Title: b.Title, Ways: b.Ways, Text: b.Text, Locale: b.Locale,
		Source: KnowledgeSource(b.Source), Topic: b.Topic, ValidFrom: b.ValidFrom, ValidUntil: b.ValidUntil, Enabled: b.Enabled,
	}
	for _, a := range b.Answers {
		out.Answers = append(out.Answers, KnowledgeAnswer{Channel: a.Channel, Locale: a.Locale, Parts: a.Content.Parts})
	}
	return out
}

func (b KnowledgeBody) item() library.Item {
	it := library.Item{Kind: b.Kind, Category: b.Category, Body: library.Body{
		Title: b.Title, Ways: b.Ways, Text: b.Text, Locale: b.Locale, Source: desk.Source(b.Source), Topic: b.Topic,
		ValidFrom: b.ValidFrom.UTC(), ValidUntil: b.ValidUntil.UTC(), Enabled: b.Enabled, Origin: "desk",
	}}
	for _, a := range b.Answers {
		it.Answers = append(it.Answers, library.Answer{Channel: a.Channel, Locale: a.Locale, Content: desk.Content{Parts: a.Parts}})
	}
	return it
}

type listKnowledgeInput struct {
	Kind     string   `query:"kind" enum:"faq,article"`
	Category []string `query:"category" maxItems:"300" doc:"Ids, separated by commas; - is those without one."`
	State    string   `query:"state" enum:"live,disabled,waiting,expired"`
	Topic    string   `query:"topic" maxLength:"240"`
	Query    string   `query:"q" maxLength:"200" doc:"Words that must all occur in question, ways of asking, answers or text."`
	Cursor   string   `query:"cursor" maxLength:"120"`
	Limit    int      `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// KnowledgePage is a page, the entry changed last first. Texts of articles are
// left out.
type KnowledgePage struct {
	Items      []KnowledgeEntry `json:"items"`
	NextCursor string           `json:"next_cursor,omitempty" doc:"Missing at the end."`
}

func (s *Server) listKnowledge(ctx context.Context, c caller, in *listKnowledgeInput) (out[KnowledgePage], error) {
	items, next, err := s.deps.Library.List(ctx, c.Account, library.Filter{
		Kind: in.Kind, Categories: in.Category, State: in.State, Topic: in.Topic, Query: in.Query,
	}, in.Cursor, in.Limit)
	page := KnowledgePage{Items: make([]KnowledgeEntry, len(items)), NextCursor: next}
	for i, it := range items {
		page.Items[i] = s.knowledgeShape(it)
		page.Items[i].Text = ""
	}
	return out[KnowledgePage]{page}, err
}

func (s *Server) getKnowledge(ctx context.Context, c caller, in *namedQuery) (out[KnowledgeEntry], error) {
	it, err := s.deps.Library.Get(ctx, c.Account, in.ID)
	return s.knowledgeOut(it, err)
}

func (s *Server) knowledgeOut(it library.Item, err error) (out[KnowledgeEntry], error) {
	if err != nil {
		return out[KnowledgeEntry]{}, err
	}
	return out[KnowledgeEntry]{s.knowledgeShape(it)}, nil
}

type createKnowledgeInput struct {
	Keyed
	Body KnowledgeBody
}

func (s *Server) createKnowledge(ctx context.Context, c caller, in *createKnowledgeInput) (out[KnowledgeEntry], error) {
	it, err := s.deps.Library.Save(ctx, c.librarian(in.Key), in.Body.item())
	return s.knowledgeOut(it, err)
}

type changeKnowledgeInput struct {
	Named
	Body struct {
		KnowledgeBody
		Version int64 `json:"version" minimum:"1" doc:"The version that the change is made on."`
	}
}

func (s *Server) changeKnowledge(ctx context.Context, c caller, in *changeKnowledgeInput) (out[KnowledgeEntry], error) {
	before, err := s.deps.Library.Get(ctx, c.Account, in.ID)
	if err != nil {
		return out[KnowledgeEntry]{}, err
	}
	it := in.Body.item()
	it.ID, it.Version, it.Origin = in.ID, in.Body.Version, before.Origin
	saved, err := s.deps.Library.Save(ctx, c.librarian(in.Key), it)
	return s.knowledgeOut(saved, err)
}

func (s *Server) deleteKnowledge(ctx context.Context, c caller, in *Named) (noContent, error) {
	return noContent{}, s.deps.Library.Delete(ctx, c.librarian(in.Key), in.ID)
}

type bulkKnowledgeInput struct {
	Keyed
	Body struct {
		IDs      []string `json:"ids" minItems:"1" maxItems:"500"`
		Action   string   `json:"action" enum:"enable,disable,move,delete"`
		Category string   `json:"category_id,omitempty" maxLength:"60" doc:"Where to move; empty is no category."`
	}
}

func (s *Server) changeManyKnowledge(ctx context.Context, c caller, in *bulkKnowledgeInput) (noContent, error) {
	return noContent{}, s.deps.Library.Bulk(ctx, c.librarian(in.Key), in.Body.IDs, in.Body.Action, in.Body.Category)
}

type addWayInput struct {
	Named
	Body struct {
		Text   string `json:"text" minLength:"1" maxLength:"2000" example:"可以退吗"`
		Origin string `json:"origin,omitempty" maxLength:"32" pattern:"^[a-z0-9_]*$" doc:"Where it came from, for the history."`
	}
}

func (s *Server) addWay(ctx context.Context, c caller, in *addWayInput) (out[KnowledgeEntry], error) {
	it, err := s.deps.Library.AddWay(ctx, c.librarian(in.Key), in.ID, in.Body.Text, in.Body.Origin)
	return s.knowledgeOut(it, err)
}

// KnowledgeVersion is what an entry was after a save.
type KnowledgeVersion struct {
	Version int64         `json:"version"`
	Act     string        `json:"act" doc:"created, changed, moved, enabled, disabled, imported, restored, or way_ and where the way of asking came from."`
	AgentID desk.AgentID  `json:"agent_id,omitempty"`
	At      time.Time     `json:"at"`
	Entry   KnowledgeBody `json:"entry"`
}

func (s *Server) listKnowledgeVersions(ctx context.Context, c caller, in *namedQuery) (out[Items[KnowledgeVersion]], error) {
	it, err := s.deps.Library.Get(ctx, c.Account, in.ID)
	if err != nil {
		return out[Items[KnowledgeVersion]]{}, err
	}
	list, err := s.deps.Library.History(ctx, c.Account, in.ID)
	return itemsOf(list, func(v library.Version) KnowledgeVersion {
		return KnowledgeVersion{Version: v.Version, Act: v.Act, AgentID: v.Agent, At: v.At, Entry: knowledgeBodyShape(it.Kind, "", v.Body)}
	}), err
}

type restoreKnowledgeInput struct {
	Named
	Body struct {
		Version int64 `json:"version" minimum:"1" doc:"The version to bring back."`
		Expect  int64 `json:"expect_version" minimum:"1" doc:"The newest version that the caller has seen."`
	}
}

func (s *Server) restoreKnowledge(ctx context.Context, c caller, in *restoreKnowledgeInput) (out[KnowledgeEntry], error) {
	it, err := s.deps.Library.Restore(ctx, c.librarian(in.Key), in.ID, in.Body.Version, in.Body.Expect)
	return s.knowledgeOut(it, err)
}
