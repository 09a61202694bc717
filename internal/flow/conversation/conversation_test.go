package conversation_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/seal"
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
		views, _, err := h.List(t.Context(), conversation.ListQuery{Account: theirs.id, Box: conversation.All})
		require.NoError(t, err)
		require.Empty(t, views)
		after, err := ours.Conversation(t.Context(), ours.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, before, after)
		require.Empty(t, theirs.kinds(0))
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

func TestOfManyClaimsOneWins(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "有人吗")
		const callers = 50
		var won atomic.Int32
		var winner atomic.Value
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			actor := conversation.Actor{Account: c.id, Agent: c.IDs.Agent(), Sight: desk.SeesAll()}
			wg.Go(func() {
				got, err := c.Claim(t.Context(), conversation.Order{Actor: actor, Key: "claim", ConversationID: a.ConversationID})
				if errs[i] = err; err == nil {
					won.Add(1)
					winner.Store(got.AssigneeID)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, desk.Conflict)
			}
		}
		got, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, winner.Load(), got.AssigneeID)
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
		views, _, err := c.List(t.Context(), conversation.ListQuery{Account: c.id, Contact: first.ContactID})
		require.NoError(t, err)
		require.Len(t, views, 2)
	})
}

func TestSnoozeEndsByTimerOrByTheCustomer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "明天再说")
		until := c.Clock.Now().Add(time.Hour)
		snoozed, err := c.Snooze(t.Context(), c.order(a.ConversationID, "s"), until)
		require.NoError(t, err)
		require.Equal(t, desk.Snoozed, snoozed.Status)
		ref := store.TimerRef{AccountID: c.id, Kind: conversation.SnoozeTimer, Subject: string(a.ConversationID)}
		timer, err := c.Store.Timer(t.Context(), ref)
		require.NoError(t, err)
		require.True(t, timer.Due.Equal(until))
		require.ErrorIs(t, c.FireSnooze(t.Context(), timer), desk.Unavailable, "too early: it has to fire again")

		later := until.Add(time.Hour)
		_, err = c.Snooze(t.Context(), c.order(a.ConversationID, "s2"), later)
		require.NoError(t, err)
		c.Clock.Advance(90 * time.Minute)
		require.NoError(t, c.FireSnooze(t.Context(), timer), "the old timer finds a later snooze and leaves it")
		got, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, desk.Snoozed, got.Status)

		c.Clock.Advance(time.Hour)
		timer, err = c.Store.Timer(t.Context(), ref)
		require.NoError(t, err)
		head := c.head()
		for range 3 {
			require.NoError(t, c.FireSnooze(t.Context(), timer))
		}
		require.Equal(t, []desk.EventKind{"conversation.status_changed"}, c.kinds(head), "firing again does nothing")
		_, err = c.Store.Timer(t.Context(), ref)
		require.ErrorIs(t, err, desk.NotFound)

		_, err = c.Snooze(t.Context(), c.order(a.ConversationID, "s3"), c.Clock.Now().Add(time.Hour))
		require.NoError(t, err)
		c.says("u1", "k2", "我等不及了")
		_, err = c.Store.Timer(t.Context(), ref)
		require.ErrorIs(t, err, desk.NotFound, "the customer ended the snooze and its timer")
		gone := timer
		gone.Subject = string(c.IDs.Conversation())
		require.NoError(t, c.FireSnooze(t.Context(), gone), "a timer of nothing is done")
	})
}

func TestCommandsOnAnOldVersionConflict(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好")
		seen, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		o := c.order(a.ConversationID, "")
		o.ExpectVersion = seen.Version
		_, err = c.Assign(t.Context(), o, c.agents[1].Agent, c.team)
		require.NoError(t, err)
		_, err = c.Resolve(t.Context(), o)
		require.ErrorIs(t, err, desk.Conflict)
		_, err = c.Reply(t.Context(), conversation.ReplyCommand{
			Actor: o.Actor, ConversationID: a.ConversationID, Content: desk.TextContent("x"), ExpectVersion: seen.Version,
		})
		require.ErrorIs(t, err, desk.Conflict)
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
		_, _, err = c.List(t.Context(), conversation.ListQuery{Account: c.id, Box: "attic"})
		invalid(err, "view")
		for _, cursor := range []string{"!", "AAAA", strings.Repeat("A", 300)} {
			_, _, err = c.List(t.Context(), conversation.ListQuery{Account: c.id, Box: conversation.All, Cursor: cursor})
			invalid(err, "cursor")
		}
	})
}

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

func TestListsPageThroughEverythingOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		const customers = 23
		for i := range customers {
			a := c.says(fmt.Sprint("u", i), "k", fmt.Sprint("问题 ", i))
			switch {
			case i < 5:
				_, err := c.Claim(t.Context(), c.order(a.ConversationID, ""))
				require.NoError(t, err)
			case i < 8:
				_, err := c.Resolve(t.Context(), c.order(a.ConversationID, ""))
				require.NoError(t, err)
			case i < 9:
				_, err := c.Snooze(t.Context(), c.order(a.ConversationID, ""), c.Clock.Now().Add(time.Hour))
				require.NoError(t, err)
			}
		}
		me := c.agents[0].Agent
		for box, want := range map[conversation.Box]int{
			conversation.Mine: 5, conversation.Unassigned: 14, conversation.OpenBox: 19, conversation.Pending: 0,
			conversation.Snoozed: 1, conversation.Resolved: 3, conversation.All: customers,
		} {
			seen := make(map[desk.ConversationID]bool)
			cursor, last := "", time.Time{}
			for pages := 0; ; pages++ {
				require.Less(t, pages, 20)
				views, next, err := c.List(t.Context(), conversation.ListQuery{Account: c.id, Agent: me, Box: box, Cursor: cursor, Limit: 4})
				require.NoError(t, err)
				for _, v := range views {
					require.False(t, seen[v.Conversation.ID], "%s: twice", box)
					require.True(t, last.IsZero() || !v.Conversation.LastMessageAt.After(last), "newest first")
					require.NotEmpty(t, v.Contact.Profile.Name)
					require.True(t, strings.HasPrefix(v.Preview, "问题 "))
					seen[v.Conversation.ID], last = true, v.Conversation.LastMessageAt
				}
				if cursor = next; cursor == "" {
					break
				}
			}
			require.Len(t, seen, want, box)
		}
		counts, err := c.Counts(t.Context(), c.id, me)
		require.NoError(t, err)
		require.Equal(t, store.Counts{Mine: 5, Unassigned: 14, Open: 19, Snoozed: 1}, counts)
	})
}

func TestMessagesPageBothWays(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k0", "0")
		for i := 1; i < 10; i++ {
			c.says("u1", fmt.Sprint("k", i), fmt.Sprint(i))
		}
		_, err := c.Note(t.Context(), conversation.NoteCommand{Actor: c.agents[0], ConversationID: a.ConversationID, Text: "note"})
		require.NoError(t, err)
		read := func(r store.MessageRange) (seqs []int64, more bool) {
			messages, more, err := c.Messages(t.Context(), c.id, a.ConversationID, r)
			require.NoError(t, err)
			for _, m := range messages {
				seqs = append(seqs, m.Seq)
			}
			return seqs, more
		}
		for _, x := range []struct {
			name string
			r    store.MessageRange
			want []int64
			more bool
		}{
			{"oldest", store.MessageRange{Limit: 3}, []int64{1, 2, 3}, true},
			{"after", store.MessageRange{AfterSeq: 8, Limit: 3}, []int64{9, 10, 11}, false},
			{"newest", store.MessageRange{BeforeSeq: store.NewestFirst, Limit: 2}, []int64{10, 11}, true},
			{"newest for the visitor", store.MessageRange{BeforeSeq: store.NewestFirst, Limit: 2, PublicOnly: true}, []int64{9, 10}, true},
			{"before", store.MessageRange{BeforeSeq: 3, Limit: 5}, []int64{1, 2}, false},
		} {
			seqs, more := read(x.r)
			require.Equal(t, x.want, seqs, x.name)
			require.Equal(t, x.more, more, x.name)
		}
		require.NoError(t, c.ReadByContact(t.Context(), c.id, a.ConversationID, a.ContactID, 4))
		got, err := c.MarkRead(t.Context(), c.order(a.ConversationID, ""), 99)
		require.NoError(t, err)
		require.EqualValues(t, 11, got.AgentReadSeq)
		require.EqualValues(t, 10, got.ContactReadSeq, "writing is reading")
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

func TestKeysAreRotatedInTheBackground(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c, other := h.company(), h.company()
		other.says("u1", "k", "别的公司")
		var rated desk.ConversationID
		for i := range 7 {
			a := c.says(fmt.Sprint("u", i), "k1", "旧钥匙 "+fmt.Sprint(i))
			c.reply(a.ConversationID, "r", "好")
			rated = a.ConversationID
		}
		keysNow, err := c.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		place := seal.Place{Owner: string(rated), Table: "rating", Row: string(rated), Column: "comment"}
		require.NoError(t, h.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutRating(ctx, store.Rating{AccountID: c.id, ConversationID: rated, Score: 5, Comment: keysNow.Seal(place, []byte("很好"))})
		}))
		rotator := func() *conversation.Rotator {
			r, err := conversation.NewRotator(conversation.RotatorDeps{
				Store: h.Store, Keys: h.keys, IDs: h.IDs, Log: slog.New(slog.DiscardHandler), Holder: h.IDs.Other("node"),
			}, conversation.RotatorConfig{Chunk: 3})
			require.NoError(t, err)
			return r
		}
		r := rotator()
		none, err := r.RotationStatus(t.Context(), c.id)
		require.NoError(t, err)
		require.Empty(t, none.State)
		begun, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, store.JobRunning, begun.State)
		again, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, begun.StartedAt, again.StartedAt, "an unfinished rotation is continued")

		keys, err := h.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		c.says("u0", "k2", "轮换中的新消息")
		versions := make(map[desk.ConversationID]int64)
		for shard := range desk.Shard(desk.Shards) {
			page, err := h.Store.ConversationPage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, v := range page {
				versions[v.ID] = v.Version
			}
		}
		// A process that knows nothing but the database finishes the work.
		require.NoError(t, rotator().Work(t.Context()))
		done, err := r.RotationStatus(t.Context(), c.id)
		require.NoError(t, err)
		require.Equal(t, store.JobDone, done.State)
		require.Zero(t, done.Unreadable)
		late, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, done, late, "a repeat after the end begins nothing")
		require.GreaterOrEqual(t, done.Pass, 2, "the last pass finds nothing to do")

		seen := 0
		for shard := range desk.Shard(desk.Shards) {
			page, err := h.Store.MessagePage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, m := range page {
				require.True(t, keys.Current(m.Body))
				seen++
			}
			conversations, err := h.Store.ConversationPage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, v := range conversations {
				require.True(t, keys.Current(v.Preview))
				require.Equal(t, versions[v.ID], v.Version, "a preview sealed anew is no change")
			}
		}
		require.Equal(t, 15, seen)
		contacts, err := h.Store.ContactPage(t.Context(), c.id, "", 1000)
		require.NoError(t, err)
		require.Len(t, contacts, 7)
		for _, contact := range contacts {
			require.True(t, keys.Current(contact.Profile))
			identities, err := h.Store.Identities(t.Context(), c.id, contact.ID)
			require.NoError(t, err)
			for _, i := range identities {
				require.True(t, keys.Current(i.External))
			}
		}
		rating, err := h.Store.Rating(t.Context(), c.id, rated)
		require.NoError(t, err)
		require.True(t, keys.Current(rating.Comment))
		words, err := keys.Open(place, rating.Comment)
		require.NoError(t, err)
		require.Equal(t, "很好", string(words))
		agents, err := h.Store.Agents(t.Context(), c.id)
		require.NoError(t, err)
		for _, a := range agents {
			require.True(t, keys.Current(a.Profile))
		}
		views, _, err := c.List(t.Context(), conversation.ListQuery{Account: c.id, Box: conversation.All})
		require.NoError(t, err)
		for _, v := range views {
			require.NotEmpty(t, v.Preview)
			require.NotEmpty(t, v.Contact.Profile.Name)
		}
		require.NoError(t, rotator().Work(t.Context()), "nothing is left to do")
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("bTlkMmJlOGNxby5jbnZfMDFrajZteHByMDAwMDAwMDAwMDAwMDAwYTc")
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := conversation.ReadCursor(cursor)
		if err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		if cursor == "" {
			return
		}
		again, err := conversation.ReadCursor(conversation.WriteCursor(desk.Conversation{ID: desk.ConversationID(p.BeforeID), LastMessageAt: p.BeforeAt}))
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		r, err := conversation.NewRotator(conversation.RotatorDeps{Store: h.Store, Keys: h.keys, IDs: h.IDs, Log: slog.New(slog.DiscardHandler), Holder: "n"}, conversation.RotatorConfig{})
		require.NoError(t, err)
		_, err = conversation.NewRotator(conversation.RotatorDeps{}, conversation.RotatorConfig{})
		require.ErrorIs(t, err, desk.Invalid)
		_, err = conversation.New(conversation.Deps{}, conversation.Config{})
		require.ErrorIs(t, err, desk.Invalid)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		stop()
		require.NoError(t, <-done)
	})
}
