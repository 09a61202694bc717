package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/store"
)

// IntentModel is a trained model.
type IntentModel struct {
	ID        string    `json:"id"`
	Number    int64     `json:"number" doc:"Counts the trainings."`
	Kind      string    `json:"kind" enum:"linear,mixed"`
	Seed      string    `json:"seed" doc:"The same examples and seed give the same model."`
	Hash      string    `json:"hash" doc:"SHA-256 of the model."`
	Size      int64     `json:"size"`
	CreatedAt time.Time `json:"created_at"`
	Fresh     bool      `json:"fresh" doc:"The intents have not changed since."`
	Serves    bool      `json:"serves"`
	// Report is what it found out about itself, on examples that the judging model had not seen.
	Report training.Report `json:"report"`
}

func modelShape(m training.Model) IntentModel {
	return IntentModel{
		ID: m.ID, Number: m.Number, Kind: m.Kind, Seed: m.Seed, Hash: m.Hash, Size: m.Size, CreatedAt: m.CreatedAt, Fresh: m.Fresh, Serves: m.Serves,
		Report: m.Report,
	}
}

// TrainingJob is a training that waits, runs or has ended.
type TrainingJob struct {
	ID     string              `json:"id"`
	State  store.TrainingState `json:"state" enum:"queued,running,done,failed,cancelled"`
	Origin string              `json:"origin" enum:"change,hand,repair"`
	Agent  desk.AgentID        `json:"agent_id,omitempty"`
	Seed   string              `json:"seed,omitempty"`
	// Stage is the kind of model at work, Done of Total its steps.
	Stage string `json:"stage,omitempty"`
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	// Left is how long this stage will probably take.
	Left float64 `json:"left_seconds" doc:"0 if nobody can tell yet."`
	// Reason says why it did not end well.
	Reason    string    `json:"reason,omitempty" enum:"asked,newer,too_few,died,storage"`
	Due       time.Time `json:"due,omitzero"`
	StartedAt time.Time `json:"started_at,omitzero"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
}

func jobShape(j *store.TrainingJob) *TrainingJob {
	if j == nil {
		return nil
	}
	return &TrainingJob{
		ID: j.ID, State: j.State, Origin: j.Origin, Agent: j.AgentID, Seed: j.Seed, Stage: j.Stage, Done: j.Done, Total: j.Total, Left: j.Left.Seconds(),
		Reason: j.Error, Due: j.Due, StartedAt: j.StartedAt, EndedAt: j.EndedAt,
	}
}

// Training is where the account's training stands.
type Training struct {
	Models []IntentModel `json:"models" doc:"The newest first. While none serves, the built-in model does."`
	// Job waits or runs.
	Job *TrainingJob `json:"job,omitempty"`
	// Last is the newest that has ended.
	Last *TrainingJob `json:"last,omitempty"`
}

func (s *Server) getTraining(ctx context.Context, c caller, _ *nothing) (out[Training], error) {
	o, err := s.deps.Training.Overview(ctx, c.Account)
	shape := Training{Models: []IntentModel{}, Job: jobShape(o.Job), Last: jobShape(o.Last)}
	for _, m := range o.Models {
		shape.Models = append(shape.Models, modelShape(m))
	}
	return out[Training]{shape}, err
}

type startTrainingInput struct {
	Keyed
	Body struct {
		Seed string `json:"seed,omitempty" maxLength:"20" pattern:"^[0-9]*$" doc:"Another one makes another training of the same examples."`
	}
}

func (s *Server) startTraining(ctx context.Context, c caller, in *startTrainingInput) (noContent, error) {
	return noContent{}, s.deps.Training.Start(ctx, c.school(in.Key), in.Body.Seed)
}

func (s *Server) cancelTraining(ctx context.Context, c caller, in *keyedInput) (noContent, error) {
	return noContent{}, s.deps.Training.Cancel(ctx, c.school(in.Key))
}

// MissedExample is an example that was taken for another intent.
type MissedExample struct {
	Intent     string  `json:"intent"`
	Guess      string  `json:"guess"`
	Text       string  `json:"text"`
	Confidence float64 `json:"confidence"`
}

// ModelDetail is a model with what it confuses.
type ModelDetail struct {
	IntentModel
	Missed []MissedExample `json:"missed" doc:"Examples that were taken for another intent, the surest first."`
}

func (s *Server) getModel(ctx context.Context, c caller, in *namedQuery) (out[ModelDetail], error) {
	m, err := s.deps.Training.Model(ctx, c.Account, in.ID)
	shape := ModelDetail{IntentModel: modelShape(m), Missed: []MissedExample{}}
	for _, x := range m.Missed {
		shape.Missed = append(shape.Missed, MissedExample(x))
	}
	return out[ModelDetail]{shape}, err
}

func (s *Server) serveModel(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Training.Serve(ctx, c.school(in.Key), in.ID)
}
