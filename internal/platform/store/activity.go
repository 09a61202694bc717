package store

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Extra is a write that few commands have; the functions of this package make
// them. Each belongs to a conversation.
type Extra struct {
	account      desk.AccountID
	conversation desk.ConversationID
	statement    query.Statement
}

// AddLabel puts a label on a conversation; one that is there already is fine.
func AddLabel(account desk.AccountID, conversation desk.ConversationID, label desk.LabelID) Extra {
	return Extra{account, conversation, query.InsertConversationLabelParams{
		AccountID: string(account), ConversationID: string(conversation), LabelID: string(label),
	}.Statement()}
}

// RemoveLabel takes a label off a conversation.
func RemoveLabel(account desk.AccountID, conversation desk.ConversationID, label desk.LabelID) Extra {
	return Extra{account, conversation, query.DeleteConversationLabelParams{
		AccountID: string(account), ConversationID: string(conversation), LabelID: string(label),
	}.Statement()}
}

// AddMention keeps that an agent was named in a note and has not seen it yet.
func AddMention(account desk.AccountID, conversation desk.ConversationID, agent desk.AgentID, seq int64, at time.Time) Extra {
	return Extra{account, conversation, query.PutMentionParams{
		AccountID: string(account), AgentID: string(agent), ConversationID: string(conversation), Seq: seq, AtUs: desk.Micros(at),
	}.Statement()}
}

// RemoveMention notes that the agent has seen it.
func RemoveMention(account desk.AccountID, conversation desk.ConversationID, agent desk.AgentID) Extra {
	return Extra{account, conversation, query.DeleteMentionParams{
		AccountID: string(account), AgentID: string(agent), ConversationID: string(conversation),
	}.Statement()}
}

// Activity is one act in the trail of a conversation, which is kept as long as
// the conversation.
type Activity struct {
	// ID names it within its conversation and is a place to go on from.
	ID    string
	At    time.Time
	Actor desk.Author
	Kind  desk.EventKind
	// Details is the fact's JSON.
	Details json.RawMessage
}

// Trail writes an event of a conversation into its trail, for functions that
// tell of it with Emit; a Command's facts get there by themselves.
func (t *Tx) Trail(ctx context.Context, e desk.Event) error {
	const op = "keep activity"
	if err := t.own(op, e.AccountID); err != nil {
		return err
	}
	if e.At.IsZero() {
		e.At = t.now
	}
	params, err := activityParams(e, 0)
	if err != nil {
		return err
	}
	return t.fail(op, "activity", t.q.InsertActivity(ctx, params))
}

func activityParams(e desk.Event, n int) (query.InsertActivityParams, error) {
	details, err := json.Marshal(e.Fact)
	if err != nil {
		return query.InsertActivityParams{}, desk.Wrap(desk.Internal, "encode activity", err)
	}
	p := query.InsertActivityParams{
		AccountID: string(e.AccountID), ConversationID: string(e.ConversationID), AtUs: desk.Micros(e.At), N: int64(n),
		Kind: string(e.Fact.Kind()), ActorKind: string(e.Actor.Kind), ActorID: e.Actor.ID, Details: string(details),
	}
	if e.State != nil {
		p.Version = e.State.Version
	}
	return p, nil
}

// Activity lists a conversation's trail, the newest first, from before on; ""
// begins. An unknown conversation has none.
func (r Reads) Activity(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, before string, limit int) ([]Activity, error) {
	const op = "list activity"
	p := query.ActivityParams{
		AccountID: string(account), ConversationID: string(conversation),
		BeforeUs: math.MaxInt64, BeforeVersion: math.MaxInt64, BeforeN: math.MaxInt64, RowLimit: bound(limit),
	}
	if before != "" {
		for i, word := range strings.SplitN(before, "_", 3) {
			n, err := strconv.ParseInt(word, 36, 64)
			if err != nil || n < 0 {
				return nil, desk.InvalidField(op, "before", "there is no such activity")
			}
			*[]*int64{&p.BeforeUs, &p.BeforeVersion, &p.BeforeN}[i] = n
		}
		if strings.Count(before, "_") != 2 {
			return nil, desk.InvalidField(op, "before", "there is no such activity")
		}
	}
	rows, err := r.q.Activity(ctx, p)
	if err != nil {
		return nil, r.fail(op, "activity", err)
	}
	out := make([]Activity, len(rows))
	for i, row := range rows {
		out[i] = Activity{
			ID: strconv.FormatInt(row.AtUs, 36) + "_" + strconv.FormatInt(row.Version, 36) + "_" + strconv.FormatInt(row.N, 36),
			At: desk.FromMicros(row.AtUs), Actor: desk.Author{Kind: desk.AuthorKind(row.ActorKind), ID: row.ActorID},
			Kind: desk.EventKind(row.Kind), Details: json.RawMessage(row.Details),
		}
	}
	return out, nil
}

// Mentioned tells whether the agent was named in the conversation and has not
// looked yet.
func (r Reads) Mentioned(ctx context.Context, account desk.AccountID, agent desk.AgentID, conversation desk.ConversationID) (bool, error) {
	n, err := r.q.Mentioned(ctx, query.MentionedParams{AccountID: string(account), AgentID: string(agent), ConversationID: string(conversation)})
	return n > 0, r.fail("find mention", "mention", err)
}
