package workspace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "a good password"

var office = workspace.SessionMeta{Address: netip.MustParseAddr("203.0.113.7"), Browser: "Firefox"}

type house struct {
	*storetest.Env
	*workspace.Service
	deps   workspace.Deps
	folder string
}

func open(t *testing.T, config workspace.Config) *house {
	t.Helper()
	folder := t.TempDir()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
			sqlite.Config{Path: filepath.Join(folder, "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	passwords, err := auth.NewPasswords(auth.PasswordDeps{Random: rand.Reader}, auth.PasswordConfig{MemoryKiB: 64, Passes: 1})
	require.NoError(t, err)
	secrets, err := auth.NewSecrets(master.Derive("secrets"), rand.Reader)
	require.NoError(t, err)
	throttle, err := auth.NewThrottle(auth.ThrottleConfig{})
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	book, err := audit.New(audit.Deps{Store: env.Store, Keys: keys, IDs: env.IDs})
	require.NoError(t, err)
	h := &house{Env: env, folder: folder, deps: workspace.Deps{
		Store: env.Store, Keys: keys, Audit: book,
		Emails: master, IDs: env.IDs, Clock: env.Clock, Passwords: passwords, Secrets: secrets, Throttle: throttle,
		Log: slog.New(slog.DiscardHandler),
	}}
	h.Service = h.node(config)
	return h
}

// node is another process on the same database.
func (h *house) node(config workspace.Config) *workspace.Service {
	h.Helper()
	s, err := workspace.New(h.deps, config)
	require.NoError(h, err)
	return s
}

func (h *house) company(email string) (desk.Account, desk.Agent) {
	h.Helper()
	a, err := h.CreateAccount(h.Ctx, "应答", "")
	require.NoError(h, err)
	boss, err := h.CreateAgent(h.Ctx, a.ID, workspace.NewAgent{Name: "陈晨", Email: email, Password: password, Role: desk.Administrator})
	require.NoError(h, err)
	return a, boss
}

func TestLogInAndOut(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, boss := h.company("Chen@Example.com")
	in, err := h.LogIn(t.Context(), workspace.Credentials{Email: " chen@example.COM ", Password: password}, office)
	require.NoError(t, err)
	require.Equal(t, boss, in.Agent)
	require.Equal(t, account.ID, in.Account.ID)
	p, err := h.Authenticate(t.Context(), in.Secret)
	require.NoError(t, err)
	require.Equal(t, in.Principal, p)
	require.NoError(t, p.Require(auth.KeysManage))
	require.True(t, auth.VerifyCSRF(in.Secret, p.CSRF))

	require.NoError(t, h.LogOut(t.Context(), in.Secret))
	_, err = h.Authenticate(t.Context(), in.Secret)
	require.ErrorIs(t, err, desk.Unauthenticated)
	require.NoError(t, h.LogOut(t.Context(), in.Secret), "again is fine")
	for _, forged := range []string{"", "yds_", in.Secret + "x", "ydt_" + in.Secret[4:]} {
		_, err = h.Authenticate(t.Context(), forged)
		require.ErrorIs(t, err, desk.Unauthenticated)
	}
}

func TestStrangersCannotTellWhatWasWrong(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, _ := h.company("chen@example.com")
	lin, err := h.CreateAgent(t.Context(), account.ID, workspace.NewAgent{Name: "林", Email: "lin@example.com", Password: password, Role: desk.Answerer})
	require.NoError(t, err)
	in, err := h.LogIn(t.Context(), workspace.Credentials{Email: lin.Email, Password: password}, office)
	require.NoError(t, err)
	off := true
	_, err = h.ChangeAgent(t.Context(), auth.Principal{}, account.ID, lin.ID, workspace.AgentChange{Disabled: &off})
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), in.Secret)
	require.ErrorIs(t, err, desk.Unauthenticated, "disabling ends sessions")

	var said []string
	for _, try := range [][2]string{{"chen@example.com", "wrong password"}, {"nobody@example.com", password}, {"lin@example.com", password}, {"", ""}} {
		_, err := h.LogIn(t.Context(), workspace.Credentials{Email: try[0], Password: try[1]}, office)
		require.ErrorIs(t, err, desk.Unauthenticated)
		said = append(said, err.Error())
	}
	for _, s := range said {
		require.Equal(t, said[0], s)
	}
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	h.company("chen@example.com")
	limited := false
	for range 20 {
		_, err := h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: "guess guess"}, office)
		require.Error(t, err)
		limited = limited || desk.KindOf(err) == desk.Limited
	}
	require.True(t, limited)
	_, err := h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, office)
	require.ErrorIs(t, err, desk.Limited, "not even the right one from there")
	home := workspace.SessionMeta{Address: netip.MustParseAddr("198.51.100.9")}
	_, err = h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, home)
	require.NoError(t, err, "a stranger does not lock the colleague out elsewhere")
}

func TestSessionsSlideAndEnd(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{SessionIdle: time.Hour, SessionLife: 3 * time.Hour, TouchEvery: time.Minute})
	h.company("chen@example.com")
	in, err := h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, office)
	require.NoError(t, err)
	for range 3 { // used every 50 minutes it lives on
		h.Clock.Advance(50 * time.Minute)
		_, err = h.Authenticate(t.Context(), in.Secret)
		require.NoError(t, err)
	}
	h.Clock.Advance(31 * time.Minute)
	_, err = h.Authenticate(t.Context(), in.Secret)
	require.ErrorIs(t, err, desk.Unauthenticated, "but not beyond its life")

	in, err = h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, office)
	require.NoError(t, err)
	h.Clock.Advance(61 * time.Minute)
	_, err = h.Authenticate(t.Context(), in.Secret)
	require.ErrorIs(t, err, desk.Unauthenticated, "nor unused")
	n, err := h.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

func TestPasswordsAreUpgradedAtLogIn(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, boss := h.company("chen@example.com")
	old, err := h.Store.Agent(t.Context(), account.ID, boss.ID)
	require.NoError(t, err)
	h.deps.Passwords, err = auth.NewPasswords(auth.PasswordDeps{Random: rand.Reader}, auth.PasswordConfig{MemoryKiB: 128, Passes: 1})
	require.NoError(t, err)
	_, err = h.node(workspace.Config{}).LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, office)
	require.NoError(t, err)
	now, err := h.Store.Agent(t.Context(), account.ID, boss.ID)
	require.NoError(t, err)
	require.NotEqual(t, old.PasswordHash, now.PasswordHash)
	require.False(t, h.deps.Passwords.NeedsRehash(now.PasswordHash))
}

// slowRandom stands for a hash that takes its time.
type slowRandom struct{ asked, proceed chan struct{} }

func (s slowRandom) Read(b []byte) (int, error) {
	s.asked <- struct{}{}
	<-s.proceed
	return rand.Read(b)
}

func TestChangesAtTheSameTimeDoNotUndoEachOther(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, _ := h.company("boss@a.example")
	leaver, err := h.CreateAgent(h.Ctx, account.ID, workspace.NewAgent{Name: "L", Email: "l@a.example", Password: password, Role: desk.Answerer})
	require.NoError(t, err)
	slow := slowRandom{make(chan struct{}), make(chan struct{})}
	h.deps.Passwords, err = auth.NewPasswords(auth.PasswordDeps{Random: slow}, auth.PasswordConfig{MemoryKiB: 64, Passes: 1})
	require.NoError(t, err)
	other := h.node(workspace.Config{})
	changed := make(chan error, 1)
	go func() {
		fresh := password + "2"
		_, err := other.ChangeAgent(h.Ctx, auth.Principal{}, account.ID, leaver.ID, workspace.AgentChange{Password: &fresh})
		changed <- err
	}()
	<-slow.asked
	yes := true
	_, err = h.ChangeAgent(h.Ctx, auth.Principal{}, account.ID, leaver.ID, workspace.AgentChange{Disabled: &yes})
	require.NoError(t, err)
	close(slow.proceed)
	require.NoError(t, <-changed)
	now, err := other.Agent(h.Ctx, account.ID, leaver.ID)
	require.NoError(t, err)
	require.True(t, now.Disabled)
}

func TestAPITokensNeverExceedTheirOwner(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{TouchEvery: time.Hour})
	account, boss := h.company("chen@example.com")
	in, err := h.LogIn(t.Context(), workspace.Credentials{Email: "chen@example.com", Password: password}, office)
	require.NoError(t, err)
	_, err = h.CreateAgent(t.Context(), account.ID, workspace.NewAgent{Name: "二", Email: "b@example.com", Password: password, Role: desk.Administrator})
	require.NoError(t, err)
	month := h.Clock.Now().Add(30 * 24 * time.Hour)
	asked := auth.NewSet(auth.ConversationsRead, auth.KeysManage)
	secret, token, err := h.CreateToken(t.Context(), in.Principal, workspace.NewToken{Name: "报表", Permissions: asked, ExpiresAt: month})
	require.NoError(t, err)

	p, err := h.AuthenticateToken(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, asked, p.Permissions)
	require.Empty(t, p.CSRF)
	require.Equal(t, token.ID, p.Token)
	list, err := h.Tokens(t.Context(), account.ID)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.False(t, list[0].UsedAt.IsZero(), "the use is recorded")
	head := list[0].UsedAt
	_, err = h.AuthenticateToken(t.Context(), secret)
	require.NoError(t, err)
	list, err = h.Tokens(t.Context(), account.ID)
	require.NoError(t, err)
	require.Equal(t, head, list[0].UsedAt, "and not each time")

	role := desk.Answerer
	_, err = h.ChangeAgent(t.Context(), auth.Principal{}, account.ID, boss.ID, workspace.AgentChange{Role: &role})
	require.NoError(t, err)
	p, err = h.AuthenticateToken(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, auth.NewSet(auth.ConversationsRead), p.Permissions, "cut to what the owner may do now")
	_, _, err = h.CreateToken(t.Context(), p, workspace.NewToken{Name: "x", Permissions: asked, ExpiresAt: month})
	require.ErrorIs(t, err, desk.Denied)
	for _, bad := range []workspace.NewToken{
		{Name: "", Permissions: asked, ExpiresAt: month},
		{Name: "x", ExpiresAt: month},
		{Name: "x", Permissions: asked},
		{Name: "x", Permissions: asked, ExpiresAt: month.AddDate(2, 0, 0)},
	} {
		_, _, err = h.CreateToken(t.Context(), in.Principal, bad)
		require.ErrorIs(t, err, desk.Invalid)
	}

	other, _ := h.company("other@example.com")
	require.ErrorIs(t, h.RevokeToken(t.Context(), auth.Principal{Account: other.ID}, "", token.ID), desk.NotFound)
	h.Clock.Advance(31 * 24 * time.Hour)
	_, err = h.AuthenticateToken(t.Context(), secret)
	require.ErrorIs(t, err, desk.Unauthenticated, "expired")
	me := auth.Principal{Account: account.ID, Agent: "agt_1"}
	require.NoError(t, h.RevokeToken(t.Context(), me, "revoke-1", token.ID))
	require.NoError(t, h.RevokeToken(t.Context(), me, "revoke-1", token.ID), "a repeat gets the first answer")
	require.ErrorIs(t, h.RevokeToken(t.Context(), me, "revoke-2", token.ID), desk.NotFound)
	require.ErrorIs(t, h.RevokeToken(t.Context(), auth.Principal{Account: account.ID, Agent: "agt_2"}, "revoke-1", token.ID), desk.NotFound, "keys are each caller's own")
	require.ErrorIs(t, h.RevokeToken(t.Context(), me, "revoke-2", token.ID), desk.NotFound, "a refused command leaves no key")
	_, err = h.AuthenticateToken(t.Context(), secret)
	require.ErrorIs(t, err, desk.Unauthenticated)
}

func TestOwnChangesAreSeenAtOnceAndOthersSoon(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{CacheTTL: 10 * time.Second})
	other := h.node(workspace.Config{CacheTTL: 10 * time.Second})
	account, boss := h.company("chen@example.com")
	in, err := h.CreateInbox(t.Context(), account.ID, workspace.NewInbox{Channel: "webchat", Name: "网页"})
	require.NoError(t, err)
	for _, s := range []*workspace.Service{h.Service, other} { // both remember
		require.Equal(t, "陈晨", s.AgentName(t.Context(), account.ID, boss.ID))
		_, err = s.InboxByKey(t.Context(), in.Key)
		require.NoError(t, err)
	}
	name := "陈小晨"
	_, err = h.ChangeAgent(t.Context(), auth.Principal{}, account.ID, boss.ID, workspace.AgentChange{Name: &name})
	require.NoError(t, err)
	key, err := h.AddHostKey(t.Context(), account.ID, in.ID, "")
	require.NoError(t, err)
	require.Equal(t, name, h.AgentName(t.Context(), account.ID, boss.ID))
	own, err := h.InboxByKey(t.Context(), in.Key)
	require.NoError(t, err)
	require.Len(t, own.HostKeys, 1)
	require.Equal(t, "陈晨", other.AgentName(t.Context(), account.ID, boss.ID), "the other process still has its copy")
	h.Clock.Advance(11 * time.Second)
	require.Equal(t, name, other.AgentName(t.Context(), account.ID, boss.ID))
	theirs, err := other.InboxByKey(t.Context(), in.Key)
	require.NoError(t, err)
	require.Equal(t, own.HostKeys, theirs.HostKeys)
	require.Equal(t, []byte(key.Secret), theirs.HostKeys[0].Secret)

	require.Empty(t, h.AgentName(t.Context(), h.IDs.Account(), boss.ID), "names are the account's")
	lookup, err := h.InboxLookup(t.Context(), account.ID)
	require.NoError(t, err)
	found, ok := lookup(in.ID)
	require.True(t, ok)
	require.Equal(t, in.Key, found.Key)
}

func TestHostKeysOverlapWhileTheyChange(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, _ := h.company("chen@example.com")
	in, err := h.CreateInbox(t.Context(), account.ID, workspace.NewInbox{Channel: "webchat", Name: "网页", Options: map[string]string{"token": "geheim"}})
	require.NoError(t, err)
	sign := func(k workspace.HostKey) string {
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": h.Clock.Now().Add(time.Hour).Unix()})
		token.Header["kid"] = k.ID
		signed, err := token.SignedString([]byte(k.Secret))
		require.NoError(t, err)
		return signed
	}
	verify := func(token string) error {
		box, err := h.InboxByKey(t.Context(), in.Key)
		require.NoError(t, err)
		_, err = auth.VerifyHostJWT(box.HostKeys, token, h.Clock.Now())
		return err
	}
	first, err := h.AddHostKey(t.Context(), account.ID, in.ID, "")
	require.NoError(t, err)
	second, err := h.AddHostKey(t.Context(), account.ID, in.ID, "")
	require.NoError(t, err)
	require.NoError(t, verify(sign(first)))
	require.NoError(t, verify(sign(second)))
	require.NoError(t, h.RemoveHostKey(t.Context(), account.ID, in.ID, first.ID))
	require.ErrorIs(t, verify(sign(first)), desk.Unauthenticated)
	require.NoError(t, verify(sign(second)))
	require.ErrorIs(t, h.RemoveHostKey(t.Context(), account.ID, in.ID, first.ID), desk.NotFound)
	for range auth.MaxHostKeys - 1 {
		_, err = h.AddHostKey(t.Context(), account.ID, in.ID, "")
		require.NoError(t, err)
	}
	_, err = h.AddHostKey(t.Context(), account.ID, in.ID, "")
	require.ErrorIs(t, err, desk.Conflict)
	listed, err := h.HostKeys(t.Context(), account.ID, in.ID)
	require.NoError(t, err)
	require.Len(t, listed, auth.MaxHostKeys)
	for _, k := range listed {
		require.Empty(t, k.Secret, "secrets are shown once")
	}
	box, err := h.Inbox(t.Context(), account.ID, in.ID)
	require.NoError(t, err)
	require.Equal(t, "geheim", box.Options["token"], "other secrets stay")
	row, err := h.Store.Inbox(t.Context(), account.ID, in.ID)
	require.NoError(t, err)
	require.False(t, bytes.Contains(row.Secrets, []byte("geheim")))
}

// A stolen database tells neither who the colleagues are nor how to log in.
func TestStaffAndSecretsAreNotReadableOnDisk(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, err := h.CreateAccount(t.Context(), "公司名称可以看见", "")
	require.NoError(t, err)
	_, err = h.CreateAgent(t.Context(), account.ID, workspace.NewAgent{
		Name: "慕容令狐", Email: "murong@quillmarsh-vexford.net", Password: "Jabberwocky Qwertz", Role: desk.Administrator,
	})
	require.NoError(t, err)
	in, err := h.CreateInbox(t.Context(), account.ID, workspace.NewInbox{Channel: "webchat", Name: "网页", Options: map[string]string{"app_key": "Zyxwvut-7781"}})
	require.NoError(t, err)
	key, err := h.AddHostKey(t.Context(), account.ID, in.ID, "")
	require.NoError(t, err)
	session, err := h.LogIn(t.Context(), workspace.Credentials{Email: "murong@quillmarsh-vexford.net", Password: "Jabberwocky Qwertz"}, office)
	require.NoError(t, err)
	token, _, err := h.CreateToken(t.Context(), session.Principal, workspace.NewToken{
		Name: "报表", Permissions: auth.NewSet(auth.SearchRead), ExpiresAt: h.Clock.Now().Add(time.Hour),
	})
	require.NoError(t, err)
	var all []byte
	for _, name := range []string{"yingda.db", "yingda.db-wal"} {
		data, err := os.ReadFile(filepath.Join(h.folder, name))
		require.NoError(t, err)
		all = append(all, data...)
	}
	require.True(t, bytes.Contains(all, []byte("公司名称可以看见")), "what is not secret is found, so this search works")
	for _, secret := range []string{
		"慕容", "令狐", "murong", "quillmarsh", "Jabberwocky", "Zyxwvut", key.Secret, key.Secret[:12],
		session.Secret[4:20], session.Principal.CSRF[:12], token[4:20], "203.0.113.7",
	} {
		require.False(t, bytes.Contains(all, []byte(secret)), secret)
	}
}

func TestInputIsChecked(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	account, boss := h.company("chen@example.com")
	other, stranger := h.company("other@example.com")
	ctx := t.Context()
	_, err := h.CreateAgent(ctx, account.ID, workspace.NewAgent{Name: "二", Email: "OTHER@example.com", Password: password, Role: desk.Answerer})
	require.ErrorIs(t, err, desk.Conflict, "an e-mail is one person on the whole installation")
	for name, n := range map[string]workspace.NewAgent{
		"no name": {Email: "a@b.c", Password: password, Role: desk.Answerer}, "no mail": {Name: "a", Email: "ab.c", Password: password, Role: desk.Answerer},
		"weak": {Name: "a", Email: "a@b.c", Password: "short", Role: desk.Answerer}, "role": {Name: "a", Email: "a@b.c", Password: password, Role: "king"},
		"locale": {Name: "a", Email: "a@b.c", Password: password, Role: desk.Answerer, Locale: "tlh"},
		"lines":  {Name: "a\nb", Email: "a@b.c", Password: password, Role: desk.Answerer},
	} {
		_, err = h.CreateAgent(ctx, account.ID, n)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
	for name, n := range map[string]workspace.NewInbox{
		"key": {Channel: "webchat", Name: "a", Key: "CHK"}, "name": {Channel: "webchat"},
		"origin": {Channel: "webchat", Name: "a", Settings: desk.InboxSettings{AllowedOrigins: []string{"https://a.b/path"}}},
		"script": {Channel: "webchat", Name: "a", Settings: desk.InboxSettings{AllowedOrigins: []string{"javascript://x"}}},
		"colour": {Channel: "webchat", Name: "a", Settings: desk.InboxSettings{Primary: "red;}"}},
	} {
		_, err = h.CreateInbox(ctx, account.ID, n)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
	in, err := h.CreateInbox(ctx, account.ID, workspace.NewInbox{Channel: "webchat", Name: "a", Key: "chk_mine"})
	require.NoError(t, err)
	_, err = h.CreateInbox(ctx, other.ID, workspace.NewInbox{Channel: "webchat", Name: "a", Key: "chk_mine"})
	require.ErrorIs(t, err, desk.Conflict)
	_, err = h.ChangeInbox(ctx, other.ID, in.ID, workspace.InboxChange{Name: "theirs", Settings: desk.InboxSettings{}, Enabled: false})
	require.ErrorIs(t, err, desk.NotFound)
	_, err = h.AddHostKey(ctx, other.ID, in.ID, "")
	require.ErrorIs(t, err, desk.NotFound)
	changed, err := h.ChangeInbox(ctx, account.ID, in.ID, workspace.InboxChange{Name: "新名字", Settings: desk.InboxSettings{Greeting: "您好", AllowedOrigins: []string{"https://shop.example"}}, Enabled: false})
	require.NoError(t, err)
	require.False(t, changed.Enabled)
	require.Equal(t, in.Key, changed.Key)

	role, off := desk.Answerer, true
	for _, c := range []workspace.AgentChange{{Role: &role}, {Disabled: &off}} {
		_, err = h.ChangeAgent(ctx, auth.Principal{}, account.ID, boss.ID, c)
		require.ErrorIs(t, err, desk.Conflict, "the last administrator stays")
	}
	_, err = h.ChangeAgent(ctx, auth.Principal{}, other.ID, boss.ID, workspace.AgentChange{})
	require.ErrorIs(t, err, desk.NotFound)
	_, err = h.SaveTeam(ctx, desk.Team{AccountID: account.ID, Name: "售前", Members: []desk.AgentID{stranger.ID}})
	require.ErrorIs(t, err, desk.Invalid)
	team, err := h.SaveTeam(ctx, desk.Team{AccountID: account.ID, Name: "售前", Members: []desk.AgentID{boss.ID}})
	require.NoError(t, err)
	_, err = h.SaveTeam(ctx, desk.Team{ID: team.ID, AccountID: other.ID, Name: "抢"})
	require.ErrorIs(t, err, desk.NotFound)
	require.ErrorIs(t, h.DeleteTeam(ctx, auth.Principal{}, other.ID, team.ID), desk.NotFound)
	require.NoError(t, h.DeleteTeam(ctx, auth.Principal{}, account.ID, team.ID))
	may, err := h.AgentPermissions(ctx, account.ID, stranger.ID)
	require.NoError(t, err)
	require.Zero(t, may)
	_, err = workspace.New(workspace.Deps{}, workspace.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}

// stage counts what the demonstration plays.
type stage struct {
	mu    sync.Mutex
	heard map[string]string
	fail  int
}

func (s *stage) Say(_ context.Context, in desk.Inbox, who workspace.DemoCustomer, key, text string) (desk.ConversationID, error) {
	return desk.ConversationID(who.External), s.play(key, in.Key+who.Profile.Name+text)
}

func (s *stage) Act(_ context.Context, agent desk.Agent, c desk.ConversationID, key string, act workspace.DemoAct) error {
	return s.play(key, fmt.Sprint(agent.Email, c, act))
}

func (s *stage) play(key, what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail--; s.fail == 0 {
		return desk.E(desk.Unavailable, "play", "")
	}
	if said, ok := s.heard[key]; ok && said != what {
		return desk.E(desk.Internal, "play", "a key was used for something else")
	}
	s.heard[key] = what
	return nil
}

func TestTheDemonstrationIsCompletedAndThenLeftAlone(t *testing.T) {
	t.Parallel()
	h := open(t, workspace.Config{})
	s := &stage{heard: map[string]string{}, fail: 4}
	_, err := h.SeedDemo(t.Context(), s)
	require.ErrorIs(t, err, desk.Unavailable, "interrupted")
	d, err := h.SeedDemo(t.Context(), s)
	require.NoError(t, err)
	require.Greater(t, len(s.heard), 12)
	require.Equal(t, "应答优选商城", d.Account.Name)
	require.Equal(t, workspace.DemoInboxKey, d.Inbox.Key)
	require.NotEmpty(t, d.Inbox.Settings.Greeting)

	played := len(s.heard)
	s.heard = map[string]string{}
	again, err := h.node(workspace.Config{}).SeedDemo(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, d, again)
	require.Empty(t, s.heard, "nothing of %d lines is said twice", played)
	accounts, err := h.Store.Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, accounts, 1)
	teams, err := h.Teams(t.Context(), d.Account.ID)
	require.NoError(t, err)
	require.Len(t, teams, 3)
	for _, email := range []string{workspace.DemoEmail, workspace.DemoAgentEmail} {
		_, err = h.LogIn(t.Context(), workspace.Credentials{Email: email, Password: workspace.DemoPassword}, office)
		require.NoError(t, err)
	}
}
