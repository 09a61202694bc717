package search

import (
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Query asks for messages that hold all words of Text.
type Query struct {
	Account desk.AccountID
	Text    string
	// Sight is which conversations may be found; the zero value is none.
	Sight desk.Sight
	// Cursor is what the page before returned; empty begins.
	Cursor string
	// Limit is how many hits, 1 to 100; 0 means 20.
	Limit int
}

// Hit is a message that was found.
type Hit struct {
	Message desk.Message
	// Conversation is the one it belongs to, as it is now.
	Conversation desk.Conversation
	// Snippet is one line around the first place found. From and To are where
	// that is in it, in characters.
	Snippet  string
	From, To int
}

// Search returns a page of hits, the newest message first, and the cursor of
// the next, which is empty at the end. A page may hold fewer hits than asked
// for, or none, and still have a next one, because the work of one call is
// bounded. Invalid if there is nothing to search by.
func (s *Service) Search(ctx context.Context, q Query) (hits []Hit, next string, err error) {
	words, err := text.QueryTokens(q.Text)
	if err != nil {
		return nil, "", err
	}
	cursor, err := readCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	keys, err := s.deps.Keys.Account(ctx, q.Account)
	if err != nil {
		return nil, "", err
	}
	tokens := keys.Tokens(words)
	limit := q.Limit
	if limit <= 0 {
		limit = 20
	}
	limit = min(limit, 100)
	for opened := 0; opened < s.config.MaxCandidates; {
		page, err := s.deps.Store.Index().Search(ctx, q.Account, tokens, cursor, candidates)
		if err != nil {
			return nil, "", err
		}
		found, last, err := s.verify(ctx, keys, q, page, limit-len(hits))
		if err != nil {
			return nil, "", err
		}
		hits = append(hits, found...)
		opened += len(page)
		if last < len(page) {
			cursor = place(page[last-1])
			next = writeCursor(cursor)
			break
		}
		if len(page) < candidates {
			next = ""
			break
		}
		cursor = place(page[len(page)-1])
		next = writeCursor(cursor)
		if len(hits) == limit {
			break
		}
	}
	hits, err = s.conversations(ctx, q.Account, hits)
	return hits, next, err
}

// candidates is how many hits of the index are opened at a time.
const candidates = 100

func place(h store.IndexHit) store.IndexCursor {
	return store.IndexCursor{At: h.At, Message: h.Message}
}

// verify opens candidates until it has limit hits. last is how many it looked at.
func (s *Service) verify(ctx context.Context, keys *seal.AccountKeys, q Query, page []store.IndexHit, limit int) (hits []Hit, last int, err error) {
	ids := make([]desk.MessageID, len(page))
	for i, h := range page {
		ids[i] = h.Message
	}
	messages, err := s.deps.Store.MessagesByID(ctx, q.Account, ids)
	if err != nil {
		return nil, 0, err
	}
	seen, err := s.seen(ctx, q, messages)
	if err != nil {
		return nil, 0, err
	}
	for _, h := range page {
		last++
		m, ok := messages[h.Message]
		if !ok || !seen(m.ConversationID) {
			continue // deleted, and the index will hear of it; or not for these eyes
		}
		content, ok := s.open(ctx, keys, m)
		if !ok {
			continue
		}
		body := content.PlainText()
		start, end, ok := text.Match(body, q.Text)
		if !ok {
			continue
		}
		hit := Hit{Message: desk.Message{MessageHead: m.MessageHead, Content: content}}
		hit.Snippet, hit.From, hit.To = snippet(body, start, end)
		if hits = append(hits, hit); len(hits) == limit {
			break
		}
	}
	return hits, last, nil
}

// seen tells which conversations of some messages are in sight. What is not
// is not even opened.
func (s *Service) seen(ctx context.Context, q Query, messages map[desk.MessageID]desk.StoredMessage) (func(desk.ConversationID) bool, error) {
	if q.Sight.Everything() {
		return func(desk.ConversationID) bool { return true }, nil
	}
	ids := make(map[desk.ConversationID]bool, len(messages))
	for _, m := range messages {
		ids[m.ConversationID] = true
	}
	known, err := s.deps.Store.ConversationsByID(ctx, q.Account, slices.Collect(maps.Keys(ids)))
	return func(id desk.ConversationID) bool {
		c, ok := known[id]
		return ok && q.Sight.SeesConversation(c)
	}, err
}

// conversations adds the conversations, all read together. One that is gone
// takes its hits along.
func (s *Service) conversations(ctx context.Context, account desk.AccountID, hits []Hit) ([]Hit, error) {
	seen := make(map[desk.ConversationID]bool, len(hits))
	var ids []desk.ConversationID
	for _, h := range hits {
		if id := h.Message.ConversationID; !seen[id] {
			seen[id], ids = true, append(ids, id)
		}
	}
	known, err := s.deps.Store.ConversationsByID(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	found := hits[:0]
	for _, h := range hits {
		c, ok := known[h.Message.ConversationID]
		if !ok {
			continue
		}
		h.Conversation = c
		found = append(found, h)
	}
	return found, nil
}

// Characters of a snippet before and after what was found.
const (
	before = 20
	after  = 60
)

// snippet cuts one line around body[start:end] and says where that is in it.
func snippet(body string, start, end int) (line string, from, to int) {
	head, found, tail := []rune(body[:start]), body[start:end], []rune(body[end:])
	prefix, suffix := "", ""
	if len(head) > before {
		head, prefix = head[len(head)-before:], "…"
	}
	if len(tail) > after {
		tail, suffix = tail[:after], "…"
	}
	flat := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || unicode.IsControl(r) {
				return ' '
			}
			return r
		}, s)
	}
	left := prefix + strings.TrimLeft(flat(string(head)), " ")
	from = utf8.RuneCountInString(left)
	return left + flat(found) + strings.TrimRight(flat(string(tail)), " ") + suffix, from, from + utf8.RuneCountInString(found)
}

func writeCursor(c store.IndexCursor) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(desk.Micros(c.At), 36) + "." + string(c.Message)))
}

func readCursor(cursor string) (store.IndexCursor, error) {
	if cursor == "" {
		return store.IndexCursor{}, nil
	}
	bad := desk.InvalidField("read cursor", "cursor", "the cursor is not one of ours")
	if len(cursor) > 200 {
		return store.IndexCursor{}, bad
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return store.IndexCursor{}, bad
	}
	at, id, ok := strings.Cut(string(data), ".")
	micros, err := strconv.ParseInt(at, 36, 64)
	if _, valid := desk.MessageID(id).Shard(); !ok || err != nil || !valid || micros <= 0 {
		return store.IndexCursor{}, bad
	}
	return store.IndexCursor{At: desk.FromMicros(micros), Message: desk.MessageID(id)}, nil
}
