package scenario_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/outcall"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// service answers as it is told, and keeps what it was asked.
type service struct {
	asked   []outcall.Request
	answers []outcall.Answer
}

func (s *service) Do(_ context.Context, q outcall.Request) outcall.Answer {
	s.asked = append(s.asked, q)
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	return a
}

// zone is where the company is, far from the server's.
type zone struct{}

func (zone) Zone(desk.AccountID) *time.Location { return time.FixedZone("UTC+13", 13*3600) }

type box struct {
	*storetest.Tenant
	*scenario.Service
	shop *service
	dir  string
}

func open(t *testing.T) *box {
	t.Helper()
	dir := t.TempDir()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(dir, "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	book, err := audit.New(audit.Deps{Store: env.Store, Keys: keys, IDs: env.IDs})
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	b, err := logbus.New(logbus.Deps{Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 }, Log: log, Metrics: prometheus.NewRegistry()}, logbus.Config{})
	require.NoError(t, err)
	shop := &service{answers: []outcall.Answer{{Status: 200, Body: []byte(`{"a":1}`), Sent: true}}}
	now := func(time.Duration) (<-chan time.Time, func()) {
		c := make(chan time.Time, 1)
		c <- time.Time{}
		return c, func() {}
	}
	s, err := scenario.New(scenario.Deps{Store: env.Store, Keys: keys, Bus: b, IDs: env.IDs, Clock: env.Clock, After: now, Audit: book, Caller: shop, Log: log, Zones: zone{}, Metrics: prometheus.NewRegistry()})
	require.NoError(t, err)
	return &box{Tenant: env.Tenant(), Service: s, shop: shop, dir: dir}
}

func (b *box) by(key string) desk.By {
	return desk.By{Account: b.ID, Agent: b.Agent.ID, Key: key}
}

const flow = "flow: orders\ntitle: Geheimfluss\nslots:\n  no: {kind: order, ask: 单号？}\nstates:\n  a:\n    - ask: no\n    - call: {post: \"{{secret.shop}}/o/{{no}}\", headers: {X-Key: \"k {{secret.key}}\"}, body: {no: \"{{no}}\"}, retries: 2}\n    - end: 好\n"

func TestPublishedFlowsServe(t *testing.T) {
	t.Parallel()
	b := open(t)
	f, err := b.Save(b.Ctx, b.by("k1"), "", 0, flow)
	require.NoError(t, err)
	again, err := b.Save(b.Ctx, b.by("k1"), "", 0, flow)
	require.NoError(t, err)
	require.Equal(t, f.ID, again.ID, "a repeat gets the first answer")
	current, err := b.Flows(b.Ctx, b.ID)
	require.NoError(t, err)
	require.Empty(t, current.Set)
	f, err = b.Publish(b.Ctx, b.by("k2"), f.ID, 1)
	require.NoError(t, err)
	require.EqualValues(t, 1, f.Published)
	_, err = b.Publish(b.Ctx, b.by("k2"), f.ID, 1)
	require.NoError(t, err, "a repeat")
	current, err = b.Flows(b.Ctx, b.ID)
	require.NoError(t, err)
	require.Len(t, current.Set, 1)
	f, err = b.Save(b.Ctx, b.by(""), f.ID, 1, strings.Replace(flow, "goto", "", 1)+"  b:\n    - goto: nowhere\n")
	require.NoError(t, err, "a draft may have problems")
	require.Equal(t, 1, f.Problems)
	require.True(t, f.Changed)
	_, err = b.Publish(b.Ctx, b.by(""), f.ID, 2)
	require.ErrorIs(t, err, desk.Invalid)
	_, err = b.Save(b.Ctx, b.by(""), f.ID, 1, flow)
	require.ErrorIs(t, err, desk.Conflict)
	same, err := b.Flows(b.Ctx, b.ID)
	require.NoError(t, err)
	require.Equal(t, current.Version, same.Version)
	versions, err := b.Versions(b.Ctx, b.ID, f.ID)
	require.NoError(t, err)
	require.Len(t, versions, 1, "the repeat made none")
	old, err := b.Version(b.Ctx, b.ID, f.ID, 1)
	require.NoError(t, err)
	require.Equal(t, flow, old.Source)
	_, err = b.Enable(b.Ctx, b.by(""), f.ID, false)
	require.NoError(t, err)
	current, err = b.Flows(b.Ctx, b.ID)
	require.NoError(t, err)
	require.Empty(t, current.Set)
	require.NoError(t, b.Delete(b.Ctx, b.by("k9"), f.ID))
	require.NoError(t, b.Delete(b.Ctx, b.by("k9"), f.ID), "a repeat")
	for _, bad := range []string{"", "states: {}", strings.Repeat("x", dialogue.MaxSource+1)} {
		_, err = b.Save(b.Ctx, b.by(""), "", 0, bad)
		require.ErrorIs(t, err, desk.Invalid)
	}
}

// call leads the flow to its call.
func (b *box) call() dialogue.Call {
	b.Helper()
	f, problems := dialogue.Parse([]byte(flow))
	require.False(b, dialogue.Broken(problems), problems)
	out, err := dialogue.Step(dialogue.Set{"orders": f}, dialogue.State{}, dialogue.Input{Kind: dialogue.Begin, Flow: "orders", Text: "DD123456"}, b.Clock.Now())
	require.NoError(b, err)
	return *out.Effects[0].Call
}

func TestCallsCarrySecretsAndAreRepeatedWithCare(t *testing.T) {
	t.Parallel()
	b := open(t)
	c := b.call()
	require.Equal(t, scenario.NoSecret, b.Perform(b.Ctx, b.ID, "cnv_1", c).Failure)
	require.Empty(t, b.shop.asked)
	require.NoError(t, b.PutSecret(b.Ctx, b.by(""), "shop", "https://shop.example/api/"))
	require.NoError(t, b.PutSecret(b.Ctx, b.by(""), "key", "Geheimschluessel"))
	r := b.Perform(b.Ctx, b.ID, "cnv_1", c)
	require.Equal(t, dialogue.Result{Call: "call_1", Status: 200, Body: json.RawMessage(`{"a":1}`)}, r)
	q := b.shop.asked[0]
	require.Equal(t, "https://shop.example/api/o/DD123456", q.URL)
	require.Equal(t, "k Geheimschluessel", q.Headers["X-Key"])
	key := q.Headers["Idempotency-Key"]
	require.Len(t, key, 32)
	b.Perform(b.Ctx, b.ID, "cnv_2", c)
	require.NotEqual(t, key, b.shop.asked[1].Headers["Idempotency-Key"])

	ask := func(method string, answers ...outcall.Answer) (dialogue.Result, int) {
		b.shop.asked, b.shop.answers = nil, answers
		c.Method = method
		return b.Perform(b.Ctx, b.ID, "cnv_1", c), len(b.shop.asked)
	}
	r, n := ask("POST", outcall.Answer{Failure: outcall.TimedOut, Sent: true})
	require.Equal(t, 1, n, "the service may have done it")
	require.Equal(t, outcall.TimedOut, r.Failure)
	_, n = ask("POST", outcall.Answer{Failure: outcall.Unreachable})
	require.Equal(t, 3, n)
	r, n = ask("GET", outcall.Answer{Status: 502}, outcall.Answer{Status: 200, Body: []byte("{}")})
	require.Equal(t, 2, n)
	require.Equal(t, 200, r.Status)
	_, n = ask("GET", outcall.Answer{Status: 404})
	require.Equal(t, 1, n)
	_, n = ask("GET", outcall.Answer{Failure: outcall.Forbidden})
	require.Equal(t, 1, n)
	r, _ = ask("GET", outcall.Answer{Status: 200, Body: []byte("<html>")})
	require.Equal(t, scenario.NotJSON, r.Failure)
	require.NoError(t, b.DeleteSecret(b.Ctx, b.by("key-123"), "key"))
	require.NoError(t, b.DeleteSecret(b.Ctx, b.by("key-123"), "key"), "a repeat")
	for _, bad := range [][2]string{{"", "x"}, {"A", "x"}, {"a", ""}, {"a", "x\ny"}, {"a", strings.Repeat("x", 5000)}} {
		require.ErrorIs(t, b.PutSecret(b.Ctx, b.by(""), bad[0], bad[1]), desk.Invalid)
	}
}

// What fails is known until it works again.
func TestFailingStepsAreKnown(t *testing.T) {
	t.Parallel()
	b := open(t)
	c := dialogue.Call{ID: "call_1", Flow: "order_status", Step: "ask_shop", Method: "GET", URL: dialogue.Text{{Words: "https://shop.example/1"}}}
	for range 2 {
		b.shop.answers = []outcall.Answer{{Failure: outcall.TimedOut}}
		b.Perform(b.Ctx, b.ID, "cnv_1", c)
	}
	failing := b.Failing(b.ID)
	require.Len(t, failing, 1)
	require.Equal(t, "order_status", failing[0].Flow)
	require.Equal(t, outcall.TimedOut, failing[0].Failure)
	require.Equal(t, 2, failing[0].Times)
	require.Empty(t, b.Failing("acc_other"), "another company's failures are not ours")
	b.shop.answers = []outcall.Answer{{Status: 200, Body: []byte(`{}`)}}
	b.Perform(b.Ctx, b.ID, "cnv_1", c)
	require.Empty(t, b.Failing(b.ID))
}

func TestNothingOfAFlowIsReadableAtRest(t *testing.T) {
	t.Parallel()
	b := open(t)
	f, err := b.Save(b.Ctx, b.by(""), "", 0, flow)
	require.NoError(t, err)
	_, err = b.Publish(b.Ctx, b.by(""), f.ID, 1)
	require.NoError(t, err)
	require.NoError(t, b.PutSecret(b.Ctx, b.by(""), "key", "Geheimschluessel"))
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NotContains(t, string(data), "Geheim")
	}
}

func TestAPartIsMissing(t *testing.T) {
	t.Parallel()
	_, err := scenario.New(scenario.Deps{})
	require.ErrorIs(t, err, desk.Invalid)
}

// Days in flows are the company's, also where the server is in another zone.
func TestTheDebuggerIsInTheCompanysZone(t *testing.T) {
	t.Parallel()
	b := open(t)
	out, err := b.Debug(b.Ctx, b.ID, "flow: clock\ntitle: t\nstates:\n  a:\n    - say: \"{{now}}\"\n    - end: 好\n", nil, dialogue.Input{Kind: dialogue.Begin}, false)
	require.NoError(t, err)
	require.Contains(t, out.Effects[0].Content.PlainText(), "+13:00")
}
