package conversation_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func TestRepliesLeaveByTheChannelsWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好")
		require.Equal(t, desk.Sent, c.reply(a.ConversationID, "r1", "在的").Status, "the visitor reads our feed")

		c.routes.mu.Lock()
		c.routes.way = map[desk.InboxID]conversation.Route{c.inbox.ID: {Status: desk.Queued, Queue: true}}
		c.routes.mu.Unlock()
		queued := c.reply(a.ConversationID, "r2", "请稍等")
		require.Equal(t, desk.Queued, queued.Status)
		due, err := c.Store.DueOutbox(t.Context(), "node", c.Clock.Now(), 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Equal(t, queued.ID, due[0].MessageID)
		require.Equal(t, a.ContactID, due[0].ContactID)

		head := c.head()
		require.NoError(t, c.SetMessageSent(t.Context(), c.id, queued.ID, desk.Delivered, "", "platform-7"))
		require.NoError(t, c.SetMessageStatus(t.Context(), c.id, queued.ID, desk.Failed, "late"), "a late failure changes nothing")
		require.NoError(t, c.SetMessageStatus(t.Context(), c.id, queued.ID, desk.Sent, ""))
		require.Equal(t, []desk.EventKind{"message.status_changed"}, c.kinds(head))
		got, err := c.Message(t.Context(), c.id, queued.ID)
		require.NoError(t, err)
		require.Equal(t, desk.Delivered, got.Status)
		found, err := c.Store.MessageByExternal(t.Context(), c.id, c.inbox.ID, "platform-7")
		require.NoError(t, err)
		require.Equal(t, queued.ID, found.ID)

		c.routes.mu.Lock()
		c.routes.way, c.routes.no = nil, map[desk.InboxID]bool{c.inbox.ID: true}
		c.routes.mu.Unlock()
		failed := c.reply(a.ConversationID, "r3", "没人收得到")
		require.Equal(t, desk.Failed, failed.Status)
		require.Equal(t, "inbox_unavailable", failed.FailureReason)
	})
}

func TestARepeatGetsTheFirstAnswer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好")
		again := c.says("u1", "k1", "你好，换个说法")
		require.True(t, again.Repeated)
		require.Equal(t, a.MessageID, again.MessageID)

		const callers = 20
		answers := make([]desk.Message, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				m, err := c.Reply(t.Context(), conversation.ReplyCommand{
					Actor: c.agents[0], Key: "same", ConversationID: a.ConversationID, Content: desk.TextContent(fmt.Sprint("第", i, "次")),
				})
				if err == nil {
					answers[i] = m
				}
			})
		}
		wg.Wait()
		for _, m := range answers {
			require.Equal(t, answers[0], m, "everybody hears of the one message that was stored")
		}
		stored, _, err := c.Messages(t.Context(), c.id, a.ConversationID, store.MessageRange{})
		require.NoError(t, err)
		require.Len(t, stored, 2)
		require.Equal(t, answers[0], stored[1])

		// The key is the agent's, the verb's and the conversation's own.
		other, err := c.Reply(t.Context(), conversation.ReplyCommand{
			Actor: c.agents[1], Key: "same", ConversationID: a.ConversationID, Content: desk.TextContent("我来"),
		})
		require.NoError(t, err)
		require.NotEqual(t, answers[0].ID, other.ID)
		note, err := c.Note(t.Context(), conversation.NoteCommand{Actor: c.agents[0], Key: "same", ConversationID: a.ConversationID, Text: "记一下"})
		require.NoError(t, err)
		require.Equal(t, desk.Note, note.Visibility)

		done, err := c.Resolve(t.Context(), c.order(a.ConversationID, "done"))
		require.NoError(t, err)
		_, err = c.Reopen(t.Context(), c.order(a.ConversationID, ""))
		require.NoError(t, err)
		head := c.head()
		repeat, err := c.Resolve(t.Context(), c.order(a.ConversationID, "done"))
		require.NoError(t, err, "a late repeat is answered")
		require.Equal(t, desk.Open, repeat.Status, "and does not resolve again")
		require.NotEqual(t, done.Version, repeat.Version)
		require.Equal(t, head, c.head())
	})
}
