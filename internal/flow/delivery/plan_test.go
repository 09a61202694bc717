package delivery_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/delivery"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// wechat is shaped after a WeChat service account: five messages in 48 hours,
// 600 characters, one part a message, one slot kept for people.
func wechat() channel.Capabilities {
	return channel.Capabilities{
		Outbound: true, Transports: []channel.Transport{channel.Webhook},
		Content:  map[desk.PartType]channel.Limit{desk.TextPart: {Max: 600}, desk.ImagePart: {Max: 10 << 20, MIME: []string{"image/png"}}},
		TextUnit: channel.Runes,
		Window: &channel.Window{
			Opens:   []channel.Opening{{On: channel.OnMessage, For: 48 * time.Hour, Quota: 5}},
			Reserve: 1, Overflow: channel.Hold,
		},
	}
}

func texts(s ...string) []desk.Part {
	var out []desk.Part
	for _, t := range s {
		out = append(out, desk.Part{Type: desk.TextPart, Text: t})
	}
	return out
}

func image() desk.Part {
	return desk.Part{Type: desk.ImagePart, Media: &desk.Media{URL: "https://x.example/a.png", Name: "a", MIME: "image/png"}}
}

func TestMake(t *testing.T) {
	t.Parallel()
	open := delivery.Window{ExpiresAt: noon.Add(time.Hour), Quota: 5}
	used := func(n int) delivery.Window { w := open; w.Used = n; return w }
	humanOnly, drop := wechat(), wechat()
	humanOnly.Window.Overflow, drop.Window.Overflow = channel.HumanOnly, channel.Drop
	noText := wechat()
	delete(noText.Content, desk.TextPart)
	six := texts("1", "2", "3", "4", "5", "6")
	for _, c := range []struct {
		name    string
		able    channel.Capabilities
		window  delivery.Window
		author  desk.AuthorKind
		now     time.Time
		parts   []desk.Part
		verdict delivery.Verdict
		reason  string
		sends   int
	}{
		{"a text", wechat(), open, desk.ByAgent, noon, texts("hi"), delivery.Go, "", 1},
		{"parts as they are while they fit", wechat(), open, desk.ByAgent, noon, texts("1", "2", "3", "4", "5"), delivery.Go, "", 5},
		{"a six-part answer of the bot leaves a slot", wechat(), open, desk.ByBot, noon, six, delivery.Go, "", 1},
		{"pictures among texts", wechat(), open, desk.ByBot, noon, append(texts("1", "2"), image(), texts("3")[0], image()), delivery.Go, "", 4},
		{"pictures become addresses", wechat(), used(3), desk.ByBot, noon, append(texts("1"), image(), image()), delivery.Go, "", 1},
		{"the bot may not take the last", wechat(), used(4), desk.ByBot, noon, texts("hi"), delivery.Hold, delivery.ReasonQuota, 0},
		{"a person may", wechat(), used(4), desk.ByAgent, noon, texts("hi"), delivery.Go, "", 1},
		{"nothing left", wechat(), used(5), desk.ByAgent, noon, texts("hi"), delivery.Hold, delivery.ReasonQuota, 0},
		{"47:59:59", wechat(), delivery.Window{ExpiresAt: noon.Add(48 * time.Hour), Quota: 5}, desk.ByAgent, noon.Add(48*time.Hour - time.Second), texts("hi"), delivery.Go, "", 1},
		{"48:00:00", wechat(), delivery.Window{ExpiresAt: noon.Add(48 * time.Hour), Quota: 5}, desk.ByAgent, noon.Add(48 * time.Hour), texts("hi"), delivery.Hold, delivery.ReasonWindowClosed, 0},
		{"never opened", wechat(), delivery.Window{}, desk.ByAgent, noon, texts("hi"), delivery.Hold, delivery.ReasonWindowClosed, 0},
		{"people outside the window", humanOnly, delivery.Window{}, desk.ByAgent, noon, texts("hi"), delivery.Go, "", 1},
		{"the bot outside the window", humanOnly, delivery.Window{}, desk.ByBot, noon, texts("hi"), delivery.Hold, delivery.ReasonWindowClosed, 0},
		{"nothing to wait for", drop, delivery.Window{}, desk.ByAgent, noon, texts("hi"), delivery.GiveUp, delivery.ReasonWindowClosed, 0},
		{"too long for a full window", wechat(), open, desk.ByAgent, noon, texts(strings.Repeat("字", 3001)), delivery.GiveUp, delivery.ReasonTooLong, 0},
		{"fits the next window", wechat(), used(3), desk.ByAgent, noon, texts(strings.Repeat("字", 2999)), delivery.Hold, delivery.ReasonQuota, 0},
		{"neither card nor text", noText, open, desk.ByAgent, noon, []desk.Part{{Type: desk.CardPart, Card: &desk.Card{Title: "x"}}}, delivery.GiveUp, delivery.ReasonContent, 0},
		{"no window at all", channel.Capabilities{Content: wechat().Content, TextUnit: channel.Runes}, delivery.Window{}, desk.ByBot, noon, six, delivery.Go, "", 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := delivery.Make(delivery.Request{Parts: c.parts, Capabilities: c.able, Author: c.author, Window: c.window, Now: c.now})
			require.Equal(t, c.verdict, p.Verdict)
			require.Equal(t, c.reason, p.Reason)
			require.Len(t, p.Sends, c.sends)
		})
	}
}

// visible is what must survive cutting and joining.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func said(sends [][]desk.Part) string {
	var b strings.Builder
	for _, parts := range sends {
		for _, p := range parts {
			b.WriteString(p.Text)
			if p.Media != nil {
				b.WriteString(p.Media.Name + p.Media.URL)
			}
		}
	}
	return visible(b.String())
}

func TestPlansKeepTheirPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab 字。\n€\U0001F44D\U0001F3FB\u0301{")), 1, 200, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
		parts := rapid.SliceOfN(rapid.OneOf(
			rapid.Map(text, func(s string) desk.Part { return desk.Part{Type: desk.TextPart, Text: s} }),
			rapid.Map(text, func(string) desk.Part { return image() }),
		), 1, desk.MaxParts).Draw(t, "parts")
		able := wechat()
		able.TextUnit = rapid.SampledFrom([]channel.Unit{channel.Runes, channel.Bytes, channel.UTF16, channel.GSM7}).Draw(t, "unit")
		limit := rapid.IntRange(8, 300).Draw(t, "limit")
		able.Content[desk.TextPart] = channel.Limit{Max: limit}
		able.PartsPerSend = rapid.IntRange(0, 3).Draw(t, "per send")
		able.Window.Opens[0].Quota = rapid.IntRange(2, 30).Draw(t, "quota")
		author := rapid.SampledFrom([]desk.AuthorKind{desk.ByAgent, desk.ByBot}).Draw(t, "author")
		r := delivery.Request{
			Parts: parts, Capabilities: able, Author: author, Now: noon,
			Window: delivery.Window{ExpiresAt: noon.Add(time.Hour), Quota: able.Window.Opens[0].Quota, Used: rapid.IntRange(0, 30).Draw(t, "used")},
		}
		p := delivery.Make(r)
		if p.Verdict != delivery.Go {
			require.Empty(t, p.Sends)
			require.NotEmpty(t, p.Reason)
			return
		}
		left := r.Window.Quota - r.Window.Used
		if author != desk.ByAgent {
			left -= able.Window.Reserve
		}
		require.LessOrEqual(t, len(p.Sends), left, "never more than the quota")
		want := said([][]desk.Part{parts})
		require.Equal(t, want, said(p.Sends), "all that was said, in order")
		for _, send := range p.Sends {
			require.NotEmpty(t, send)
			require.LessOrEqual(t, len(send), max(1, able.PartsPerSend))
			for _, part := range send {
				if part.Type == desk.TextPart {
					require.LessOrEqual(t, able.TextUnit.Measure(part.Text), limit)
					require.True(t, utf8.ValidString(part.Text))
					require.NotEmpty(t, strings.TrimSpace(part.Text))
				}
			}
		}
		// After some of it was sent and counted, the rest is cut the same way.
		done := rapid.IntRange(0, len(p.Sends)-1).Draw(t, "done")
		r.Budget, r.Done, r.Window.Used = p.Budget, done, r.Window.Used+done
		again := delivery.Make(r)
		require.Equal(t, delivery.Go, again.Verdict)
		require.Equal(t, p.Sends, again.Sends)
	})
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		limit      int
		unit       channel.Unit
		want       []string
	}{
		{"no limit", "abc", 0, channel.Runes, []string{"abc"}},
		{"at a word", "hello big world", 10, channel.Runes, []string{"hello big ", "world"}},
		{"at a sentence", "你好呀。今天天气很好", 6, channel.Runes, []string{"你好呀。", "今天天气很好"}},
		{"at a line", "abc\nd ef", 6, channel.Runes, []string{"abc\n", "d ef"}},
		{"bytes never part a character", "字字字", 4, channel.Bytes, []string{"字", "字", "字"}},
		{"utf-16 never parts a pair", "\U0001F44D\U0001F44D\U0001F44D", 3, channel.UTF16, []string{"\U0001F44D", "\U0001F44D", "\U0001F44D"}},
		{"an accent stays with its letter", "aaaae\u0301bbb", 5, channel.Runes, []string{"aaaa", "e\u0301bbb"}},
		{"gsm extension characters count twice", "€€€", 4, channel.GSM7, []string{"€€", "€"}},
		{"a blank piece is left out", "abcd        efgh", 4, channel.Runes, []string{"abcd", "efgh"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := delivery.Split(c.text, c.limit, c.unit)
			require.Equal(t, c.want, got)
		})
	}
}

func TestClassifyCoversEveryClass(t *testing.T) {
	t.Parallel()
	windowed, key := wechat(), wechat()
	key.Idempotency = channel.Idempotency{Kind: channel.ClientKey}
	drop := wechat()
	drop.Window.Overflow = channel.Drop
	want := map[channel.Class][3]delivery.Action{ // windowed, with a key, dropping
		channel.Temporary:        {delivery.Again, delivery.Again, delivery.Again},
		channel.Throttled:        {delivery.Wait, delivery.Wait, delivery.Wait},
		channel.Auth:             {delivery.Wait, delivery.Wait, delivery.Wait},
		channel.WindowClosed:     {delivery.Held, delivery.Held, delivery.Fail},
		channel.Quota:            {delivery.Held, delivery.Held, delivery.Fail},
		channel.Blocked:          {delivery.Fail, delivery.Fail, delivery.Fail},
		channel.InvalidContent:   {delivery.Fail, delivery.Fail, delivery.Fail},
		channel.UnknownOutcome:   {delivery.Fail, delivery.Again, delivery.Fail},
		channel.ClassUnsupported: {delivery.Fail, delivery.Fail, delivery.Fail},
	}
	for _, class := range channel.Classes() {
		actions, ok := want[class]
		require.True(t, ok, class)
		for i, able := range []channel.Capabilities{windowed, key, drop} {
			require.Equal(t, actions[i], delivery.Classify(&channel.SendError{Class: class}, able), "%s %d", class, i)
		}
	}
}
