package store

import (
	"context"
	"math"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// ConversationsOfContact lists a contact's conversations, the newest first, at
// most 1,000 of them.
func (r Reads) ConversationsOfContact(ctx context.Context, account desk.AccountID, contact desk.ContactID) ([]desk.Conversation, error) {
	rows, err := r.q.ConversationsByContact(ctx, query.ConversationsByContactParams{
		AccountID: string(account), ContactID: string(contact), BeforeUs: math.MaxInt64, RowLimit: maxPage,
	})
	if err != nil {
		return nil, r.fail("list conversations", "conversation", err)
	}
	out := make([]desk.Conversation, len(rows))
	for i, row := range rows {
		out[i] = ConversationOf(row)
	}
	return out, nil
}
