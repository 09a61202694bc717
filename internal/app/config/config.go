package config

import "time"

// Config is everything an operator can set. Each field's comment ends with
// its default; a test holds the two equal.
type Config struct {
	// DataDir is the folder of the embedded database, the search index and all
	// other state. It is created at the first start. Default: "data".
	DataDir string `koanf:"data_dir"`
	// Demo creates a demo company with log-ins and conversations at the start,
	// if the installation has no company yet. Never set it on a public server:
	// the passwords are printed on the log-in page. Default: false.
	Demo bool `koanf:"demo"`

	// Server is the address and the manner in which the program listens.
	Server Server `koanf:"server"`
	// TLS is encryption on the wire by certificate files.
	TLS TLS `koanf:"tls"`
	// Database is where the durable state lives.
	Database Database `koanf:"database"`
	// Keys are the secrets that sealed content depends on.
	Keys Keys `koanf:"keys"`
	// Retention is how long the working tables keep what nobody needs for ever.
	// Conversations and messages are kept until they are deleted.
	Retention Retention `koanf:"retention"`
	// Limits bound what one party can ask for.
	Limits Limits `koanf:"limits"`
	// Files are what people attach to messages.
	Files Files `koanf:"files"`
	// Calls are what flows of the bot may ask of your services.
	Calls Calls `koanf:"calls"`
	// SMTP is the mail server that takes transcripts and invitations.
	SMTP SMTP `koanf:"smtp"`
	// Log is what the program tells about itself.
	Log Log `koanf:"log"`
	// Metrics is the Prometheus endpoint /metrics.
	Metrics Metrics `koanf:"metrics"`
}

// Calls are what flows of the bot may ask of your services.
type Calls struct {
	// Near are beginnings of addresses that may lie in your own network, such as
	// "http://orders.internal:8080/api/". All other private addresses are
	// refused. Default: [].
	Near []string `koanf:"near"`
}

// Server is the address and the manner in which the program listens.
type Server struct {
	// Listen is the TCP address, host:port. Use ":8080" to listen on all
	// interfaces. Default: "127.0.0.1:8080".
	Listen string `koanf:"listen"`
	// PublicURL is how browsers reach the program, such as
	// "https://chat.example.com", when a proxy stands before it. It decides
	// the origin that the desk's requests must come from and whether cookies are
	// Secure. Empty means: whatever host the request names. Default: "".
	PublicURL string `koanf:"public_url"`
	// AssetBaseURL is a CDN address from which pages load their hashed assets,
	// such as "https://cdn.example.com/yingda". Let the CDN fetch from this
	// server. Empty means: from this server. Default: "".
	AssetBaseURL string `koanf:"asset_base_url"`
	// TrustedProxies are the networks (CIDR) whose X-Forwarded-For and
	// X-Forwarded-Proto headers are believed. In the environment variable,
	// separate them by commas. Default: [].
	TrustedProxies []string `koanf:"trusted_proxies"`
	// StopTimeout bounds the orderly stop: requests finish, sockets are told to
	// reconnect, consumers and the committer drain. Default: "20s".
	StopTimeout time.Duration `koanf:"stop_timeout"`
}

// TLS is encryption on the wire by certificate files.
type TLS struct {
	// CertFile is a PEM file with the certificate chain. With it set the program
	// speaks HTTPS only, TLS 1.3 and HTTP/2. Renewed files are picked up
	// without a restart. Default: "".
	CertFile string `koanf:"cert_file"`
	// KeyFile is the PEM file with the certificate's private key. Default: "".
	KeyFile string `koanf:"key_file"`
	// Allow12 also accepts TLS 1.2, for old clients. Default: false.
	Allow12 bool `koanf:"allow_tls12"`
}

// Database is where the durable state lives.
type Database struct {
	// DSN is "sqlite" for the embedded database in DataDir, or the address of a
	// PostgreSQL 15 or newer: "postgres://user:password@host:5432/yingda".
	// Default: "sqlite".
	DSN string `koanf:"dsn"`
}

// Keys are the secrets that sealed content depends on.
type Keys struct {
	// File is the master key file, mode 0600, outside DataDir so that a copied
	// data folder stays unreadable. It is created at the first start. Keep a copy
	// in a safe place: without it no message can be read. Default: "keys/master.key".
	File string `koanf:"file"`
}

// Retention is how long the working tables keep what nobody needs for ever.
type Retention struct {
	// Events is how long the event log is kept, which is how long a client may be
	// away and still catch up event by event. From 1h. Default: "72h".
	Events time.Duration `koanf:"events"`
}

// Limits bound what one party can ask for.
type Limits struct {
	// VisitorBody is the largest request body of a visitor. Default: "256KiB".
	VisitorBody Size `koanf:"visitor_body"`
	// AgentBody is the largest request body of an agent or integrator. Default: "1MiB".
	AgentBody Size `koanf:"agent_body"`
	// Connections is how many network connections the server holds; further ones
	// are closed at once. Each needs an open file. Default: 100000.
	Connections int `koanf:"connections"`
}

// Files are what people attach to messages.
type Files struct {
	// Dir is the folder of the files, sealed like everything else. Nodes that
	// share a PostgreSQL share this folder too. Empty means "files" in DataDir.
	// Default: "".
	Dir string `koanf:"dir"`
	// MaxSize is the largest file. Default: "25MiB".
	MaxSize Size `koanf:"max_size"`
	// MaxImage is the largest picture. Default: "10MiB".
	MaxImage Size `koanf:"max_image"`
	// MaxMegapixels is the largest picture in millions of pixels, whatever its
	// size in bytes. Default: 40.
	MaxMegapixels int `koanf:"max_megapixels"`
	// Types are the groups of formats that are taken: image, audio, video,
	// document, text, archive. Programs and scripts never are.
	// Default: ["image", "audio", "video", "document", "text", "archive"].
	Types []string `koanf:"types"`
	// PerMinute is how many files one visitor may send a minute. Default: 20.
	PerMinute int `koanf:"per_minute"`
	// Quota bounds the files of one company together; 0 is no bound. Default: "20GiB".
	Quota Size `koanf:"quota"`
	// LinkLife is how long the address of a file works after a page got it.
	// Default: "12h".
	LinkLife time.Duration `koanf:"link_life"`
}

// SMTP is the mail server that takes transcripts and invitations.
type SMTP struct {
	// Host is the server's name. Empty means: no mails are sent, and nobody is
	// offered any. Default: "".
	Host string `koanf:"host"`
	// Port is the server's TCP port. Default: 587.
	Port int `koanf:"port"`
	// Username logs in there; empty means without. Default: "".
	Username string `koanf:"username"`
	// Password belongs to Username. Default: "".
	Password string `koanf:"password"`
	// From is the sender: "应答 <noreply@example.com>" or an address alone.
	// Default: "".
	From string `koanf:"from"`
	// TLS is starttls (demanded), tls (from the first byte, port 465) or none,
	// for a server on this machine. Default: "starttls".
	TLS string `koanf:"tls"`
}

// Log is what the program tells about itself.
type Log struct {
	// Level is the least important level that is written: debug, info, warn or
	// error. Default: "info".
	Level string `koanf:"level"`
	// Format is text for people or json for machines. Default: "text".
	Format string `koanf:"format"`
}

// Metrics is the Prometheus endpoint /metrics.
type Metrics struct {
	// Token lets a scraper from elsewhere in: "Authorization: Bearer <token>",
	// at least 16 characters. Empty means: only direct requests from this
	// machine, and none at all once server.public_url is set, because a proxy on
	// this machine may look like one. It guards /debug/pprof/ too. Default: "".
	Token string `koanf:"token"`
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		DataDir: "data",
		Server: Server{
			Listen:         "127.0.0.1:8080",
			TrustedProxies: []string{},
			StopTimeout:    20 * time.Second,
		},
		Database:  Database{DSN: "sqlite"},
		Keys:      Keys{File: "keys/master.key"},
		Retention: Retention{Events: 72 * time.Hour},
		Limits:    Limits{VisitorBody: 256 << 10, AgentBody: 1 << 20, Connections: 100_000},
		Files: Files{
			MaxSize: 25 << 20, MaxImage: 10 << 20, MaxMegapixels: 40, PerMinute: 20, Quota: 20 << 30, LinkLife: 12 * time.Hour,
			Types: []string{"image", "audio", "video", "document", "text", "archive"},
		},
		Calls: Calls{Near: []string{}},
		SMTP:  SMTP{Port: 587, TLS: "starttls"},
		Log:   Log{Level: "info", Format: "text"},
	}
}
