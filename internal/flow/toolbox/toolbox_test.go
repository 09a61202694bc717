package toolbox_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type box struct {
	*storetest.Tenant
	*toolbox.Service
	dir string
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
	s, err := toolbox.New(toolbox.Deps{Store: env.Store, Keys: keys, IDs: env.IDs, Clock: env.Clock, Audit: book, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return &box{Tenant: env.Tenant(), Service: s, dir: dir}
}

func (b *box) by(key string) toolbox.By {
	return toolbox.By{By: desk.By{Account: b.ID, Agent: b.Agent.ID, Key: key}, Manages: true}
}

func TestLabelsHaveOneNameEach(t *testing.T) {
	t.Parallel()
	b := open(t)
	l, err := b.SaveLabel(b.Ctx, b.by("key-1"), desk.Label{Name: " 退款 ", Color: "red"})
	require.NoError(t, err)
	require.Equal(t, "退款", l.Name)
	again, err := b.SaveLabel(b.Ctx, b.by("key-1"), desk.Label{Name: "退款", Color: "red"})
	require.NoError(t, err)
	require.Equal(t, l, again, "a repeat gets the first answer")
	_, err = b.SaveLabel(b.Ctx, b.by("key-2"), desk.Label{Name: "VIP"})
	require.NoError(t, err)
	_, err = b.SaveLabel(b.Ctx, b.by("key-3"), desk.Label{Name: "ｖｉｐ"})
	require.ErrorIs(t, err, desk.Conflict)
	for _, bad := range []desk.Label{{}, {Name: "a\nb"}, {Name: strings.Repeat("长", 41)}, {Name: "x", Color: "#fff"}, {Name: "x", Description: strings.Repeat("长", 201)}} {
		_, err = b.SaveLabel(b.Ctx, b.by(""), bad)
		require.ErrorIs(t, err, desk.Invalid, bad)
	}
	require.NoError(t, b.DeleteLabel(b.Ctx, b.by("key-4"), l.ID))
	require.NoError(t, b.DeleteLabel(b.Ctx, b.by("key-4"), l.ID), "a repeat")
	require.ErrorIs(t, b.DeleteLabel(b.Ctx, b.by("key-5"), l.ID), desk.NotFound)
	_, err = b.SaveLabel(b.Ctx, b.by(""), desk.Label{ID: l.ID, Name: "退款"})
	require.ErrorIs(t, err, desk.NotFound)
	all, err := b.Labels(b.Ctx, b.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	events, err := b.Store.AccountEvents(b.Ctx, b.ID, 0, 100)
	require.NoError(t, err)
	require.Len(t, events, 3, "made, made, deleted: repeats and refusals tell nobody")
}

// Of fifty who make the same label at once, one does.
func TestOfFiftyLabelsOfANameOneIsMade(t *testing.T) {
	t.Parallel()
	b := open(t)
	var made atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := b.SaveLabel(b.Ctx, b.by(""), desk.Label{Name: "同名"}); err == nil {
				made.Add(1)
			} else if desk.KindOf(err) != desk.Conflict {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, made.Load())
}

func reply(shortcut string, scope desk.CannedScope, text string) desk.CannedReply {
	return desk.CannedReply{Shortcut: shortcut, Title: "退货地址", Scope: scope, Parts: desk.TextContent(text).Parts}
}

func TestCannedRepliesBelongToSomebody(t *testing.T) {
	t.Parallel()
	b := open(t)
	own, err := b.SaveCannedReply(b.Ctx, b.by("key-1"), reply("/TH", desk.CannedPersonal, "您好"))
	require.NoError(t, err)
	require.Equal(t, "th", own.Shortcut)
	require.Equal(t, "thdz", own.Initials)
	repeat, err := b.SaveCannedReply(b.Ctx, b.by("key-1"), reply("th", desk.CannedPersonal, "您好"))
	require.NoError(t, err)
	require.Equal(t, own, repeat)
	_, err = b.SaveCannedReply(b.Ctx, b.by(""), reply("th", desk.CannedPersonal, "另一个"))
	require.ErrorIs(t, err, desk.Conflict)
	team := reply("th", desk.CannedTeam, "给团队")
	team.TeamID = b.Team.ID
	ofTeam, err := b.SaveCannedReply(b.Ctx, b.by(""), team)
	require.NoError(t, err)
	_, err = b.SaveCannedReply(b.Ctx, b.by(""), reply("th", desk.CannedAll, "给所有人"))
	require.NoError(t, err)

	stranger := toolbox.By{By: desk.By{Account: b.ID, Agent: b.IDs.Agent()}}
	seen, err := b.CannedReplies(b.Ctx, stranger, "")
	require.NoError(t, err)
	require.Len(t, seen, 1, "what is for all")
	member := b.by("")
	member.Manages = false
	seen, err = b.CannedReplies(b.Ctx, member, "")
	require.NoError(t, err)
	require.Len(t, seen, 3)
	for query, n := range map[string]int{"thdz": 3, "退货 团队": 1, "没有": 0, "TH": 3} {
		seen, err = b.CannedReplies(b.Ctx, member, query)
		require.NoError(t, err)
		require.Len(t, seen, n, query)
	}
	own.Title = "别人的"
	_, err = b.SaveCannedReply(b.Ctx, stranger, own.CannedReply)
	require.ErrorIs(t, err, desk.NotFound)
	require.ErrorIs(t, b.DeleteCannedReply(b.Ctx, stranger, own.ID), desk.NotFound)
	require.ErrorIs(t, b.DeleteCannedReply(b.Ctx, stranger, ofTeam.ID), desk.NotFound)
	require.ErrorIs(t, b.DeleteCannedReply(b.Ctx, member, ofTeam.ID), desk.Denied)
	_, err = b.SaveCannedReply(b.Ctx, member, reply("x", desk.CannedAll, "x"))
	require.ErrorIs(t, err, desk.Denied)
	own.TeamID = b.Team.ID
	_, err = b.SaveCannedReply(b.Ctx, b.by(""), own.CannedReply)
	require.ErrorIs(t, err, desk.Invalid)
	far := reply("x", desk.CannedTeam, "x")
	far.TeamID = b.Env.Tenant().Team.ID
	_, err = b.SaveCannedReply(b.Ctx, b.by(""), far)
	require.ErrorIs(t, err, desk.Invalid, "another account's team")
	require.NoError(t, b.DeleteCannedReply(b.Ctx, b.by("key-9"), ofTeam.ID))
	require.NoError(t, b.DeleteCannedReply(b.Ctx, b.by("key-9"), ofTeam.ID), "a repeat")
	for _, bad := range []desk.CannedReply{
		reply("", desk.CannedAll, "x"), reply("a b", desk.CannedAll, "x"), reply("a", "everybody", "x"), reply("a", desk.CannedAll, ""),
		reply("a", desk.CannedAll, "{{contact.name"), reply("a", desk.CannedAll, "{{agent.email}}"), reply("a", desk.CannedTeam, "x"),
	} {
		_, err = b.SaveCannedReply(b.Ctx, b.by(""), bad)
		require.ErrorIs(t, err, desk.Invalid, bad)
	}
}

func TestNothingOfACannedReplyIsReadableAtRest(t *testing.T) {
	t.Parallel()
	b := open(t)
	_, err := b.SaveCannedReply(b.Ctx, b.by(""), reply("x", desk.CannedPersonal, "Geheimtext"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(b.dir, "*"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		data, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NotContains(t, string(data), "Geheimtext")
		require.NotContains(t, string(data), "退货地址")
	}
}

// The vectors are shared with the pages, which fill in variables themselves.
func TestVectorsOfVariables(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "variables.json"))
	require.NoError(t, err)
	var vectors []struct {
		Text   string            `json:"text"`
		Values map[string]string `json:"values"`
		Want   string            `json:"want"`
		Bad    bool              `json:"bad"`
	}
	require.NoError(t, json.Unmarshal(data, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		err := toolbox.Check(desk.TextContent(v.Text).Parts)
		require.Equal(t, v.Bad, err != nil, "%s: %v", v.Text, err)
		require.Equal(t, v.Want, toolbox.Render(v.Text, v.Values), v.Text)
	}
}

func TestRenderingNeverFailsAndNeverRepeats(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("{}|a contact.name亲"))).Draw(t, "text")
		value := rapid.String().Draw(t, "value")
		out := toolbox.Render(s, map[string]string{"contact.name": value})
		if toolbox.Check(desk.TextContent(s).Parts) != nil && out != s {
			t.Fatalf("%q was not kept and is %q", s, out)
		}
	})
	// A value that looks like a variable is a value.
	require.Equal(t, "{{agent.name}}", toolbox.Render("{{contact.name}}", map[string]string{"contact.name": "{{agent.name}}", "agent.name": "林"}))
}

func TestAPartIsMissing(t *testing.T) {
	t.Parallel()
	_, err := toolbox.New(toolbox.Deps{})
	require.ErrorIs(t, err, desk.Invalid)
}
