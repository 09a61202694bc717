package desk

import (
	"strings"
	"time"
)

// Content is what a message says: one to MaxParts parts, shown in order.
type Content struct {
	Parts []Part `json:"parts"`
	// ReplyTo quotes an earlier message of the same conversation; may be empty.
	ReplyTo MessageID `json:"reply_to,omitempty"`
	// Mentions are the colleagues a note names.
	Mentions []AgentID `json:"mentions,omitempty"`
	// RecalledAt is set when the message was taken back; it then says nothing else.
	RecalledAt time.Time `json:"recalled_at,omitzero"`
	// Sources are what the bot's answer rests on.
	Sources []Source `json:"sources,omitempty"`
	// DecisionID names the bot's decision that led to the answer; what has one
	// can be given a thumb.
	DecisionID string `json:"decision_id,omitempty"`
}

// PartType names what a Part holds; exactly the field of the same name is set
// (media for image, audio, video and file; buttons may have a text above them).
type PartType string

// The kinds of content that every channel's messages are turned into.
const (
	TextPart     PartType = "text"
	ImagePart    PartType = "image"
	AudioPart    PartType = "audio"
	VideoPart    PartType = "video"
	FilePart     PartType = "file"
	LocationPart PartType = "location"
	CardPart     PartType = "card"
	ButtonsPart  PartType = "buttons"
	FormPart     PartType = "form"
)

// Part is one piece of a message.
type Part struct {
	Type PartType `json:"type"`
	// Text is plain text (Type text).
	Text string `json:"text,omitempty"`
	// Media is set for image, audio, video and file.
	Media    *Media    `json:"media,omitempty"`
	Location *Location `json:"location,omitempty"`
	Card     *Card     `json:"card,omitempty"`
	Buttons  []Button  `json:"buttons,omitempty"`
	Form     *Form     `json:"form,omitempty"`
}

// Media points at a file that was uploaded here, by ID, or at a remote one, by
// URL. What the server knows of an uploaded file replaces what a sender says.
type Media struct {
	// ID names an uploaded file.
	ID AttachmentID `json:"id,omitempty"`
	// URL is https, or for an uploaded file a signed path of this installation
	// that is made when it is read and never stored.
	URL string `json:"url,omitempty"`
	// ThumbnailURL is a small picture of it, made like URL; may be empty.
	ThumbnailURL string `json:"thumbnail_url,omitempty"`
	// Thumbnail tells that an uploaded file has a small picture.
	Thumbnail bool   `json:"thumbnail,omitempty"`
	Name      string `json:"name,omitempty"`
	MIME      string `json:"mime,omitempty"`
	// Size is in bytes; 0 means unknown.
	Size int64 `json:"size,omitempty"`
	// Width and Height are in pixels; 0 means unknown.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// DurationMS is the length of audio and video in milliseconds.
	DurationMS int64 `json:"duration_ms,omitempty"`
}

// Location is a place in WGS 84 degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
}

// Card is a picture, a title, a text and buttons: a product, an order, an article.
type Card struct {
	Title    string   `json:"title"`
	Subtitle string   `json:"subtitle,omitempty"`
	ImageURL string   `json:"image_url,omitempty"`
	URL      string   `json:"url,omitempty"`
	Price    string   `json:"price,omitempty"`
	Buttons  []Button `json:"buttons,omitempty"`
}

// Button offers a reply or a link.
type Button struct {
	Label string `json:"label"`
	// Value is what pressing it sends back; empty sends Label.
	Value string `json:"value,omitempty"`
	// URL makes it a link instead.
	URL string `json:"url,omitempty"`
}

// Form asks for values by name.
type Form struct {
	Title  string      `json:"title,omitempty"`
	Fields []FormField `json:"fields"`
	// Values is set in the answer.
	Values map[string]string `json:"values,omitempty"`
}

// FormField is one question of a Form.
type FormField struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Kind     string   `json:"kind"` // text, email, phone, number, select, date, textarea
	Required bool     `json:"required,omitempty"`
	Options  []string `json:"options,omitempty"`
}

// TextContent is the content of a message that is only text.
func TextContent(text string) Content {
	return Content{Parts: []Part{{Type: TextPart, Text: text}}}
}

// PlainText joins what can be read of the parts, one a line, for previews and search.
func (c Content) PlainText() string {
	var lines []string
	add := func(s string) {
		if s = strings.TrimSpace(s); s != "" {
			lines = append(lines, s)
		}
	}
	for _, p := range c.Parts {
		add(p.Text)
		if p.Media != nil {
			add(p.Media.Name)
		}
		if p.Location != nil {
			add(p.Location.Name)
			add(p.Location.Address)
		}
		if p.Card != nil {
			add(p.Card.Title)
			add(p.Card.Subtitle)
		}
		for _, b := range p.Buttons {
			add(b.Label)
		}
		if p.Form != nil {
			add(p.Form.Title)
			for _, f := range p.Form.Fields {
				if v := p.Form.Values[f.Name]; v != "" {
					add(f.Label + ": " + v)
				}
			}
		}
	}
	return strings.Join(lines, "\n")
}

// Attachments lists the uploaded files of the content, in order; nil if it has
// none, as most messages.
func (c Content) Attachments() (ids []AttachmentID) {
	for _, p := range c.Parts {
		if p.Media != nil && p.Media.ID != "" {
			ids = append(ids, p.Media.ID)
		}
	}
	return ids
}

// AgentUploader names an agent as the one who may send an uploaded file.
func AgentUploader(id AgentID) string { return "agent:" + string(id) }

// VisitorUploader names a visitor by the keyed hash of their identity.
func VisitorUploader(identityHash string) string { return "visitor:" + identityHash }
