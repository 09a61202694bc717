package dialogue

import (
	"strconv"
	"strings"
)

// Graph is a flow as a picture: its states and what leads from one to another.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// NodeKind names what a Node stands for.
type NodeKind string

// The kinds of nodes.
const (
	StateNode  NodeKind = "state"
	EndNode    NodeKind = "end"
	PersonNode NodeKind = "person"
	FlowNode   NodeKind = "flow"
)

// Node is a state, the end, the hand-over to a person, or another flow.
type Node struct {
	ID    string   `json:"id"`
	Kind  NodeKind `json:"kind"`
	Title string   `json:"title"`
	Line  int      `json:"line,omitempty"`
	Start bool     `json:"start,omitempty"`
	Steps []Brief  `json:"steps,omitempty"`
}

// Brief is a step in short.
type Brief struct {
	ID    string `json:"id"`
	Verb  Verb   `json:"verb"`
	Text  string `json:"text"`
	Line  int    `json:"line"`
	Depth int    `json:"depth,omitempty"`
}

// Edge leads from a node to another.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Why is next, then, else, ok, failed, yes, no, goto, status or option; Label is the option or status.
	Why   string `json:"why"`
	Label string `json:"label,omitempty"`
	Step  string `json:"step"`
}

// grapher collects the picture of a flow.
type grapher struct {
	flow  *Flow
	graph Graph
	nodes map[string]bool
}

// Graph draws the flow.
func (f *Flow) Graph() Graph {
	g := &grapher{flow: f, nodes: map[string]bool{}}
	for _, b := range f.States {
		title := b.Title
		if title == "" {
			title = b.Name
		}
		n := Node{ID: b.Name, Kind: StateNode, Title: title, Line: b.Line, Start: b.Name == f.Start}
		n.Steps = briefs(f, nil, b.Steps, 0)
		g.graph.Nodes = append(g.graph.Nodes, n)
	}
	for _, b := range f.States {
		if g.block(b.Name, b.Steps, "next", "") {
			g.edge(b.Name, g.end(), "next", "", "")
		}
	}
	return g.graph
}

func (g *grapher) edge(from, to, why, label, step string) {
	for _, e := range g.graph.Edges {
		if e.From == from && e.To == to && e.Why == why && e.Label == label {
			return
		}
	}
	g.graph.Edges = append(g.graph.Edges, Edge{from, to, why, label, step})
}

func (g *grapher) special(id string, kind NodeKind, title string) string {
	if !g.nodes[id] {
		g.nodes[id] = true
		g.graph.Nodes = append(g.graph.Nodes, Node{ID: id, Kind: kind, Title: title})
	}
	return id
}

func (g *grapher) end() string    { return g.special(":end", EndNode, "") }
func (g *grapher) person() string { return g.special(":person", PersonNode, "") }

// block follows the steps of a state and reports whether one can run past the last.
// The why of the branch that the steps stand in is carried to where they lead.
func (g *grapher) block(state string, steps []*Action, why, label string) (through bool) {
	for _, a := range steps {
		switch a.Verb {
		case Goto:
			w := why
			if w == "next" {
				w = "goto"
			}
			g.edge(state, a.Name, w, label, a.ID)
			return false
		case End:
			g.edge(state, g.end(), why, label, a.ID)
			return false
		case HandOver:
			g.edge(state, g.person(), why, label, a.ID)
			return false
		case SubFlow:
			g.edge(state, g.special(":flow:"+a.Name, FlowNode, a.Name), "flow", "", a.ID)
		case If:
			yes := g.target(state, a, a.Then, "then", a.Cond.Source)
			no := g.target(state, a, a.Else, "else", "")
			if !yes && !no {
				return false
			}
		case CallAPI:
			on := g.target(state, a, a.Then, "ok", "")
			for _, b := range a.On {
				on = g.target(state, a, b.To, "status", strconv.Itoa(b.Status)) || on
			}
			if a.Else == nil {
				g.edge(state, g.person(), "failed", "", a.ID)
			} else {
				on = g.target(state, a, a.Else, "failed", "") || on
			}
			if !on {
				return false
			}
		case Choose:
			on := false
			for _, o := range a.Options {
				on = g.target(state, a, o.Then, "option", o.Label) || on
			}
			if !on {
				return false
			}
		case Confirm:
			yes := g.target(state, a, a.Then, "yes", "")
			no := false
			if a.Else == nil {
				g.edge(state, g.end(), "no", "", a.ID)
			} else {
				no = g.target(state, a, a.Else, "no", "")
			}
			if !yes && !no {
				return false
			}
		case Ask, FormAsk:
			if a.Else != nil {
				g.target(state, a, a.Else, "failed", "")
			}
		case Say, Assign, Clear, Escalate:
		}
	}
	return true
}

// target follows a branch; true if it comes back to the steps behind it.
func (g *grapher) target(state string, a *Action, t *Target, why, label string) bool {
	switch {
	case t == nil:
		return true
	case t.State != "":
		g.edge(state, t.State, why, label, a.ID)
		return false
	}
	return g.block(state, t.Steps, why, label)
}

func briefs(f *Flow, out []Brief, steps []*Action, depth int) []Brief {
	for _, a := range steps {
		out = append(out, Brief{a.ID, a.Verb, a.brief(f), a.Line, depth})
		for _, t := range a.targets() {
			out = briefs(f, out, t.Steps, depth+1)
		}
	}
	return out
}

// brief is a step in a few words.
func (a *Action) brief(f *Flow) string {
	var s string
	switch a.Verb {
	case Say, Choose, Confirm, End:
		s = a.Text.Source
		if s == "" && a.Card != nil {
			s = a.Card.Title.Source
		}
	case Ask, FormAsk, Clear:
		labels := make([]string, 0, len(a.Slots))
		for _, n := range a.Slots {
			if slot := f.slots[n]; slot != nil {
				n = slot.Label
			}
			labels = append(labels, n)
		}
		s = strings.Join(labels, " · ")
	case Assign:
		names := make([]string, 0, len(a.Assign))
		for _, x := range a.Assign {
			names = append(names, x.Name)
		}
		s = strings.Join(names, ", ")
	case If:
		s = a.Cond.Source
	case CallAPI:
		s = a.Request.Method + " " + a.Request.URL.Source
	case Goto, SubFlow, HandOver, Escalate:
		s = a.Name
	}
	s = strings.Join(strings.Fields(s), " ")
	if rs := []rune(s); len(rs) > 60 {
		s = string(rs[:60]) + "…"
	}
	return s
}
