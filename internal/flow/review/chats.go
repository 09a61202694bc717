package review

import (
	"context"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/topics"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

const (
	mostTopics  = 150 // proposals of one file
	maxQuestion = 200 // characters of a question that are kept
	maxAnswer   = 1_000
	leastAsked  = 2
)

// Digest says what became of a file of chats.
type Digest struct {
	// Rows of the file without its heading, and how many of them say nothing.
	Rows, Skipped int
	// Questions that customers asked and agents answered.
	Questions int
	// Known topics are answered by knowledge already; Proposed are new.
	Known, Proposed int
}

// LearnChats proposes FAQs of chats from before: what customers asked most,
// with how agents answered. The table has a heading row and either the columns
// question and answer, or conversation, role and text with a message a row, in
// the order they were written; names may be Chinese. The same table again
// proposes nothing twice.
func (s *Service) LearnChats(ctx context.Context, by desk.By, rows [][]string) (Digest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	pairs, d, err := exchanges(rows)
	if err != nil {
		return d, err
	}
	known, room, err := s.proposedBefore(ctx, by.Account)
	if err != nil {
		return d, err
	}
	questions := make([]string, len(pairs))
	for i, p := range pairs {
		questions[i] = p.question
	}
	d.Questions = len(pairs)
	var found []Proposal
	for _, t := range topics.Group(questions, topics.Options{Least: leastAsked, Most: mostTopics}) {
		title := questions[t.Lead]
		near, sure, err := s.deps.Shelf.Find(ctx, by.Account, title, "")
		if err != nil {
			return d, err
		}
		if known[text.Normalize(title)] || near.ID != "" && sure >= s.config.Known {
			d.Known++
			continue
		}
		if len(found) < room {
			locale := desk.English
			if han(title) {
				locale = desk.Chinese
			}
			found = append(found, chatProposal(title, locale, t, pairs))
		}
	}
	d.Proposed = len(found)
	return d, s.propose(ctx, by, found, d)
}

func han(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 0x4e00 && r <= 0x9fff })
}

// proposedBefore are the questions that were proposed of chats, and how many
// more there is room for.
func (s *Service) proposedBefore(ctx context.Context, account desk.AccountID) (known map[string]bool, room int, err error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, 0, err
	}
	known, room = map[string]bool{}, maxOpen
	after := ""
	for {
		page, err := s.deps.Store.ReviewProposalPage(ctx, account, after, 0)
		if err != nil || len(page) == 0 {
			return known, max(room, 0), err
		}
		for _, row := range page {
			after = row.ID
			if row.State == store.ProposalOpen {
				room--
			}
			if row.Kind != Chats {
				continue
			}
			p, err := s.open(keys, row)
			if err != nil {
				return nil, 0, err
			}
			for _, a := range p.Asked {
				known[text.Normalize(a.Text)] = true
			}
		}
	}
}

func chatProposal(title string, locale desk.Locale, t topics.Topic, pairs []exchange) Proposal {
	p := Proposal{
		ReviewProposal: store.ReviewProposal{Kind: Chats, State: store.ProposalOpen, Size: int64(len(t.Members)), Version: 1},
		Body:           Body{Entry: Entry{Title: title, Locale: locale}},
	}
	at := map[string]int{}
	var answers []string
	for _, m := range t.Members {
		if pairs[m].answer != "" {
			answers = append(answers, pairs[m].answer)
		}
		key := text.Normalize(pairs[m].question)
		if n, ok := at[key]; ok {
			p.Asked[n].Times++
		} else if len(p.Asked) < maxQuestions {
			at[key] = len(p.Asked)
			p.Asked = append(p.Asked, Asked{Text: pairs[m].question, Times: 1})
		}
	}
	for _, a := range topics.Group(answers, topics.Options{Least: 1, Near: 0.5, Most: maxAnswers}) {
		p.Answers = append(p.Answers, answers[a.Lead])
	}
	if len(p.Answers) > 0 {
		p.Entry.Answer = p.Answers[0]
	}
	return p
}

func (s *Service) propose(ctx context.Context, by desk.By, found []Proposal, d Digest) error {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return err
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return err
	}
	now := s.deps.Clock.Now()
	for i := range found {
		p := &found[i]
		p.ID, p.AccountID, p.CreatedAt, p.UpdatedAt = s.deps.IDs.Other("rvw"), by.Account, now, now
		if err := p.seal(keys); err != nil {
			return err
		}
	}
	return s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		for _, p := range found {
			if err := tx.PutReviewProposal(ctx, p.ReviewProposal); err != nil {
				return err
			}
		}
		return pen.Write(ctx, tx, audit.Act{
			Action: "chats.read", Target: audit.Target{Kind: "review", ID: "chats"},
			Details: map[string]any{"rows": d.Rows, "questions": d.Questions, "proposed": d.Proposed},
		})
	})
}

// exchange is what a customer asked and an agent answered.
type exchange struct{ question, answer string }

var headings = map[string]string{
	"question": "question", "问题": "question", "客户问题": "question",
	"answer": "answer", "答案": "answer", "回答": "answer", "客服回答": "answer",
	"conversation": "conversation", "conversation_id": "conversation", "会话": "conversation", "会话id": "conversation", "会话编号": "conversation",
	"role": "role", "sender": "role", "角色": "role", "发送方": "role", "发送人": "role",
	"text": "text", "message": "text", "content": "text", "内容": "text", "消息": "text", "消息内容": "text",
}

var roles = map[string]string{
	"customer": "customer", "visitor": "customer", "user": "customer", "buyer": "customer", "客户": "customer", "访客": "customer",
	"用户": "customer", "买家": "customer", "顾客": "customer", "agent": "agent", "staff": "agent", "客服": "agent", "坐席": "agent", "商家": "agent", "卖家": "agent",
}

func exchanges(rows [][]string) ([]exchange, Digest, error) {
	const op = "read chats"
	if len(rows) < 2 {
		return nil, Digest{}, desk.InvalidField(op, "file", "the table has no row below its heading")
	}
	at := map[string]int{}
	for i, h := range rows[0] {
		if name := headings[strings.ToLower(strings.TrimSpace(h))]; name != "" {
			if _, twice := at[name]; !twice {
				at[name] = i
			}
		}
	}
	has := func(names ...string) bool {
		return !slices.ContainsFunc(names, func(n string) bool { _, ok := at[n]; return !ok })
	}
	cell := func(row []string, name string) string {
		if i := at[name]; i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	rows = rows[1:]
	d := Digest{Rows: len(rows)}
	var out []exchange
	switch {
	case has("question", "answer"):
		for _, row := range rows {
			out = append(out, exchange{cell(row, "question"), cell(row, "answer")})
		}
	case has("conversation", "role", "text"):
		out = spoken(rows, cell, &d)
	default:
		return nil, d, desk.InvalidField(op, "file", "the first row names the columns: question and answer, or conversation, role and text")
	}
	out = slices.DeleteFunc(out, func(e exchange) bool {
		short := len([]rune(text.Normalize(e.question))) < 4
		if short && has("question", "answer") {
			d.Skipped++
		}
		return short
	})
	for i := range out {
		out[i].question, out[i].answer = clip(out[i].question, maxQuestion), clip(out[i].answer, maxAnswer)
	}
	if len(out) == 0 {
		return nil, d, desk.InvalidField(op, "file", "there is no question of a customer in it")
	}
	return out, d, nil
}

// spoken reads messages: what a customer writes until an agent answers is one
// question, what agents write until the customer goes on is its answer.
func spoken(rows [][]string, cell func([]string, string) string, d *Digest) []exchange {
	var out []exchange
	type state struct {
		ask, answer []string
	}
	open := map[string]*state{}
	var order []string
	end := func(s *state) {
		if len(s.ask) > 0 {
			out = append(out, exchange{strings.Join(s.ask, " "), strings.Join(s.answer, "\n")})
		}
		s.ask, s.answer = nil, nil
	}
	for _, row := range rows {
		id, role, said := cell(row, "conversation"), roles[strings.ToLower(cell(row, "role"))], cell(row, "text")
		if role == "" || said == "" {
			d.Skipped++
			continue
		}
		s := open[id]
		if s == nil {
			s = &state{}
			open[id] = s
			order = append(order, id)
		}
		switch {
		case role == "agent" && len(s.ask) > 0:
			s.answer = append(s.answer, said)
		case role == "customer":
			if len(s.answer) > 0 {
				end(s)
			}
			s.ask = append(s.ask, said)
		}
	}
	for _, id := range order {
		end(open[id])
	}
	return out
}

func clip(s string, runes int) string {
	r := []rune(s)
	return string(r[:min(len(r), runes)])
}
