package bot_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/platform/store"
)

// minds understands with a model that is exchanged all the time.
type minds struct{ version *atomic.Int64 }

func (m minds) Understand(context.Context, desk.AccountID, string, bot.Effort) (bot.Meaning, error) {
	return bot.Meaning{Version: "m" + strconv.FormatInt(m.version.Load(), 10), Confidence: 0.1}, nil
}

// Models and knowledge are exchanged while customers ask: each question is
// answered once, with the words of the very knowledge that its decision names,
// and none is lost.
func TestExchangesUnderLoadLoseNothing(t *testing.T) {
	t.Parallel()
	var knowledge, models atomic.Int64
	h := open(t, options{mind: minds{&models}, shelf: func(text string) (bot.Found, error) {
		v := "k" + strconv.FormatInt(knowledge.Load(), 10)
		f, err := found(0.97, hit("faq_"+text, text, "第 "+v+" 版："+text, 0.97))
		f.Version = v
		return f, err
	}})
	h.run(t, func(ctx context.Context) error {
		for tick := time.NewTicker(time.Millisecond); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return nil
			case <-tick.C:
				knowledge.Add(1)
				models.Add(1)
			}
		}
	})
	const customers, questions = 12, 6
	ids := make([]desk.ConversationID, customers)
	for q := range questions {
		for c := range customers {
			ids[c] = h.says(t, "u"+strconv.Itoa(c), "第 "+strconv.Itoa(q)+" 个问题怎么办？").ConversationID
		}
		for _, id := range ids {
			h.answers(t, id, q+1)
		}
	}
	versions := make(map[string]bool)
	for _, id := range ids {
		said := make(map[desk.MessageID]string)
		for _, m := range h.answers(t, id, questions) {
			said[m.ID] = m.Content.PlainText()
		}
		made, err := h.bot.DecisionsOf(t.Context(), h.id, id)
		require.NoError(t, err)
		require.Len(t, made, questions)
		for _, d := range made {
			var kept struct{ Knowledge, Model string }
			require.NoError(t, json.Unmarshal([]byte(d.Detail), &kept))
			require.True(t, strings.HasPrefix(kept.Model, "m"))
			require.Equal(t, "第 "+kept.Knowledge+" 版："+d.Question, said[d.MessageID])
			versions[kept.Knowledge] = true
		}
	}
	require.Greater(t, len(versions), 1, "nothing was exchanged; the test proved nothing")
}

// What nobody means to ask goes through the whole bot: something is said to
// each of it, once, and nothing breaks.
func TestStrangeQuestionsAreBorne(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	for name, text := range map[string]string{
		"long": strings.Repeat("多久送到？", 800), "pictures": strings.Repeat("🙂", 50), "signs": "？？？！！", "control": "a\u200b\u202e\u0301b",
		"mixed": "怎么return这个товар ですか", "one": "退", "number": "1",
	} {
		a := h.says(t, name, text)
		require.Eventually(t, func() bool {
			for _, m := range h.all(t, a.ConversationID) {
				if m.Author.Kind == desk.ByBot && m.Visibility == desk.Public {
					return true
				}
			}
			return false
		}, patience, 2*time.Millisecond, name)
		h.answers(t, a.ConversationID, 1)
	}
}

// A month is replayed from what is kept and not guessed: the decisions with their
// thresholds, versions and scores give the same split again, and with another
// threshold another.
func TestDecisionsAreReplayed(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	for i, text := range []string{"一般多久送到？", "能上门安装吗？", "你们老板叫什么名字？", "到货要多久呢？"} {
		a := h.says(t, "u"+strconv.Itoa(i), text)
		require.Eventually(t, func() bool {
			d, err := h.bot.DecisionsOf(t.Context(), h.id, a.ConversationID)
			return err == nil && len(d) == 1
		}, patience, 2*time.Millisecond)
	}
	all, err := h.bot.Decisions(t.Context(), h.id, store.BotFilter{}, "", 10)
	require.NoError(t, err)
	require.Len(t, all, 4)
	for _, d := range all {
		var kept struct {
			Knowledge  string
			Found      float64
			Hits       []struct{ ID string }
			Thresholds bot.Threshold
		}
		require.NoError(t, json.Unmarshal([]byte(d.Detail), &kept))
		require.Equal(t, "k1", kept.Knowledge)
		require.NotEmpty(t, kept.Hits)
		require.NotEmpty(t, d.Question)
		want := bot.HandOver
		switch {
		case kept.Found >= kept.Thresholds.AnswerAt:
			want = bot.Answer
		case kept.Found >= kept.Thresholds.ReviewAt:
			want = bot.Review
		}
		require.Equal(t, string(want), d.Kind, d.Question)
	}
	figures, err := h.bot.Figures(t.Context(), h.id, 30)
	require.NoError(t, err)
	at := func(threshold float64) (n int) {
		for _, topic := range figures.Topics {
			for i, b := range topic.Bins {
				if float64(i)/bot.Bins >= threshold {
					n += b.Asked
				}
			}
		}
		return n
	}
	require.Equal(t, 2, at(0.9))
	require.Equal(t, 3, at(0.7))
	require.Equal(t, 4, at(0))
}
