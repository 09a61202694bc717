package conversation

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Activity lists what was done with the conversation, the newest first, from
// before on; "" begins. more tells that there is older. NotFound if the account
// has no such conversation. Limit is 1 to Config.MaxPage; 0 means 50.
func (s *Service) Activity(ctx context.Context, account desk.AccountID, id desk.ConversationID, before string, limit int) (acts []store.Activity, more bool, err error) {
	if _, err := s.deps.Store.Conversation(ctx, account, id); err != nil {
		return nil, false, err
	}
	limit = s.pageSize(limit, 50)
	acts, err = s.deps.Store.Activity(ctx, account, id, before, limit+1)
	if len(acts) > limit {
		acts, more = acts[:limit], true
	}
	return acts, more, err
}
