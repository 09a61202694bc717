package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/app/load"
)

// BotOptions say how the bot is loaded.
type BotOptions struct {
	// Rate is how many visitors ask each second, one question each.
	Rate int
	For  time.Duration
	// Key is the channel key of the inbox, Email an administrator's, whose
	// password is Password.
	Key, Email, Password string
	// Questions are asked in turn.
	Questions []string
	// Wait is how long the bot waits for the rest of what looks like a beginning.
	Wait time.Duration
	// Taught, if set, is called before anything is measured.
	Taught func()
	// Profile, if set, is the file that gets the server's CPU profile of the load.
	Profile string
}

// BotReport is what came of it. Times run from the moment a question was
// acknowledged, which is after its commit, to the answer at the visitor's
// socket; Totals from the moment it was due. A question that does not look whole,
// or to which there is no sure answer, waits for what may follow: Waited counts
// those, and their times stand beside the others.
type BotReport struct {
	Database string  `json:"database"`
	Offered  int     `json:"offered_rate"`
	Rate     float64 `json:"rate"`
	Asked    int     `json:"asked"`
	Answered int     `json:"answered"`
	Handed   int     `json:"handed_over"`
	Lost     int     `json:"lost"`
	Twice    int     `json:"twice"`
	AtOnce   int     `json:"at_once"`
	Waited   int     `json:"waited"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	P99      float64 `json:"p99_ms"`
	TotalP50 float64 `json:"total_p50_ms"`
	TotalP99 float64 `json:"total_p99_ms"`
	// WaitedP99 is of those who waited, the wait included.
	WaitedP99 float64 `json:"waited_p99_ms"`
	CPU       float64 `json:"cpu_us_per_answer"`
	RSS       float64 `json:"rss_mib"`
	// Effort is what the bot had given up by the end, as yingda_bot_effort.
	Effort float64 `json:"effort"`
	// Taught is how long after the start the bot had learned everything.
	Taught float64 `json:"taught_s"`
}

// asker is a visitor with a socket and one question.
type asker struct {
	load.Visitor
	mu                  sync.Mutex
	due, acked, heard   time.Time
	listening, deafened chan struct{}
}

// Bot lets visitors ask a bot that has learned everything.
func Bot(ctx context.Context, s *Server, o BotOptions) (BotReport, error) {
	report := BotReport{Offered: o.Rate}
	began := time.Now()
	if err := taught(ctx, s.Base, o); err != nil {
		return report, err
	}
	report.Taught = time.Since(began).Seconds()
	if o.Taught != nil {
		o.Taught()
	}
	hearing, deaf := context.WithCancel(ctx)
	defer deaf()
	askers, err := listeners(ctx, hearing, s.Base, o.Key, int(float64(o.Rate)*o.For.Seconds()))
	if err != nil {
		return report, err
	}
	before, err := UsageOf(s.PID(), false)
	if err != nil {
		return report, err
	}
	profiled := make(chan error, 1)
	go func() { profiled <- profile(ctx, s.Base, o.Profile, o.For) }() // ends with its one request
	began = time.Now()
	if err := askAll(ctx, askers, o); err != nil {
		return report, err
	}
	took := time.Since(began)
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit) && ctx.Err() == nil && unanswered(askers) > 0; {
		time.Sleep(10 * time.Millisecond)
	}
	if err := <-profiled; err != nil {
		return report, err
	}
	if err := catchUp(ctx, s.Base); err != nil {
		return report, err
	}
	after, err := UsageOf(s.PID(), false)
	if err != nil {
		return report, err
	}
	if report.Effort, err = metric(ctx, s.Base, "yingda_bot_effort"); err != nil {
		return report, err
	}
	report.Rate = float64(len(askers)) / took.Seconds()
	report.count(askers, o.Wait)
	report.CPU = perMessage(after.CPU-before.CPU, report.Asked-report.Lost)
	report.RSS = float64(after.RSS) / (1 << 20)
	deaf()
	for _, a := range askers {
		<-a.deafened
	}
	return report, report.check(ctx, askers, o.Key)
}

// taught waits until intents and knowledge are learned.
func taught(ctx context.Context, base string, o BotOptions) error {
	agent := &load.Agent{Base: base, HTTP: httpClient(1), Addr: address(2_000_001)}
	if err := agent.LogIn(ctx, o.Email, o.Password); err != nil {
		return err
	}
	for limit := time.Now().Add(10 * time.Minute); time.Now().Before(limit); time.Sleep(500 * time.Millisecond) {
		var intents struct {
			Models []struct {
				Kind   string `json:"kind"`
				Serves bool   `json:"serves"`
			} `json:"models"`
			Running *struct{} `json:"running"`
		}
		var knowledge struct {
			Waiting   bool       `json:"waiting"`
			Trainings []struct{} `json:"trainings"`
		}
		for path, into := range map[string]any{"/bot/training": &intents, "/knowledge/training": &knowledge} {
			raw, err := agent.Get(ctx, path)
			if err == nil {
				err = json.Unmarshal(raw, into)
			}
			if err != nil {
				return fmt.Errorf("read %s: %w", path, err)
			}
		}
		done, err := metric(ctx, base, "yingda_trainings_total")
		if err != nil {
			return err
		}
		if done > 0 && len(intents.Models) > 0 && len(knowledge.Trainings) > 0 && !knowledge.Waiting {
			return nil
		}
	}
	return fmt.Errorf("the bot has not learned everything within ten minutes")
}

// listeners opens the visitors' sessions and sockets, unmeasured.
func listeners(ctx, hearing context.Context, base, key string, n int) ([]*asker, error) {
	client, out := httpClient(64), make([]*asker, n)
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range out {
		a := &asker{Visitor: load.Visitor{Base: base, HTTP: client, Addr: address(i)}, listening: make(chan struct{}), deafened: make(chan struct{})}
		out[i] = a
		group.Go(func() error {
			if err := a.Open(opening, key); err != nil {
				return err
			}
			gone := make(chan error, 1)
			go func() { // ends with hearing
				gone <- a.Listen(hearing, func() { close(a.listening) }, a.hear)
				close(a.deafened)
			}()
			select {
			case <-a.listening:
				return nil
			case err := <-gone:
				return err
			}
		})
	}
	return out, group.Wait()
}

// hear notes the first word that is not the visitor's own.
func (a *asker) hear(m load.Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if m.ClientID == "" && a.heard.IsZero() {
		a.heard = time.Now()
	}
}

func unanswered(askers []*asker) (n int) {
	for _, a := range askers {
		a.mu.Lock()
		if a.heard.IsZero() {
			n++
		}
		a.mu.Unlock()
	}
	return n
}

// askAll asks on the schedule.
func askAll(ctx context.Context, askers []*asker, o BotOptions) error {
	gap, began := time.Second/time.Duration(o.Rate), time.Now()
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for i, a := range askers {
		due := began.Add(time.Duration(i) * gap)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		group.Go(func() error {
			_, err := a.Send(sending, "q", o.Questions[i%len(o.Questions)])
			a.mu.Lock()
			defer a.mu.Unlock()
			a.due, a.acked = due, time.Now()
			return err
		})
	}
	return group.Wait()
}

// count is what the visitors' sockets tell.
func (r *BotReport) count(askers []*asker, wait time.Duration) {
	var quick, waited, totals []time.Duration
	for _, a := range askers {
		a.mu.Lock()
		r.Asked++
		took := max(a.heard.Sub(a.acked), 0)
		switch {
		case a.heard.IsZero():
			r.Lost++
		case wait > 0 && took >= wait-100*time.Millisecond:
			waited = append(waited, took)
		default:
			quick, totals = append(quick, took), append(totals, a.heard.Sub(a.due))
		}
		a.mu.Unlock()
	}
	r.AtOnce, r.Waited = len(quick), len(waited)
	r.P50, r.P95, r.P99 = percentiles(quick)
	r.TotalP50, _, r.TotalP99 = percentiles(totals)
	_, _, r.WaitedP99 = percentiles(waited)
}

// check reads what is stored: who was handed over, and what was said twice.
func (r *BotReport) check(ctx context.Context, askers []*asker, key string) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	var mu sync.Mutex
	for _, a := range askers {
		group.Go(func() error {
			if err := a.Open(ctx, key); err != nil {
				return err
			}
			all, err := a.List(ctx)
			if err != nil {
				return err
			}
			said := make(map[string]int)
			for _, m := range all {
				if m.Author.Kind == "bot" && len(m.Parts) > 0 {
					said[m.Parts[0].Text]++
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, n := range said {
				if n > 1 {
					r.Twice++
				}
			}
			switch {
			case len(said) == 0: // lost
			case a.Status == "pending":
				r.Answered++
			default:
				r.Handed++
			}
			return nil
		})
	}
	return group.Wait()
}
