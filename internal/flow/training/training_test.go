package training_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
)

func TestACompanyWithoutIntentsUnderstandsWhatIsBuiltIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	all, err := s.Intents(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Len(t, all, len(training.BuiltinNames()))
	for _, i := range all {
		require.True(t, i.Builtin)
		require.Zero(t, i.Version)
		require.NotEmpty(t, i.Title)
		require.Empty(t, training.CheckActions(i.Actions, i.Name))
		if i.Name != training.Outside {
			require.Greater(t, len(i.Examples), 50, i.Name)
		}
	}
	c, err := s.Current(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Empty(t, c.Version)
	for text, want := range map[string]string{"你好": training.Greeting, "转人工": training.Person, "thank you": training.Thanks, "你是机器人吗": training.BotIdentity} {
		v := c.Model.Classify(text, 1)
		require.Equal(t, want, v.Guesses[0].Intent, text)
	}
	_, err = s.Current(s.Ctx, s.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.trainer.calls.Load(), "made once")
}

func TestAnIntentIsLearnedAndServes(t *testing.T) {
	t.Parallel()
	s := open(t)
	before, err := s.Current(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Empty(t, before.Version)
	order := s.save(t, orders())
	s.save(t, refunds())
	s.settled(t)
	c := s.serves(t, s.Service, s.stored(t).ModelID)
	require.Equal(t, "order_status", c.Model.Classify("书包什么时候到呀", 1).Guesses[0].Intent)
	require.Equal(t, training.Person, c.Model.Classify("转人工", 1).Guesses[0].Intent)
	got, ok := c.Find("order_status")
	require.True(t, ok)
	require.Equal(t, order, got)
	require.Equal(t, training.Greeting, before.Model.Classify("你好", 1).Guesses[0].Intent, "what was handed out goes on working")
	tried, err := s.Try(s.Ctx, s.ID, "我要退电饭煲")
	require.NoError(t, err)
	require.Equal(t, "refund", tried.Guesses[0].Name)
	require.Equal(t, c.Number, tried.Number)
}

func TestSavingIntents(t *testing.T) {
	t.Parallel()
	s := open(t)
	i := orders()
	i.Examples = append(i.Examples, "  "+i.Examples[0]+" ", "ｗｈｅｒｅ", "where")
	first, err := s.SaveIntent(s.Ctx, s.by("key-1"), i)
	require.NoError(t, err)
	require.Len(t, first.Examples, 21, "what is said twice is kept once")
	require.EqualValues(t, 1, first.Version)
	again, err := s.SaveIntent(s.Ctx, s.by("key-1"), i)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = s.SaveIntent(s.Ctx, s.by("key-2"), i)
	require.ErrorIs(t, err, desk.Conflict, "the name is taken")
	first.Title = "物流"
	second, err := s.SaveIntent(s.Ctx, s.by(""), first)
	require.NoError(t, err)
	require.EqualValues(t, 2, second.Version)
	_, err = s.SaveIntent(s.Ctx, s.by(""), first)
	require.ErrorIs(t, err, desk.Conflict, "somebody else was faster")
	named := s.save(t, training.Intent{Title: "查 物流", Enabled: true})
	require.Equal(t, "cwl", named.Name)
	n, err := s.AddExamples(s.Ctx, s.by("key-3"), second.ID, []string{"哪儿了", "WHERE", "哪儿了"})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for _, bad := range []training.Intent{
		{},
		{Name: "1x"},
		{Name: "a b"},
		{Title: "？"},
		{Name: "@greeting"},
		{Name: "x", Examples: []string{" "}},
		{Name: "x", Examples: []string{"a\x00b"}},
		{Name: "x", Actions: []byte(`{}`)},
		{Name: "x", Actions: []byte(`[{"type":"rocket"}]`)},
		{Name: "x", Actions: []byte(`[{"type":"message"}]`)},
	} {
		_, err := s.SaveIntent(s.Ctx, s.by(""), bad)
		require.ErrorIs(t, err, desk.Invalid, bad)
	}
	require.NoError(t, s.DeleteIntent(s.Ctx, s.by("key-4"), second.ID))
	require.NoError(t, s.DeleteIntent(s.Ctx, s.by("key-4"), second.ID), "a repeat")
	require.ErrorIs(t, s.DeleteIntent(s.Ctx, s.by("key-5"), second.ID), desk.NotFound)
}

func TestABuiltInIntentIsChangedAndRestored(t *testing.T) {
	t.Parallel()
	s := open(t)
	i, err := s.Intent(s.Ctx, s.ID, "int_greeting")
	require.NoError(t, err)
	shipped := i
	i.Name, i.Actions, i.Enabled = "renamed", []byte(`[{"type":"message","text":"欢迎光临"}]`), false
	saved := s.save(t, i)
	require.Equal(t, training.Greeting, saved.Name, "its name stays")
	require.True(t, saved.Builtin)
	got, err := s.Intent(s.Ctx, s.ID, "int_greeting")
	require.NoError(t, err)
	require.Equal(t, saved, got)
	s.settled(t)
	c := s.serves(t, s.Service, s.stored(t).ModelID)
	require.NotContains(t, c.Model.Intents(), training.Greeting)
	_, ok := c.Find(training.Greeting)
	require.False(t, ok)
	require.NoError(t, s.DeleteIntent(s.Ctx, s.by(""), "int_greeting"))
	got, err = s.Intent(s.Ctx, s.ID, "int_greeting")
	require.NoError(t, err)
	require.Equal(t, shipped, got)
}

// What an account says means none of its intents is its own word: it stands
// before what is shipped, and is known word for word.
func TestWhatIsOutsideIsLearned(t *testing.T) {
	t.Parallel()
	s := open(t)
	var got atomic.Pointer[training.Order]
	s.trainer.meanwhile(func(_ context.Context, o training.Order) error {
		got.Store(&o)
		return nil
	})
	own := []string{"书包上的拉链是什么颜色的", "申请退出会员群"}
	all, err := s.Intents(s.Ctx, s.ID)
	require.NoError(t, err)
	for _, i := range all {
		if i.Name == training.Outside {
			i.Examples = own
			s.save(t, i)
		}
	}
	s.save(t, orders())
	s.save(t, refunds())
	s.settled(t)
	o := got.Load()
	require.Equal(t, len(own), o.Own)
	require.Equal(t, own, o.Outside[:o.Own])
	require.Greater(t, len(o.Outside), 800)
	c := s.serves(t, s.Service, s.stored(t).ModelID)
	require.Less(t, c.Model.Classify("申请退出会员群！", 1).Confidence, 0.1)
	require.Greater(t, c.Model.Classify("申请电饭煲退款", 1).Confidence, 0.5)
}
