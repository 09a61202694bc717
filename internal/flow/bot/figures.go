package bot

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Bins is how many steps of confidence figures have.
const Bins = 50

// Bin is what became of questions of about the same confidence.
type Bin struct {
	// Asked is how many there were. Good and Bad are those of which it is known
	// that the answer was, or would have been, right or wrong.
	Asked int `json:"asked"`
	Good  int `json:"good"`
	Bad   int `json:"bad"`
}

// TopicFigures are one topic's.
type TopicFigures struct {
	Topic string `json:"topic"`
	Bins  []Bin  `json:"bins"`
	// Checked is how many automatic answers colleagues looked at again, Wrong how
	// many of them were.
	Checked int `json:"checked"`
	Wrong   int `json:"wrong"`
}

// Figures are what the bot did since a time.
type Figures struct {
	Since     time.Time
	Decisions int
	Kinds     map[string]int
	Outcomes  map[string]int
	ThumbsUp  int
	Down      int
	Topics    []TopicFigures
	Copilot   store.Copilot
	// Cut says that there were more than were counted.
	Cut bool
}

// maxFigures bounds how many decisions are counted.
const maxFigures = 100_000

// Figures replays the decisions of the last days: by topic and confidence, with
// what is known of each. Any threshold can be held against them.
func (s *Service) Figures(ctx context.Context, account desk.AccountID, days int) (Figures, error) {
	since := s.deps.Clock.Now().Add(-time.Duration(days) * 24 * time.Hour)
	out := Figures{Since: since, Kinds: make(map[string]int), Outcomes: make(map[string]int)}
	topics := make(map[string]*TopicFigures)
	after := idAt(since)
	for {
		rows, err := s.deps.Store.BotFigures(ctx, account, after, 0)
		if err != nil {
			return Figures{}, err
		}
		for _, f := range rows {
			after = f.ID
			out.Decisions++
			out.Kinds[f.Kind]++
			if f.Outcome != "" {
				out.Outcomes[f.Outcome]++
			}
			switch f.Thumb {
			case 1:
				out.ThumbsUp++
			case -1:
				out.Down++
			}
			if !weighed(f) {
				continue
			}
			t := topics[f.Topic]
			if t == nil {
				t = &TopicFigures{Topic: f.Topic, Bins: make([]Bin, Bins)}
				topics[f.Topic] = t
			}
			b := &t.Bins[min(int(math.Floor(f.Confidence*Bins)), Bins-1)]
			b.Asked++
			switch known(f) {
			case 1:
				b.Good++
			case -1:
				b.Bad++
			}
			if f.Checked != 0 && f.Kind == string(Answer) {
				t.Checked++
				if f.Checked < 0 {
					t.Wrong++
				}
			}
		}
		if len(rows) == 0 || out.Decisions >= maxFigures {
			out.Cut = len(rows) > 0
			break
		}
	}
	for _, t := range topics {
		out.Topics = append(out.Topics, *t)
	}
	slices.SortFunc(out.Topics, func(a, b TopicFigures) int { return strings.Compare(a.Topic, b.Topic) })
	var err error
	out.Copilot, err = s.deps.Store.Copilot(ctx, account, since)
	return out, err
}

// weighed tells whether a decision was about an answer that a threshold decides on.
func weighed(f store.BotFigure) bool {
	if f.Hit == "" || strings.HasPrefix(f.Hit, "intent:@") || f.Reason == "chosen" || f.Reason == "running" {
		return f.Kind == string(HandOver) && f.Reason == Unknown
	}
	switch Kind(f.Kind) {
	case Answer, Review, AskBack, RunFlow:
		return true
	case HandOver:
		return f.Reason == Unknown || f.Reason == ReviewExpired // with a hit: nobody was there to look at it
	case SmallTalk:
	}
	return false
}

// known is 1 if an answer is known to be right, -1 if it is known to be wrong: a
// colleague's word before a customer's.
func known(f store.BotFigure) int {
	switch {
	case f.Checked != 0:
		return f.Checked
	case f.Corrected != "", f.Draft == desk.DraftRefused:
		return -1
	case f.Draft == desk.DraftSent:
		return 1
	case f.Thumb != 0:
		return f.Thumb
	case f.Kind == string(Answer) && f.Outcome == "resolved":
		return 1
	}
	return 0
}

// idAt is below every decision since a time: ids begin with theirs.
func idAt(t time.Time) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	ms := uint64(max(t.UnixMilli(), 0))
	var b [10]byte
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = digits[ms&31]
		ms >>= 5
	}
	return "dec_" + string(b[:])
}

// Sample offers automatic answers that nobody has looked at, spread over the
// newest ones of a topic.
func (s *Service) Sample(ctx context.Context, account desk.AccountID, topic string, n int) ([]Decision, error) {
	rows, err := s.deps.Store.BotDecisions(ctx, account, store.BotFilter{Topic: topic}, "", 500)
	if err != nil {
		return nil, err
	}
	var open []store.BotDecision
	for _, d := range rows {
		if d.Kind == string(Answer) && d.Checked == 0 && d.Corrected == "" && d.MessageID != "" {
			open = append(open, d)
		}
	}
	// Every so manieth, so that the sample is not only of the last hour.
	step := max(len(open)/max(n, 1), 1)
	var picked []store.BotDecision
	for i := 0; i < len(open) && len(picked) < n; i += step {
		picked = append(picked, open[i])
	}
	return s.openAll(ctx, account, picked)
}

// Health is how the bot copes on this node.
type Health struct {
	Effort   Effort
	Waiting  int
	Queued   int
	Slowest  time.Duration
	Since    time.Time
	Switches int
	Mind     bool
	// Knowledge says whether there is any.
	Knowledge bool
}

// Health tells how the bot copes.
func (s *Service) Health() Health {
	effort, slowest, since, switches := s.load.figures()
	return Health{
		Effort: effort, Waiting: s.table.len(), Queued: s.table.queued(), Slowest: slowest, Since: since, Switches: switches,
		Mind: s.deps.Mind != nil, Knowledge: s.deps.Knowledge != nil,
	}
}

// Settings reads the account's settings.
func (s *Service) Settings(ctx context.Context, account desk.AccountID) (Settings, error) {
	return s.deps.Book.Get(ctx, account)
}

// SetSettings changes them; see Book.Set.
func (s *Service) SetSettings(ctx context.Context, account desk.AccountID, by desk.AgentID, set Settings, seen desk.Revision) (Settings, error) {
	return s.deps.Book.Set(ctx, account, by, set, seen)
}
