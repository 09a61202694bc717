package desk

// WaitChoice is what a waiting visitor wants to do meanwhile.
type WaitChoice string

// What a visitor can choose.
const (
	// WaitHere is to stay, which is what happens without a choice.
	WaitHere WaitChoice = ""
	// WaitKeep is to go away and keep the place.
	WaitKeep WaitChoice = "keep"
	// WaitMessage is to leave a message and be answered later.
	WaitMessage WaitChoice = "message"
	// WaitCallback is to be called back.
	WaitCallback WaitChoice = "callback"
)

// Unhurried reports that the visitor does not sit and wait for an answer.
func (c WaitChoice) Unhurried() bool { return c == WaitMessage || c == WaitCallback }

// CallbackState is where a wish to be called back stands.
type CallbackState string

// The states of a callback.
const (
	CallbackOpen CallbackState = "open"
	// CallbackDone is ticked off by a colleague.
	CallbackDone CallbackState = "done"
	// CallbackWithdrawn is taken back by the visitor, who chose something else.
	CallbackWithdrawn CallbackState = "withdrawn"
)

// AlertRule is something about the queue of which supervisors are told.
type AlertRule string

// The rules. AlertEscalated happens, the others begin and end.
const (
	AlertLongestWait AlertRule = "longest_wait" // somebody waits too long; the value is in seconds
	AlertWaiting     AlertRule = "waiting"      // too many wait
	AlertAtRisk      AlertRule = "at_risk"      // agents are about to miss the time for the first answer
	AlertNobody      AlertRule = "nobody"       // customers wait, and nobody is there in working hours
	AlertEscalated   AlertRule = "escalated"    // a conversation was escalated
)
