package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	netmail "net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"yingda.dev/internal/desk"
)

// The ways to speak with a server.
const (
	// StartTLS begins in clear and demands encryption before anything is said.
	StartTLS = "starttls"
	// TLS is encrypted from the first byte.
	TLS = "tls"
	// Plain is never encrypted: for a server on this machine.
	Plain = "none"
)

// Config says which server takes the mails. Host and From are required.
type Config struct {
	Host string
	Port int
	// Username and Password may be empty: then nobody logs in.
	Username, Password string
	// From is the sender: "应答 <noreply@example.com>" or an address alone.
	From string
	// Security is StartTLS, TLS or Plain. Default StartTLS.
	Security string
	// Timeout bounds one mail. Default 30 s.
	Timeout time.Duration
	// Roots, if set, replace the system's certificate authorities.
	Roots *x509.CertPool
}

// Message is one mail to one person.
type Message struct {
	// ID is unique and the same for repeats: it becomes the Message-ID.
	ID      string
	To      string
	Subject string
	Text    string
	// HTML says the same as Text; may be empty.
	HTML string
	At   time.Time
}

// Mailer sends mails. Build it with New.
type Mailer struct {
	config Config
	from   *netmail.Address
}

// New builds a Mailer; an impossible Config is Invalid. It does not connect.
func New(c Config) (*Mailer, error) {
	const op = "configure mail"
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, desk.E(desk.Invalid, op, "smtp.from is not an e-mail address")
	}
	switch c.Security {
	case "":
		c.Security = StartTLS
	case StartTLS, TLS, Plain:
	default:
		return nil, desk.E(desk.Invalid, op, "smtp.tls is starttls, tls or none")
	}
	if c.Host == "" || c.Port < 1 || c.Port > 65535 {
		return nil, desk.E(desk.Invalid, op, "smtp.host or smtp.port is missing")
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return &Mailer{config: c, from: from}, nil
}

// Send hands a mail over. Invalid means that the server refuses it for good, or
// that the address is none; Unavailable that another try may work.
func (m *Mailer) Send(ctx context.Context, message Message) error {
	const op = "send mail"
	msg, err := m.compose(message)
	if err != nil {
		return desk.Wrap(desk.Invalid, op, err)
	}
	client, err := m.client()
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	ctx, cancel := context.WithTimeout(ctx, m.config.Timeout)
	defer cancel()
	err = client.DialAndSendWithContext(ctx, msg)
	if refused, ok := errors.AsType[*gomail.SendError](err); ok && !refused.IsTemp() && refused.ErrorCode() >= 500 {
		return desk.Wrap(desk.Invalid, op, err)
	}
	return desk.Wrap(desk.Unavailable, op, err)
}

func (m *Mailer) client() (*gomail.Client, error) {
	c := m.config
	options := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(c.Timeout),
		gomail.WithTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Host, RootCAs: c.Roots}),
	}
	switch c.Security {
	case TLS:
		options = append(options, gomail.WithSSL())
	case Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if c.Username != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	if host := domain(m.from.Address); net.ParseIP(host) == nil {
		options = append(options, gomail.WithHELO(host))
	}
	return gomail.NewClient(c.Host, options...)
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

func (m *Mailer) compose(message Message) (*gomail.Msg, error) {
	to, err := netmail.ParseAddress(message.To)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(m.from)
	msg.ToMailAddress(to)
	msg.Subject(line(message.Subject))
	msg.SetMessageIDWithValue(line(message.ID) + "@" + domain(m.from.Address))
	msg.SetDateWithValue(message.At)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	msg.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	return msg, nil
}

// line keeps what would end a header line out of it.
func line(s string) string { return strings.Join(strings.Fields(s), " ") }
