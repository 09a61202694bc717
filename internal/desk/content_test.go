package desk_test

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func one(p desk.Part) desk.Content { return desk.Content{Parts: []desk.Part{p}} }

func TestContentIsBounded(t *testing.T) {
	t.Parallel()
	media := func(url string) desk.Content {
		return one(desk.Part{Type: desk.ImagePart, Media: &desk.Media{URL: url}})
	}
	place := func(lat, lon float64) desk.Content {
		return one(desk.Part{Type: desk.LocationPart, Location: &desk.Location{Latitude: lat, Longitude: lon}})
	}
	form := func(kind string, values map[string]string) desk.Content {
		return one(desk.Part{Type: desk.FormPart, Form: &desk.Form{Fields: []desk.FormField{{Name: "a", Label: "甲", Kind: kind}}, Values: values}})
	}
	choice := func(options ...string) desk.Content {
		return one(desk.Part{Type: desk.FormPart, Form: &desk.Form{Fields: []desk.FormField{{Name: "a", Label: "甲", Kind: "select", Options: options}}}})
	}
	foreign := func(change func(*desk.Part)) desk.Content {
		p := desk.Part{Type: desk.TextPart, Text: "你好"}
		change(&p)
		return one(p)
	}
	buttons := func(b ...desk.Button) desk.Content {
		return one(desk.Part{Type: desk.ButtonsPart, Buttons: b})
	}
	cases := []struct {
		name    string
		content desk.Content
		ok      bool
	}{
		{"text", desk.TextContent("你好"), true},
		{"right to left and emoji", desk.TextContent("שלום 👩‍👩‍👧‍👦"), true},
		{"html is only text", desk.TextContent("<script>alert(1)</script>"), true},
		{"longest text", desk.TextContent(strings.Repeat("好", desk.MaxTextRunes)), true},
		{"too long", desk.TextContent(strings.Repeat("好", desk.MaxTextRunes+1)), false},
		{"blank", desk.TextContent(" \n\t"), false},
		{"broken UTF-8", desk.TextContent("a\xff"), false},
		{"NUL", desk.TextContent("a\x00b"), false},
		{"no parts", desk.Content{}, false},
		{"too many parts", desk.Content{Parts: make([]desk.Part, desk.MaxParts+1)}, false},
		{"unknown type", one(desk.Part{Type: "hologram"}), false},
		{"image", media("https://cdn.example/a.png"), true},
		{"own file", media("/files/a.png"), true},
		{"image without media", one(desk.Part{Type: desk.ImagePart}), false},
		{"script address", media("javascript:alert(1)"), false},
		{"data address", media("data:text/html,x"), false},
		{"other host without scheme", media("//evil.example/a"), false},
		{"back slash host", media(`/\evil.example/a`), false},
		{"negative size", one(desk.Part{Type: desk.FilePart, Media: &desk.Media{URL: "/f", Size: -1}}), false},
		{"place", place(31.2, 121.5), true},
		{"place off the globe", place(91, 0), false},
		{"place not a number", place(math.NaN(), 0), false},
		{"no place", one(desk.Part{Type: desk.LocationPart}), false},
		{"card", one(desk.Part{Type: desk.CardPart, Card: &desk.Card{Title: "订单", URL: "https://a.example"}}), true},
		{"card without title", one(desk.Part{Type: desk.CardPart, Card: &desk.Card{}}), false},
		{"no card", one(desk.Part{Type: desk.CardPart}), false},
		{"buttons", buttons(desk.Button{Label: "好"}), true},
		{"no buttons", buttons(), false},
		{"button with a script", buttons(desk.Button{Label: "好", URL: "vbscript:x"}), false},
		{"too many buttons", buttons(make([]desk.Button, 21)...), false},
		{"form", form("email", map[string]string{"a": "x"}), true},
		{"form field of unknown kind", form("magic", nil), false},
		{"values nobody asked for", form("text", map[string]string{"a": "1", "b": "2"}), false},
		{"value under a name that is no field", form("text", map[string]string{"b": "2"}), false},
		{"options", choice("红", "黑"), true},
		{"most options", choice(slices.Repeat([]string{"红"}, 100)...), true},
		{"too many options", choice(slices.Repeat([]string{"红"}, 101)...), false},
		{"option too long", choice(strings.Repeat("红", 201)), false},
		{"blank option", choice("红", " "), false},
		{"option of broken UTF-8", choice("a\xff"), false},
		{"buttons below a text", one(desk.Part{Type: desk.ButtonsPart, Text: "选", Buttons: []desk.Button{{Label: "好"}}}), true},
		{"text with media", foreign(func(p *desk.Part) { p.Media = &desk.Media{URL: "javascript:alert(1)"} }), false},
		{"text with a good medium", foreign(func(p *desk.Part) { p.Media = &desk.Media{URL: "/files/a.png"} }), false},
		{"text with a place", foreign(func(p *desk.Part) { p.Location = &desk.Location{} }), false},
		{"text with a card", foreign(func(p *desk.Part) { p.Card = &desk.Card{} }), false},
		{"text with buttons", foreign(func(p *desk.Part) { p.Buttons = []desk.Button{{Label: "好"}} }), false},
		{"text with an empty list of buttons", foreign(func(p *desk.Part) { p.Buttons = []desk.Button{} }), true},
		{"text with a form", foreign(func(p *desk.Part) { p.Form = &desk.Form{} }), false},
		{"image with a text", one(desk.Part{Type: desk.ImagePart, Text: "x", Media: &desk.Media{URL: "/f"}}), false},
		{"no form", one(desk.Part{Type: desk.FormPart}), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.content.Validate()
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, desk.Invalid)
			require.NotEmpty(t, desk.UserMessage(err))
			require.NotContains(t, desk.UserMessage(err), "script", "errors do not repeat the input")
		})
	}
}

func TestPlainTextReadsEveryKindOfPart(t *testing.T) {
	t.Parallel()
	c := desk.Content{Parts: []desk.Part{
		{Type: desk.TextPart, Text: " 你好 "},
		{Type: desk.FilePart, Media: &desk.Media{URL: "/f", Name: "发票.pdf"}},
		{Type: desk.LocationPart, Location: &desk.Location{Name: "外滩", Address: "中山东一路"}},
		{Type: desk.CardPart, Card: &desk.Card{Title: "羽绒服", Subtitle: "黑色"}},
		{Type: desk.ButtonsPart, Buttons: []desk.Button{{Label: "退货"}}},
		{Type: desk.FormPart, Form: &desk.Form{Title: "资料", Fields: []desk.FormField{{Name: "n", Label: "姓名"}}, Values: map[string]string{"n": "王芳"}}},
	}}
	require.Equal(t, "你好\n发票.pdf\n外滩\n中山东一路\n羽绒服\n黑色\n退货\n资料\n姓名: 王芳", c.PlainText())
}

func FuzzContentValidate(f *testing.F) {
	for _, seed := range []string{
		`{"parts":[{"type":"text","text":"你好"}]}`,
		`{"parts":[{"type":"image","media":{"url":"https://a.example/x.png"}}],"reply_to":"msg_1"}`,
		`{"parts":[{"type":"form","form":{"fields":[{"name":"a","label":"b","kind":"text"}],"values":{"a":"c"}}}]}`,
		`{"parts":[{"type":"location","location":{"latitude":1e400}}]}`,
		`{"parts":[{"type":"card","card":{"title":"t","buttons":[{"label":"l","url":"javascript:0"}]}}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var c desk.Content
		if json.Unmarshal(data, &c) != nil || c.Validate() != nil {
			return
		}
		require.LessOrEqual(t, len(c.Parts), desk.MaxParts)
		require.True(t, utf8.ValidString(c.PlainText()))
		// What is accepted survives storage.
		again, err := json.Marshal(c)
		require.NoError(t, err)
		var back desk.Content
		require.NoError(t, json.Unmarshal(again, &back))
		require.NoError(t, back.Validate())
	})
}
