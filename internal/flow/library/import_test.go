package library_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/library"
)

func TestAnImportIsAllOrNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	drafts := func() []library.Draft {
		var out []library.Draft
		for i := range 300 {
			out = append(out, library.Draft{Item: faq(fmt.Sprint("问题", i), "答案", fmt.Sprint("问法", i)), Path: []string{"售后", fmt.Sprint("第", i%3)}})
		}
		return out
	}
	bad := drafts()
	bad[299].Title = ""
	_, err := h.Import(h.Ctx, h.by("bad"), bad)
	require.ErrorIs(t, err, desk.Invalid)
	require.Contains(t, err.Error(), "needed")
	items, _, err := h.List(h.Ctx, h.ID, library.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, items)

	done, err := h.Import(h.Ctx, h.by("good"), drafts())
	require.NoError(t, err)
	require.Equal(t, library.Imported{Created: 300}, done)
	again, err := h.Import(h.Ctx, h.by("good"), drafts())
	require.NoError(t, err)
	require.Equal(t, done, again, "a repeat changes nothing and tells the same")
	categories, _, err := h.Categories(h.Ctx, h.ID)
	require.NoError(t, err)
	require.Len(t, categories, 4)

	// Page by page, each once.
	seen := map[string]bool{}
	for cursor := ""; ; {
		page, next, err := h.List(h.Ctx, h.ID, library.Filter{Categories: []string{categories[1].ID}, Query: "问题"}, cursor, 7)
		require.NoError(t, err)
		for _, it := range page {
			require.False(t, seen[it.ID])
			seen[it.ID] = true
		}
		if cursor = next; next == "" {
			break
		}
	}
	require.Len(t, seen, 100)
	ids := make([]string, 0, len(seen))
	for id := range seen {
		ids = append(ids, id)
	}
	before, err := h.Store.Head(h.Ctx)
	require.NoError(t, err)
	require.NoError(t, h.Bulk(h.Ctx, h.by("off"), ids, library.BulkDisable, ""))
	after, err := h.Store.Head(h.Ctx)
	require.NoError(t, err)
	require.EqualValues(t, 1, after-before, "everybody is told once")
	off, _, err := h.List(h.Ctx, h.ID, library.Filter{State: library.StateDisabled}, "", 200)
	require.NoError(t, err)
	require.Len(t, off, 100)
	require.NoError(t, h.Bulk(h.Ctx, h.by("gone"), ids, library.BulkDelete, ""))
	require.NoError(t, h.Bulk(h.Ctx, h.by("gone again"), ids, library.BulkDelete, ""), "those that are gone are left out")
}

func TestASheetComesBackAsItWent(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop(t)
	formula, err := h.Save(h.Ctx, h.by("formula"), faq("=1+1 是多少", "-2，不对", "@所有人"))
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, h.WriteSheet(h.Ctx, h.ID, &b))
	require.NotContains(t, b.String(), ",=1+1", "no spreadsheet computes what people wrote")
	drafts, problems, err := h.ReadSheet(h.Ctx, h.ID, []byte(b.String()))
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Len(t, drafts, 5)
	for _, d := range drafts {
		it, err := h.Get(h.Ctx, h.ID, d.ID)
		require.NoError(t, err)
		require.Equal(t, it.Title, d.Title)
		require.Equal(t, it.Ways, d.Ways)
		require.Equal(t, it.Answers, d.Answers)
		if it.ID == formula.ID {
			require.Equal(t, "=1+1 是多少", d.Title)
		}
	}
	for sheet, code := range map[string]string{
		"":                             "empty",
		"question\nx\n":                "missing",
		"question,question,answer\n":   "twice",
		"question,answer\n":            "no_rows",
		"question,answer\n\"x,y\n":     "quote",
		"question,answer\n,y\n":        "bad_question",
		"question,answer\nx,\n":        "bad_answer",
		"问题,答案,编号\nx,y,faq_none\n":     "bad_id",
		"问题;答案;分类\nx;y;a/b/c\n":        "bad_category",
		"问题\t答案\t来源链接\nx\ty\tftp://\n": "bad_source_url",
		"question,answer\n\xff,y\n":    "encoding",
	} {
		drafts, problems, err := h.ReadSheet(h.Ctx, h.ID, []byte(sheet))
		require.NoError(t, err)
		require.Empty(t, drafts, sheet)
		require.NotEmpty(t, problems, sheet)
		require.Equal(t, code, problems[0].Code, sheet)
	}
}

// Answering goes on while others save and train, and every answer is whole.
func TestAnswersDuringTraining(t *testing.T) {
	t.Parallel()
	h := open(t)
	items := h.shop(t)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	_, err := h.Find(h.Ctx, h.ID, library.Ask{Text: "我要开发票"})
	require.NoError(t, err)
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				f, err := h.Find(h.Ctx, h.ID, library.Ask{Text: "我要开发票"})
				if err != nil || len(f.Hits) == 0 || f.Hits[0].ID != items["invoice"].ID || f.Hits[0].Answer.PlainText() != "在订单页开发票。" {
					t.Errorf("a wrong answer: %v %v", f, err)
					return
				}
			}
		})
	}
	for i := range 5 {
		_, err := h.AddWay(h.Ctx, h.by(fmt.Sprint("way", i)), items["freight"].ID, fmt.Sprint("第几种邮费问法", i), "desk")
		require.NoError(t, err)
		require.NoError(t, h.Learn(h.Ctx, h.ID))
		h.Refresh(h.Ctx, h.ID)
	}
	close(stop)
	asking.Wait()
}

func FuzzSheet(f *testing.F) {
	f.Add([]byte("question,answer\nx,y\n"))
	f.Add([]byte("问题\t答案\n\"x\n\",y"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, problems := library.ReadTable(data)
		require.True(t, len(rows) > 0 || len(problems) > 0)
	})
}
