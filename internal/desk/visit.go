package desk

import "time"

// VisitKind says what a visitor did on a page.
type VisitKind string

// What can be followed on a page, if the visitor lets it.
const (
	// VisitPage: a page was opened.
	VisitPage VisitKind = "page"
	// VisitDwell: it was looked at for Visit.Dwell.
	VisitDwell VisitKind = "dwell"
	// VisitCustom: the site told of something, by Visit.Name.
	VisitCustom VisitKind = "custom"
)

// PageVisit is something that a visitor did on a page of the site. It is
// personal data.
type PageVisit struct {
	Kind VisitKind
	// URL is http or https; custom events may have none.
	URL   string
	Title string
	// Name and Props are a custom event's.
	Name  string
	Props map[string]string
	// Dwell is how long the page was looked at.
	Dwell time.Duration
	// At is the server's time, as near as the sender could tell how long ago.
	At time.Time
}

// Rating is what a customer thought of a conversation.
type Rating struct {
	ConversationID ConversationID
	// Score is 1 to 5.
	Score int
	// Comment is the customer's own words; personal data, and may be empty.
	Comment string
	// At is when it was last given, First when it was given first.
	At, First time.Time
}
