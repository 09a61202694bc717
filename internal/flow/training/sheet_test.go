package training_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
)

func TestReadSheet(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in   string
		rows []training.Row
		bad  []int
	}{
		"tabs":            {"a\tone\nb\ttwo\tmore\n", []training.Row{{1, "a", "one"}, {2, "b", "two"}}, nil},
		"commas":          {"a,one\r\nb,\"two, \"\"three\"\"\"\r\n", []training.Row{{1, "a", "one"}, {2, "b", `two, "three"`}}, nil},
		"headings":        {"\xef\xbb\xbf意图,例句\n查物流,到哪了", []training.Row{{2, "查物流", "到哪了"}}, nil},
		"no heading":      {"intent\tmy order\n", []training.Row{{1, "intent", "my order"}}, nil},
		"empty lines":     {"a\tone\n\n\t\nb\ttwo", []training.Row{{1, "a", "one"}, {4, "b", "two"}}, nil},
		"bad lines":       {"a\tone\nonly\n\tno intent\nb\t \nb\ttwo", []training.Row{{1, "a", "one"}, {5, "b", "two"}}, []int{2, 3, 4}},
		"too long":        {"a\t" + strings.Repeat("长", 501), nil, []int{1}},
		"line in a quote": {"a,\"one\ntwo\"\nb,three", []training.Row{{1, "a", "one two"}, {3, "b", "three"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rows, bad, err := training.ReadSheet([]byte(c.in))
			require.NoError(t, err)
			require.Equal(t, c.rows, rows)
			var lines []int
			for _, b := range bad {
				lines = append(lines, b.Line)
				require.NotEmpty(t, b.Message)
			}
			require.Equal(t, c.bad, lines)
		})
	}
	for _, bad := range []string{"a\t\xff", strings.Repeat("x", training.MaxSheet+1)} {
		_, _, err := training.ReadSheet([]byte(bad))
		require.ErrorIs(t, err, desk.Invalid)
	}
}

func FuzzReadSheet(f *testing.F) {
	for _, s := range []string{"a\tb\n", "a,b\n", "\"", "intent,text\na,\"b\nc\"", "\xef\xbb\xbf"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, bad, err := training.ReadSheet(data)
		if err != nil {
			require.Empty(t, rows)
			return
		}
		for _, r := range rows {
			require.NotEmpty(t, strings.TrimSpace(r.Intent))
			require.NotEmpty(t, r.Text)
			require.LessOrEqual(t, utf8.RuneCountInString(r.Text), training.MaxExampleRunes)
		}
		for _, b := range bad {
			require.NotEmpty(t, b.Reason)
		}
	})
}

func TestImportAndExport(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.save(t, training.Intent{Name: "refund", Title: "退款", Enabled: true, Examples: []string{"我要退货", "不想要了"}})
	sheet := "意图\t例句\n退款\t我要退货\n退款\t能退吗\n查物流\t到哪了\n查物流\t到哪了 \n查物流\t不想要了\n@greeting\t嗨嗨嗨\nonly\n"
	look, err := s.Import(s.Ctx, s.by(""), []byte(sheet), true, false)
	require.NoError(t, err)
	require.Equal(t, []string{"cwl"}, look.Created)
	require.Equal(t, 6, look.Rows)
	require.Equal(t, 4, look.Added)
	require.Equal(t, 2, look.Duplicates)
	require.Equal(t, 1, look.ErrorCount)
	require.Equal(t, 8, look.Errors[0].Line)
	require.Equal(t, []training.Clash{{Text: "不想要了", Intents: []string{"cwl", "refund"}}}, look.Clashes)
	require.False(t, look.Done)
	refused, err := s.Import(s.Ctx, s.by("k"), []byte(sheet), false, false)
	require.NoError(t, err)
	require.False(t, refused.Done, "nothing is half stored")
	done, err := s.Import(s.Ctx, s.by("k"), []byte(sheet), false, true)
	require.NoError(t, err)
	require.True(t, done.Done)
	again, err := s.Import(s.Ctx, s.by(""), []byte(sheet), false, true)
	require.NoError(t, err)
	require.Zero(t, again.Added)
	out, err := s.Export(s.Ctx, s.ID)
	require.NoError(t, err)
	require.Contains(t, out, "cwl\t到哪了\ncwl\t不想要了\nrefund\t我要退货\nrefund\t不想要了\nrefund\t能退吗\n")
	require.Contains(t, out, "@greeting\t嗨嗨嗨\n")
	require.NotContains(t, out, "@thanks")
	back, err := s.Import(s.Ctx, s.by(""), []byte(out), true, false)
	require.NoError(t, err)
	require.Zero(t, back.Added)
	require.Zero(t, back.ErrorCount)
	_, err = s.Import(s.Ctx, s.by(""), []byte(" \n"), false, false)
	require.ErrorIs(t, err, desk.Invalid)
}
