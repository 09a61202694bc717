package demo_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/demo"
	"yingda.dev/internal/desk"
)

func TestIntents(t *testing.T) {
	t.Parallel()
	intents, err := demo.Intents()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(intents), 40)
	for l, least := range map[desk.Locale]int{desk.Chinese: 25, desk.English: 15} {
		lines, err := demo.Examples(l)
		require.NoError(t, err)
		count := make(map[string]int)
		for _, line := range lines {
			count[line.Label]++
		}
		if l == desk.Chinese {
			require.Len(t, count, len(intents))
		}
		require.GreaterOrEqual(t, len(count), 15)
		for name, n := range count {
			require.GreaterOrEqual(t, n, least, name)
		}
	}
	for _, in := range intents {
		require.NotEmpty(t, in.Title, in.Name)
		require.NotEmpty(t, in.TitleEN, in.Name)
		require.NotEmpty(t, in.Topic, in.Name)
		var actions []struct{ Type, Text, Flow, Reason string }
		require.NoError(t, json.Unmarshal(in.Actions, &actions))
		require.NotEmpty(t, actions, in.Name)
		for _, a := range actions {
			switch a.Type {
			case "message":
				require.NotEmpty(t, a.Text, in.Name)
				require.NotEmpty(t, in.AnswerEN, in.Name)
			case "flow":
				require.Contains(t, []string{"order_status", "return", "invoice", "address_change", "coupon", "complaint"}, a.Flow)
			case "handoff":
				require.NotEmpty(t, a.Reason, in.Name)
			default:
				t.Fatalf("%s: action %q", in.Name, a.Type)
			}
		}
	}
}

// What every account understands, what the shop's intents are and what is
// nobody's business must not contradict each other.
func TestNothingIsTwoThings(t *testing.T) {
	t.Parallel()
	for _, l := range []struct {
		locale desk.Locale
		name   string
	}{{desk.Chinese, "zh"}, {desk.English, "en"}} {
		seen := make(map[string]string)
		add := func(where, text string) {
			require.NotContains(t, seen, text, "also in %s", where)
			seen[text] = where
		}
		lines, err := demo.Examples(l.locale)
		require.NoError(t, err)
		for _, line := range lines {
			add("intents", line.Text)
		}
		for _, file := range []string{l.name + ".tsv", "outside." + l.name + ".tsv"} {
			source, err := os.ReadFile("../../flow/training/builtin/" + file)
			require.NoError(t, err)
			for row := range strings.Lines(string(source)) {
				_, text, ok := strings.Cut(strings.TrimRight(row, "\n"), "\t")
				require.True(t, ok, row)
				add(file, text)
			}
		}
	}
}

// Which intents every account has, and that there are enough words for each.
func TestBuiltin(t *testing.T) {
	t.Parallel()
	for file, least := range map[string]int{"zh.tsv": 40, "en.tsv": 25} {
		source, err := os.ReadFile("../../flow/training/builtin/" + file)
		require.NoError(t, err)
		count := make(map[string]int)
		for row := range strings.Lines(string(source)) {
			name, _, _ := strings.Cut(row, "\t")
			count[name]++
		}
		var names []string
		for name, n := range count {
			require.GreaterOrEqual(t, n, least, name)
			names = append(names, name)
		}
		slices.Sort(names)
		require.Equal(t, []string{"@bot_identity", "@chitchat", "@complaint", "@goodbye", "@greeting", "@nonsense", "@person", "@thanks"}, names)
	}
}

func TestFAQs(t *testing.T) {
	t.Parallel()
	for _, l := range []struct {
		locale     desk.Locale
		faqs, ways int
	}{{desk.Chinese, 80, 8}, {desk.English, 25, 6}} {
		faqs, err := demo.FAQs(l.locale)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(faqs), l.faqs)
		ids, ways := make(map[string]bool), make(map[string]string)
		buttons := 0
		for _, f := range faqs {
			require.False(t, ids[f.ID], f.ID)
			ids[f.ID] = true
			require.NotEmpty(t, f.Category, f.ID)
			require.NotEmpty(t, f.Topic, f.ID)
			require.NotEmpty(t, f.Source.Title, f.ID)
			require.True(t, strings.HasPrefix(f.Source.URL, "/demo#"), f.ID)
			require.GreaterOrEqual(t, len(f.Ways), l.ways, f.ID)
			for _, way := range append(f.Ways, f.Question) {
				require.NotContains(t, ways, way, f.ID)
				ways[way] = f.ID
			}
			c := f.Content()
			require.NoError(t, c.Validate(), f.ID)
			if len(c.Parts) > 1 {
				buttons++
			}
		}
		require.Positive(t, buttons)
	}
}

func TestArticles(t *testing.T) {
	t.Parallel()
	for _, l := range []desk.Locale{desk.Chinese, desk.English} {
		articles, err := demo.Articles(l)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(articles), 3)
		for _, a := range articles {
			require.NotEmpty(t, a.Title, a.Name)
			require.Greater(t, len(a.Body), 500, a.Name)
		}
	}
}

func TestMoods(t *testing.T) {
	t.Parallel()
	for l, least := range map[desk.Locale]int{desk.Chinese: 600, desk.English: 100} {
		lines, err := demo.Moods(l)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(lines), least)
		count := make(map[string]int)
		for _, line := range lines {
			count[line.Label]++
		}
		require.Len(t, count, 3)
		for _, label := range []string{"-1", "0", "1"} {
			require.GreaterOrEqual(t, count[label], least*3/10, label)
		}
	}
}

// Lines that must not be answered are no examples of anything, so that they
// can judge what was learned.
func TestOutside(t *testing.T) {
	t.Parallel()
	for _, l := range []struct {
		locale desk.Locale
		name   string
		least  int
	}{{desk.Chinese, "zh", 300}, {desk.English, "en", 80}} {
		outside, err := demo.Outside(l.locale)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(outside), l.least)
		learned := make(map[string]bool)
		examples, err := demo.Examples(l.locale)
		require.NoError(t, err)
		for _, line := range examples {
			learned[line.Text] = true
		}
		for _, file := range []string{l.name + ".tsv", "outside." + l.name + ".tsv"} {
			source, err := os.ReadFile("../../flow/training/builtin/" + file)
			require.NoError(t, err)
			for row := range strings.Lines(string(source)) {
				_, text, _ := strings.Cut(strings.TrimRight(row, "\n"), "\t")
				learned[text] = true
			}
		}
		kinds := []string{"outside", "chitchat", "dialect", "fragment"}
		for _, line := range outside {
			require.Contains(t, kinds, line.Label)
			require.False(t, learned[line.Text], line.Text)
		}
	}
}
