package courier

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	netmail "net/mail"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// MaxTranscript is how many messages a transcript holds; of a longer
// conversation the newest.
const MaxTranscript = 500

// Order asks for the transcript of a conversation.
type Order struct {
	Account      desk.AccountID
	Contact      desk.ContactID
	Conversation desk.ConversationID
	To           string
	Locale       desk.Locale
	// Offset is how far the reader's clock is from UTC.
	Offset time.Duration
}

// waitError says when to come back.
type waitError time.Duration

// Error makes it a cause.
func (e waitError) Error() string { return "too many transcripts" }

// RetryAfter is how long to wait.
func (e waitError) RetryAfter() time.Duration { return time.Duration(e) }

// CheckAddress refuses what is no address of a mailbox and nothing else.
func CheckAddress(op, field, address string) error {
	a, err := netmail.ParseAddress(address)
	if err != nil || a.Address != address || len(address) > 254 || strings.ContainsAny(address, "\r\n<>\" ") {
		return desk.InvalidField(op, field, "this is not an e-mail address")
	}
	return nil
}

// Transcript mails what was said in a conversation. NotFound if it is not the
// contact's; Limited for too many.
func (s *Service) Transcript(ctx context.Context, o Order) error {
	const op = "mail transcript"
	if !s.Enabled() {
		return desk.E(desk.Unsupported, op, "no mail server is configured here")
	}
	if err := CheckAddress(op, "email", o.To); err != nil {
		return err
	}
	c, err := s.deps.Store.Conversation(ctx, o.Account, o.Conversation)
	if err != nil {
		return err
	}
	if c.ContactID != o.Contact || o.Contact == "" {
		return desk.E(desk.NotFound, op, "there is no such conversation")
	}
	keys, err := s.deps.Keys.Account(ctx, o.Account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	now := s.deps.Clock.Now()
	if ok, wait := s.contacts.Allow(string(o.Contact), now); !ok {
		return tooMany(wait)
	}
	if ok, wait := s.inboxes.Allow(keys.Hash("transcript", strings.ToLower(o.To)), now); !ok {
		return tooMany(wait)
	}
	account, err := s.deps.Directory.Account(ctx, o.Account)
	if err != nil {
		return err
	}
	messages, err := s.messages(ctx, o)
	if err != nil {
		return err
	}
	l, err := s.transcript(ctx, o, account, messages)
	if err != nil {
		return err
	}
	return s.queue(ctx, o.Account, "transcript", l)
}

func tooMany(wait time.Duration) error {
	return &desk.Error{Kind: desk.Limited, Op: "mail transcript", Msg: "it was sent a moment ago; wait a little", Err: waitError(wait)}
}

// messages reads the newest public messages, the oldest first.
func (s *Service) messages(ctx context.Context, o Order) ([]desk.Message, error) {
	var all []desk.Message
	for before := int64(store.NewestFirst); len(all) < MaxTranscript; {
		page, more, err := s.deps.Conversations.Messages(ctx, o.Account, o.Conversation, store.MessageRange{BeforeSeq: before, Limit: 100, PublicOnly: true})
		if err != nil {
			return nil, err
		}
		all = append(append([]desk.Message{}, page...), all...)
		if !more || len(page) == 0 {
			break
		}
		before = page[0].Seq
	}
	return all[max(0, len(all)-MaxTranscript):], nil
}

// words are what a letter says in a language.
type words struct {
	transcript, you, assistant, system, image, audio, video, file, footer string
	invited, join, until                                                  string
}

var spoken = map[desk.Locale]words{
	desk.Chinese: {
		transcript: "您与 %s 的对话记录", you: "您", assistant: "智能助手", system: "系统", image: "图片", audio: "语音", video: "视频", file: "文件",
		footer: "这封邮件是应您的请求自动发送的，请勿回复。", invited: "%s 邀请您加入 %s 的客服工作台", join: "打开这个链接设置您的账号：",
		until: "链接在 %s 前有效，只能使用一次。如果您不认识邀请人，请忽略这封邮件。",
	},
	desk.English: {
		transcript: "Your conversation with %s", you: "You", assistant: "Assistant", system: "System", image: "picture", audio: "voice message",
		video: "video", file: "file", footer: "This mail was sent automatically because you asked for it. Please do not answer it.",
		invited: "%s invites you to the customer service desk of %s", join: "Open this link to set up your account:",
		until: "The link works once, until %s. If you do not know who invites you, ignore this mail.",
	},
}

func speak(l desk.Locale) words {
	if w, ok := spoken[l]; ok {
		return w
	}
	return spoken[desk.Chinese]
}

// said is one message as a letter shows it.
type said struct {
	Who, When string
	Lines     []string
	Own       bool
}

var page = template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><title>{{.Title}}</title></head>
<body style="margin:0;padding:24px;background:#f6f7f8;color:#1f2328;font:15px/1.6 system-ui,-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif">
<div style="max-width:640px;margin:0 auto;background:#fff;border-radius:12px;padding:24px 28px">
<h1 style="font-size:18px;margin:0 0 16px">{{.Title}}</h1>
{{range .Said}}<div style="margin:0 0 14px"><div style="color:#6b7280;font-size:13px"><b style="color:{{if .Own}}#374151{{else}}#047857{{end}}">{{.Who}}</b> · {{.When}}</div>
{{range .Lines}}<div style="white-space:pre-wrap;overflow-wrap:anywhere">{{.}}</div>{{end}}</div>
{{end}}{{if .Link}}<p>{{.Join}}</p><p><a href="{{.Link}}" style="color:#047857;overflow-wrap:anywhere">{{.Link}}</a></p>
{{end}}<p style="color:#6b7280;font-size:13px;border-top:1px solid #e5e7eb;padding-top:12px;margin:16px 0 0">{{.Footer}}</p>
</div></body></html>
`))

type pageData struct {
	Lang, Title  string
	Said         []said
	Join, Footer string
	Link         string
}

func (p pageData) letter(to string) (letter, error) {
	p.Title = strings.Join(strings.Fields(p.Title), " ") // one line, whatever a company is called
	var html bytes.Buffer
	if err := page.Execute(&html, p); err != nil {
		return letter{}, desk.Wrap(desk.Internal, "write letter", err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", p.Title)
	for _, m := range p.Said {
		fmt.Fprintf(&b, "%s · %s\n", m.Who, m.When)
		for _, line := range m.Lines {
			b.WriteString(line + "\n")
		}
		b.WriteString("\n")
	}
	if p.Link != "" {
		fmt.Fprintf(&b, "%s\n%s\n\n", p.Join, p.Link)
	}
	b.WriteString("-- \n" + p.Footer + "\n")
	return letter{To: to, Subject: p.Title, Text: b.String(), HTML: html.String()}, nil
}

func (s *Service) transcript(ctx context.Context, o Order, account desk.Account, messages []desk.Message) (letter, error) {
	w := speak(o.Locale)
	p := pageData{Lang: string(o.Locale), Title: fmt.Sprintf(w.transcript, account.Name), Footer: w.footer}
	zone := time.FixedZone("", int(o.Offset/time.Second))
	for _, m := range messages {
		if m.Visibility != desk.Public {
			continue
		}
		line := said{When: m.At.In(zone).Format("2006-01-02 15:04"), Own: m.Author.Kind == desk.ByVisitor, Lines: w.lines(m.Content)}
		if len(line.Lines) == 0 {
			continue // recalled
		}
		switch m.Author.Kind {
		case desk.ByVisitor:
			line.Who = w.you
		case desk.ByAgent:
			line.Who = s.deps.Directory.AgentName(ctx, o.Account, desk.AgentID(m.Author.ID))
		case desk.ByBot:
			line.Who = w.assistant
		case desk.BySystem:
			line.Who = w.system
		}
		if line.Who == "" {
			line.Who = account.Name
		}
		p.Said = append(p.Said, line)
	}
	return p.letter(o.To)
}

// lines says what a message holds; of files the name, because their addresses
// expire.
func (w words) lines(c desk.Content) (lines []string) {
	add := func(parts ...string) {
		if line := strings.TrimSpace(strings.Join(parts, " ")); line != "" {
			lines = append(lines, line)
		}
	}
	for _, p := range c.Parts {
		add(p.Text)
		if p.Media != nil {
			kind := map[desk.PartType]string{desk.ImagePart: w.image, desk.AudioPart: w.audio, desk.VideoPart: w.video}[p.Type]
			if kind == "" {
				kind = w.file
			}
			add("["+kind+"]", p.Media.Name)
		}
		if l := p.Location; l != nil {
			add(l.Name, l.Address)
		}
		if c := p.Card; c != nil {
			add(c.Title)
			add(c.Subtitle)
			add(c.Price)
			add(c.URL)
		}
		if f := p.Form; f != nil {
			add(f.Title)
			for _, field := range f.Fields {
				if v := f.Values[field.Name]; v != "" {
					add(field.Label+":", v)
				}
			}
		}
	}
	return lines
}

// Invitation asks to invite a colleague by mail.
type Invitation struct {
	Account desk.AccountID
	To      string
	// By is the inviting colleague.
	By desk.AgentID
	// URL is the link, with the public address before it.
	URL     string
	Expires time.Time
	Locale  desk.Locale
}

// Invite mails the link of an invitation.
func (s *Service) Invite(ctx context.Context, i Invitation) error {
	const op = "mail invitation"
	if err := CheckAddress(op, "email", i.To); err != nil {
		return err
	}
	account, err := s.deps.Directory.Account(ctx, i.Account)
	if err != nil {
		return err
	}
	if i.Locale == "" {
		i.Locale = account.Locale
	}
	w := speak(i.Locale)
	p := pageData{
		Lang: string(i.Locale), Title: fmt.Sprintf(w.invited, s.deps.Directory.AgentName(ctx, i.Account, i.By), account.Name),
		Join: w.join, Link: i.URL, Footer: fmt.Sprintf(w.until, i.Expires.UTC().Format("2006-01-02 15:04 UTC")),
	}
	l, err := p.letter(i.To)
	if err != nil {
		return err
	}
	return s.queue(ctx, i.Account, "invitation", l)
}
