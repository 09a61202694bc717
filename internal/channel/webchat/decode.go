package webchat

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
)

const (
	// maxParams bounds the params of one request in bytes.
	maxParams   = 256 << 10
	maxClientID = 100
	// maxAnswers, maxAnswerName (bytes) and maxAnswer (characters) bound the form
	// before the chat.
	maxAnswers    = 30
	maxAnswerName = 64
	maxAnswer     = 200
)

type sendParams struct {
	ClientID string         `json:"client_id"`
	Parts    []desk.Part    `json:"parts"`
	ReplyTo  desk.MessageID `json:"reply_to"`
	SentAt   time.Time      `json:"sent_at"`
	// Prechat is what a form before the chat asked.
	Prechat map[string]string `json:"prechat"`
}

// Decode turns the params of message.send into an envelope. Errors are Invalid
// and name the field as the visitor spelled it.
func Decode(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	const op = "decode message"
	var p sendParams
	if err := unmarshal(op, params, &p); err != nil {
		return channel.Envelope{}, err
	}
	if p.ClientID == "" || len(p.ClientID) > maxClientID || strings.ContainsFunc(p.ClientID, unprintable) {
		return channel.Envelope{}, desk.InvalidField(op, "client_id",
			fmt.Sprintf("a message needs a client_id of 1 to %d printable characters", maxClientID))
	}
	if p.ReplyTo != "" {
		if _, ok := p.ReplyTo.Shard(); !ok {
			return channel.Envelope{}, desk.InvalidField(op, "reply_to", "this is not the id of a message")
		}
	}
	content := desk.Content{Parts: p.Parts, ReplyTo: p.ReplyTo}
	for i, part := range content.Parts {
		if msg := refused(part); msg != "" {
			return channel.Envelope{}, desk.InvalidField(op, fmt.Sprintf("parts[%d]", i), msg)
		}
		content.Parts[i] = clean(part)
	}
	if err := content.Validate(); err != nil {
		return channel.Envelope{}, err
	}
	e := envelope(claims, p.ClientID, channel.MessageEvent)
	if err := introduce(&e.Peer.Profile, p.Prechat); err != nil {
		return channel.Envelope{}, err
	}
	e.Introduces = len(p.Prechat) > 0
	e.At = p.SentAt.UTC().Truncate(time.Microsecond)
	if p.SentAt.IsZero() {
		e.At = time.Time{}
	}
	e.Message = &channel.Message{Content: content}
	e.Opens = []channel.Trigger{channel.OnMessage}
	return checked(e)
}

// introduce fills what a form asked into the profile. What a host site vouched
// for stays; fields that are not of the profile become attributes.
func introduce(profile *desk.Profile, answers map[string]string) error {
	const op = "decode prechat"
	if len(answers) > maxAnswers {
		return desk.InvalidField(op, "prechat", fmt.Sprintf("a form has at most %d answers", maxAnswers))
	}
	for name, value := range answers {
		value = strings.TrimSpace(value)
		switch {
		case name == "" || len(name) > maxAnswerName || strings.ContainsFunc(name, unprintable):
			return desk.InvalidField(op, "prechat", "an answer has a name of 1 to 64 printable characters")
		case utf8.RuneCountInString(value) > maxAnswer:
			return desk.InvalidField(op, "prechat."+name, fmt.Sprintf("an answer is longer than %d characters", maxAnswer))
		case value == "":
			continue
		}
		switch name {
		case "name":
			fill(&profile.Name, value)
		case "email":
			if at := strings.Index(value, "@"); at < 1 || at == len(value)-1 || strings.ContainsAny(value, " \t\r\n<>") {
				return desk.InvalidField(op, "prechat.email", "this is not an e-mail address")
			}
			fill(&profile.Email, value)
		case "phone":
			if strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("0123456789+-() ", r) }) {
				return desk.InvalidField(op, "prechat.phone", "this is not a phone number")
			}
			fill(&profile.Phone, value)
		default:
			if profile.Attributes == nil {
				profile.Attributes = make(map[string]string, len(answers))
			}
			profile.Attributes[name] = value
		}
	}
	return nil
}

func fill(known *string, value string) {
	if *known == "" {
		*known = value
	}
}

// DecodeRead turns the params of message.read ({"seq"}) into a receipt.
func DecodeRead(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	const op = "decode receipt"
	var p struct {
		Seq int64 `json:"seq"`
	}
	if err := unmarshal(op, params, &p); err != nil {
		return channel.Envelope{}, err
	}
	if p.Seq < 1 {
		return channel.Envelope{}, desk.InvalidField(op, "seq", "seq is the number of the newest message read, from 1")
	}
	e := envelope(claims, "read:"+strconv.FormatInt(p.Seq, 10), channel.ReceiptEvent)
	e.Receipt = &channel.Receipt{UpToSeq: p.Seq, Status: desk.Read}
	return checked(e)
}

// DecodeTyping turns the params of typing ({"on", "text"?}) into a signal.
func DecodeTyping(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	const op = "decode typing"
	var p struct {
		On   bool   `json:"on"`
		Text string `json:"text"`
	}
	if err := unmarshal(op, params, &p); err != nil {
		return channel.Envelope{}, err
	}
	if utf8.RuneCountInString(p.Text) > channel.MaxDraft {
		// A long draft is still typing; agents see its end.
		runes := []rune(p.Text)
		p.Text = string(runes[len(runes)-channel.MaxDraft:])
	}
	e := envelope(claims, "typing:"+strconv.FormatBool(p.On), channel.SignalEvent)
	e.Signal = &channel.Signal{Name: "typing", On: p.On, Text: p.Text}
	return checked(e)
}

func envelope(claims auth.VisitorClaims, id string, kind channel.EventKind) channel.Envelope {
	return channel.Envelope{ID: id, Kind: kind, Peer: Peer(claims)}
}

// Peer is who a verified token speaks of.
func Peer(claims auth.VisitorClaims) channel.Peer {
	return channel.Peer{
		Scope: claims.Scope, External: claims.External, Verified: claims.Verified,
		Profile: desk.Profile{Name: claims.Name, Email: claims.Email, Phone: claims.Phone, Locale: claims.Locale},
	}
}

func checked(e channel.Envelope) (channel.Envelope, error) {
	if err := e.Validate(); err != nil {
		return channel.Envelope{}, err
	}
	return e, nil
}

func unmarshal(op string, params json.RawMessage, into any) error {
	if len(params) > maxParams {
		return desk.InvalidField(op, "params", "the request is too large")
	}
	// The decoder would replace broken UTF-8 in silence.
	if !utf8.Valid(params) {
		return desk.InvalidField(op, "params", "the request is not valid UTF-8")
	}
	if err := json.Unmarshal(params, into); err != nil {
		return &desk.Error{Kind: desk.Invalid, Op: op, Field: "params", Msg: "the params are not what this method takes", Err: err}
	}
	return nil
}

// refused says why a visitor may not send a part that agents may; empty means fine.
func refused(p desk.Part) string {
	if p.Type == desk.ButtonsPart {
		return "visitors press buttons and do not send them"
	}
	if p.Media != nil && p.Media.ID == "" {
		return "a file must be uploaded here first"
	}
	return ""
}

// clean drops what does not belong to the part's type. Validate would refuse
// it; a visitor's page that sends more than it should is understood all the same.
func clean(p desk.Part) desk.Part {
	c := desk.Part{Type: p.Type}
	switch p.Type {
	case desk.TextPart:
		c.Text = p.Text
	case desk.ImagePart, desk.AudioPart, desk.VideoPart, desk.FilePart:
		if p.Media != nil { // what the server knows of the file is not the visitor's to say
			c.Media = &desk.Media{ID: p.Media.ID, DurationMS: max(p.Media.DurationMS, 0)}
		}
	case desk.LocationPart:
		c.Location = p.Location
	case desk.CardPart:
		c.Card = p.Card
	case desk.FormPart:
		if p.Form == nil || len(p.Form.Values) > len(p.Form.Fields) {
			c.Form = p.Form // for Validate to refuse
			break
		}
		form := *p.Form
		form.Values = make(map[string]string, len(p.Form.Values))
		for _, f := range form.Fields {
			if v, ok := p.Form.Values[f.Name]; ok {
				form.Values[f.Name] = v
			}
		}
		c.Form = &form
	case desk.ButtonsPart:
		c.Text, c.Buttons = p.Text, p.Buttons
	}
	return c
}

func unprintable(r rune) bool { return r < ' ' || r == 0x7f }
