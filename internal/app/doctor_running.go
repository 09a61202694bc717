package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"yingda.dev/internal/app/config"
)

// gauges are what the running server says of itself that a person should know.
type gauges struct{ effort, lag, parked, failedTrainings, failedCalls float64 }

// checkRunning asks the server that runs here, if one does, how it copes.
func checkRunning(ctx context.Context, c config.Config) []finding {
	if !aliveAt(ctx, c) {
		return nil
	}
	const name = "running server"
	g, err := readGauges(ctx, c)
	if err != nil {
		return []finding{warn(name, "read /metrics by hand, or look at Settings → System status", "its figures cannot be read: %v", err)}
	}
	var findings []finding
	switch {
	case g.effort >= 2:
		findings = append(findings, warn("bot", "give it more processor, or write to the bot less", "overloaded: it only searches for words; it comes back by itself"))
	case g.effort >= 1:
		findings = append(findings, warn("bot", "give it more processor if this stays", "overloaded: the network model is off; it comes back by itself"))
	default:
		findings = append(findings, ok("bot", "not overloaded"))
	}
	if g.failedTrainings > 0 {
		findings = append(findings, warn("training", "Bot → Intents → Training says why", "%.0f trainings have failed since the start", g.failedTrainings))
	}
	if g.failedCalls > 0 {
		findings = append(findings, warn("flows", "Settings → System status says which", "%.0f calls of flows have failed since the start", g.failedCalls))
	}
	if g.lag > 10_000 {
		findings = append(findings, warn("event log", "look at the server's log", "a consumer is %.0f events behind", g.lag))
	}
	if g.parked > 0 {
		findings = append(findings, warn("event log", "Settings → Unhandled events", "%.0f events were put aside since the start", g.parked))
	}
	return findings
}

func readGauges(ctx context.Context, c config.Config) (g gauges, err error) {
	err = askHere(ctx, c, "/metrics", c.Metrics.Token, func(status int, body io.Reader) (err error) {
		if status != http.StatusOK {
			return fmt.Errorf("it answers %d %s", status, http.StatusText(status))
		}
		g, err = parseGauges(body)
		return err
	})
	return g, err
}

// parseGauges reads the text form of metrics.
func parseGauges(r io.Reader) (g gauges, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			continue
		}
		name, labels, _ := strings.Cut(line[:at], "{")
		switch {
		case name == "yingda_bot_effort":
			g.effort = v
		case name == "yingda_bus_lag_events":
			g.lag = max(g.lag, v)
		case name == "yingda_bus_parked_events_total":
			g.parked += v
		case name == "yingda_trainings_total" && strings.Contains(labels, `"failed"`):
			g.failedTrainings += v
		case name == "yingda_flow_calls_total" && strings.Contains(labels, `"failed"`):
			g.failedCalls += v
		}
	}
	return g, lines.Err()
}
