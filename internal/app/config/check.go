package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check finds combinations that cannot work. It looks at the values only; what
// depends on the machine (files, ports, the database) is `yingda doctor`'s.
func (c Config) Check() error {
	const op = "check configuration"
	for _, rule := range []struct {
		key, msg string
		broken   bool
	}{
		{"data_dir", "data_dir is empty; name a folder", strings.TrimSpace(c.DataDir) == ""},
		{"server.listen", "server.listen must be host:port, such as 127.0.0.1:8080", !validListen(c.Server.Listen)},
		{"server.public_url", "server.public_url must be like https://chat.example.com, without a path", !validOrigin(c.Server.PublicURL)},
		{"server.asset_base_url", "server.asset_base_url must be an http or https address without ? or #", !validBase(c.Server.AssetBaseURL)},
		{"server.stop_timeout", "server.stop_timeout must be between 1s and 10m", !between(c.Server.StopTimeout, time.Second, 10*time.Minute)},
		{"tls.cert_file", "tls.cert_file and tls.key_file belong together; set both or neither", (c.TLS.CertFile == "") != (c.TLS.KeyFile == "")},
		{"tls.allow_tls12", "tls.allow_tls12 has no meaning without tls.cert_file", c.TLS.Allow12 && c.TLS.CertFile == ""},
		{"database.dsn", `database.dsn must be "sqlite" or begin with postgres:// or postgresql://`, c.Dialect() == ""},
		{"keys.file", "keys.file is empty; name a file outside data_dir", strings.TrimSpace(c.Keys.File) == ""},
		{"keys.file", "keys.file lies inside data_dir; move it out, so that a copy of the data cannot be read", within(c.DataDir, c.Keys.File)},
		{"retention.events", "retention.events must be between 1h and 2160h (90 days)", !between(c.Retention.Events, time.Hour, 90*24*time.Hour)},
		{"limits.visitor_body", "limits.visitor_body must be between 16KiB and 16MiB", c.Limits.VisitorBody < 16<<10 || c.Limits.VisitorBody > 16<<20},
		{"limits.agent_body", "limits.agent_body must be between 16KiB and 64MiB", c.Limits.AgentBody < 16<<10 || c.Limits.AgentBody > 64<<20},
		{"limits.connections", "limits.connections must be at least 1", c.Limits.Connections < 1},
		{"files.max_size", "files.max_size must be between 64KiB and 1GiB", c.Files.MaxSize < 64<<10 || c.Files.MaxSize > 1<<30},
		{"files.max_image", "files.max_image must be between 64KiB and 64MiB, and not above files.max_size", c.Files.MaxImage < 64<<10 || c.Files.MaxImage > min(64<<20, c.Files.MaxSize)},
		{"files.max_megapixels", "files.max_megapixels must be between 1 and 200", c.Files.MaxMegapixels < 1 || c.Files.MaxMegapixels > 200},
		{"files.per_minute", "files.per_minute must be between 1 and 10000", c.Files.PerMinute < 1 || c.Files.PerMinute > 10_000},
		{"files.link_life", "files.link_life must be between 10m and 720h", !between(c.Files.LinkLife, 10*time.Minute, 720*time.Hour)},
		{"smtp.from", "smtp.from must be an e-mail address when smtp.host is set", c.SMTP.Host != "" && !strings.Contains(c.SMTP.From, "@")},
		{"smtp.port", "smtp.port must be between 1 and 65535", c.SMTP.Port < 1 || c.SMTP.Port > 65535},
		{"smtp.tls", "smtp.tls must be starttls, tls or none", !oneOf(c.SMTP.TLS, "starttls", "tls", "none")},
		{"smtp.password", "smtp.password has no meaning without smtp.username", c.SMTP.Password != "" && c.SMTP.Username == ""},
		{"smtp.tls", "smtp.tls is none: a password would go over the wire in clear; use starttls or tls", c.SMTP.TLS == "none" && c.SMTP.Password != "" && !oneOf(c.SMTP.Host, "localhost", "127.0.0.1", "::1")},
		{"log.level", "log.level must be debug, info, warn or error", !oneOf(c.Log.Level, "debug", "info", "warn", "error")},
		{"log.format", "log.format must be text or json", !oneOf(c.Log.Format, "text", "json")},
		{"metrics.token", "metrics.token must have at least 16 characters, or be empty", c.Metrics.Token != "" && len(c.Metrics.Token) < 16},
	} {
		if rule.broken {
			return invalid(op, rule.key, rule.msg)
		}
	}
	for _, group := range c.Files.Types {
		if !oneOf(group, "image", "audio", "video", "document", "text", "archive") {
			return invalid(op, "files.types", fmt.Sprintf("files.types: %q is not one of image, audio, video, document, text, archive", group))
		}
	}
	for _, network := range c.Server.TrustedProxies {
		if _, err := netip.ParsePrefix(network); err != nil {
			return invalid(op, "server.trusted_proxies",
				fmt.Sprintf("server.trusted_proxies: %q is not a network; write it like 10.0.0.0/8", network))
		}
	}
	return nil
}

// Dialect is "sqlite" or "postgres" by Database.DSN; empty if it is neither.
func (c Config) Dialect() string {
	switch dsn := c.Database.DSN; {
	case dsn == "sqlite":
		return "sqlite"
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		return "postgres"
	default:
		return ""
	}
}

// Scheme is "https" when the program itself speaks TLS, else "http".
func (c Config) Scheme() string {
	if c.TLS.CertFile != "" {
		return "https"
	}
	return "http"
}

func validListen(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func validOrigin(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		(u.Path == "" || u.Path == "/") && u.RawQuery == "" && u.Fragment == ""
}

func validBase(s string) bool {
	if s == "" {
		return true
	}
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		u.RawQuery == "" && u.Fragment == ""
}

// within reports whether path lies in folder, by their absolute forms.
func within(folder, path string) bool {
	dir, err1 := filepath.Abs(folder)
	file, err2 := filepath.Abs(path)
	if err1 != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(dir, file)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func between(d, low, high time.Duration) bool { return d >= low && d <= high }

func oneOf(s string, allowed ...string) bool { return slices.Contains(allowed, s) }
