package rest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/platform/store"
)

// machine is what the program knows of itself and of where it runs; the
// application implements it.
type machine interface {
	Machine(ctx context.Context) Machine
}

// positions tells where the log and its consumers stand; the store implements it.
type positions interface {
	Head(ctx context.Context) (int64, error)
	Positions(ctx context.Context) ([]store.Position, error)
}

// Machine is the process that answers, its database and its disk.
type Machine struct {
	Version   string    `json:"version"`
	StartedAt time.Time `json:"started_at"`
	Database  string    `json:"database" enum:"sqlite,postgres"`
	Writable  bool      `json:"writable" doc:"The database takes writes."`
	Fault     string    `json:"fault,omitempty" doc:"Why it does not."`
	DiskFree  int64     `json:"disk_free_bytes" doc:"On the disk of the data folder; 0 if nobody can tell."`
	DiskTotal int64     `json:"disk_total_bytes"`
	MemoryRSS int64     `json:"memory_bytes" doc:"What the process holds; 0 if nobody can tell."`
}

// SystemConsumer is something that hangs on the event log.
type SystemConsumer struct {
	Name  string `json:"name"`
	Lag   int64  `json:"lag" doc:"Events that it has not handled. Some save their place only every few seconds, so a few are nothing."`
	Alive bool   `json:"alive" doc:"Some node does its work."`
}

// FailingStep is a step of a flow whose service fails.
type FailingStep struct {
	Flow    string    `json:"flow"`
	Step    string    `json:"step"`
	Failure string    `json:"failure,omitempty" doc:"Why there was no answer: timeout, unreachable, forbidden, no_secret and the like."`
	Status  int       `json:"status,omitempty"`
	Times   int       `json:"times" doc:"In a row."`
	Since   time.Time `json:"since"`
	Last    time.Time `json:"last"`
}

// SystemIntents is where the training of intents stands.
type SystemIntents struct {
	Model    string       `json:"model,omitempty" doc:"Empty while the built-in model serves."`
	Number   int64        `json:"number,omitempty"`
	Kind     string       `json:"kind,omitempty"`
	Training bool         `json:"training" doc:"One waits or runs."`
	Last     *TrainingJob `json:"last,omitempty" doc:"The newest that has ended."`
}

// SystemKnowledge is where the learning of knowledge stands.
type SystemKnowledge struct {
	Version  string    `json:"version,omitempty"`
	At       time.Time `json:"at,omitzero"`
	Items    int       `json:"items"`
	Training bool      `json:"training"`
}

// System is how the installation is, seen from the node that answers.
type System struct {
	Machine
	Consumers   []SystemConsumer `json:"consumers"`
	DeadLetters int              `json:"dead_letters" doc:"Of this company; 100 means 100 or more."`
	Bot         BotHealth        `json:"bot"`
	Intents     SystemIntents    `json:"intents"`
	Knowledge   SystemKnowledge  `json:"knowledge"`
	Failing     []FailingStep    `json:"failing" doc:"Steps of flows whose last call failed, as this node knows."`
	// Warnings are what somebody should look at, in the order of the page.
	Warnings []string `json:"warnings" doc:"Any of database, disk, consumers, dead_letters, bot, training, flows."`
}

// When a figure is something to look at.
const (
	lowDisk  = 1 << 30
	muchLag  = 10_000
	mostDead = 100
)

func (s *Server) getSystem(ctx context.Context, c caller, _ *nothing) (out[System], error) {
	shape := System{Machine: s.deps.Machine.Machine(ctx), Bot: s.botHealth(), Failing: []FailingStep{}, Warnings: []string{}}
	for _, f := range s.deps.Scenarios.Failing(c.Account) {
		shape.Failing = append(shape.Failing, failingShape(f))
	}
	var err error
	if shape.Consumers, err = s.consumers(ctx); err != nil {
		return out[System]{}, err
	}
	letters, err := s.deps.DeadLetters.DeadLetters(ctx, c.Account, store.Page{Limit: mostDead})
	if err != nil {
		return out[System]{}, err
	}
	shape.DeadLetters = len(letters)
	trained, err := s.deps.Training.Overview(ctx, c.Account)
	if err != nil {
		return out[System]{}, err
	}
	shape.Intents = SystemIntents{Training: trained.Job != nil, Last: jobShape(trained.Last)}
	if m := trained.Serving; m != nil {
		shape.Intents.Model, shape.Intents.Number, shape.Intents.Kind = m.ID, m.Number, m.Kind
	}
	learned, err := s.deps.Library.Status(ctx, c.Account)
	if err != nil {
		return out[System]{}, err
	}
	shape.Knowledge.Training = learned.Waiting || learned.Running != nil
	for _, t := range learned.Trainings {
		if t.Serving {
			shape.Knowledge.Version, shape.Knowledge.At, shape.Knowledge.Items = t.ID, t.At, t.Items
		}
	}
	shape.Warnings = append(shape.Warnings, shape.warnings()...)
	return out[System]{shape}, nil
}

func failingShape(f scenario.Failing) FailingStep {
	return FailingStep{Flow: f.Flow, Step: f.Step, Failure: f.Failure, Status: f.Status, Times: f.Times, Since: f.Since.UTC(), Last: f.Last.UTC()}
}

// consumers is how far each is behind: its slowest shard.
func (s *Server) consumers(ctx context.Context) ([]SystemConsumer, error) {
	rows, err := s.deps.Positions.Positions(ctx) // before the head, which is ahead of them
	if err != nil {
		return nil, err
	}
	head, err := s.deps.Positions.Head(ctx)
	if err != nil {
		return nil, err
	}
	now, all := s.deps.Clock.Now(), make(map[string]SystemConsumer)
	for _, p := range rows {
		v, known := all[p.Consumer]
		if !known {
			v = SystemConsumer{Name: p.Consumer, Alive: true}
		}
		v.Lag = max(v.Lag, head-p.Pos)
		v.Alive = v.Alive && p.Holder != "" && p.ExpiresAt.After(now)
		all[p.Consumer] = v
	}
	list := make([]SystemConsumer, 0, len(all))
	for _, v := range all {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b SystemConsumer) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

func (v *System) warnings() (out []string) {
	warn := func(name string, on bool) {
		if on {
			out = append(out, name)
		}
	}
	warn("database", !v.Writable)
	warn("disk", v.DiskTotal > 0 && v.DiskFree < lowDisk)
	warn("consumers", slices.ContainsFunc(v.Consumers, func(c SystemConsumer) bool { return !c.Alive || c.Lag > muchLag }))
	warn("dead_letters", v.DeadLetters > 0)
	warn("bot", v.Bot.Effort != "full")
	warn("training", v.Intents.Last != nil && v.Intents.Last.State == store.TrainingFailed)
	warn("flows", len(v.Failing) > 0)
	return out
}
