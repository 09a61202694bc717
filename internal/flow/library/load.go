package library

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
)

// shelf is what this node holds of an account.
type shelf struct {
	// loading is held while it is read from the database.
	loading sync.Mutex
	held    atomic.Pointer[contents]
	// stale is set when the database has something newer.
	stale atomic.Bool
}

// contents are an account's items and the index that serves, as of one moment;
// they are never changed.
type contents struct {
	version string
	index   *knowledge.Index
	items   map[string]*entry
}

// entry is an item ready to answer.
type entry struct {
	Item
	pieces []passage
}

// passage is a piece of an article.
type passage struct{ heading, text string }

// entry finds what an index calls by the id: an item, or a piece of one.
func (c *contents) entry(id string) (e *entry, piece int, ok bool) {
	if item, n, cut := strings.Cut(id, "#"); cut {
		id = item
		piece, _ = strconv.Atoi(n)
	}
	e, ok = c.items[id]
	return e, piece, ok
}

func (s *Service) shelf(account desk.AccountID) *shelf {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.shelves[account]
	if h == nil {
		h = &shelf{}
		s.shelves[account] = h
	}
	return h
}

// current is what the node holds of the account; loaded if it holds nothing.
func (s *Service) current(ctx context.Context, account desk.AccountID) (*contents, error) {
	h := s.shelf(account)
	if c := h.held.Load(); c != nil {
		return c, nil
	}
	h.loading.Lock()
	defer h.loading.Unlock()
	if c := h.held.Load(); c != nil {
		return c, nil
	}
	return s.load(ctx, account, h)
}

// load reads an account's knowledge; loading is held.
func (s *Service) load(ctx context.Context, account desk.AccountID, h *shelf) (*contents, error) {
	h.stale.Store(false)
	row, _, err := shelfOf(ctx, s.deps.Store.Reads, account)
	if err != nil {
		h.stale.Store(true)
		return nil, err
	}
	c := &contents{version: row.Serving, items: make(map[string]*entry)}
	if before := h.held.Load(); before != nil && before.version == c.version {
		c.index = before.index
	} else if c.version != "" {
		if c.index, err = s.readIndex(ctx, account, c.version); err != nil {
			h.stale.Store(true)
			return nil, err
		}
	}
	err = s.all(ctx, account, func(it Item) {
		e := &entry{Item: it}
		if it.Kind == Article {
			e.pieces = passages(it.Text)
			e.Text = ""
		}
		c.items[it.ID] = e
	})
	if err != nil {
		h.stale.Store(true)
		return nil, err
	}
	h.held.Store(c)
	return c, nil
}

// passages cuts an article into what answers by itself.
func passages(article string) []passage {
	pieces := knowledge.Chunk(article)
	out := make([]passage, 0, len(pieces))
	for _, p := range pieces {
		out = append(out, passage{p.Heading, plain(article[p.Start:p.End])})
	}
	return out
}

// plain takes the signs of Markdown out of a passage that is said in a chat.
func plain(markdown string) string {
	var lines []string
	for line := range strings.Lines(markdown) {
		line = strings.TrimRight(line, " \t\r\n")
		trimmed := strings.TrimLeft(line, "# ")
		if strings.HasPrefix(line, "#") {
			line = trimmed
		}
		line = strings.NewReplacer("**", "", "__", "", "`", "").Replace(line)
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "* "); ok {
			line = "· " + rest
		} else if rest, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "- "); ok {
			line = "· " + rest
		}
		if line == "" && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		lines = append(lines, line)
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// hear marks what the log tells about as stale.
func (s *Service) hear(events []desk.Event) {
	heard := false
	for _, e := range events {
		f, ok := e.Fact.(desk.BotChanged)
		if !ok || f.What != desk.BotKnowledge {
			continue
		}
		s.mu.Lock()
		h := s.shelves[e.AccountID]
		s.mu.Unlock()
		if h != nil {
			h.stale.Store(true)
			heard = true
		}
		if f.Version == "" {
			wake(s.wakeTrainer)
		}
	}
	if heard {
		wake(s.wakeLoader)
	}
}

// refresh loads again what is stale on this node.
func (s *Service) refresh(ctx context.Context) {
	s.mu.Lock()
	accounts := make([]desk.AccountID, 0, len(s.shelves))
	for a, h := range s.shelves {
		if h.stale.Load() {
			accounts = append(accounts, a)
		}
	}
	s.mu.Unlock()
	slices.Sort(accounts)
	for _, a := range accounts {
		h := s.shelf(a)
		h.loading.Lock()
		_, err := s.load(ctx, a, h)
		h.loading.Unlock()
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "knowledge is not loaded; the former serves", "account_id", a, "error", err)
		}
	}
}
