package conversation

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// maxPreview is the longest preview, in characters.
const maxPreview = 120

// BodyPlace is where a message's body is sealed for.
func BodyPlace(conversation desk.ConversationID, message desk.MessageID) seal.Place {
	return seal.Place{Owner: string(conversation), Table: "message", Row: string(message), Column: "body"}
}

func previewPlace(id desk.ConversationID) seal.Place {
	return seal.Place{Owner: string(id), Table: "conversation", Row: string(id), Column: "preview"}
}

func profilePlace(id desk.ContactID) seal.Place {
	return seal.Place{Owner: string(id), Table: "contact", Row: string(id), Column: "profile"}
}

// body is content ready to be sealed as often as a unit runs.
type body struct {
	json    []byte
	preview []byte
	// files are the uploaded files that the content carries.
	files []desk.AttachmentID
}

func newBody(c desk.Content) (body, error) {
	if err := c.Validate(); err != nil {
		return body{}, err
	}
	data, err := json.Marshal(c)
	if err != nil {
		return body{}, desk.Wrap(desk.Invalid, "encode content", err)
	}
	return body{json: data, preview: []byte(preview(c)), files: c.Attachments()}, nil
}

func (b body) seal(keys *seal.AccountKeys, conversation desk.ConversationID, message desk.MessageID, by desk.AuthorKind) (content, preview desk.Sealed) {
	return keys.Seal(BodyPlace(conversation, message), b.json), keys.Seal(previewPlace(conversation), previewOf(by, false, b.preview))
}

// recalledMark stands in a preview behind the kind of the author.
const recalledMark = " recalled"

// previewOf is what is sealed as a conversation's preview: who wrote the newest
// public message, whether it was taken back, and behind a line break the start
// of its text, which has none.
func previewOf(by desk.AuthorKind, recalled bool, text []byte) []byte {
	out := append(make([]byte, 0, len(by)+len(recalledMark)+1+len(text)), by...)
	if recalled {
		out = append(out, recalledMark...)
	}
	return append(append(out, '\n'), text...)
}

// readPreview is the inverse of previewOf.
func readPreview(plain []byte) (text string, last Last) {
	head, text, found := strings.Cut(string(plain), "\n")
	if !found {
		return head, Last{}
	}
	by, recalled := strings.CutSuffix(head, recalledMark)
	return text, Last{By: desk.AuthorKind(by), Recalled: recalled}
}

// uses says that the message carries the content's files; nil if it has none.
func (b body) uses(message desk.MessageID) (uses []store.AttachmentUse) {
	for _, id := range b.files {
		uses = append(uses, store.AttachmentUse{ID: id, Message: message})
	}
	return uses
}

// preview is the start of the readable text on one line.
func preview(c desk.Content) string {
	line := strings.Join(strings.Fields(c.PlainText()), " ")
	if utf8.RuneCountInString(line) <= maxPreview {
		return line
	}
	return string([]rune(line)[:maxPreview-1]) + "…"
}

// open decrypts messages. One that does not open keeps its head and has no
// parts, so that damage to one does not hide the rest; it is logged.
func (s *Service) open(ctx context.Context, keys *seal.AccountKeys, stored []desk.StoredMessage) []desk.Message {
	out := make([]desk.Message, len(stored))
	for i, m := range stored {
		out[i].MessageHead = m.MessageHead
		plain, err := keys.Open(BodyPlace(m.ConversationID, m.ID), m.Body)
		if err == nil {
			err = json.Unmarshal(plain, &out[i].Content)
		}
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a message cannot be opened", "message_id", m.ID, "error", err)
		}
		s.deps.Files.Sign(m.AccountID, &out[i].Content)
	}
	return out
}

func (s *Service) keys(ctx context.Context, account desk.AccountID, op string) (*seal.AccountKeys, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, desk.Wrap(desk.KindOf(err), op, err)
	}
	return keys, nil
}
