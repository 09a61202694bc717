package conversation

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Box names one of the lists agents work from.
type Box string

// The lists. Open ones are divided into Mine, Unassigned and those of
// colleagues. Mentioned are those where the agent was named and has not looked.
const (
	Mine       Box = "mine"
	Unassigned Box = "unassigned"
	OpenBox    Box = "open"
	Pending    Box = "pending"
	Snoozed    Box = "snoozed"
	Resolved   Box = "resolved"
	All        Box = "all"
	Mentioned  Box = "mentioned"
)

// ListQuery asks for a page of conversations.
type ListQuery struct {
	Account desk.AccountID
	// Agent is whose Mine and Mentioned it is.
	Agent desk.AgentID
	Box   Box
	// Contact, if set, lists this contact's conversations instead of a box.
	Contact desk.ContactID
	// Team, Inbox, Label and Assignee narrow the list; empty means any.
	Team     desk.TeamID
	Inbox    desk.InboxID
	Label    desk.LabelID
	Assignee desk.AgentID
	// Unread leaves out what was read to its end.
	Unread bool
	// Waiting brings those first whose customers wait longest, instead of the
	// newest message. It is for lists without resolved conversations.
	Waiting bool
	// Sight is what the agent may see.
	Sight desk.Sight
	// Cursor is what the page before returned; empty begins.
	Cursor string
	// Limit is how many, 1 to Config.MaxPage; 0 means 30.
	Limit int
}

// List returns a page of conversations and the cursor of the next, which is
// empty at the end.
func (s *Service) List(ctx context.Context, q ListQuery) (views []View, next string, err error) {
	filter, err := q.filter()
	if err != nil {
		return nil, "", err
	}
	page, err := readCursor(q.Cursor, q.Waiting)
	if err != nil {
		return nil, "", err
	}
	limit := s.pageSize(q.Limit, 30)
	page.Limit = limit + 1
	found, err := s.deps.Store.Conversations(ctx, q.Account, filter, page)
	if err != nil {
		return nil, "", err
	}
	if len(found) > limit {
		found = found[:limit]
		next = writeCursor(found[limit-1], q.Waiting)
	}
	views, err = s.Views(ctx, q.Account, found)
	return views, next, err
}

func (q ListQuery) filter() (store.ConversationFilter, error) {
	const op = "list conversations"
	f := store.ConversationFilter{
		Contact: q.Contact, Team: q.Team, Inbox: q.Inbox, Label: q.Label, Unread: q.Unread, Waiting: q.Waiting, Sight: &q.Sight,
	}
	if q.Assignee != "" {
		f.Assignee = &q.Assignee
	}
	nobody := desk.AgentID("")
	switch {
	case q.Contact != "":
	case q.Box == Mine || q.Box == Unassigned:
		if q.Assignee != "" {
			return f, desk.InvalidField(op, "assignee", "this list has an assignee of its own")
		}
		f.Statuses, f.Assignee = []desk.Status{desk.Open}, &q.Agent
		if q.Box == Unassigned {
			f.Assignee = &nobody
		}
	case q.Box == OpenBox || q.Box == Pending || q.Box == Snoozed || q.Box == Resolved:
		f.Statuses = []desk.Status{desk.Status(q.Box)}
	case q.Box == Mentioned:
		f.Mentioned = q.Agent
	case q.Box != All:
		return f, desk.InvalidField(op, "view", "there is no such view")
	}
	if q.Waiting && (q.Contact != "" || q.Box == Resolved || q.Box == All) {
		return f, desk.InvalidField(op, "order", "in this list nobody waits")
	}
	return f, nil
}

// Counts says how many conversations the boxes hold; each stops at 1,000.
func (s *Service) Counts(ctx context.Context, account desk.AccountID, agent desk.AgentID, sight desk.Sight) (store.Counts, error) {
	return s.deps.Store.CountConversations(ctx, account, agent, sight)
}

// waitingMark begins the cursors of the order by wait.
const waitingMark = "w"

// A cursor is the place of the last conversation of a page: its time, or its
// rank by wait, and its id.
func writeCursor(c desk.Conversation, waiting bool) string {
	place := strconv.FormatInt(desk.Micros(c.LastMessageAt), 36)
	if waiting {
		place = waitingMark + strconv.FormatInt(store.WaitingRank(c), 36)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(place + "." + string(c.ID)))
}

func readCursor(cursor string, waiting bool) (store.Page, error) {
	if cursor == "" {
		return store.Page{}, nil
	}
	bad := desk.InvalidField("read cursor", "cursor", "the cursor is not one of ours")
	if len(cursor) > 200 {
		return store.Page{}, bad
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return store.Page{}, bad
	}
	place, id, ok := strings.Cut(string(text), ".")
	if waiting {
		if place, ok = strings.CutPrefix(place, waitingMark); !ok {
			return store.Page{}, bad
		}
	}
	n, err := strconv.ParseInt(place, 36, 64)
	if _, valid := desk.ConversationID(id).Shard(); !ok || err != nil || !valid || n <= 0 {
		return store.Page{}, bad
	}
	if waiting {
		return store.Page{AfterRank: n, BeforeID: id}, nil
	}
	return store.Page{BeforeAt: desk.FromMicros(n), BeforeID: id}, nil
}
