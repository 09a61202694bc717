package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

func knowledgeEntry(title string) map[string]any {
	return map[string]any{
		"kind": "faq", "title": title, "ways": []string{title + "怎么办"}, "enabled": true,
		"answers": []any{map[string]any{"parts": surfacetest.Text("答案")}},
	}
}

// knowledgeBody is what the commands on knowledge take.
func (v things) knowledgeBody(id string) any {
	switch id {
	case "createKnowledge":
		return knowledgeEntry("公开问题")
	case "changeKnowledge":
		e := knowledgeEntry("公开问题")
		e["version"] = 1
		return e
	case "changeManyKnowledge":
		return map[string]any{"ids": []string{v.entry}, "action": "disable"}
	case "addWay":
		return map[string]string{"text": "可以吗"}
	case "restoreKnowledge":
		return map[string]int{"version": 1, "expect_version": 1}
	case "saveKnowledgeCategories":
		return map[string]any{"items": []any{map[string]string{"id": "", "name": "售后"}}, "version": 0}
	case "saveSynonyms":
		return map[string]any{"groups": [][]string{{"退货", "退款"}}, "version": 0}
	case "findKnowledge":
		return map[string]string{"text": "问题"}
	case "previewKnowledgeImport", "importKnowledge":
		return map[string]string{"csv": "question,answer\n问,答\n"}
	}
	return map[string]string{}
}

// From an FAQ to its answer, by the agents' door.
func TestKnowledge(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin, agent := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Answerer)
	const all = "/api/v1/knowledge"
	tree := put(admin, all+"/categories", map[string]any{"version": 0, "items": []any{
		map[string]string{"id": "new1", "name": "售后"}, map[string]string{"id": "", "name": "退换", "parent_id": "new1"},
	}})
	require.Equal(t, http.StatusOK, tree.Status, string(tree.Body))
	require.Equal(t, tree.Text("items.0.id"), tree.Text("items.1.parent_id"))
	require.Equal(t, http.StatusConflict, put(admin, all+"/categories", map[string]any{"version": 0, "items": []any{}}).Status)

	entry := knowledgeEntry("怎么退货")
	entry["category_id"] = tree.Text("items.1.id")
	made := admin.Post(all+"/entries", entry)
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	one := all + "/entries/" + made.Text("id")
	require.Equal(t, http.StatusForbidden, agent.Post(all+"/entries", entry).Status)
	require.Equal(t, "怎么退货", agent.Get(one).Text("title"))

	// Two who look at the same version: one is told.
	entry["title"], entry["version"] = "如何退货", 1
	require.Equal(t, http.StatusOK, put(admin, one, entry).Status)
	second := put(h.LogIn(h.Near.Supervisor), one, entry)
	require.Equal(t, http.StatusConflict, second.Status)
	problem(t, second, "conflict")
	require.Len(t, admin.Get(one+"/versions").Get("items"), 2)
	back := admin.Post(one+"/restore", map[string]int{"version": 1, "expect_version": 2})
	require.Equal(t, "怎么退货", back.Text("title"), string(back.Body))
	require.Equal(t, http.StatusOK, admin.Post(one+"/ways", map[string]string{"text": "我想退货", "origin": "review"}).Status)

	require.Len(t, admin.Get(all+"/entries?q=想退&category="+tree.Text("items.1.id")).Get("items"), 1)
	require.Empty(t, admin.Get(all+"/entries?category=-").Get("items"))
	require.Equal(t, http.StatusUnprocessableEntity, admin.Get(all+"/entries?cursor=x").Status)

	bad := admin.Post(all+"/import/preview", map[string]string{"csv": "问题,答案,启用\n运费多少,包邮,也许\n"})
	require.EqualValues(t, 2, bad.Number("problems.0.row"), string(bad.Body))
	require.Equal(t, "enabled", bad.Text("problems.0.column"))
	sheet := map[string]string{"csv": "问题,问法,答案,分类\n运费多少,\"邮费怎么算\n包邮吗\",满 99 元包邮,售前 / 物流\n"}
	good := admin.Post(all+"/import/preview", sheet)
	require.EqualValues(t, 1, good.Number("created"), string(good.Body))
	done := admin.Post(all+"/import", sheet)
	require.Equal(t, http.StatusOK, done.Status, string(done.Body))
	require.Len(t, admin.Get(all+"/categories").Get("items"), 4)
	exported := admin.Get(all + "/export")
	again := admin.Post(all+"/import/preview", map[string]string{"csv": exported.Text("csv")})
	require.EqualValues(t, 2, again.Number("changed"), string(again.Body))

	require.Equal(t, true, admin.Get(all+"/training").Get("waiting"))
	require.NoError(t, h.Library.Learn(t.Context(), h.Near.ID))
	found := agent.Post(all+"/find", map[string]string{"text": "要多少邮费"})
	require.Equal(t, "运费多少", found.Text("hits.0.title"), string(found.Body))
	training := admin.Get(all + "/training")
	require.Len(t, training.Get("trainings"), 1)
	require.Equal(t, http.StatusNoContent, put(admin, all+"/training", map[string]string{"id": training.Text("trainings.0.id")}).Status)
	require.Equal(t, http.StatusNoContent, admin.Post(all+"/entries/bulk", map[string]any{"ids": []string{made.Text("id")}, "action": "delete"}).Status)
	require.Equal(t, http.StatusNotFound, admin.Get(one).Status)
}
