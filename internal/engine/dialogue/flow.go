package dialogue

import (
	"regexp"
	"time"

	"yingda.dev/internal/engine/entity"
)

// The bounds of a flow and of what it does.
const (
	// MaxSource is how many bytes a file has at most.
	MaxSource = 128 << 10
	// MaxStates is how many states a flow has.
	MaxStates = 100
	// MaxSteps is how many steps all of them have.
	MaxSteps = 1000
	// MaxSlots is how many values a flow asks for.
	MaxSlots = 50
	// MaxNesting is how deep steps lie in each other.
	MaxNesting = 6
	// MaxTests is how many test dialogues a flow has.
	MaxTests = 50
	// MaxLines is how many lines a test dialogue has.
	MaxLines = 100
	// MaxText is how many characters a text of a flow has.
	MaxText = 2000
	// MaxStepsPerTurn is how many steps are done between two inputs.
	MaxStepsPerTurn = 100
	// MaxDepth is how many flows lie on each other.
	MaxDepth = 5
	// MaxState is how many bytes a State has as JSON.
	MaxState = 48 << 10
	// maxValue is how many bytes one variable has as JSON.
	maxValue = 16 << 10
	// maxVariables is how many variables one flow keeps.
	maxVariables = 120
	// maxSays is how many messages one turn has.
	maxSays = 10
)

var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)

// Flow is a dialogue that was read and checked. Build it with Parse or Actions.
type Flow struct {
	Name, Title, About string
	// Locale chooses the built-in texts: zh or en.
	Locale string
	// Salutation stands in for a name that is not known.
	Salutation string
	// Digress tells whether another question may interrupt.
	Digress bool
	// Start is the name of the first state.
	Start  string
	Slots  []*Slot
	States []*StateBlock
	Tests  []Test
	// Revision changes with every change of the file.
	Revision string

	slots map[string]*Slot
	steps map[string]*Action
	first map[string]*Action // by state
}

// Slot is a value that a flow asks for.
type Slot struct {
	Name, Label string
	Spec        *entity.Spec
	Ask, Again  Template
	Invalid     Template
	Check       *Condition
	Options     []Option
	Optional    bool
	// Retries is how many misses are taken before a person takes over.
	Retries int
	Line    int
}

// Option is an answer that is offered.
type Option struct {
	Label, Value string
	Words        []string
	Then         *Target
}

// StateBlock is a named list of steps.
type StateBlock struct {
	Name  string
	Title string
	Steps []*Action
	Line  int
}

// Verb names what a step does.
type Verb string

// The verbs.
const (
	Say      Verb = "say"
	Ask      Verb = "ask"
	FormAsk  Verb = "form"
	Choose   Verb = "choose"
	Confirm  Verb = "confirm"
	Assign   Verb = "set"
	Clear    Verb = "clear"
	If       Verb = "if"
	CallAPI  Verb = "call"
	Goto     Verb = "goto"
	SubFlow  Verb = "flow"
	HandOver Verb = "handoff"
	Escalate Verb = "escalate"
	End      Verb = "end"
)

// Target is where a branch leads: to a state, or through steps of its own.
type Target struct {
	State string
	Steps []*Action
}

// Action is one step of a state.
type Action struct {
	// ID is the path of the step, stable as long as the file is not changed above it.
	ID   string
	Verb Verb
	Line int

	Text    Template // say, choose, confirm, handoff's farewell, end
	Buttons []ButtonOf
	Card    *CardOf
	Image   Template
	Slots   []string // ask, form, clear
	Again   Template // choose, confirm
	Options []Option // choose
	Into    string   // choose: the variable that keeps the answer
	Retries int
	Assign  []Assignment // set, flow's with
	Take    []Assignment // flow's result
	Cond    *Condition
	Request *Request
	Name    string   // goto's state, flow's flow, handoff's and escalate's reason
	Summary Template // handoff
	Score   float64  // escalate

	Then, Else *Target // if; confirm's yes and no; call's ok and failed; ask's failed is Else
	On         []StatusBranch

	next  *Action // what follows; nil ends the flow
	state string
}

// ButtonOf is a button whose texts may hold variables.
type ButtonOf struct{ Label, Value, URL Template }

// CardOf is a card whose texts may hold variables.
type CardOf struct {
	Title, Subtitle, Image, URL, Price Template
	Buttons                            []ButtonOf
}

// Assignment gives a variable a value: an expression, or a template.
type Assignment struct {
	Name  string
	Expr  *Condition
	Value any // literal; strings in it are Templates
}

// StatusBranch is where a status of an answer leads.
type StatusBranch struct {
	Status int
	To     *Target
}

// Request is a call of the operator's service, before its variables are filled in.
type Request struct {
	Method  string
	URL     Template
	Headers []HeaderOf
	Body    any // nil, or JSON whose strings are Templates
	Timeout time.Duration
	Retries int
	Save    []Assignment
}

// HeaderOf is a header of a Request.
type HeaderOf struct {
	Name  string
	Value Template
}

// Slot finds a slot by name; nil if there is none.
func (f *Flow) Slot(name string) *Slot { return f.slots[name] }
