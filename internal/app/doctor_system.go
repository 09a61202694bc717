package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/platform/seal"
)

func checkKeyFile(_ context.Context, c config.Config) []finding {
	const name = "master key"
	if err := seal.CheckOutside(c.Keys.File, c.DataDir); err != nil {
		return []finding{bad(name, "move the key file elsewhere and set keys.file", "%s", explain(err))}
	}
	info, err := os.Stat(c.Keys.File)
	if errors.Is(err, os.ErrNotExist) {
		if hasData(c) {
			return []finding{bad(name, "put the saved copy of the key file there; without it nothing that was stored can be read",
				"%s is missing but there is data", c.Keys.File)}
		}
		return []finding{ok(name, "%s does not exist yet; the first start creates it", c.Keys.File)}
	}
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return []finding{bad(name, "chmod 600 "+c.Keys.File, "%s can be read by other users (mode %04o)", c.Keys.File, info.Mode().Perm())}
	}
	master, err := seal.LoadMaster(c.Keys.File)
	if err != nil {
		return []finding{bad(name, "restore the saved copy of the key file", "%s: %s", c.Keys.File, explain(err))}
	}
	return []finding{ok(name, "%s is readable by this user only, generation %d", c.Keys.File, master.Generation())}
}

func checkSpace(_ context.Context, c config.Config) []finding {
	const name = "disk space"
	dir := c.DataDir
	if _, err := os.Stat(dir); err != nil {
		dir = existingParent(dir)
	}
	free, _, err := diskOf(dir)
	if err != nil {
		return []finding{warn(name, "check the disk by hand", "cannot tell: %v", err)}
	}
	const fix = "free some space, or move data_dir to a larger disk; a full disk refuses messages until there is room"
	switch saw := fmt.Sprintf("%d MiB free at %s", free>>20, dir); {
	case free < 100<<20:
		return []finding{bad(name, fix, "%s", saw)}
	case free < 1<<30:
		return []finding{warn(name, fix, "%s", saw)}
	default:
		return []finding{ok(name, "%s", saw)}
	}
}

// filesBeside is what the program opens besides sockets, rounded up.
const filesBeside = 256

func checkFileLimit(_ context.Context, c config.Config) []finding {
	const name = "open files"
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return []finding{warn(name, "check `ulimit -n` by hand", "cannot tell: %v", err)}
	}
	// The Go runtime raises the soft limit to the hard one at its start.
	need := uint64(c.Limits.Connections) + filesBeside //nolint:gosec // Check refuses negative numbers
	if limit.Max < need {
		return []finding{warn(name, fmt.Sprintf("raise the limit (systemd: LimitNOFILE=%d; shell: ulimit -n %d), or lower limits.connections", need, need),
			"this process may open %d files; limits.connections = %d needs %d", limit.Max, c.Limits.Connections, need)}
	}
	return []finding{ok(name, "this process may open %d files, %d are needed", limit.Max, need)}
}

func checkPort(ctx context.Context, c config.Config) []finding {
	const name = "address"
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Server.Listen)
	if err == nil {
		l.Close()
		return []finding{ok(name, "%s is free", c.Server.Listen)}
	}
	if errors.Is(err, syscall.EADDRINUSE) && aliveAt(ctx, c) {
		return []finding{ok(name, "a server is running at %s", c.Server.Listen)}
	}
	return []finding{bad(name, "stop the program that uses it, or set server.listen to another address", "cannot listen on %s: %v", c.Server.Listen, err)}
}

// aliveAt asks whether what listens there is one of us.
func aliveAt(ctx context.Context, c config.Config) bool {
	alive := false
	err := askHere(ctx, c, "/healthz", "", func(_ int, body io.Reader) error {
		text, err := io.ReadAll(io.LimitReader(body, 64))
		alive = strings.HasPrefix(string(text), "alive")
		return err
	})
	return err == nil && alive
}

// askHere reads a page of what listens where the server would. token, if there
// is one, goes to our own machine only.
func askHere(ctx context.Context, c config.Config, path, token string, read func(status int, body io.Reader) error) error {
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Scheme()+"://"+net.JoinHostPort(host, port)+path, http.NoBody)
	if err != nil {
		return err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		// The certificate names the public host, not this address.
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}, //nolint:gosec // see above
	}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // only read
	return read(response.StatusCode, response.Body)
}

func checkTLS(_ context.Context, c config.Config) []finding {
	const name = "certificate"
	if c.TLS.CertFile == "" {
		host, _, err := net.SplitHostPort(c.Server.Listen)
		if ip := net.ParseIP(host); err == nil && (ip == nil || !ip.IsLoopback()) && host != "localhost" && !strings.HasPrefix(c.Server.PublicURL, "https://") {
			return []finding{warn(name, "set tls.cert_file and tls.key_file, or put a proxy with TLS before it and set server.public_url",
				"the server listens beyond this machine without encryption")}
		}
		return []finding{ok(name, "no TLS here; fine on this machine or behind a proxy")}
	}
	pair, err := tls.LoadX509KeyPair(c.TLS.CertFile, c.TLS.KeyFile)
	if err != nil {
		return []finding{bad(name, "check tls.cert_file (PEM, server certificate first) and tls.key_file", "%v", err)}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return []finding{bad(name, "replace the certificate", "%v", err)}
	}
	left := leaf.NotAfter.Sub(systemClock().Now())
	const fix = "renew it; the server picks the new files up without a restart"
	switch day := leaf.NotAfter.Format(time.DateOnly); {
	case left <= 0:
		return []finding{bad(name, fix, "expired on %s", day)}
	case left < 14*24*time.Hour:
		return []finding{warn(name, fix, "expires on %s", day)}
	default:
		return []finding{ok(name, "valid until %s for %s", day, strings.Join(leaf.DNSNames, ", "))}
	}
}
