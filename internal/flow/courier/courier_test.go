package courier_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/platform/mail"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// postOffice is a real mail server on this machine.
type postOffice struct {
	port  int
	roots *x509.CertPool

	mu    sync.Mutex
	mails []received
	// answer, if set, is what comes instead of taking a mail.
	answer error
	came   chan struct{}
}

type received struct {
	from, to string
	data     []byte
	user     string
	tls      bool
}

func openOffice(t *testing.T, implicit, users bool) *postOffice {
	t.Helper()
	o := &postOffice{roots: x509.NewCertPool(), came: make(chan struct{}, 100)}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	o.roots.AddCert(certificate)
	settings := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{office: o, conn: c, users: users}, nil }))
	server.Domain, server.TLSConfig, server.ErrorLog = "localhost", settings, quiet{}
	l, err := net.Listen("tcp", "localhost:0")
	require.NoError(t, err)
	o.port = l.Addr().(*net.TCPAddr).Port //nolint:errcheck // it is TCP
	if implicit {
		l = tls.NewListener(l, settings)
	}
	done := make(chan struct{})
	go func() {
		_ = server.Serve(l)
		close(done)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return o
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	office *postOffice
	conn   *smtp.Conn
	users  bool
	mail   received
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "geheim" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.users && s.mail.user == "" {
		return smtp.ErrAuthRequired
	}
	_, s.mail.tls = s.conn.TLSConnectionState()
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mail.to = to
	s.office.mu.Lock()
	defer s.office.mu.Unlock()
	return s.office.answer
}

func (s *session) Data(r io.Reader) error {
	var err error
	if s.mail.data, err = io.ReadAll(r); err != nil {
		return err
	}
	s.office.mu.Lock()
	s.office.mails = append(s.office.mails, s.mail)
	s.office.mu.Unlock()
	s.office.came <- struct{}{}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (o *postOffice) says(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = err
}

// next is the mail that came, taken apart.
func (o *postOffice) next(t *testing.T) (m received, header netmail.Header, text, html string) {
	t.Helper()
	select {
	case <-o.came:
	case <-time.After(20 * time.Second):
		t.Fatal("no mail came")
	}
	o.mu.Lock()
	m = o.mails[len(o.mails)-1]
	o.mu.Unlock()
	parsed, err := netmail.ReadMessage(bytes.NewReader(m.data))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	for parts := multipart.NewReader(parsed.Body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, parsed.Header, text, html
		}
		require.NoError(t, err)
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		require.NoError(t, err)
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			html = string(body)
		} else {
			text = strings.ReplaceAll(string(body), "\r\n", "\n")
		}
	}
}

// house is a courier on a real database.
type house struct {
	*storetest.Tenant
	*courier.Service
	talk desk.Conversation
	said []desk.Message
	dir  string
}

func open(t *testing.T, sender func() *mail.Mailer, c courier.Config) *house {
	t.Helper()
	dir := t.TempDir()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(dir, "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	h := &house{Tenant: env.Tenant(), dir: dir}
	h.talk = h.Do(h.Receive("ada", "1", []byte("x"))).Conversation
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	d := courier.Deps{
		Store: env.Store, Keys: seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader}), IDs: env.IDs,
		Clock: env.Clock, Conversations: h, Directory: h, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(), Holder: "test",
	}
	if sender != nil {
		d.Sender = sender()
	}
	c.Look = 5 * time.Millisecond
	h.Service, err = courier.New(d, c)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	return h
}

// Messages stands for package conversation.
func (h *house) Messages(_ context.Context, _ desk.AccountID, _ desk.ConversationID, r store.MessageRange) (page []desk.Message, more bool, err error) {
	for _, m := range h.said {
		if m.Seq < r.BeforeSeq {
			page = append(page, m)
		}
	}
	if len(page) > r.Limit {
		return page[len(page)-r.Limit:], true, nil
	}
	return page, false, nil
}

// AgentName and Account stand for package workspace.
func (h *house) AgentName(context.Context, desk.AccountID, desk.AgentID) string { return "林小满" }

func (h *house) Account(context.Context, desk.AccountID) (desk.Account, error) {
	return desk.Account{ID: h.ID, Name: "近邻<b>商城</b>\r\nBcc: x@evil.example", Locale: desk.Chinese}, nil
}

func (h *house) order(to string) courier.Order {
	return courier.Order{Account: h.ID, Contact: h.talk.ContactID, Conversation: h.talk.ID, To: to, Locale: desk.Chinese, Offset: 8 * time.Hour}
}

func (h *house) says(kind desk.AuthorKind, v desk.Visibility, parts ...desk.Part) {
	seq := int64(len(h.said) + 1)
	h.said = append(h.said, desk.Message{
		MessageHead: desk.MessageHead{Seq: seq, Author: desk.Author{Kind: kind}, Visibility: v, At: time.Date(2026, 3, 4, 20, int(seq), 0, 0, time.UTC)},
		Content:     desk.Content{Parts: parts},
	})
	h.talk.Seq = seq
}

func line(text string) desk.Part { return desk.Part{Type: desk.TextPart, Text: text} }

func mailer(t *testing.T, o *postOffice, c mail.Config) func() *mail.Mailer {
	t.Helper()
	c.Host, c.Port, c.From, c.Roots = "localhost", o.port, "应答 <noreply@shop.example>", o.roots
	return func() *mail.Mailer {
		m, err := mail.New(c)
		require.NoError(t, err)
		return m
	}
}

// A transcript goes through a real server, over encryption, with a log-in, and
// whatever was said in the conversation is harmless in it.
func TestTranscript(t *testing.T) {
	t.Parallel()
	for security, implicit := range map[string]bool{mail.StartTLS: false, mail.TLS: true} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, implicit, true)
			h := open(t, mailer(t, o, mail.Config{Username: "desk", Password: "geheim", Security: security}), courier.Config{})
			require.True(t, h.Enabled())
			h.says(desk.ByVisitor, desk.Public, line("<script>alert(1)</script>\n第二行"))
			h.says(desk.ByAgent, desk.Note, line("内部备注"))
			h.says(desk.ByAgent, desk.Public, line("您好"), desk.Part{Type: desk.ImagePart, Media: &desk.Media{Name: "a<b>.png", URL: "/files/secret"}})
			h.says(desk.ByAgent, desk.Public)
			h.says(desk.ByBot, desk.Public, line("还有什么可以帮您"))
			require.NoError(t, h.Transcript(t.Context(), h.order("ada@example.com")))
			m, header, text, html := o.next(t)
			require.True(t, m.tls)
			require.Equal(t, "desk", m.user)
			require.Equal(t, "noreply@shop.example", m.from)
			require.Equal(t, "ada@example.com", m.to)
			require.Empty(t, header.Get("Bcc"))
			require.Equal(t, "auto-generated", header.Get("Auto-Submitted"))
			require.Contains(t, header.Get("Message-Id"), "@shop.example>")
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			require.NoError(t, err)
			require.Equal(t, "您与 近邻<b>商城</b> Bcc: x@evil.example 的对话记录", subject)
			for _, body := range []string{text, html} {
				require.NotContains(t, body, "内部备注")
				require.NotContains(t, body, "/files/secret")
				require.Contains(t, body, "2026-03-05 04:01", "the reader's time")
				require.Contains(t, body, "林小满")
				require.Contains(t, body, "智能助手")
			}
			require.Contains(t, text, "<script>alert(1)</script>\n第二行")
			require.NotContains(t, html, "<script>")
			require.NotContains(t, html, "<b>商城")
			require.Contains(t, html, "&lt;script&gt;")
			require.Equal(t, 3, strings.Count(text, " · "), "a recalled message is not told of")
		})
	}
}

func TestWhoMayAskForTranscripts(t *testing.T) {
	t.Parallel()
	o := openOffice(t, false, false)
	h := open(t, mailer(t, o, mail.Config{}), courier.Config{})
	h.says(desk.ByVisitor, desk.Public, line("hello"))
	for _, to := range []string{"", "nobody", "a@b\r\nBcc: c@d", "<a@b.example>", "A <a@b.example>", "a@b.example, c@d.example", strings.Repeat("a", 300) + "@b.example"} {
		require.ErrorIs(t, h.Transcript(t.Context(), h.order(to)), desk.Invalid, to)
	}
	stranger := h.order("ada@example.com")
	stranger.Contact = h.IDs.Contact()
	require.ErrorIs(t, h.Transcript(t.Context(), stranger), desk.NotFound)
	for range 3 {
		require.NoError(t, h.Transcript(t.Context(), h.order("ada@example.com")))
		o.next(t)
	}
	err := h.Transcript(t.Context(), h.order("ada@example.com"))
	require.ErrorIs(t, err, desk.Limited)
	var wait interface{ RetryAfter() time.Duration }
	require.ErrorAs(t, err, &wait)
	require.Positive(t, wait.RetryAfter())
	require.Eventually(t, func() bool { return len(h.unsent()) == 0 }, 20*time.Second, 5*time.Millisecond, "what was sent is gone")
	nobody := open(t, nil, courier.Config{})
	require.False(t, nobody.Enabled())
	require.ErrorIs(t, nobody.Transcript(t.Context(), nobody.order("ada@example.com")), desk.Unsupported)
}

func (h *house) unsent() []courier.Mail {
	h.Helper()
	list, _, err := h.Mails(h.Ctx, h.ID, "")
	require.NoError(h, err)
	return list
}

// A server that is away is tried again, one that refuses is not, and what was
// put aside can be tried once more.
func TestTriesAgain(t *testing.T) {
	t.Parallel()
	o := openOffice(t, false, false)
	h := open(t, mailer(t, o, mail.Config{}), courier.Config{Retries: []time.Duration{time.Minute, time.Hour}})
	busy := &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "later"}
	o.says(busy)
	until := func(what func([]courier.Mail) bool) {
		t.Helper()
		require.Eventually(t, func() bool { return what(h.unsent()) }, 20*time.Second, 5*time.Millisecond)
	}
	invitation := courier.Invitation{Account: h.ID, To: "new@example.com", By: h.Agent.ID, URL: "https://desk.example/desk/invite#secret", Expires: h.Clock.Now()}
	require.NoError(t, h.Invite(t.Context(), invitation))
	for attempt := int64(1); attempt <= 2; attempt++ {
		until(func(m []courier.Mail) bool { return m[0].Attempts == attempt })
		require.False(t, h.unsent()[0].Dead)
		h.Clock.Advance(2 * time.Hour)
	}
	until(func(m []courier.Mail) bool { return m[0].Dead })
	require.Equal(t, "unreachable", h.unsent()[0].Error)
	stored, err := os.ReadFile(filepath.Join(h.dir, "yingda.db-wal"))
	require.NoError(t, err)
	for _, secret := range []string{"new@example.com", "invite#secret"} {
		require.NotContains(t, string(stored), secret, "sealed at rest")
	}

	o.says(nil)
	require.NoError(t, h.Retry(t.Context(), h.ID, h.unsent()[0].ID))
	_, _, text, html := o.next(t)
	require.Contains(t, text, invitation.URL)
	require.Contains(t, html, `href="https://desk.example/desk/invite#secret"`)
	until(func(m []courier.Mail) bool { return len(m) == 0 })
	require.ErrorIs(t, h.Retry(t.Context(), h.ID, "mal_x"), desk.NotFound)

	o.says(&smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "nobody here"})
	require.NoError(t, h.Invite(t.Context(), invitation))
	until(func(m []courier.Mail) bool { return len(m) == 1 && m[0].Dead })
	require.Equal(t, "refused", h.unsent()[0].Error)
	require.EqualValues(t, 1, h.unsent()[0].Attempts)
	h.Clock.Advance(40 * 24 * time.Hour)
	gone, err := h.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, gone)
}

// Without the encryption that was asked for, with a certificate of somebody
// else, or with a wrong password nothing is sent.
func TestNoMailOverABadLine(t *testing.T) {
	t.Parallel()
	o := openOffice(t, false, true)
	other := openOffice(t, false, false)
	for name, c := range map[string]mail.Config{
		"another's certificate": {Port: o.port, Roots: other.roots, Username: "desk", Password: "geheim"},
		"wrong password":        {Port: o.port, Roots: o.roots, Username: "desk", Password: "falsch"},
		"clear where TLS is":    {Port: o.port, Roots: o.roots, Security: mail.TLS},
		"nobody listens":        {Port: 1, Roots: o.roots},
	} {
		c.Host, c.From = "localhost", "noreply@shop.example"
		m, err := mail.New(c)
		require.NoError(t, err)
		err = m.Send(t.Context(), mail.Message{ID: "1", To: "ada@example.com", Subject: "x", Text: "x", At: time.Now()})
		require.Error(t, err, name)
	}
	require.Empty(t, o.mails)
	for _, c := range []mail.Config{{}, {Host: "x", Port: 25, From: "nonsense"}, {Host: "x", Port: 25, From: "a@b.example", Security: "ssl"}, {From: "a@b.example"}} {
		_, err := mail.New(c)
		require.ErrorIs(t, err, desk.Invalid)
	}
}
