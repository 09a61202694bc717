package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

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
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil {
		return g, err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Scheme()+"://"+net.JoinHostPort(host, port)+"/metrics", http.NoBody)
	if err != nil {
		return g, err
	}
	if c.Metrics.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Metrics.Token)
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		// As in aliveAt: the certificate names the public host. The token goes to our own machine.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // see above
	}}
	response, err := client.Do(request)
	if err != nil {
		return g, err
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		return g, fmt.Errorf("it answers %s", response.Status)
	}
	return parseGauges(response.Body)
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
