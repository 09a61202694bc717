package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/platform/auth"
)

// knowledgeRoutes are about what the bot knows.
func knowledgeRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const all, one = "/api/v1/knowledge", "/api/v1/knowledge/entries/{id}"
	return []route{
		{get, all + "/entries", "listKnowledge", "FAQs and articles, the one changed last first", auth.KnowledgeRead, false, to((*Server).listKnowledge)},
		{post, all + "/entries", "createKnowledge", "Add an FAQ or an article", auth.KnowledgeManage, false, sized(1<<20, to((*Server).createKnowledge))},
		{post, all + "/entries/bulk", "changeManyKnowledge", "Enable, disable, move or delete many entries", auth.KnowledgeManage, false, to((*Server).changeManyKnowledge)},
		{get, one, "getKnowledge", "Open an entry", auth.KnowledgeRead, false, to((*Server).getKnowledge)},
		{put, one, "changeKnowledge", "Change an entry; Conflict if somebody else has", auth.KnowledgeManage, false, sized(1<<20, to((*Server).changeKnowledge))},
		{del, one, "deleteKnowledge", "Delete an entry and its history", auth.KnowledgeManage, false, to((*Server).deleteKnowledge)},
		{post, one + "/ways", "addWay", "Add a way of asking to an FAQ", auth.KnowledgeManage, false, to((*Server).addWay)},
		{get, one + "/versions", "listKnowledgeVersions", "An entry's history, the newest first", auth.KnowledgeRead, false, to((*Server).listKnowledgeVersions)},
		{post, one + "/restore", "restoreKnowledge", "Make an earlier version the newest", auth.KnowledgeManage, false, to((*Server).restoreKnowledge)},

		{get, all + "/categories", "listKnowledgeCategories", "Categories in their order", auth.KnowledgeRead, false, to((*Server).listCategories)},
		{put, all + "/categories", "saveKnowledgeCategories", "Replace the list of categories", auth.KnowledgeManage, false, to((*Server).saveCategories)},
		{get, all + "/synonyms", "listSynonyms", "Groups of words that mean the same", auth.KnowledgeRead, false, to((*Server).listSynonyms)},
		{put, all + "/synonyms", "saveSynonyms", "Replace the groups of synonyms", auth.KnowledgeManage, false, sized(2<<20, to((*Server).saveSynonyms))},

		{post, all + "/find", "findKnowledge", "Try a question", auth.KnowledgeRead, false, to((*Server).findKnowledge)},
		{get, all + "/training", "getKnowledgeTraining", "How learning goes, and what each training was worth", auth.KnowledgeRead, false, to((*Server).getKnowledgeTraining)},
		{post, all + "/training", "trainKnowledge", "Learn everything again", auth.KnowledgeManage, false, to((*Server).trainKnowledge)},
		{put, all + "/training", "serveKnowledge", "Let an earlier training answer, or the newest again", auth.KnowledgeManage, false, to((*Server).serveKnowledge)},

		{post, all + "/import/preview", "previewKnowledgeImport", "What a table of FAQs (CSV) would do, and what is wrong with it", auth.KnowledgeManage, false, sized(2*library.MaxSheet, to((*Server).previewImport))},
		{post, all + "/import", "importKnowledge", "Import a table of FAQs (CSV): all of it or nothing", auth.KnowledgeManage, false, sized(2*library.MaxSheet, to((*Server).importKnowledge))},
		{get, all + "/export", "exportKnowledge", "All FAQs as a table (CSV)", auth.KnowledgeManage, false, to((*Server).exportKnowledge)},
	}
}

// sized lets a route take larger bodies than usual.
func sized(most int64, next binding) binding {
	return func(s *Server, r route, op huma.Operation) {
		op.MaxBodyBytes = most
		next(s, r, op)
	}
}
