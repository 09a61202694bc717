package feed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// client is what a page does: subscribe, fetch, apply, drop repeats, fetch on gaps.
type client struct {
	t     require.TestingT
	h     *house
	who   feed.Audience
	reset func() []int64

	mu   sync.Mutex
	own  int64
	seen []int64
	// lose says whether the next push is lost on the way.
	lose func() bool
	// reached is closed when own passes the goal.
	goal    int64
	reached chan struct{}
}

func (c *client) receive(data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lose != nil && c.lose() {
		return
	}
	var p wire.Push
	require.NoError(c.t, json.Unmarshal(data, &p))
	require.Equal(c.t, epoch, p.Epoch)
	switch {
	case p.Seq <= c.own: // a repeat
	case p.Prev > c.own:
		c.fetch()
	default:
		c.seen, c.own = append(c.seen, p.Seq), p.Seq
	}
	c.arrived()
}

func (c *client) arrived() {
	if c.reached != nil && c.own >= c.goal {
		close(c.reached)
		c.reached = nil
	}
}

// fetch catches up page by page; the caller holds mu.
func (c *client) fetch() {
	for {
		b, err := c.h.feed.Fetch(c.h.Ctx, c.who, epoch, c.own, 3)
		if desk.KindOf(err) == desk.Unavailable && err != nil {
			continue // the directory was away for a moment
		}
		require.NoError(c.t, err)
		if b.Reset {
			c.seen = c.reset()
		}
		for _, item := range b.Events {
			c.seen = append(c.seen, item.Seq)
		}
		c.own = b.Seq
		if !b.More {
			return
		}
	}
}

// until returns a channel that is closed when the client is as far as pos.
func (c *client) until(pos int64) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := make(chan struct{})
	c.goal, c.reached = pos, done
	c.arrived()
	return done
}

func (c *client) connect() {
	c.h.air.listen(c.who.Channel(), c.receive)
	for {
		_, err := c.h.feed.Attach(c.h.Ctx, c.who)
		if err == nil {
			break
		}
		require.ErrorIs(c.t, err, desk.Unavailable)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetch()
}

func (c *client) disconnect() {
	c.h.air.listen(c.who.Channel(), nil)
	c.h.feed.Detach(c.who)
}

// However many pushes are lost, connections broken and look-ups failed, the
// next push that arrives brings the client to exactly the log.
func TestClientsConvergeToTheLog(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{MaxReplay: 12})
	rapid.Check(t, func(t *rapid.T) {
		c := h.company()
		a := c.says("u1", "first", "你好")
		b := c.says("u2", "first", "您好")
		contact := feed.Audience{Account: c.id, Contact: a.ContactID}
		log := func(visible func(desk.Event) bool) []int64 {
			events, err := h.Store.AccountEvents(h.Ctx, c.id, 0, 1000)
			require.NoError(t, err)
			var seqs []int64
			for _, e := range events {
				if visible(e) {
					seqs = append(seqs, e.Pos)
				}
			}
			return seqs
		}
		everything := func(desk.Event) bool { return true }
		theirs := func(e desk.Event) bool {
			content := desk.TextContent("")
			_, shown := wire.EventForVisitor(e, &content, wire.Names{})
			return shown && e.ContactID == a.ContactID
		}
		lossy := rapid.SampledFrom([]int{0, 1, 3, 8}).Draw(t, "losses in ten")
		var mu sync.Mutex
		seed := rapid.Uint32().Draw(t, "seed")
		calm := false
		lose := func() bool {
			mu.Lock()
			defer mu.Unlock()
			seed = seed*1664525 + 1013904223
			return !calm && int(seed>>16)%10 < lossy
		}
		clients := []*client{
			{t: t, h: h, who: c.agents(), lose: lose, reset: func() []int64 { return log(everything) }},
			{t: t, h: h, who: contact, lose: lose, reset: func() []int64 { return log(theirs) }},
		}
		connected := []bool{true, true}
		for _, cl := range clients {
			cl.connect()
			defer h.air.listen(cl.who.Channel(), nil)
		}
		for step := range rapid.IntRange(1, 15).Draw(t, "steps") {
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				c.says("u1", fmt.Sprint("k", step), "还在吗")
			case 1:
				c.says("u2", fmt.Sprint("k", step), "在吗")
			case 2:
				c.reply(a.ConversationID, "在")
			case 3:
				c.note(a.ConversationID, "内部")
			case 4:
				c.reply(b.ConversationID, "在")
			case 5:
				i := rapid.IntRange(0, 1).Draw(t, "who")
				if connected[i] = !connected[i]; connected[i] {
					clients[i].connect()
				} else {
					clients[i].disconnect()
				}
			case 6:
				h.directory.mu.Lock()
				h.directory.fail = 2
				h.directory.mu.Unlock()
			}
		}
		for i, cl := range clients {
			if !connected[i] {
				cl.connect()
			}
		}
		h.directory.mu.Lock()
		h.directory.fail = 0
		h.directory.mu.Unlock()
		mu.Lock()
		calm = true
		mu.Unlock()
		c.says("u1", "last", "再见")
		head, err := h.Store.Head(h.Ctx)
		require.NoError(t, err)
		for i, want := range [][]int64{log(everything), log(theirs)} {
			// Somebody else's event after it may not move this feed, the last one did.
			<-clients[i].until(want[len(want)-1])
			clients[i].mu.Lock()
			got := slices.Clone(clients[i].seen)
			clients[i].mu.Unlock()
			require.LessOrEqual(t, want[len(want)-1], head)
			require.Equal(t, want, got)
			clients[i].disconnect()
		}
	})
}

func TestVisitorsHearOnlyTheirOwnPublicEvents(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c, other := h.company(), h.company()
	a := c.says("u1", "k1", "我的问题")
	visitor := feed.Audience{Account: c.id, Contact: a.ContactID}
	pushed := make(chan []byte, 64)
	h.air.listen(visitor.Channel(), func(data []byte) { pushed <- slices.Clone(data) })
	start, err := h.feed.Attach(t.Context(), visitor)
	require.NoError(t, err)
	defer h.feed.Detach(visitor)

	c.note(a.ConversationID, "机密备注")
	c.says("u2", "k1", "别人的问题")
	other.says("u1", "k1", "别家的问题")
	c.reply(a.ConversationID, "我的答案")
	var all string
	for !strings.Contains(all, "我的答案") {
		all += string(<-pushed)
	}
	batch, err := h.feed.Fetch(t.Context(), visitor, epoch, 0, 0)
	require.NoError(t, err)
	require.False(t, batch.Reset)
	require.NotEmpty(t, batch.Events)
	text, err := json.Marshal(batch)
	require.NoError(t, err)
	for _, said := range []string{all, string(text)} {
		for _, secret := range []string{"机密备注", "别人的问题", "别家的问题", string(c.agent.Agent), string(c.inbox.ID), "note.added"} {
			require.NotContains(t, said, secret)
		}
		require.Contains(t, said, "我的答案")
		require.Contains(t, said, "林小满", "the agent's name is shown")
	}
	require.GreaterOrEqual(t, batch.Seq, start.Seq)

	mine, err := h.feed.Fetch(t.Context(), c.agents(), epoch, 0, 0)
	require.NoError(t, err)
	text, err = json.Marshal(mine)
	require.NoError(t, err)
	require.Contains(t, string(text), "机密备注", "agents see notes")
	require.NotContains(t, string(text), "别家的问题")
}

func TestWhatCannotBeContinuedIsReset(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{MaxReplay: 10, MaxVisitorReplay: 10})
	c := h.company()
	a := c.says("u1", "k", "你好")
	head, err := h.Store.Head(t.Context())
	require.NoError(t, err)
	fetch := func(who feed.Audience, epoch string, since int64) wire.Batch {
		b, err := h.feed.Fetch(t.Context(), who, epoch, since, 0)
		require.NoError(t, err)
		return b
	}
	visitor := feed.Audience{Account: c.id, Contact: a.ContactID}
	stand, err := h.feed.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, epoch, stand.Epoch)
	require.LessOrEqual(t, stand.Seq, head, "never ahead of what can be fetched")
	for _, who := range []feed.Audience{c.agents(), visitor} {
		require.False(t, fetch(who, epoch, head).Reset)
		require.True(t, fetch(who, "before the restore", head).Reset)
		require.True(t, fetch(who, epoch, head+1).Reset, "from the future")
		require.True(t, fetch(who, epoch, -1).Reset)
	}
	for i := range 12 {
		c.says("u1", fmt.Sprint("k", i), "快回答")
	}
	for _, who := range []feed.Audience{c.agents(), visitor} {
		b := fetch(who, epoch, head)
		require.True(t, b.Reset, "too many to replay")
		require.Empty(t, b.Events)
		require.False(t, fetch(who, epoch, head+9).Reset)
		now := fetch(who, epoch, b.Seq)
		require.False(t, now.Reset)
	}
	later := h.Clock.Now().Add(time.Hour)
	h.Clock.Advance(2 * time.Hour)
	c.says("u1", "after", "还在")
	_, err = h.Store.Trim(t.Context(), later, 1)
	require.NoError(t, err)
	require.True(t, fetch(c.agents(), epoch, head+9).Reset, "trimmed")
}

func TestAgentsWhoMayNotReadHearNothing(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	colleague := feed.Audience{Account: c.id, Agent: h.IDs.Agent()}
	got := make(chan string, 64)
	h.air.listen(c.agents().Channel(), func([]byte) { got <- "dismissed" })
	h.air.listen(colleague.Channel(), func([]byte) { got <- "colleague" })
	for _, who := range []feed.Audience{c.agents(), colleague} {
		_, err := h.feed.Attach(t.Context(), who)
		require.NoError(t, err)
		defer h.feed.Detach(who)
	}
	h.directory.mu.Lock()
	h.directory.denied[c.agent.Agent] = true
	h.directory.mu.Unlock()
	c.says("u1", "k1", "你好")
	c.says("u1", "k2", "在吗")
	for range 4 { // three facts of the first message, one of the second
		require.Equal(t, "colleague", <-got)
	}
	_, err := h.feed.Attach(t.Context(), c.agents())
	require.ErrorIs(t, err, desk.Denied)
	_, err = h.feed.Fetch(t.Context(), c.agents(), epoch, 0, 0)
	require.ErrorIs(t, err, desk.Denied)
	_, err = h.feed.Wait(t.Context(), c.agents(), epoch, 0, 0)
	require.ErrorIs(t, err, desk.Denied)
	_, err = h.feed.Fetch(t.Context(), feed.Audience{Account: c.id}, epoch, 0, 0)
	require.ErrorIs(t, err, desk.Internal, "a feed is somebody's")
}

func TestWaitEndsWithTheNextEvent(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	a := c.says("u1", "k1", "你好")
	visitor := feed.Audience{Account: c.id, Contact: a.ContactID}
	b, err := h.feed.Wait(t.Context(), visitor, epoch, 0, 0)
	require.NoError(t, err)
	require.NotEmpty(t, b.Events, "what is there is returned at once")

	type answer struct {
		batch wire.Batch
		err   error
	}
	const waiters = 20
	answers := make(chan answer, waiters)
	for range waiters {
		go func() {
			got, err := h.feed.Wait(t.Context(), visitor, epoch, b.Seq, 0)
			answers <- answer{got, err}
		}()
	}
	c.says("u2", "k1", "别人")
	c.note(a.ConversationID, "备注")
	c.reply(a.ConversationID, "答案")
	for range waiters {
		got := <-answers
		require.NoError(t, got.err)
		require.NotEmpty(t, got.batch.Events)
		require.Greater(t, got.batch.Events[0].Seq, b.Seq)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan answer, 1)
	last, err := h.Store.Head(t.Context())
	require.NoError(t, err)
	go func() {
		got, err := h.feed.Wait(ctx, visitor, epoch, last, 0)
		done <- answer{got, err}
	}()
	cancel()
	got := <-done
	if got.err != nil { // it had not begun to wait
		require.ErrorIs(t, got.err, desk.Unavailable)
	} else {
		require.Empty(t, got.batch.Events)
	}
}

func TestTypingGoesToTheOtherSide(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	a := c.says("u1", "k1", "你好")
	visitor := feed.Audience{Account: c.id, Contact: a.ContactID}
	colleague := feed.Audience{Account: c.id, Agent: h.IDs.Agent()}
	type heard struct {
		who string
		s   wire.Signal
	}
	got := make(chan heard, 64)
	for name, who := range map[string]feed.Audience{"agent": c.agents(), "colleague": colleague, "visitor": visitor} {
		h.air.listen(who.Channel(), func(data []byte) {
			var p wire.SignalPush
			if json.Unmarshal(data, &p) == nil && p.Signal.Type != "" {
				got <- heard{name, p.Signal}
			}
		})
		_, err := h.feed.Attach(t.Context(), who)
		require.NoError(t, err)
		defer h.feed.Detach(who)
	}
	signal := bus.Signal{AccountID: c.id, ConversationID: a.ConversationID, ContactID: a.ContactID, Kind: bus.Typing, On: true, Text: "我想问"}
	hear := func(by desk.Author, n int) map[string]wire.Signal {
		signal.By = by
		out := make(map[string]wire.Signal)
		for len(out) < n {
			h.bus.Signal(t.Context(), signal) // may be lost before the listener is there
			for more := true; more; {
				select {
				case x := <-got:
					out[x.who] = x.s
				case <-time.After(20 * time.Millisecond):
					more = false
				}
			}
		}
		return out
	}
	byVisitor := hear(desk.Author{Kind: desk.ByVisitor, ID: string(a.ContactID)}, 2)
	require.Equal(t, "我想问", byVisitor["agent"].Text)
	require.NotContains(t, byVisitor, "visitor", "nobody hears themselves")
	byAgent := hear(desk.Author{Kind: desk.ByAgent, ID: string(c.agent.Agent)}, 2)
	require.NotContains(t, byAgent, "agent")
	require.Empty(t, byAgent["visitor"].Text, "visitors do not read drafts")
	require.Empty(t, byAgent["visitor"].By.ID)
	require.Equal(t, "林小满", byAgent["visitor"].By.Name)
	require.Equal(t, string(c.agent.Agent), byAgent["colleague"].By.ID)
}

// Colleagues who have the same conversation open hear of each other, nobody
// else does, and who does not say it again is forgotten.
func TestViewersHearOfEachOther(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	a := c.says("u1", "k1", "你好")
	first, second, third := c.agent.Agent, h.IDs.Agent(), h.IDs.Agent()
	got := make(chan map[desk.AgentID]bool, 256)
	for _, who := range []feed.Audience{
		{Account: c.id, Agent: first}, {Account: c.id, Agent: second}, {Account: c.id, Agent: third}, {Account: c.id, Contact: a.ContactID},
	} {
		h.air.listen(who.Channel(), func(data []byte) {
			var p wire.SignalPush
			if json.Unmarshal(data, &p) != nil || p.Signal.Type != bus.Viewing {
				return
			}
			if who.Agent != first {
				require.Equal(t, second, who.Agent, "only those who have it open hear of it")
				return
			}
			typing := make(map[desk.AgentID]bool)
			for _, v := range p.Signal.Agents {
				typing[v.ID] = v.Typing
			}
			got <- typing
		})
		_, err := h.feed.Attach(t.Context(), who)
		require.NoError(t, err)
		defer h.feed.Detach(who)
	}
	say := func(kind string, by desk.AgentID, on bool) {
		h.bus.Signal(t.Context(), bus.Signal{
			AccountID: c.id, ConversationID: a.ConversationID, ContactID: a.ContactID, Kind: kind, On: on,
			By: desk.Author{Kind: desk.ByAgent, ID: string(by)},
		})
	}
	until := func(want map[desk.AgentID]bool, kind string, by desk.AgentID, on bool) {
		t.Helper()
		for deadline := time.After(20 * time.Second); ; {
			say(kind, by, on) // may be lost before the listener is there
			select {
			case is := <-got:
				if maps.Equal(is, want) {
					return
				}
			case <-time.After(20 * time.Millisecond):
			case <-deadline:
				require.Fail(t, "not heard", want)
			}
		}
	}
	until(map[desk.AgentID]bool{first: false}, bus.Viewing, first, true)
	until(map[desk.AgentID]bool{first: false, second: false}, bus.Viewing, second, true)
	until(map[desk.AgentID]bool{first: false, second: true}, bus.Typing, second, true)
	say(bus.Typing, third, true) // has not said that it is open
	until(map[desk.AgentID]bool{first: false, second: false}, bus.Typing, second, false)
	until(map[desk.AgentID]bool{first: false}, bus.Viewing, second, false)
	until(map[desk.AgentID]bool{first: false, second: false}, bus.Viewing, second, true)
	h.Clock.Advance(time.Minute)
	until(map[desk.AgentID]bool{first: false}, bus.Viewing, first, true)
}

func TestABodyThatDoesNotOpenHidesNothingElse(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	a := c.says("u1", "k1", "你好")
	_, err := h.Store.Do(t.Context(), store.Command{
		Account: c.id, Target: store.Target{Conversation: a.ConversationID},
		Decide: func(s store.Situation) (store.Effects, error) {
			tr, m := s.Conversation.Add(desk.StoredMessage{
				MessageHead: desk.MessageHead{ID: h.IDs.Message(s.Shard), Author: desk.Author{Kind: desk.ByBot}, Visibility: desk.Public},
				Body:        desk.Sealed("garbage"),
			}, nil, desk.Sent, s.Now)
			return store.Effects{Conversation: tr.Conversation, Messages: []desk.StoredMessage{m}, Facts: tr.Facts}, nil
		},
	})
	require.NoError(t, err)
	c.reply(a.ConversationID, "好的")
	b, err := h.feed.Fetch(t.Context(), c.agents(), epoch, 0, 0)
	require.NoError(t, err)
	require.Contains(t, string(b.Events[len(b.Events)-1].Event), "好的")
	seen, err := h.feed.Fetch(t.Context(), feed.Audience{Account: c.id, Contact: a.ContactID}, epoch, 0, 0)
	require.NoError(t, err)
	require.Contains(t, string(seen.Events[len(seen.Events)-1].Event), "好的")
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := feed.New(feed.Deps{}, feed.Config{})
	require.ErrorIs(t, err, desk.Invalid)
	h := open(t, feed.Config{})
	registry := prometheus.NewRegistry()
	d := feed.Deps{Store: h.Store, Keys: h.keys, Bus: h.bus, Directory: h.directory, Clock: h.Clock, Log: quiet(), Metrics: registry}
	stopped, err := feed.New(d, feed.Config{})
	require.NoError(t, err)
	_, err = feed.New(d, feed.Config{})
	require.ErrorIs(t, err, desk.Internal, "metrics are registered once")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = stopped.Attach(ctx, feed.Audience{Account: "acc_x", Contact: "con_x"})
	require.ErrorIs(t, err, desk.Unavailable, "not running yet")
}
