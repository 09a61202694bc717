package conversation

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Notice tells the customer something in the system's name, such as when
// somebody will be there. It is no answer: the wait goes on. The same key in
// the same conversation says nothing again. A conversation that is resolved
// gets none, and no error.
func (s *Service) Notice(ctx context.Context, account desk.AccountID, id desk.ConversationID, key, text string) error {
	const op = "notify customer"
	content, err := newBody(desk.TextContent(text))
	if err != nil {
		return err
	}
	keys, err := s.keys(ctx, account, op)
	if err != nil {
		return err
	}
	routes, err := s.deps.Routes.Routes(ctx, account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	shard, ok := id.Shard()
	if !ok {
		return desk.E(desk.NotFound, op, "there is no such conversation")
	}
	message := s.deps.IDs.Message(shard)
	by := desk.Author{Kind: desk.BySystem}
	_, err = s.deps.Store.Do(ctx, store.Command{
		Account: account, Scope: "notice", Key: string(id) + ":" + key, ResultID: string(message),
		Target: store.Target{Conversation: id},
		Decide: func(sit store.Situation) (store.Effects, error) {
			before := sit.Conversation
			way, ok := routes(before.InboxID)
			if before.Status == desk.Resolved || !ok {
				return store.Effects{}, nil
			}
			head := desk.MessageHead{ID: message, InboxID: before.InboxID, Author: by, Visibility: desk.Public}
			sealed, preview := content.seal(keys, before.ID, message, desk.BySystem)
			tr, stored := before.Add(desk.StoredMessage{MessageHead: head, Body: sealed}, preview, way.Status, sit.Now)
			e := effects(before, tr, by)
			e.Messages = []desk.StoredMessage{stored}
			if way.Queue {
				e.Outbox = []store.OutboxItem{{
					AccountID: stored.AccountID, MessageID: stored.ID, ConversationID: stored.ConversationID,
					ContactID: before.ContactID, InboxID: stored.InboxID, Seq: stored.Seq,
				}}
			}
			return e, nil
		},
	})
	return err
}
