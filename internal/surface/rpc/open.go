package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/wire"
)

type openParams struct {
	ChannelKey string      `json:"channel_key"`
	Token      string      `json:"token"`
	Identity   string      `json:"identity"`
	Locale     desk.Locale `json:"locale"`
	Page       *page       `json:"page"`
	// Consent is what the visitor said to being followed, if they said anything.
	Consent *bool `json:"consent"`
}

// page is where the visitor is.
type page struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

func (p *page) check(op string) error {
	if p == nil {
		return nil
	}
	if p.URL != "" && !webAddress(p.URL) {
		return desk.InvalidField(op, "page.url", "the page's address is not http or https, or too long")
	}
	if utf8.RuneCountInString(p.Title) > maxTitle {
		return desk.InvalidField(op, "page.title", "the page's title is longer than 500 characters")
	}
	return nil
}

type openResult struct {
	Token        string                    `json:"token"`
	ExpiresAt    time.Time                 `json:"expires_at"`
	Visitor      visitorShape              `json:"visitor"`
	Inbox        inboxShape                `json:"inbox"`
	Conversation *wire.VisitorConversation `json:"conversation"`
	Feed         wire.Position             `json:"feed"`
	Realtime     realtimeShape             `json:"realtime"`
	// Now is the server's clock, for clients whose own is wrong.
	Now time.Time `json:"now"`
}

type visitorShape struct {
	Verified bool   `json:"verified"`
	Name     string `json:"name,omitempty"`
	// Known is what a form need not ask.
	Known knownShape `json:"known"`
}

type knownShape struct {
	Email bool `json:"email"`
	Phone bool `json:"phone"`
}

type inboxShape struct {
	Name     string `json:"name"`
	Greeting string `json:"greeting"`
	Primary  string `json:"primary"`
	// Online tells that somebody is there to answer.
	Online bool `json:"online"`
	// Widget is whole, in all languages: the client picks and may switch.
	Widget   desk.WidgetSettings `json:"widget"`
	Features features            `json:"features"`
}

// features are what this desk can do for this visitor.
type features struct {
	Uploads        bool  `json:"uploads"`
	Voice          bool  `json:"voice"`
	Rating         bool  `json:"rating"`
	Transcript     bool  `json:"transcript"`
	MaxUploadBytes int64 `json:"max_upload_bytes"`
}

type realtimeShape struct {
	URL string `json:"url"`
}

// openSession begins or resumes a session. It writes nothing: a contact comes
// into being with the first message.
func (s *Server) openSession(ctx context.Context, call Call, params json.RawMessage) (any, error) {
	var p openParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	now := s.deps.Clock.Now()
	if ok, wait := s.deps.Door.AllowOpening(auth.AddressKey(call.Addr), now); !ok {
		return nil, limited(wait)
	}
	if err := p.Page.check("open session"); err != nil {
		return nil, err
	}
	found, err := s.deps.Offices.InboxByKey(ctx, p.ChannelKey)
	if err != nil {
		return nil, err
	}
	inbox := found.Inbox
	if err := s.admits(inbox, call); err != nil {
		return nil, err
	}
	claims, err := s.claims(p, inbox, found.HostKeys, now)
	if err != nil {
		return nil, err
	}
	if p.Consent != nil {
		claims.Consent = *p.Consent
	}
	token, err := s.deps.Tokens.SignVisitor(claims)
	if err != nil {
		return nil, err
	}
	result := openResult{
		Token: token, ExpiresAt: claims.ExpiresAt, Now: now.UTC().Truncate(time.Millisecond),
		Visitor:  visitorShape{Verified: claims.Verified, Name: claims.Name, Known: knownShape{claims.Email != "", claims.Phone != ""}},
		Inbox:    s.inboxShape(inbox),
		Realtime: realtimeShape{URL: "/connection/websocket"},
	}
	// The position is taken first: what happens after it is in the feed.
	if result.Feed, err = s.deps.Feeds.Position(ctx); err != nil {
		return nil, err
	}
	c := session{Call: call, visitor: Visitor{VisitorClaims: claims}, inbox: inbox}
	if err := s.resume(ctx, c, &result); err != nil {
		return nil, err
	}
	if p.Page != nil && p.Page.URL != "" && c.followable() {
		visit := desk.PageVisit{Kind: desk.VisitPage, URL: p.Page.URL, Title: p.Page.Title, At: now}
		if err := s.deps.Visits.Visit(ctx, claims.Account, c.visitor.Key(), c.visitor.Contact, []desk.PageVisit{visit}); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// resume finds what there was with the visitor before.
func (s *Server) resume(ctx context.Context, c session, result *openResult) error {
	contact, err := s.Contact(ctx, c.visitor)
	if err != nil || contact == "" {
		return err
	}
	live, err := s.deps.Conversations.Live(ctx, c.inbox.AccountID, contact)
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	view, err := s.deps.Conversations.View(ctx, live)
	if err != nil {
		return err
	}
	known := &result.Visitor.Known
	known.Email, known.Phone = known.Email || view.Contact.Profile.Email != "", known.Phone || view.Contact.Profile.Phone != ""
	shape, err := s.rated(ctx, live)
	result.Conversation = &shape
	return err
}

func (s *Server) inboxShape(inbox desk.Inbox) inboxShape {
	set := inbox.Settings.Widget
	return inboxShape{
		Name: inbox.Name, Greeting: inbox.Settings.Greeting, Primary: inbox.Settings.Primary,
		Online: s.deps.Feeds.Attended(inbox.AccountID), Widget: set,
		Features: features{
			Uploads: desk.IsOn(set.Uploads), Voice: desk.IsOn(set.Uploads) && desk.IsOn(set.Voice), Rating: desk.IsOn(set.Rating),
			Transcript:     s.mails() && desk.IsOn(set.Transcript),
			MaxUploadBytes: s.deps.Files.MaxSize(),
		},
	}
}

// claims decides who the visitor is: a user the host site vouches for, the
// visitor of an earlier session, or somebody new. A token of another inbox or
// one that has expired makes a new visitor; a bad identity is refused, because
// whoever sends one believes to be known. Sessions of known users end at their
// time unless the site vouches again: nobody stays known by a token alone.
func (s *Server) claims(p openParams, inbox desk.Inbox, keys []auth.HostKey, now time.Time) (auth.VisitorClaims, error) {
	locale := spoken(p.Locale, desk.Chinese)
	if p.Identity != "" {
		host, err := auth.VerifyHostJWT(keys, p.Identity, now)
		if err != nil {
			return auth.VisitorClaims{}, err
		}
		return auth.VisitorClaims{
			Account: inbox.AccountID, Inbox: inbox.ID, Scope: "user", External: host.Subject, Verified: true,
			Name: host.Name, Email: host.Email, Phone: host.Phone, Locale: spoken(host.Locale, locale),
			ExpiresAt: now.Add(s.config.VerifiedLife),
		}, nil
	}
	if p.Token != "" {
		old, err := s.deps.Tokens.VerifyVisitor(p.Token, now)
		if err == nil && old.Account == inbox.AccountID && old.Inbox == inbox.ID {
			old.Locale = locale
			if !old.Verified {
				old.ExpiresAt = now.Add(s.config.TokenLife)
			}
			return old, nil
		}
	}
	return auth.VisitorClaims{
		Account: inbox.AccountID, Inbox: inbox.ID, Scope: "anon", External: s.deps.IDs.Other("vis"), Locale: locale,
		ExpiresAt: now.Add(s.config.TokenLife),
	}, nil
}

// spoken is the language if the product speaks it.
func spoken(l, otherwise desk.Locale) desk.Locale {
	if l == desk.Chinese || l == desk.English {
		return l
	}
	return otherwise
}
