package desk

import "time"

// HandOver brings a conversation that is with the bot to the people, into a
// team's queue or into everybody's if team is "". The customer waits from then
// on, even if the bot has just said something: what it said was no answer.
// since is when the wait began; zero is now. Handing over what is not with the
// bot changes nothing.
func (c Conversation) HandOver(team TeamID, since, now time.Time) Transition {
	if c.Status != Pending {
		return Transition{Conversation: c}
	}
	facts := []Fact{c.enter(Open, ReasonHandedOver, time.Time{}, now)}
	if team != "" && team != c.TeamID {
		facts = append(facts, c.assign(c.AssigneeID, team))
	}
	if c.WaitingSince.IsZero() {
		if since.IsZero() {
			since = now
		}
		c.WaitingSince = since
	}
	c.touch(now)
	return Transition{c, facts}
}

// GiveToBot gives the conversation back to the bot; nobody has it from then
// on. Giving what the bot has already changes nothing.
func (c Conversation) GiveToBot(now time.Time) Transition {
	if c.Status == Pending {
		return Transition{Conversation: c}
	}
	facts := []Fact{c.enter(Pending, ReasonGivenToBot, time.Time{}, now)}
	if c.AssigneeID != "" || c.TeamID != "" {
		facts = append(facts, c.assign("", ""))
	}
	c.touch(now)
	return Transition{c, facts}
}

// Source is what an answer rests on, for people to read on.
type Source struct {
	Title string `json:"title"`
	// URL is where it stands; may be empty.
	URL string `json:"url,omitempty"`
}

// maxSources is how many sources an answer names.
const maxSources = 10

func sourcesProblem(sources []Source) string {
	if len(sources) > maxSources {
		return "an answer names at most 10 sources"
	}
	for _, s := range sources {
		if msg := firstProblem(textProblem(s.Title, maxLabel, true), urlProblem(s.URL, false)); msg != "" {
			return msg
		}
	}
	return ""
}

// What is wrong with an answer, as the customer says it.
const (
	WrongAnswer = "wrong"
	OffTopic    = "off_topic"
	Unclear     = "unclear"
	Incomplete  = "incomplete"
	Outdated    = "outdated"
)

// ThumbReasons lists what a customer may say is wrong with an answer.
func ThumbReasons() []string {
	return []string{WrongAnswer, OffTopic, Unclear, Incomplete, Outdated}
}

// DraftState is where an answer stands that a person looks at before it is sent.
type DraftState string

// The states of a draft. All but the first are final.
const (
	DraftWaiting DraftState = "waiting"
	DraftSent    DraftState = "sent"
	DraftRefused DraftState = "refused"
	// DraftExpired drafts were decided on by nobody in time.
	DraftExpired DraftState = "expired"
	// DraftOvertaken drafts answer what is not asked any more: the customer wrote
	// again, or a person took the conversation.
	DraftOvertaken DraftState = "overtaken"
)

type (
	// MessageThumbed tells what the customer thought of one answer.
	MessageThumbed struct {
		MessageID MessageID `json:"message_id"`
		Seq       int64     `json:"seq"`
		Helpful   bool      `json:"helpful"`
		// Reason is one of ThumbReasons, or empty.
		Reason string `json:"reason,omitempty"`
	}
	// BotDrafted tells that the bot has an answer that a person should look at,
	// or what became of it.
	BotDrafted struct {
		DecisionID string     `json:"decision_id"`
		State      DraftState `json:"state"`
		// Until is when nobody's decision is a decision too; while it waits.
		Until time.Time `json:"until,omitzero"`
	}
)

// Kind names the fact.
func (MessageThumbed) Kind() EventKind { return "message.thumbed" }

// Kind names the fact.
func (BotDrafted) Kind() EventKind { return "bot.drafted" }
