package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"yingda.dev/internal/app/load"
)

// InboxReport is how long agents' reads take, over HTTP, in milliseconds.
type InboxReport struct {
	Database  string  `json:"database"`
	Stored    int     `json:"stored"`
	Reads     int     `json:"reads"`
	ListP50   float64 `json:"list_p50_ms"`
	ListP99   float64 `json:"list_p99_ms"`
	OpenP50   float64 `json:"open_p50_ms"`
	OpenP99   float64 `json:"open_p99_ms"`
	SearchP50 float64 `json:"search_p50_ms"`
	SearchP99 float64 `json:"search_p99_ms"`
	Ready     float64 `json:"ready_ms"`
	RSS       float64 `json:"rss_mib"`
}

// Inbox measures listing conversations (50 of them), opening one (its head and
// 50 messages, the slower of the two) and searching, reads times each, one
// after the other, as an agent does.
func Inbox(ctx context.Context, s *Server, companies []Company, stored, reads int) (InboxReport, error) {
	r := InboxReport{Stored: stored, Reads: reads, Ready: float64(s.ReadyAfter.Milliseconds())}
	agents := make([]*load.Agent, 0, len(companies))
	for i, c := range companies {
		a := &load.Agent{Base: s.Base, HTTP: httpClient(4), Addr: address(i)}
		if err := a.LogIn(ctx, c.Emails[0], Password); err != nil {
			return r, err
		}
		agents = append(agents, a)
	}
	var lists, opens, searches []time.Duration
	views := [...]string{"open", "unassigned", "all", "mine"}
	words := [...]string{"物流到哪", "发票", "优惠券", "订单 00000042", "电热水壶"}
	for i := range reads + 20 { // the first ones warm connections and caches
		a := agents[i%len(agents)]
		page, took, err := timed(ctx, a, "/conversations?limit=50&view="+views[i%len(views)])
		if err != nil {
			return r, err
		}
		var list struct {
			Items []struct {
				ID string `json:"id"`
			} `json:"items"`
		}
		if err := json.Unmarshal(page, &list); err != nil {
			return r, fmt.Errorf("read list: %w", err)
		}
		opened := time.Duration(0)
		if n := len(list.Items); n > 0 {
			id := url.PathEscape(list.Items[i%n].ID)
			for _, path := range [...]string{"/conversations/" + id, "/conversations/" + id + "/messages?limit=50"} {
				_, d, err := timed(ctx, a, path)
				if err != nil {
					return r, err
				}
				opened = max(opened, d)
			}
		}
		_, found, err := timed(ctx, a, "/search?q="+url.QueryEscape(words[i%len(words)]))
		if err != nil {
			return r, err
		}
		if i >= 20 {
			lists, searches = append(lists, took), append(searches, found)
			if opened > 0 {
				opens = append(opens, opened)
			}
		}
	}
	r.ListP50, _, r.ListP99 = percentiles(lists)
	r.OpenP50, _, r.OpenP99 = percentiles(opens)
	r.SearchP50, _, r.SearchP99 = percentiles(searches)
	u, err := UsageOf(s.PID(), false)
	r.RSS = float64(u.RSS) / (1 << 20)
	return r, err
}

func timed(ctx context.Context, a *load.Agent, path string) (json.RawMessage, time.Duration, error) {
	began := time.Now()
	raw, err := a.Get(ctx, path)
	return raw, time.Since(began), err
}
