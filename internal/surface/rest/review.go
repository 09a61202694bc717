package rest

import (
	"bytes"
	"context"
	"encoding/csv"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/platform/document"
	"yingda.dev/internal/platform/store"
)

// Documents reads files that people bring.
type Documents interface {
	// Read gives what a file says. Invalid or Unsupported if it cannot be read.
	Read(ctx context.Context, name string, data []byte) (document.Document, error)
}

func (c caller) reviewer(key string) desk.By {
	return desk.By{Account: c.Account, Agent: c.Agent, Key: key}
}

// ProposedEntry is what a proposal becomes, or the entry it is about.
type ProposedEntry struct {
	ID     string      `json:"id,omitempty" maxLength:"60" doc:"The entry it is about; missing: a new one."`
	Title  string      `json:"title,omitempty" maxLength:"1200"`
	Ways   []string    `json:"ways,omitempty" maxItems:"300" doc:"Ways of asking to add."`
	Answer string      `json:"answer,omitempty" maxLength:"40000" doc:"Markdown. Of an entry that exists: replaces its answer, unless empty."`
	Locale desk.Locale `json:"locale,omitempty" maxLength:"35"`
	Topic  string      `json:"topic,omitempty" maxLength:"240"`
}

// Proposal is something to be learned, for a person to decide.
type Proposal struct {
	ID        string        `json:"id"`
	Kind      string        `json:"kind" enum:"question,way,wrong,chats" doc:"question: not known; way: another way of asking; wrong: an answer found wrong; chats: asked in chats from before."`
	State     string        `json:"state" enum:"open,accepted,refused,settled"`
	Size      int64         `json:"size" doc:"How many questions stand behind it."`
	Version   int64         `json:"version"`
	Entry     ProposedEntry `json:"entry"`
	Asked     []AskedBefore `json:"asked" doc:"In their words, at most 30."`
	Answers   []string      `json:"answers" doc:"What agents answered, the most usual first."`
	Result    string        `json:"result,omitempty" doc:"The entry it became."`
	Reason    string        `json:"reason,omitempty" doc:"Why it was refused."`
	DecidedBy desk.AgentID  `json:"decided_by,omitempty"`
	CreatedAt time.Time     `json:"created_at"`
	UpdatedAt time.Time     `json:"updated_at"`
	DecidedAt *time.Time    `json:"decided_at,omitempty"`
}

// AskedBefore is a question behind a proposal.
type AskedBefore struct {
	Text     string     `json:"text"`
	Times    int        `json:"times"`
	At       *time.Time `json:"at,omitempty"`
	Reason   string     `json:"reason,omitempty" doc:"What somebody said of the answer."`
	Decision string     `json:"decision_id,omitempty"`
}

func proposalShape(p review.Proposal) Proposal {
	out := Proposal{
		ID: p.ID, Kind: p.Kind, State: p.State, Size: p.Size, Version: p.Version, Entry: ProposedEntry(p.Entry), Answers: append([]string{}, p.Answers...),
		Asked: make([]AskedBefore, len(p.Asked)), Result: p.Result, Reason: p.Why, DecidedBy: p.DecidedBy, CreatedAt: p.CreatedAt,
		UpdatedAt: p.UpdatedAt, DecidedAt: given(p.DecidedAt),
	}
	for i, a := range p.Asked {
		out.Asked[i] = AskedBefore{Text: a.Text, Times: a.Times, At: given(a.At), Reason: a.Why, Decision: a.Decision}
	}
	return out
}

func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type listProposalsInput struct {
	State  string `query:"state" enum:"open,accepted,refused,settled" default:"open"`
	Cursor string `query:"cursor" maxLength:"60"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// ProposalPage is a page of proposals; of the open ones it is all.
type ProposalPage struct {
	Items      []Proposal `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Missing at the end."`
}

func (s *Server) listProposals(ctx context.Context, c caller, in *listProposalsInput) (out[ProposalPage], error) {
	list, err := s.deps.Review.List(ctx, c.Account, in.State, in.Cursor, in.Limit)
	page := ProposalPage{Items: make([]Proposal, len(list))}
	for i, p := range list {
		page.Items[i] = proposalShape(p)
	}
	if in.State != store.ProposalOpen && len(list) == in.Limit {
		page.NextCursor = list[len(list)-1].ID
	}
	return out[ProposalPage]{page}, err
}

type acceptProposalInput struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		Version int64         `json:"version" minimum:"1" doc:"The one that was looked at."`
		Entry   ProposedEntry `json:"entry"`
	}
}

func (s *Server) acceptProposal(ctx context.Context, c caller, in *acceptProposalInput) (out[Proposal], error) {
	p, err := s.deps.Review.Accept(ctx, c.reviewer(in.Key), in.ID, review.Ruling{Version: in.Body.Version, Entry: review.Entry(in.Body.Entry)})
	return out[Proposal]{proposalShape(p)}, err
}

type refuseProposalInput struct {
	ID string `path:"id" maxLength:"60"`
	Keyed
	Body struct {
		Version int64  `json:"version" minimum:"1" doc:"The one that was looked at."`
		Reason  string `json:"reason,omitempty" maxLength:"2000"`
	}
}

func (s *Server) refuseProposal(ctx context.Context, c caller, in *refuseProposalInput) (out[Proposal], error) {
	p, err := s.deps.Review.Refuse(ctx, c.reviewer(in.Key), in.ID, in.Body.Version, in.Body.Reason)
	return out[Proposal]{proposalShape(p)}, err
}

// Gathered says what there is to decide on.
type Gathered struct {
	Open int `json:"open" doc:"How many proposals are open."`
}

func (s *Server) gatherProposals(ctx context.Context, c caller, _ *keyedInput) (out[Gathered], error) {
	n, err := s.deps.Review.Gather(ctx, c.Account)
	return out[Gathered]{Gathered{n}}, err
}

type fileInput struct {
	Keyed
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"1200" example:"chats.xlsx"`
		Data []byte `json:"data" minLength:"1" maxLength:"27963000" doc:"The file in base64, at most 20 MiB."`
	}
}

// ChatsRead is what became of a table of chats.
type ChatsRead struct {
	Rows      int  `json:"rows"`
	Skipped   int  `json:"skipped" doc:"Rows that say nothing."`
	Questions int  `json:"questions"`
	Known     int  `json:"known" doc:"Topics that are answered or were proposed already."`
	Proposed  int  `json:"proposed"`
	Cut       bool `json:"cut,omitempty" doc:"The file is longer than what is read: 20,000 rows."`
}

func (s *Server) readChats(ctx context.Context, c caller, in *fileInput) (out[ChatsRead], error) {
	doc, err := s.deps.Documents.Read(ctx, in.Body.Name, in.Body.Data)
	if err != nil {
		return out[ChatsRead]{}, err
	}
	if doc.Rows == nil {
		return out[ChatsRead]{}, desk.InvalidField("read chats", "data", "chats come as a table: Excel or CSV")
	}
	d, err := s.deps.Review.LearnChats(ctx, c.reviewer(in.Key), doc.Rows)
	return out[ChatsRead]{ChatsRead{Rows: d.Rows, Skipped: d.Skipped, Questions: d.Questions, Known: d.Known, Proposed: d.Proposed, Cut: doc.Cut}}, err
}

// FileRead is what a file says.
type FileRead struct {
	Kind  document.Kind `json:"kind" enum:"markdown,text,html,word,pdf,excel,csv"`
	Title string        `json:"title"`
	Text  string        `json:"text,omitempty" doc:"Markdown; missing if the file is a table."`
	CSV   string        `json:"csv,omitempty" doc:"A table's first sheet, as importKnowledge takes it."`
	Cut   bool          `json:"cut,omitempty" doc:"The file is longer than what is read."`
}

func (s *Server) readFile(ctx context.Context, _ caller, in *fileInput) (out[FileRead], error) {
	doc, err := s.deps.Documents.Read(ctx, in.Body.Name, in.Body.Data)
	if err != nil {
		return out[FileRead]{}, err
	}
	shape := FileRead{Kind: doc.Kind, Title: doc.Title, Text: doc.Text, Cut: doc.Cut}
	if doc.Rows != nil {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		if err := w.WriteAll(doc.Rows); err != nil {
			return out[FileRead]{}, desk.Wrap(desk.Internal, "write table", err)
		}
		shape.CSV = b.String()
	}
	return out[FileRead]{shape}, nil
}
