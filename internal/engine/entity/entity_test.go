package entity_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/entity"
)

// A Saturday, in Shanghai.
var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))

func TestFirstValue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind entity.Kind
		text string
		want any // nil: nothing is found
	}{
		{entity.Number, "一共3个", 3.0},
		{entity.Number, "三千五百二十", 3520.0},
		{entity.Number, "一万二", 12000.0},
		{entity.Number, "三百五", 350.0},
		{entity.Number, "两百零五", 205.0},
		{entity.Number, "３万5", 35000.0},
		{entity.Number, "2.5万", 25000.0},
		{entity.Number, "1,299.5", 1299.5},
		{entity.Number, "-4", -4.0},
		{entity.Number, "三点五", 3.5},
		{entity.Number, "买十二个", 12.0},
		{entity.Number, "二〇二六", 2026.0},
		{entity.Number, "twenty-five please", 25.0},
		{entity.Number, "a hundred and five", 105.0},
		{entity.Number, "three thousand two hundred", 3200.0},
		{entity.Number, "我想问一下", nil},
		{entity.Number, "万一坏了呢", nil},
		{entity.Number, "a question", nil},
		{entity.Integer, "2.5", nil},
		{entity.Integer, "要两件", 2.0},
		{entity.Date, "明天下午三点", "2026-11-22"},
		{entity.Date, "大后天", "2026-11-24"},
		{entity.Date, "下周二", "2026-11-24"},
		{entity.Date, "下下周一", "2026-11-30"},
		{entity.Date, "这周五", "2026-11-20"},
		{entity.Date, "周五", "2026-11-27"},
		{entity.Date, "星期天", "2026-11-22"},
		{entity.Date, "周六", "2026-11-21"},
		{entity.Date, "上周三", "2026-11-11"},
		{entity.Date, "3天后", "2026-11-24"},
		{entity.Date, "两周以前", "2026-11-07"},
		{entity.Date, "12月1号", "2026-12-01"},
		{entity.Date, "十二月二十五日", "2026-12-25"},
		{entity.Date, "1月3日", "2027-01-03"},
		{entity.Date, "25号", "2026-11-25"},
		{entity.Date, "5号", "2026-12-05"},
		{entity.Date, "下个月15号", "2026-12-15"},
		{entity.Date, "月底", "2026-11-30"},
		{entity.Date, "2026年2月30日", nil},
		{entity.Date, "2026-12-31", "2026-12-31"},
		{entity.Date, "２０２６/１２/３１", "2026-12-31"},
		{entity.Date, "next Monday", "2026-11-23"},
		{entity.Date, "last friday", "2026-11-13"},
		{entity.Date, "on Tuesday", "2026-11-24"},
		{entity.Date, "in 3 days", "2026-11-24"},
		{entity.Date, "two weeks ago", "2026-11-07"},
		{entity.Date, "the day after tomorrow", "2026-11-23"},
		{entity.Date, "Dec 25th, 2026", "2026-12-25"},
		{entity.Date, "3 January", "2027-01-03"},
		{entity.Date, "12/25", "2026-12-25"},
		{entity.Date, "没有日期", nil},
		{entity.Date, "20261121001234", nil},
		{entity.Time, "下午三点半", "15:30"},
		{entity.Time, "晚上8点20", "20:20"},
		{entity.Time, "早上九点一刻", "09:15"},
		{entity.Time, "中午", "12:00"},
		{entity.Time, "凌晨12点", "00:00"},
		{entity.Time, "15:30", "15:30"},
		{entity.Time, "at 3pm", "15:00"},
		{entity.Time, "3:45 p.m.", "15:45"},
		{entity.Time, "at noon", "12:00"},
		{entity.Time, "半小时后", "10:30"},
		{entity.DateTime, "明天下午三点", "2026-11-22T15:00:00+08:00"},
		{entity.DateTime, "下周二上午10点半", "2026-11-24T10:30:00+08:00"},
		{entity.DateTime, "今晚八点", "2026-11-21T20:00:00+08:00"},
		{entity.DateTime, "9点", "2026-11-22T09:00:00+08:00"},
		{entity.DateTime, "tomorrow at 3pm", "2026-11-22T15:00:00+08:00"},
		{entity.DateTime, "in two hours", "2026-11-21T12:00:00+08:00"},
		{entity.DateTime, "2小时后", "2026-11-21T12:00:00+08:00"},
		{entity.Money, "退了三块五", 3.5},
		{entity.Money, "199元", 199.0},
		{entity.Money, "￥ 1,299.00", 1299.0},
		{entity.Money, "$25", 25.0},
		{entity.Money, "20 dollars", 20.0},
		{entity.Money, "2件，一共300块钱", 300.0},
		{entity.Phone, "我的电话是138 1234 5678", "13812345678"},
		{entity.Phone, "+86 138-1234-5678", "13812345678"},
		{entity.Phone, "010-62345678", "01062345678"},
		{entity.Phone, "400-800-8820", "4008008820"},
		{entity.Phone, "+44 20 7946 0958", "+442079460958"},
		{entity.Phone, "(415) 555-2671", "4155552671"},
		{entity.Phone, "12345", nil},
		{entity.Email, "发到 Lin.Wei+shop@Example.com.cn 吧", "lin.wei+shop@example.com.cn"},
		{entity.Email, "a@b", nil},
		{entity.Order, "订单号是dd20261121001", "DD20261121001"},
		{entity.Order, "订单号 883", "883"},
		{entity.Order, "我13812345678买的，单号A-10023", "A-10023"},
		{entity.Order, "帮我查查", nil},
		{entity.Order, "20261121001234", "20261121001234"},
		{entity.Tracking, "顺丰SF1234567890123", "SF1234567890123"},
		{entity.Tracking, "1Z999AA10123456784", "1Z999AA10123456784"},
		{entity.Tracking, "EA123456785CN", "EA123456785CN"},
		{entity.YesNo, "是的", true},
		{entity.YesNo, "好的呀！", true},
		{entity.YesNo, "没问题", true},
		{entity.YesNo, "可以吗", nil},
		{entity.YesNo, "不用了谢谢", false},
		{entity.YesNo, "还没呢", false},
		{entity.YesNo, "没错", true},
		{entity.YesNo, "no, thanks", false},
		{entity.YesNo, "Yes please", true},
		{entity.YesNo, "我的快递到哪里了", nil},
		{entity.Text, "  随便写 ", "随便写"},
		{entity.Text, " \n", nil},
	} {
		t.Run(string(c.kind)+" "+c.text, func(t *testing.T) {
			t.Parallel()
			spec, err := entity.Compile(entity.Spec{Kind: c.kind})
			require.NoError(t, err)
			found := entity.Find(spec, c.text, now)
			if c.want == nil {
				require.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			require.Equal(t, c.want, found[0].Value)
			require.Equal(t, found[0].Text, c.text[found[0].Start:found[0].End])
		})
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for text, unit := range map[string]string{"199元": "CNY", "$5": "USD", "5 euros": "EUR", "200": ""} {
		spec, err := entity.Compile(entity.Spec{Kind: entity.Money})
		require.NoError(t, err)
		require.Equal(t, unit, entity.Find(spec, text, now)[0].Unit, text)
	}
	spec, err := entity.Compile(entity.Spec{Kind: entity.Tracking})
	require.NoError(t, err)
	require.Equal(t, "sf", entity.Find(spec, "sf1234567890123", now)[0].Unit)
}

func TestMembersOfAList(t *testing.T) {
	t.Parallel()
	spec, err := entity.Compile(entity.Spec{Kind: entity.List, Items: []entity.Item{
		{Value: "refund", Label: "退货退款", Words: []string{"退货", "退钱", "不要了", "return"}},
		{Value: "exchange", Label: "换货", Words: []string{"换一个", "换尺码", "exchange"}},
		{Value: "repair", Label: "维修", Words: []string{"修一修", "坏了", "repair it please"}},
	}})
	require.NoError(t, err)
	for text, want := range map[string][]any{
		"我要退貨": {"refund"}, "我要退货": {"refund"}, "换货": {"exchange"}, "第二个": {"exchange"}, "2": {"exchange"}, "the last one": {"repair"},
		"repiar it please": {"repair"}, "I want to retrun it": {"refund"}, "坏了，想换一个": {"exchange", "repair"}, "随便": nil, "9": nil, "exchanges": {"exchange"},
	} {
		var got []any
		for _, m := range entity.Find(spec, text, now) {
			got = append(got, m.Value)
		}
		require.ElementsMatch(t, want, got, text)
	}
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	spec, err := entity.Compile(entity.Spec{Kind: entity.Pattern, Pattern: `券码?\s*([A-Z]{4}\d{4})`})
	require.NoError(t, err)
	require.Equal(t, "abcd1234", entity.Find(spec, "券码 abcd1234", now)[0].Value)
	narrowed, err := entity.Compile(entity.Spec{Kind: entity.Order, Pattern: `DD\d{6}`})
	require.NoError(t, err)
	require.Empty(t, entity.Find(narrowed, "订单号 20261121001234", now))
	require.Len(t, entity.Find(narrowed, "dd123456", now), 1)
}

func TestBadSpecs(t *testing.T) {
	t.Parallel()
	for _, s := range []entity.Spec{
		{},
		{Kind: "colour"},
		{Kind: entity.List},
		{Kind: entity.Pattern},
		{Kind: entity.Pattern, Pattern: "("},
		{Kind: entity.Pattern, Pattern: "(a{1000}){1000}"},
		{Kind: entity.List, Items: []entity.Item{{}}},
		{Kind: entity.List, Items: make([]entity.Item, entity.MaxItems+1)},
	} {
		_, err := entity.Compile(s)
		var bad *entity.CompileError
		require.ErrorAs(t, err, &bad, s.Kind)
		require.NotEmpty(t, bad.Error())
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"明天下午三点", "３万5", "next Monday at 3pm", "订单号 DD123456", "\xff１２³⁄₄", "ﷺ 1", "负", "一万亿亿亿", "a-", "半年前", "0月0日", "99999999999999999999年"} {
		f.Add(s)
	}
	var specs []*entity.Spec
	for _, k := range entity.Kinds() {
		s, err := entity.Compile(entity.Spec{Kind: k, Pattern: map[entity.Kind]string{entity.Pattern: `\w+(\d)?`}[k], Items: []entity.Item{{Label: "退货"}, {Label: "exchange"}}})
		if err != nil {
			f.Fatal(err)
		}
		specs = append(specs, s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, spec := range specs {
			for _, m := range entity.Find(spec, s, now) {
				if m.Start < 0 || m.End > len(s) || m.Start > m.End || s[m.Start:m.End] != m.Text || m.Score < 0 || m.Score > 1 || m.Value == nil {
					t.Fatalf("%s in %q: %+v", spec.Kind, s, m)
				}
				if v, ok := m.Value.(string); ok && utf8.ValidString(s) && !utf8.ValidString(v) {
					t.Fatalf("%s in %q: %q is no text", spec.Kind, s, v)
				}
			}
		}
	})
}
