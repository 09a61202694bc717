package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// profile asks the server for a CPU profile of that long, at least a second,
// and writes it to file; with no file it does nothing. Measuring costs the
// server a few percent, so figures are taken without it.
func profile(ctx context.Context, base, file string, d time.Duration) error {
	if file == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, d+30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", base, max(1, int(d.Seconds()))), nil)
	if err != nil {
		return fmt.Errorf("ask for a profile: %w", err)
	}
	resp, err := (&http.Client{}).Do(req)
	if err != nil {
		return fmt.Errorf("ask for a profile: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end below
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask for a profile: the server answered %s", resp.Status)
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	if _, err = io.Copy(out, resp.Body); err == nil {
		err = out.Close()
	}
	if err != nil {
		return fmt.Errorf("write profile: %w", err)
	}
	return nil
}
