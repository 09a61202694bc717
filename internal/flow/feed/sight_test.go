package feed_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// What is pushed to somebody with a narrow sight: what they see, a word when
// something leaves it, and no signal of the rest. The replay tells the same by
// the sight of today.
func TestNarrowSightHearsLess(t *testing.T) {
	t.Parallel()
	h := open(t, feed.Config{})
	c := h.company()
	narrow := h.IDs.Agent()
	h.directory.mu.Lock()
	h.directory.sights = map[desk.AgentID]desk.Sight{narrow: {Reach: desk.ReachOwn, Agent: narrow}}
	h.directory.mu.Unlock()
	who := feed.Audience{Account: c.id, Agent: narrow}
	heard := make(chan string, 100)
	h.air.listen(who.Channel(), func(data []byte) {
		var push struct {
			Event struct {
				Type string `json:"type"`
			} `json:"event"`
			Signal struct {
				Type string `json:"type"`
			} `json:"signal"`
		}
		if json.Unmarshal(data, &push) == nil {
			heard <- push.Event.Type + push.Signal.Type
		}
	})
	begin, err := h.feed.Attach(t.Context(), who)
	require.NoError(t, err)
	defer h.feed.Detach(who)

	talk := c.says("ada", "1", "看得见").ConversationID
	hears(t, heard, "contact.created", "conversation.opened", "message.received")
	order := conversation.Order{Actor: c.agent, ConversationID: talk}
	_, err = h.talks.Assign(t.Context(), order, c.colleague(), "")
	require.NoError(t, err)
	hears(t, heard, "conversation.hidden")
	c.says("ada", "2", "geheim")
	c.note(talk, "geheim")
	found, err := h.Store.Conversation(t.Context(), c.id, talk)
	require.NoError(t, err)
	h.bus.Signal(t.Context(), bus.Signal{
		AccountID: c.id, ConversationID: talk, ContactID: found.ContactID, Kind: bus.Typing, On: true, Text: "geheim",
		By: desk.Author{Kind: desk.ByVisitor, ID: string(found.ContactID)},
	})
	c.says("bob", "1", "也看得见") // what comes next is this: nothing of the rest was pushed
	hears(t, heard, "contact.created", "conversation.opened", "message.received")

	b, err := h.feed.Fetch(t.Context(), who, begin.Epoch, begin.Seq, 0)
	require.NoError(t, err)
	var types []string
	for _, item := range b.Events {
		require.NotContains(t, string(item.Event), "geheim")
		var e struct {
			Type string `json:"type"`
		}
		require.NoError(t, json.Unmarshal(item.Event, &e))
		types = append(types, e.Type)
	}
	require.Equal(t, []string{"conversation.hidden", "contact.created", "conversation.opened", "message.received"}, types)

	// Who may not read at all is refused.
	h.directory.mu.Lock()
	h.directory.denied = map[desk.AgentID]bool{narrow: true}
	h.directory.mu.Unlock()
	_, err = h.feed.Fetch(t.Context(), who, begin.Epoch, begin.Seq, 0)
	require.ErrorIs(t, err, desk.Denied)
}

func hears(t *testing.T, heard <-chan string, want ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, w := range want {
		select {
		case got := <-heard:
			require.Equal(t, w, got)
		case <-ctx.Done():
			t.Fatalf("did not hear %s", w)
		}
	}
}

// colleague is another agent whom conversations can be given to.
func (c *company) colleague() desk.AgentID {
	c.Helper()
	id := c.IDs.Agent()
	require.NoError(c, c.Store.Write(c.Ctx, c.id, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutAgent(ctx, store.Agent{ID: id, AccountID: c.id, Role: desk.Answerer, EmailHash: string(id)})
	}))
	return id
}
