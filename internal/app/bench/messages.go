package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/app/load"
)

// MessageOptions say how the message path is loaded.
type MessageOptions struct {
	// Rate is how many messages a second fall due, over all visitors.
	Rate int
	For  time.Duration
	// Clients is how many messages may be on their way at once.
	Clients int
	// Visitors is how many people write, each in a conversation of their own.
	Visitors int
	// Profile, if set, is the file that gets the server's CPU profile of the load.
	Profile string
}

// MessageReport is what came of it. Latencies run from the moment a message
// was due until its agent's socket had it.
type MessageReport struct {
	load.Books
	Database    string  `json:"database"`
	Offered     int     `json:"offered_rate"`
	Rate        float64 `json:"rate"`
	P50         float64 `json:"p50_ms"`
	P95         float64 `json:"p95_ms"`
	P99         float64 `json:"p99_ms"`
	AckP50      float64 `json:"ack_p50_ms"`
	AckP99      float64 `json:"ack_p99_ms"`
	CPU         float64 `json:"cpu_us_per_msg"`
	DatabaseCPU float64 `json:"database_cpu_us_per_msg,omitempty"`
	// LoadCPU is what the visitors and agents cost on the same processors.
	LoadCPU  float64 `json:"load_cpu_us_per_msg"`
	RSS      float64 `json:"rss_mib"`
	Lag      float64 `json:"consumer_lag"`
	Stored   int     `json:"stored"`
	Accounts int     `json:"accounts"`
	Agents   int     `json:"agents"`
	Visitors int     `json:"visitors"`
	Failed   int     `json:"failed"`
}

// visitor is a customer with the number of messages they have written.
type visitor struct {
	load.Visitor
	mu sync.Mutex // one message at a time, as people write
	n  int
}

// Messages loads a running server. databasePID is the PostgreSQL server's, or 0.
func Messages(ctx context.Context, s *Server, companies []Company, databasePID int, o MessageOptions) (MessageReport, error) {
	// The books only grow, and collecting them is not what is measured.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	ledger := load.NewLedger()
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	ears, agents, err := listen(listening, s.Base, companies, ledger)
	if err != nil {
		return MessageReport{}, err
	}
	visitors, err := open(ctx, s.Base, companies, o)
	if err != nil {
		return MessageReport{}, err
	}
	before, err := UsageOf(s.PID(), false)
	if err != nil {
		return MessageReport{}, err
	}
	ownBefore, err := UsageOf(os.Getpid(), false)
	if err != nil {
		return MessageReport{}, err
	}
	var databaseBefore Usage
	if databasePID != 0 {
		if databaseBefore, err = UsageOf(databasePID, true); err != nil {
			return MessageReport{}, err
		}
	}
	report := MessageReport{Offered: o.Rate, Accounts: len(companies), Agents: agents, Visitors: len(visitors)}
	began := time.Now()
	profiled := make(chan error, 1)
	go func() { profiled <- profile(ctx, s.Base, o.Profile, o.For) }() // ends with its one request
	acks, failed := send(ctx, visitors, ledger, o)
	took := time.Since(began)
	if err := <-profiled; err != nil {
		return MessageReport{}, err
	}
	settle(ctx, ledger)
	ownAfter, err := UsageOf(os.Getpid(), false)
	if err != nil {
		return MessageReport{}, err
	}
	if report.Lag, err = metric(ctx, s.Base, lagMetric); err != nil {
		return MessageReport{}, err
	}
	if err := catchUp(ctx, s.Base); err != nil {
		return MessageReport{}, err
	}
	after, err := UsageOf(s.PID(), false)
	if err != nil {
		return MessageReport{}, err
	}
	books, latencies := ledger.Books()
	report.Books, report.Failed = books, failed
	report.Rate = float64(books.Acked) / took.Seconds()
	report.P50, report.P95, report.P99 = percentiles(latencies)
	report.AckP50, _, report.AckP99 = percentiles(acks)
	report.CPU = perMessage(after.CPU-before.CPU, books.Acked)
	report.LoadCPU = perMessage(ownAfter.CPU-ownBefore.CPU, books.Acked)
	report.RSS = float64(after.RSS) / (1 << 20)
	if databasePID != 0 {
		databaseAfter, err := UsageOf(databasePID, true)
		if err != nil {
			return MessageReport{}, err
		}
		report.DatabaseCPU = perMessage(databaseAfter.CPU-databaseBefore.CPU, books.Acked)
	}
	cancel()
	return report, ears.Wait()
}

// listen logs all agents in and opens their sockets.
func listen(ctx context.Context, base string, companies []Company, ledger *load.Ledger) (*errgroup.Group, int, error) {
	client := httpClient(64)
	ears := &errgroup.Group{}
	var ready sync.WaitGroup
	count := 0
	for _, c := range companies {
		for _, email := range c.Emails {
			count++
			agent := &load.Agent{Base: base, HTTP: client, Addr: address(1_000_000 + count)}
			if err := agent.LogIn(ctx, email, Password); err != nil {
				return nil, 0, err
			}
			ready.Add(1)
			ears.Go(func() error {
				err := agent.Listen(ctx, ready.Done, func(e load.Event) {
					if e.Message != nil {
						ledger.Arrived(email, *e.Message, time.Now())
					}
				})
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

// open begins the visitors' sessions and conversations, unmeasured.
func open(ctx context.Context, base string, companies []Company, o MessageOptions) ([]*visitor, error) {
	client := httpClient(o.Clients)
	visitors := make([]*visitor, o.Visitors)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(32)
	for i := range visitors {
		v := &visitor{Visitor: load.Visitor{Base: base, HTTP: client, Addr: address(i)}}
		visitors[i] = v
		group.Go(func() error {
			if err := v.Open(ctx, companies[i%len(companies)].Key); err != nil {
				return err
			}
			_, err := v.Send(ctx, "hello", "你好")
			return err
		})
	}
	return visitors, group.Wait()
}

// send writes messages on the schedule and returns the times until they were
// acknowledged and how many were not.
func send(ctx context.Context, visitors []*visitor, ledger *load.Ledger, o MessageOptions) (acks []time.Duration, failed int) {
	total := int64(float64(o.Rate) * o.For.Seconds())
	gap := time.Second / time.Duration(o.Rate)
	began := time.Now()
	var next, misses atomic.Int64
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range o.Clients {
		workers.Go(func() {
			var mine []time.Duration
			line := load.NewLine(visitors[0].Base)
			defer func() { _ = line.Close() }() // all answers are read
			for {
				i := next.Add(1) - 1
				if i >= total || ctx.Err() != nil {
					break
				}
				due := began.Add(time.Duration(i) * gap)
				if wait := time.Until(due); wait > 0 {
					time.Sleep(wait)
				}
				ledger.Sent()
				m, err := visitors[int(i)%len(visitors)].say(ctx, line, int(i))
				if err != nil {
					misses.Add(1)
					continue
				}
				mine = append(mine, time.Since(due))
				ledger.Acked(m, due)
			}
			mu.Lock()
			defer mu.Unlock()
			acks = append(acks, mine...)
		})
	}
	workers.Wait()
	return acks, int(misses.Load())
}

func (v *visitor) say(ctx context.Context, line *load.Line, i int) (load.Message, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.Line = line
	v.n++
	return v.Deliver(ctx, fmt.Sprintf("m%d", v.n), Text(i), func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
			return nil
		}
	})
}

// settle waits until everything promised has arrived, or nothing more comes.
func settle(ctx context.Context, ledger *load.Ledger) {
	limit := time.Now().Add(20 * time.Second)
	for !ledger.Settled() && time.Now().Before(limit) && ctx.Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
}

const lagMetric = "yingda_bus_lag_events"

// catchUp waits until the slowest consumer has handled what was sent, so that
// its work is counted: the search indexer lets a second's messages gather.
func catchUp(ctx context.Context, base string) error {
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit) && ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
		if lag, err := metric(ctx, base, lagMetric); err != nil || lag == 0 {
			return err
		}
	}
	return ctx.Err()
}

// address makes the n-th network address of 10.0.0.0/8.
func address(n int) string { return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255) }

func httpClient(connections int) *http.Client {
	return &http.Client{
		Timeout:   60 * time.Second,
		Transport: &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections, DisableCompression: true},
	}
}

func percentiles(d []time.Duration) (p50, p95, p99 float64) {
	if len(d) == 0 {
		return 0, 0, 0
	}
	slices.Sort(d)
	at := func(q float64) float64 {
		return float64(d[min(len(d)-1, int(q*float64(len(d))))].Microseconds()) / 1000
	}
	return at(0.50), at(0.95), at(0.99)
}

func perMessage(d time.Duration, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64(d.Microseconds()) / float64(n)
}
