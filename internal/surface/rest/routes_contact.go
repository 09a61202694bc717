package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// contactRoutes are about customers: profiles, notes, merges.
func contactRoutes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	const contacts, one = "/api/v1/contacts", "/api/v1/contacts/{id}"
	return []route{
		{get, contacts, "listContacts", "List and find customers", auth.ConversationsRead, false, to((*Server).listContacts)},
		{get, one, "getContact", "What is known of a customer", auth.ConversationsRead, false, to((*Server).getContact)},
		{patch, one, "updateContact", "Correct a customer's profile", auth.ContactsManage, false, to((*Server).updateContact)},
		{post, one + "/block", "blockContact", "Block a customer, or let them in again", auth.ContactsManage, false, to((*Server).blockContact)},
		{get, one + "/notes", "listContactNotes", "Notes about a customer", auth.ConversationsRead, false, to((*Server).listContactNotes)},
		{post, one + "/notes", "addContactNote", "Note something about a customer", auth.ContactsManage, false, to((*Server).addContactNote)},
		{del, one + "/notes/{note}", "deleteContactNote", "Delete a note about a customer", auth.ContactsManage, false, to((*Server).deleteContactNote)},
		{get, one + "/pages", "listContactPages", "Pages that a customer looked at", auth.ConversationsRead, false, to((*Server).listContactPages)},
		{post, one + "/merge/preview", "previewMerge", "What a merge of two customers would do", auth.ContactsManage, false, to((*Server).previewMerge)},
		{post, one + "/merge", "mergeContacts", "Make one customer of two", auth.ContactsManage, false, to((*Server).mergeContacts)},
		{get, one + "/merges", "listMerges", "Merges of a customer", auth.ConversationsRead, false, to((*Server).listMerges)},
		{post, "/api/v1/merges/{id}/undo", "undoMerge", "Undo a merge of two customers", auth.ContactsManage, false, to((*Server).undoMerge)},
	}
}
