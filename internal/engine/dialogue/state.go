package dialogue

import (
	"encoding/json"
	"maps"
	"time"

	"yingda.dev/internal/desk"
)

// StateVersion is the form of a State. A program refuses what it does not know.
const StateVersion = 1

// State is where a conversation stands in its flows. The zero State stands
// nowhere. Keep it as JSON; ReadState brings it back.
type State struct {
	Version int `json:"v"`
	// Frames are the flows that are under way, the one that is listening last.
	Frames []Frame `json:"frames,omitempty"`
	// Calls counts the calls that were made, for their ids.
	Calls int `json:"calls,omitempty"`
}

// Wait says what a frame waits for.
type Wait string

// What frames wait for.
const (
	WaitSlot    Wait = "slot"
	WaitForm    Wait = "form"
	WaitChoose  Wait = "choose"
	WaitConfirm Wait = "confirm"
	WaitCall    Wait = "call"
	WaitFlow    Wait = "flow"
)

// Frame is one flow under way.
type Frame struct {
	Flow     string `json:"flow"`
	Revision string `json:"rev,omitempty"`
	// At is the id of the step, Wait what it waits for.
	At   string `json:"at,omitempty"`
	Wait Wait   `json:"wait,omitempty"`
	Slot string `json:"slot,omitempty"`
	Call string `json:"call,omitempty"`
	// Tries counts answers that were not understood.
	Tries int `json:"tries,omitempty"`
	// Formed is the form step whose form was answered.
	Formed string         `json:"formed,omitempty"`
	Vars   map[string]any `json:"vars,omitempty"`
}

// Active reports whether a flow is under way.
func (s State) Active() bool { return len(s.Frames) > 0 }

// Waiting is what the uppermost flow waits for; empty if none is under way.
func (s State) Waiting() Wait {
	if len(s.Frames) == 0 {
		return ""
	}
	return s.Frames[len(s.Frames)-1].Wait
}

// Flow is the name of the uppermost flow; empty if none is under way.
func (s State) Flow() string {
	if len(s.Frames) == 0 {
		return ""
	}
	return s.Frames[len(s.Frames)-1].Flow
}

// ReadState reads a State from JSON; empty is the zero State. Unsupported if a
// newer program wrote it, Invalid if it is none.
func ReadState(data []byte) (State, error) {
	const op = "read dialogue state"
	var s State
	if len(data) == 0 {
		return s, nil
	}
	if len(data) > 2*MaxState {
		return s, desk.E(desk.Invalid, op, "the state of the dialogue is too large")
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "this is no state of a dialogue", Err: err}
	}
	return s, s.check(op)
}

func (s State) check(op string) error {
	switch {
	case s.Version != StateVersion && (s.Version != 0 || len(s.Frames) > 0 || s.Calls != 0):
		return desk.E(desk.Unsupported, op, "this dialogue was begun by another version of the program")
	case len(s.Frames) > MaxDepth || s.Calls < 0:
		return desk.E(desk.Invalid, op, "this is no state of a dialogue")
	}
	return nil
}

// clone copies what a Step changes.
func (s State) clone() State {
	frames := make([]Frame, len(s.Frames))
	for i, f := range s.Frames {
		vars := make(map[string]any, len(f.Vars))
		// values are replaced, never changed
		maps.Copy(vars, f.Vars)
		f.Vars = vars
		frames[i] = f
	}
	s.Frames, s.Version = frames, StateVersion
	return s
}

// InputKind names what comes in.
type InputKind string

// The kinds of inputs.
const (
	// Begin starts Input.Flow; Text is what the visitor wrote.
	Begin InputKind = "begin"
	// Message is what the visitor wrote, pressed or filled in.
	Message InputKind = "message"
	// Answered brings the Result of a call.
	Answered InputKind = "result"
	// TimedOut says that the visitor has not answered for long.
	TimedOut InputKind = "timeout"
	// Stop ends every flow, because somebody else goes on.
	Stop InputKind = "stop"
)

// Input is what a Step reacts to.
type Input struct {
	Kind InputKind `json:"kind"`
	Flow string    `json:"flow,omitempty"`
	Text string    `json:"text,omitempty"`
	// Form are the values of a form that was filled in, by slot.
	Form map[string]string `json:"form,omitempty"`
	// Guess is the flow that the message would begin if none were under way.
	Guess *Guess `json:"guess,omitempty"`
	// Aside is what knowledge would answer.
	Aside  *Aside  `json:"aside,omitempty"`
	Result *Result `json:"result,omitempty"`
	// Facts are variables from outside: contact, account, conversation, page.
	Facts map[string]any `json:"facts,omitempty"`
}

// Guess is another flow that a message seems to want.
type Guess struct {
	Flow string  `json:"flow"`
	P    float64 `json:"p"`
}

// Aside is an answer to a question in between.
type Aside struct {
	Content desk.Content `json:"content"`
	P       float64      `json:"p"`
}

// Result is what a call gave.
type Result struct {
	// Call is the id of the Call.
	Call string `json:"call"`
	// Status is the HTTP status, 0 if there was no answer.
	Status int `json:"status"`
	// Body is the answer if it was JSON.
	Body json.RawMessage `json:"body,omitempty"`
	// Failure says in one word why there is no answer: timeout, refused, too_large …
	Failure string `json:"failure,omitempty"`
}

// EffectKind names an Effect.
type EffectKind string

// The kinds of effects.
const (
	// SayIt sends Content to the visitor.
	SayIt EffectKind = "say"
	// CallIt performs Call and feeds its Result back.
	CallIt EffectKind = "call"
	// EscalateIt marks the conversation, by Reason and Score, and goes on.
	EscalateIt EffectKind = "escalate"
	// HandOffIt gives the conversation to a person, with Reason and Summary. All flows have ended.
	HandOffIt EffectKind = "handoff"
	// EndedIt tells that Flow has ended, by Reason: done, cancelled, timeout, stopped.
	EndedIt EffectKind = "ended"
)

// Effect is something to be done, in order.
type Effect struct {
	Kind    EffectKind    `json:"kind"`
	Content *desk.Content `json:"content,omitempty"`
	Call    *Call         `json:"call,omitempty"`
	Flow    string        `json:"flow,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Score   float64       `json:"score,omitempty"`
	Summary string        `json:"summary,omitempty"`
	// Slots are what was learned, by label, for those who take over.
	Slots []Known `json:"slots,omitempty"`
	// Aside tells that Content is an answer to a question in between, as it was handed in.
	Aside bool `json:"aside,omitempty"`
}

// Known is a value that was learned.
type Known struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// Call is a request to be performed.
type Call struct {
	// ID is unique in the State's life, for idempotency.
	ID string `json:"id"`
	// Flow is the flow that calls, Step the id of its step.
	Flow    string   `json:"-"`
	Step    string   `json:"step"`
	Method  string   `json:"method"`
	URL     Text     `json:"url"`
	Headers []Header `json:"headers,omitempty"`
	// Body is JSON or empty.
	Body    json.RawMessage `json:"body,omitempty"`
	Timeout time.Duration   `json:"timeout"`
	Retries int             `json:"retries,omitempty"`
}

// Header is a header of a Call.
type Header struct {
	Name  string `json:"name"`
	Value Text   `json:"value"`
}

// Note is one line of a trace: which step, and why. It holds no words of the visitor.
type Note struct {
	Flow string `json:"flow"`
	Step string `json:"step"`
	Line int    `json:"line,omitempty"`
	Verb Verb   `json:"verb,omitempty"`
	// Why is one of Reasons.
	Why    string `json:"why"`
	Detail string `json:"detail,omitempty"`
}

// Outcome is what a Step led to.
type Outcome struct {
	State   State
	Effects []Effect
	Trace   []Note
}

// Why a step was taken. Pages have a text for each.
const (
	WhyBegin     = "begin"
	WhyNext      = "next"
	WhyAsked     = "asked"
	WhyFilled    = "filled"
	WhyKnown     = "known"
	WhyHeard     = "heard"
	WhyMissed    = "missed"
	WhyInvalid   = "invalid"
	WhySkipped   = "skipped"
	WhyTrue      = "true"
	WhyFalse     = "false"
	WhyBroken    = "broken"
	WhyCalled    = "called"
	WhyAnswered  = "answered"
	WhyFailed    = "failed"
	WhyChosen    = "chosen"
	WhyConfirmed = "confirmed"
	WhyDeclined  = "declined"
	WhyDigressed = "digressed"
	WhyAside     = "aside"
	WhyReturned  = "returned"
	WhyCancelled = "cancelled"
	WhyPerson    = "person"
	WhyHanded    = "handed_over"
	WhyEnded     = "ended"
	WhyLoop      = "loop"
	WhyRestarted = "restarted"
	WhyStale     = "stale"
	WhyBusy      = "busy"
	WhyGone      = "gone"
)

// Reasons lists every Why.
func Reasons() []string {
	return []string{
		WhyBegin, WhyNext, WhyAsked, WhyFilled, WhyKnown, WhyHeard, WhyMissed, WhyInvalid, WhySkipped, WhyTrue, WhyFalse, WhyBroken, WhyCalled,
		WhyAnswered, WhyFailed, WhyChosen, WhyConfirmed, WhyDeclined, WhyDigressed, WhyAside, WhyReturned, WhyCancelled, WhyPerson, WhyHanded,
		WhyEnded, WhyLoop, WhyRestarted, WhyStale, WhyBusy, WhyGone,
	}
}

// Why a person takes over, besides the reasons that flows give.
const (
	HandNotUnderstood = "not_understood"
	HandWish          = "wish"
	HandCallFailed    = "call_failed"
	HandLoop          = "loop"
	HandGone          = "flow_gone"
	HandTooLarge      = "too_large"
	HandFlow          = "flow"
)

// Why a flow ended.
const (
	EndedDone      = "done"
	EndedCancelled = "cancelled"
	EndedTimeout   = "timeout"
	EndedStopped   = "stopped"
)

// Set is the flows of an account by name. It is not changed once it is used.
type Set map[string]*Flow

// CheckSet finds flows that call one that is not there, or go round.
func CheckSet(set Set, f *Flow) (out []Problem) {
	for _, a := range f.subFlows() {
		if a.Name == f.Name {
			out = append(out, Problem{Warning: true, Path: a.ID, Line: a.Line, Column: 1, Key: "recursion", Args: []any{f.Name, f.Name, MaxDepth}})
		} else if set[a.Name] == nil {
			out = append(out, Problem{Path: a.ID, Line: a.Line, Column: 1, Key: "unknown_flow", Args: []any{a.Name}})
		}
	}
	return out
}

// Calls lists the names of flows that the flow calls.
func (f *Flow) Calls() (names []string) {
	for _, a := range f.subFlows() {
		names = append(names, a.Name)
	}
	return names
}

func (f *Flow) subFlows() (out []*Action) {
	for _, b := range f.States {
		out = appendSubFlows(out, b.Steps)
	}
	return out
}

func appendSubFlows(out, steps []*Action) []*Action {
	for _, s := range steps {
		if s.Verb == SubFlow {
			out = append(out, s)
		}
		for _, t := range s.targets() {
			out = appendSubFlows(out, t.Steps)
		}
	}
	return out
}

// Secrets lists the names of the secrets that the flow's calls use.
func (f *Flow) Secrets() (out []string) {
	seen := map[string]bool{}
	add := func(t Template) {
		for _, p := range t.pieces {
			if len(p.path) == 2 && p.path[0] == "secret" && !seen[p.path[1]] {
				seen[p.path[1]] = true
				out = append(out, p.path[1])
			}
		}
	}
	for _, b := range f.States {
		walkSteps(b.Steps, func(a *Action) {
			if a.Request == nil {
				return
			}
			add(a.Request.URL)
			for _, h := range a.Request.Headers {
				add(h.Value)
			}
		})
	}
	return out
}

// walkSteps visits each step in the order of the file.
func walkSteps(steps []*Action, visit func(*Action)) {
	for _, s := range steps {
		visit(s)
		for _, t := range s.targets() {
			walkSteps(t.Steps, visit)
		}
	}
}
