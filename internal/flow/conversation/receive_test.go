package conversation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func TestTheFirstMessageMakesContactAndConversation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好，羽绒服有 L 码吗？\n谢谢")
		require.Equal(t, []desk.EventKind{"contact.created", "conversation.opened", "message.received"}, c.kinds(0))

		v, err := c.Get(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, desk.Open, v.Conversation.Status)
		require.Equal(t, a.ContactID, v.Contact.ID)
		require.Equal(t, desk.Profile{Name: "客户u1", Email: "u1@example.com", Phone: "13800000000"}, v.Contact.Profile)
		require.Equal(t, "你好，羽绒服有 L 码吗？ 谢谢", v.Preview)
		require.False(t, v.Conversation.WaitingSince.IsZero())

		messages, more, err := c.Messages(t.Context(), c.id, a.ConversationID, store.MessageRange{})
		require.NoError(t, err)
		require.False(t, more)
		require.Len(t, messages, 1)
		require.Equal(t, desk.TextContent("你好，羽绒服有 L 码吗？\n谢谢"), messages[0].Content)
		require.Equal(t, "k1", messages[0].ClientID)
		require.Equal(t, a.MessageID, messages[0].ID)

		live, err := c.Live(t.Context(), c.id, a.ContactID)
		require.NoError(t, err)
		require.Equal(t, a.ConversationID, live.ID)
	})
}

func TestBotFirstInboxesOpenPending(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		c.inbox.Settings.BotFirst = true
		a := c.says("u1", "k1", "在吗")
		v, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, desk.Pending, v.Status)
	})
}

func TestVisitorsQuoteOnlyTheirOwnConversation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好")
		keys, err := c.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		own, _ := a.ConversationID.Shard()
		// Another customer's message on the same shard, whose id looks the same.
		foreign := c.says("x0", "k", "别人的话")
		for i := 1; ; i++ {
			if shard, _ := foreign.ConversationID.Shard(); shard == own {
				break
			}
			foreign = c.says(fmt.Sprint("x", i), "k", "别人的话")
		}
		elsewhere := h.company().says("u1", "k1", "别的公司")
		note, err := c.Note(t.Context(), conversation.NoteCommand{
			Actor: c.agents[0], Key: "n", ConversationID: a.ConversationID, Text: "内部",
		})
		require.NoError(t, err)
		for name, quoted := range map[string]desk.MessageID{
			"own": a.MessageID, "foreign": foreign.MessageID, "other account": elsewhere.MessageID, "note": note.ID,
			"unknown": c.IDs.Message(own), "nonsense": "msg_x",
		} {
			said, err := c.hub.Accept(t.Context(), c.inbox, channel.Envelope{
				ID: name, Kind: channel.MessageEvent, Peer: channel.Peer{Scope: "user", External: "u1", Verified: true},
				Message: &channel.Message{Content: desk.Content{Parts: desk.TextContent("对").Parts, ReplyTo: quoted}},
			})
			require.NoError(t, err, name)
			require.Equal(t, a.ConversationID, said.ConversationID)
			stored, err := c.Store.Message(t.Context(), c.id, said.MessageID)
			require.NoError(t, err)
			plain, err := keys.Open(conversation.BodyPlace(a.ConversationID, said.MessageID), stored.Body)
			require.NoError(t, err)
			require.Equal(t, name == "own", strings.Contains(string(plain), "reply_to"), name)
		}
		decide := c.Receive(conversation.Incoming{Inbox: c.inbox, Keys: keys, MessageID: c.IDs.Message})
		_, err = decide(store.Situation{})
		require.ErrorIs(t, err, desk.Invalid, "empty content never reaches the store")
	})
}

func TestResolvedConversationsContinueForAWhile(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		first := c.says("u1", "k1", "你好")
		_, err := c.Resolve(t.Context(), c.order(first.ConversationID, ""))
		require.NoError(t, err)
		c.Clock.Advance(desk.ReopenWindow - time.Minute)
		head := c.head()
		second := c.says("u1", "k2", "还有一个问题")
		require.Equal(t, first.ConversationID, second.ConversationID)
		require.Equal(t, []desk.EventKind{"conversation.status_changed", "message.received"}, c.kinds(head))

		_, err = c.Resolve(t.Context(), c.order(first.ConversationID, ""))
		require.NoError(t, err)
		c.Clock.Advance(desk.ReopenWindow)
		head = c.head()
		third := c.says("u1", "k3", "又来了")
		require.NotEqual(t, first.ConversationID, third.ConversationID)
		require.Equal(t, first.ContactID, third.ContactID)
		require.EqualValues(t, 1, third.Seq)
		require.Equal(t, []desk.EventKind{"conversation.opened", "message.received"}, c.kinds(head))
		views, _, err := c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Contact: first.ContactID})
		require.NoError(t, err)
		require.Len(t, views, 2)
	})
}
