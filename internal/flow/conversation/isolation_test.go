package conversation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func TestAnotherAccountSeesAndChangesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		ours, theirs := h.company(), h.company()
		a := ours.says("u1", "k1", "只给我们看")
		ours.reply(a.ConversationID, "r", "好的")
		before, err := ours.Conversation(t.Context(), ours.id, a.ConversationID)
		require.NoError(t, err)
		o := theirs.order(a.ConversationID, "x")
		until := h.Clock.Now().Add(time.Hour)
		for name, call := range map[string]func() error{
			"get":     func() error { _, err := h.Get(t.Context(), theirs.id, a.ConversationID); return err },
			"message": func() error { _, err := h.Message(t.Context(), theirs.id, a.MessageID); return err },
			"live":    func() error { _, err := h.Live(t.Context(), theirs.id, a.ContactID); return err },
			"claim":   func() error { _, err := h.Claim(t.Context(), o); return err },
			"assign":  func() error { _, err := h.Assign(t.Context(), o, theirs.agents[0].Agent, ""); return err },
			"resolve": func() error { _, err := h.Resolve(t.Context(), o); return err },
			"reopen":  func() error { _, err := h.Reopen(t.Context(), o); return err },
			"snooze":  func() error { _, err := h.Snooze(t.Context(), o, until); return err },
			"read":    func() error { _, err := h.MarkRead(t.Context(), o, 1); return err },
			"contact": func() error { return h.ReadByContact(t.Context(), theirs.id, a.ConversationID, a.ContactID, 1) },
			"receipt": func() error { return h.SetMessageStatus(t.Context(), theirs.id, a.MessageID, desk.Read, "") },
			"messages": func() error {
				_, _, err := h.Messages(t.Context(), theirs.id, a.ConversationID, store.MessageRange{})
				return err
			},
			"reply": func() error {
				_, err := h.Reply(t.Context(), conversation.ReplyCommand{Actor: o.Actor, ConversationID: a.ConversationID, Content: desk.TextContent("x")})
				return err
			},
			"note": func() error {
				_, err := h.Note(t.Context(), conversation.NoteCommand{Actor: o.Actor, ConversationID: a.ConversationID, Text: "x"})
				return err
			},
		} {
			require.ErrorIs(t, call(), desk.NotFound, name)
		}
		// Another contact of the same account is a stranger too.
		b := ours.says("u2", "k2", "在吗")
		require.ErrorIs(t, h.ReadByContact(t.Context(), ours.id, a.ConversationID, b.ContactID, 1), desk.NotFound)
		views, _, err := h.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: theirs.id, Box: conversation.All})
		require.NoError(t, err)
		require.Empty(t, views)
		after, err := ours.Conversation(t.Context(), ours.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Empty(t, theirs.kinds(0))
	})
}

func TestWhatIsNotInTheAccountCannotBeNamed(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c, other := h.company(), h.company()
		a, b := c.says("u1", "k1", "你好"), c.says("u2", "k2", "您好")
		o := c.order(a.ConversationID, "")
		invalid := func(err error, field string) {
			t.Helper()
			var e *desk.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, desk.Invalid, e.Kind)
			require.Equal(t, field, e.Field)
		}
		_, err := c.Assign(t.Context(), o, other.agents[0].Agent, "")
		invalid(err, "agent_id")
		_, err = c.Assign(t.Context(), o, c.agent(true).Agent, "")
		invalid(err, "agent_id")
		_, err = c.Assign(t.Context(), o, "", other.team)
		invalid(err, "team_id")
		quote := func(id desk.MessageID) error {
			_, err := c.Reply(t.Context(), conversation.ReplyCommand{
				Actor: o.Actor, ConversationID: a.ConversationID, Content: desk.Content{Parts: desk.TextContent("x").Parts, ReplyTo: id},
			})
			return err
		}
		note, err := c.Note(t.Context(), conversation.NoteCommand{Actor: o.Actor, ConversationID: a.ConversationID, Text: "内部"})
		require.NoError(t, err)
		invalid(quote(note.ID), "reply_to")
		invalid(quote(b.MessageID), "reply_to")
		invalid(quote("msg_nonsense"), "reply_to")
		require.NoError(t, quote(a.MessageID))
		_, err = c.Note(t.Context(), conversation.NoteCommand{Actor: o.Actor, ConversationID: a.ConversationID, Text: strings.Repeat("长", desk.MaxTextRunes+1)})
		invalid(err, "parts[0]")
		o.Key = strings.Repeat("k", 201)
		_, err = c.Resolve(t.Context(), o)
		invalid(err, "key")
		_, _, err = c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Box: "attic"})
		invalid(err, "view")
		for _, cursor := range []string{"!", "AAAA", strings.Repeat("A", 300)} {
			_, _, err = c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Box: conversation.All, Cursor: cursor})
			invalid(err, "cursor")
		}
	})
}
