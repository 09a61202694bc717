package bench

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/app/load"
)

// ConnectionReport is what idle visitors' sockets cost the server.
type ConnectionReport struct {
	Connections int     `json:"connections"`
	IdleRSS     float64 `json:"idle_rss_mib"`
	RSS         float64 `json:"rss_mib"`
	KiBEach     float64 `json:"kib_per_connection"`
	CPUPercent  float64 `json:"idle_cpu_percent"`
	Opened      float64 `json:"opened_per_second"`
}

// Connections opens n visitors' sockets, each of a visitor who has written
// once and so has a feed, and measures what they cost while nothing happens.
func Connections(ctx context.Context, s *Server, companies []Company, n int) (ConnectionReport, error) {
	r := ConnectionReport{Connections: n}
	idle, err := UsageOf(s.PID(), false)
	if err != nil {
		return r, err
	}
	r.IdleRSS = float64(idle.RSS) / (1 << 20)
	visitors, err := open(ctx, s.Base, companies, MessageOptions{Visitors: n, Clients: 32})
	if err != nil {
		return r, err
	}
	before, err := rested(ctx, s)
	if err != nil {
		return r, err
	}
	sockets := make([]*load.Socket, n)
	defer func() {
		for _, c := range sockets {
			if c != nil {
				_ = c.Close() // the measurement is over
			}
		}
	}()
	began := time.Now()
	group, opening := errgroup.WithContext(ctx)
	group.SetLimit(32)
	address := "ws" + strings.TrimPrefix(s.Base, "http") + "/connection/websocket"
	for i, v := range visitors {
		group.Go(func() (err error) {
			sockets[i], err = load.DialSocket(opening, address, http.Header{"X-Forwarded-For": {v.Addr}}, map[string]string{"visitor_token": v.Token})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return r, fmt.Errorf("open sockets: %w", err)
	}
	r.Opened = float64(n) / time.Since(began).Seconds()
	alive, hangUp := context.WithCancel(ctx)
	var readers sync.WaitGroup
	for _, c := range sockets {
		readers.Go(func() {
			for { // answers the server's pings; nothing else is to come
				if _, err := c.Next(alive); err != nil {
					return
				}
			}
		})
	}
	defer readers.Wait()
	defer hangUp()
	after, err := rested(ctx, s)
	if err != nil {
		return r, err
	}
	r.RSS = float64(after.RSS) / (1 << 20)
	r.KiBEach = float64(after.RSS-before.RSS) / 1024 / float64(n)
	const watch = 10 * time.Second
	if err := pause(ctx, watch); err != nil {
		return r, err
	}
	later, err := UsageOf(s.PID(), false)
	r.CPUPercent = 100 * float64(later.CPU-after.CPU) / float64(watch)
	return r, err
}

// rested reads the server's memory when it has become idle and gives no more
// of it back: when half a minute has not made it 2 % smaller. Nothing asks the
// server to collect; it does by itself (package app, calm).
func rested(ctx context.Context, s *Server) (Usage, error) {
	least, err := UsageOf(s.PID(), false)
	for waited := time.Duration(0); err == nil && waited < 30*time.Second; waited += time.Second {
		if err := pause(ctx, time.Second); err != nil {
			return Usage{}, err
		}
		var now Usage
		if now, err = UsageOf(s.PID(), false); err == nil && now.RSS < least.RSS-least.RSS/50 {
			least, waited = now, 0
		}
	}
	if err != nil {
		return Usage{}, err
	}
	return UsageOf(s.PID(), false)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
