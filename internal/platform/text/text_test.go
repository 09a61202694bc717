package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, want string }{
		"full width":            {"ＩＰＨＯＮＥ　１５", "iphone 15"},
		"half-width kana":       {"ｶﾞｷﾞ", "ガギ"},
		"composition":           {"Cafe\u0301 ÉCOLE", "café école"},
		"sharp s":               {"STRASSE Straße", "strasse strasse"},
		"ligature":              {"ﬁne", "fine"},
		"Arabic digits":         {"٠١٢٣ ۴۵", "0123 45"},
		"joiners":               {"退\u200b款 a\u200db\ufeff", "退款 ab"},
		"right to left":         {"\u202eשלום\u202c", "שלום"},
		"keys":                  {"1\ufe0f\u20e3", "1"},
		"skin":                  {"👍🏽👍", "👍👍"},
		"traditional":           {"我的空調什麼時候到？發票開錯了，頭髮", "我的空调什么时候到?发票开错了,头发"},
		"traditional and marks": {"請\u200b問 a\u0301 裡面", "请问 á 里面"},
		"Japanese":              {"図書館で払う", "図书馆で払う"},
		"invalid UTF-8":         {"a\xffb", "a\ufffdb"},
		"Han stays":             {"退款，什么时候到？", "退款,什么时候到?"},
		"Greek sigma":           {"ΟΔΟΣ", "οδοσ"},
		"circled, squared":      {"①㎏", "1kg"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, Normalize(c.in))
		})
	}
}

// Folding ends after one step, and nothing is folded to what is not Han.
func TestSimplifiedForms(t *testing.T) {
	t.Parallel()
	changed := 0
	for r := rune(firstHan); r <= lastHan; r++ {
		s := simplify(r)
		require.Equal(t, s, simplify(s), "%c", r)
		require.True(t, firstHan <= s && s <= lastHan, "%c", r)
		if s != r {
			changed++
		}
	}
	require.Greater(t, changed, 2_500)
	for _, r := range "退货么几干里面后发台只" {
		require.Equal(t, r, simplify(r))
	}
}

func TestIndexTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"Chinese pairs":        {"退款什么", []string{"退款", "款什", "什么"}},
		"lone character":       {"a 退 b", []string{"a", "b"}},
		"repeated once":        {"退款退款", []string{"退款", "款退"}},
		"Japanese":             {"カード払い", []string{"カー", "ード", "ド払", "払い"}},
		"Korean":               {"환불해", []string{"환불", "불해"}},
		"beginnings":           {"refunds", []string{"ref", "refu", "refun", "refund", "refunds"}},
		"stem that differs":    {"party", []string{"par", "part", "party", "parti"}},
		"long word":            {"abcdefghijklmnop", []string{"abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", "abcdefghi", "abcdefghij", "abcdefghijk", "abcdefghijkl"}},
		"numbers":              {"138001380", []string{"1380", "13800", "138001", "1380013", "13800138", "138001380", "1380"}},
		"short number":         {"42", []string{"42"}},
		"letters and digits":   {"SF1029", []string{"sf", "1029"}},
		"Cyrillic":             {"Возврат", []string{"воз", "возв", "возвр", "возвра", "возврат"}},
		"Hebrew":               {"שלום", []string{"שלו", "שלום"}},
		"emoji separate":       {"退😀款", nil},
		"Chinese with English": {"我的iPhone坏了", []string{"我的", "iph", "ipho", "iphon", "iphone", "坏了"}},
		"nothing":              {"😀 … ！", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string
			for _, w := range c.want {
				if !slices.Contains(want, w) {
					want = append(want, w)
				}
			}
			require.ElementsMatch(t, want, IndexTokens(c.in))
		})
	}
}

func TestQueryTokens(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"退款 Refunds":            {"退款", "refund"},
		"party":                 {"part"},
		"dying":                 {"dying"},
		"13800138000":           {"13800138000"},
		"退 refund":              {"refund"},
		"refund refunds":        {"refund"},
		"abcdefghijklmnop":      {"abcdefghijkl"},
		strings.Repeat("1", 25): {strings.Repeat("1", 20)},
	} {
		got, err := QueryTokens(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{"", "退", " 退 款 ", "😀", "!?", "\xff", strings.Repeat("退款", 101), strings.Repeat("ab ", 66) + strings.Repeat("x", 500)} {
		_, err := QueryTokens(in)
		require.ErrorIs(t, err, desk.Invalid, in)
	}
}

func TestMatchPointsAtTheHit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, query, hit string }{
		"Chinese":              {"您好，我想申请退款，谢谢", "退款", "退款"},
		"one of two words":     {"refund for 订单", "订单 refund", "refund"},
		"stem":                 {"I was Charged twice", "charges", "Charged"},
		"beginning":            {"Der Rückversand ist da", "rückv", "Rückversand"},
		"full width in body":   {"请退ＶＩＰ会员", "vip", "ＶＩＰ"},
		"decomposed":           {"un cafe\u0301 noir", "CAFÉ", "cafe\u0301"},
		"traditional body":     {"您好，我想申請退貨", "退货", "退貨"},
		"traditional query":    {"我的发票开错了", "發票", "发票"},
		"hidden joiner":        {"退\u200b款", "退款", "退\u200b款"},
		"phone whole":          {"电话13800138000。", "13800138000", "13800138000"},
		"phone beginning":      {"电话13800138000。", "1380", "13800138000"},
		"phone tail":           {"电话13800131234。", "1234", "13800131234"},
		"ligature grows":       {"oﬃce", "office", "oﬃce"},
		"right to left":        {"abc שלום עולם", "עולם", "עולם"},
		"after emoji":          {"👩‍👩‍👧‍👦退款👍🏽", "退款", "退款"},
		"digits of any script": {"رقم ٠١٢٣٤", "01234", "٠١٢٣٤"},
		"first hit":            {"aaa 退款 bbb 退款", "退款", "退款"},
		"lone character too":   {"我要退 refund", "退 refund", "退"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start, end, ok := Match(c.body, c.query)
			require.True(t, ok)
			require.Equal(t, c.hit, c.body[start:end])
			require.Equal(t, strings.Index(c.body, c.hit), start)
		})
	}
	for name, c := range map[string]struct{ body, query string }{
		"pairs of another order":   {"款退什么", "退款"},
		"pairs apart":              {"退货和借款", "退款"},
		"all words are needed":     {"refund", "refund order"},
		"middle of a word":         {"prefund", "fund"},
		"two letters only whole":   {"item", "it"},
		"number in the middle":     {"13800138000", "0013"},
		"three digits only whole":  {"12345", "123"},
		"shares the token only":    {"abcdefghijklmnop", "abcdefghijklxyz"},
		"same beginning, not stem": {"partly", "party"},
		"nothing to search by":     {"退", "退"},
		"lone character missing":   {"refund", "退 refund"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, ok := Match(c.body, c.query)
			require.False(t, ok)
		})
	}
}

// pieces are what tests build texts from: scripts, widths, marks, joiners,
// words that share stems or beginnings, and rubbish.
var pieces = rapid.SampledFrom(append(strings.Split(
	"退 款 退款 什么 订单 カード ｶﾞ 환불 ไทย a I to it its party parties partly part refund Refunds refunding charge charged charging "+
		"dying die lying news new university universe universal generous generously happy happiness skies sky "+
		"iPhone ＩＰＨＯＮＥ ﬁne straße STRASSE café cafe\u0301 Возврат שלום סلام 1 12 123 1234 13800138000 0138 ٠١٢٣ ① 👍🏽 👩‍👧 "+
		"abcdefghijklmnopqrstuvwxyz don't o'clock", " "),
	"\u200b", "\ufeff", "\u0301", "\u0345", "\u3099", "\xff", " ", " ", " ", "-", "，", "\n", "\u20e3", "々", "ー", "ı", "İ", "ς", "ΐ", "\u1fb7", "ﷺ"))

func texts(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(pieces, 0, most).Draw(t, "pieces"), "") })
}

// checkPromise is the invariant of the package: what Match accepts, tokens find.
func checkPromise(t require.TestingT, body, query string) bool {
	start, end, ok := Match(body, query)
	if !ok {
		return false
	}
	require.True(t, 0 <= start && start < end && end <= len(body), "offsets %d %d", start, end)
	wanted, err := QueryTokens(query)
	require.NoError(t, err)
	have := IndexTokens(body)
	for _, w := range wanted {
		require.Contains(t, have, w, "body %q query %q", body, query)
	}
	return true
}

func TestMatchImpliesTokens(t *testing.T) {
	t.Parallel()
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		body := texts(40).Draw(t, "body")
		query := texts(4).Draw(t, "query")
		if rapid.Bool().Draw(t, "from the body") && body != "" {
			// Cut at any byte: queries are often parts of what was written.
			from := rapid.IntRange(0, len(body)-1).Draw(t, "from")
			query = body[from:min(len(body), from+rapid.IntRange(1, 40).Draw(t, "length"))]
		}
		if checkPromise(t, body, query) {
			hits++
		}
	})
	require.Positive(t, hits, "the property was never exercised")
}

// Bodies beyond MaxTokens: what is not indexed must not match either.
func TestMatchImpliesTokensBeyondTheBound(t *testing.T) {
	t.Parallel()
	var han strings.Builder
	for r := rune(0x4e00); r < 0x4e00+3_000; r++ {
		han.WriteRune(r)
	}
	body := han.String()
	at := func(i int) string { return string([]rune{rune(0x4e00 + i), rune(0x4e00 + i + 1)}) }
	require.Len(t, IndexTokens(body), MaxTokens)
	require.True(t, checkPromise(t, body, at(0)))
	require.True(t, checkPromise(t, body, at(MaxTokens-1)))
	require.False(t, checkPromise(t, body, at(MaxTokens)))
	require.True(t, checkPromise(t, "refund "+body, "refund"))
	require.False(t, checkPromise(t, body+" refund", "refund"))

	var words strings.Builder
	for i := range 3_000 {
		words.WriteString(strings.Repeat(string(rune('a'+i%26)), 3) + strings.Repeat(string(rune('a'+i/26%26)), 2+i/676) + " ")
	}
	all := strings.Fields(words.String())
	require.Len(t, IndexTokens(words.String()), MaxTokens)
	hits, tried := 0, 0
	for i := 0; i < len(all); i += 60 {
		tried++
		if checkPromise(t, words.String(), all[i]) {
			hits++
		}
	}
	require.Greater(t, hits, 5)
	require.Less(t, hits, tried)
}

func TestEveryTextFindsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := texts(10).Draw(t, "body")
		if _, err := QueryTokens(body); err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		require.True(t, checkPromise(t, "前 "+body+" x", body))
	})
}

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		strings.Repeat("退", 50_000), strings.Repeat("a", 50_000), strings.Repeat("7", 50_000), strings.Repeat("ﷺ", 17_000),
		"e" + strings.Repeat("\u0301", 25_000), strings.Repeat("\xff", 50_000), strings.Repeat("กี่", 6_000), strings.Repeat("\u200d", 17_000),
	} {
		require.LessOrEqual(t, len(IndexTokens(s)), MaxTokens)
		require.LessOrEqual(t, len(normalize(s)), MaxInput+64, "one character may become many")
		Match(s, "refund 退款")
	}
	long := strings.Repeat("x ", MaxInput/2) + "refund"
	require.NotContains(t, IndexTokens(long), "refund")
	require.True(t, utf8.ValidString(Normalize(strings.Repeat("退", MaxInput))))
}

func FuzzMatch(f *testing.F) {
	f.Add("您好，我想申请退款 refund", "退款")
	f.Add("Parties ＩＰＨＯＮＥ ﬁ 13800138000", "party 1380")
	f.Add("e\u0301\u200b\xff👩‍👧 שלום ٣", "é 3")
	f.Fuzz(func(t *testing.T, body, query string) {
		checkPromise(t, body, query)
		checkPromise(t, body, body[:min(len(body), 60)])
		once := Normalize(body)
		require.True(t, utf8.ValidString(once))
		for _, token := range IndexTokens(body) {
			require.NotEmpty(t, token)
		}
	})
}

func BenchmarkIndexChinese300Bytes(b *testing.B) {
	s := "订单 00001234：你好，我上周买的滚筒洗衣机到现在还没有发货，请帮我看一下物流到哪里了，页面上说次日送装一体，" +
		"可是安装师傅一直没有联系我，发票能不能开公司抬头，优惠券下单的时候没有自动抵扣。"
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		IndexTokens(s)
	}
}

func BenchmarkIndex50kB(b *testing.B) {
	for name, s := range map[string]string{
		"english": strings.Repeat("The charged refunds were sent happily to another customer 12345. ", 770),
		"arabic":  strings.Repeat("السلام عليكم ورحمة الله ", 1_150),
		"marks":   "e" + strings.Repeat("\u0301", 25_000),
		"expand":  strings.Repeat("ﷺ", 17_000),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				IndexTokens(s)
			}
		})
	}
}

// Spots are the characters of Normalize, and each knows where it came from.
func TestSpots(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		var b strings.Builder
		last := 0
		for _, p := range Spots(s) {
			b.WriteRune(p.R)
			require.True(t, last <= p.Start && p.Start < p.End && p.End <= len(s))
			last = p.Start
		}
		require.Equal(t, Normalize(s), b.String())
	})
}
