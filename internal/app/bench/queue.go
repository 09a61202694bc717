package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/app/load"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
)

// QueueOptions say how the queue is loaded.
type QueueOptions struct {
	// Rate is how many new customers write each second.
	Rate int
	For  time.Duration
}

// QueueReport is what came of it. Waits run from the moment the customer's
// first message was acknowledged until an agent's socket hears who has it,
// Totals from the moment it was due.
type QueueReport struct {
	Database  string  `json:"database"`
	Offered   int     `json:"offered_rate"`
	Rate      float64 `json:"rate"`
	Customers int     `json:"customers"`
	Assigned  int     `json:"assigned"`
	Twice     int     `json:"twice"`
	P50       float64 `json:"wait_p50_ms"`
	P95       float64 `json:"wait_p95_ms"`
	P99       float64 `json:"wait_p99_ms"`
	TotalP50  float64 `json:"total_p50_ms"`
	TotalP99  float64 `json:"total_p99_ms"`
	Agents    int     `json:"agents"`
	// Decisions are how many the pure part makes each second, one after the other.
	Decisions float64 `json:"decisions_per_s"`
}

// queueBook notes when conversations began to wait and when they were given away.
type queueBook struct {
	mu       sync.Mutex
	due      map[string]time.Time
	acked    map[string]time.Time
	assigned map[string]time.Time
	holders  map[string]map[string]bool
}

func (b *queueBook) heard(e load.Event) {
	if e.Type != "conversation.assigned" || e.AgentID == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.assigned[e.ConversationID]; !known {
		b.assigned[e.ConversationID] = time.Now()
	}
	if b.holders[e.ConversationID] == nil {
		b.holders[e.ConversationID] = make(map[string]bool)
	}
	b.holders[e.ConversationID][e.AgentID] = true
}

// Queue lets customers write to companies whose queue hands out by itself.
func Queue(ctx context.Context, s *Server, companies []Company, o QueueOptions) (QueueReport, error) {
	book := &queueBook{due: map[string]time.Time{}, acked: map[string]time.Time{}, assigned: map[string]time.Time{}, holders: map[string]map[string]bool{}}
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	ears, agents, err := hearAll(listening, s.Base, companies, book.heard)
	if err != nil {
		return QueueReport{}, err
	}
	if err := online(ctx, s.Base, companies); err != nil {
		return QueueReport{}, err
	}
	total := int(float64(o.Rate) * o.For.Seconds())
	visitors, err := sessions(ctx, s.Base, companies, total)
	if err != nil {
		return QueueReport{}, err
	}
	gap, began := time.Second/time.Duration(o.Rate), time.Now()
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(64)
	for i, v := range visitors {
		due := began.Add(time.Duration(i) * gap)
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		group.Go(func() error {
			m, err := v.Send(sending, "first", "有人吗")
			if err != nil {
				return err
			}
			book.mu.Lock()
			defer book.mu.Unlock()
			book.due[m.ConversationID], book.acked[m.ConversationID] = due, time.Now()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return QueueReport{}, err
	}
	took := time.Since(began)
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit) && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
		book.mu.Lock()
		all := len(book.assigned) >= total
		book.mu.Unlock()
		if all {
			break
		}
	}
	cancel()
	report := book.report()
	report.Offered, report.Customers, report.Agents, report.Rate = o.Rate, total, agents, float64(total)/took.Seconds()
	report.Decisions = decisions()
	return report, ears.Wait()
}

func (b *queueBook) report() (r QueueReport) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var waits, totals []time.Duration
	for id, at := range b.assigned {
		if acked, ours := b.acked[id]; ours {
			waits, totals = append(waits, max(at.Sub(acked), 0)), append(totals, at.Sub(b.due[id]))
		}
	}
	for _, holders := range b.holders {
		if len(holders) > 1 {
			r.Twice++
		}
	}
	r.Assigned = len(waits)
	r.P50, r.P95, r.P99 = percentiles(waits)
	r.TotalP50, _, r.TotalP99 = percentiles(totals)
	return r
}

// hearAll logs all agents in and opens their sockets.
func hearAll(ctx context.Context, base string, companies []Company, heard func(load.Event)) (*errgroup.Group, int, error) {
	client, ears, count := httpClient(64), &errgroup.Group{}, 0
	var ready sync.WaitGroup
	for _, c := range companies {
		for _, email := range c.Emails {
			count++
			agent := &load.Agent{Base: base, HTTP: client, Addr: address(1_000_000 + count)}
			if err := agent.LogIn(ctx, email, Password); err != nil {
				return nil, 0, err
			}
			ready.Add(1)
			ears.Go(func() error {
				err := agent.Listen(ctx, ready.Done, heard)
				if ctx.Err() != nil {
					return nil //nolint:nilerr // the measurement is over
				}
				return err
			})
		}
	}
	ready.Wait()
	return ears, count, nil
}

// online waits until the queue knows that everybody is there.
func online(ctx context.Context, base string, companies []Company) error {
	for _, c := range companies {
		agent := &load.Agent{Base: base, HTTP: httpClient(1), Addr: address(2_000_000)}
		if err := agent.LogIn(ctx, c.Emails[0], Password); err != nil {
			return err
		}
		for limit := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			raw, err := agent.Get(ctx, "/presence")
			if err != nil {
				return err
			}
			var page struct {
				Items []struct {
					Status string `json:"status"`
				} `json:"items"`
			}
			if err := json.Unmarshal(raw, &page); err != nil {
				return fmt.Errorf("read presence: %w", err)
			}
			there := 0
			for _, p := range page.Items {
				if p.Status == string(desk.Online) {
					there++
				}
			}
			if there == len(c.Emails) {
				break
			}
			if time.Now().After(limit) {
				return fmt.Errorf("%d of %d agents are online", there, len(c.Emails))
			}
		}
	}
	return nil
}

// sessions begins the customers' sessions, unmeasured.
func sessions(ctx context.Context, base string, companies []Company, n int) ([]*load.Visitor, error) {
	client, out := httpClient(64), make([]*load.Visitor, n)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range out {
		v := &load.Visitor{Base: base, HTTP: client, Addr: address(i)}
		out[i] = v
		group.Go(func() error { return v.Open(ctx, companies[i%len(companies)].Key) })
	}
	return out, group.Wait()
}

// decisions is how many conversations a second are given to 200 agents of
// twenty teams, with skills, by the pure part.
func decisions() float64 {
	const agents, works = 200, 1000
	now := time.Now()
	staff := make([]routing.Agent, agents)
	for i := range staff {
		staff[i] = routing.Agent{
			ID: desk.AgentID(fmt.Sprintf("agt_%03d", i)), Teams: []desk.TeamID{desk.TeamID(fmt.Sprintf("tem_%02d", i%20))},
			Skills: map[string]int{"a": 1 + i%5, "b": 1 + i%3}, Taking: true, Capacity: 1000, IdleSince: now.Add(-time.Duration(i) * time.Second),
		}
	}
	queue := make([]routing.Work, works)
	for i := range queue {
		queue[i] = routing.Work{
			ID: desk.ConversationID(fmt.Sprintf("cnv_%04d", i)), Team: desk.TeamID(fmt.Sprintf("tem_%02d", i%20)),
			Needs: []routing.Need{{Skill: "a", Level: 1 + i%3}}, Weight: 1, WaitingSince: now.Add(-time.Duration(i) * time.Second),
		}
	}
	made, began := 0, time.Now()
	for time.Since(began) < time.Second {
		made += len(routing.Match(queue, staff, now))
	}
	return float64(made) / time.Since(began).Seconds()
}
