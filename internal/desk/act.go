package desk

import (
	"slices"
	"time"
)

// Label changes which labels the conversation has, given those it has now.
// Adding one that is there and removing one that is not change nothing.
func (c Conversation) Label(now, add, remove []LabelID, at time.Time) (Transition, error) {
	var fact ConversationLabelled
	for _, id := range add {
		if !slices.Contains(now, id) && !slices.Contains(fact.Added, id) && !slices.Contains(remove, id) {
			fact.Added = append(fact.Added, id)
		}
	}
	for _, id := range remove {
		if slices.Contains(now, id) && !slices.Contains(fact.Removed, id) {
			fact.Removed = append(fact.Removed, id)
		}
	}
	if len(now)+len(fact.Added)-len(fact.Removed) > MaxLabels {
		return Transition{}, InvalidField("label conversation", "add", "a conversation has at most 20 labels")
	}
	if len(fact.Added)+len(fact.Removed) == 0 {
		return Transition{Conversation: c}, nil
	}
	c.touch(at)
	return Transition{c, []Fact{fact}}, nil
}

// RecallWindow is how long the author of a message may take it back.
const RecallWindow = 2 * time.Minute

// Recall takes back what a message of the conversation said. Its author may do
// so for RecallWindow, who may recall anything at any time.
func (c Conversation) Recall(m MessageHead, by Author, anything bool, now time.Time) (Transition, error) {
	const op = "recall message"
	switch {
	case m.ConversationID != c.ID:
		return Transition{}, E(NotFound, op, "there is no such message")
	case !anything && m.Author != by:
		return Transition{}, E(Denied, op, "only who wrote a message may take it back")
	case !anything && now.Sub(m.At) > RecallWindow:
		return Transition{}, E(Conflict, op, "a message can be taken back within two minutes; this one is older")
	}
	c.touch(now)
	return Transition{c, []Fact{MessageRecalled{MessageID: m.ID, Seq: m.Seq, Visibility: m.Visibility}}}, nil
}

// Resend begins the way of a failed message anew. It fails with Conflict for
// one that did not fail.
func (c Conversation) Resend(m MessageHead, to DeliveryStatus, now time.Time) (Transition, error) {
	if m.Status != Failed {
		return Transition{}, E(Conflict, "resend message", "this message has not failed")
	}
	c.touch(now)
	return Transition{c, []Fact{MessageStatusChanged{MessageID: m.ID, Seq: m.Seq, Status: to}}}, nil
}

// MaxSchedule bounds how far ahead a message can be scheduled.
const MaxSchedule = 366 * 24 * time.Hour

// Schedule notes a change of a message that is to be sent later. It changes
// nothing but the version, so that of two who decide about one message at once
// the second looks again.
func (c Conversation) Schedule(f ScheduleChanged, now time.Time) Transition {
	c.touch(now)
	return Transition{c, []Fact{f}}
}
