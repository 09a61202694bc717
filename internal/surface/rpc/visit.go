package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// Limits of what visitors tell of their pages. They are part of docs/protocol.md.
const (
	maxAddress = 2_048
	maxTitle   = 500
	maxTracked = 50
	maxProps   = 20
	maxName    = 64
	maxValue   = 200
	// mostAgo and mostDwell bound what a client may claim.
	mostAgo   = 24 * time.Hour
	mostDwell = 24 * time.Hour
	// trackRate and trackBurst limit one visitor's calls of track, a second and
	// at once.
	trackRate  = 0.5
	trackBurst = 10
)

// webAddress tells whether s is one of a page that may be kept and shown.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxAddress && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https")
}

// followable tells whether the visitor's pages may be kept at all.
func (c session) followable() bool { return c.visitor.Consent || !c.inbox.Settings.Widget.Consent }

type trackParams struct {
	Events []trackEvent `json:"events"`
}

type trackEvent struct {
	Type  desk.VisitKind             `json:"type"`
	URL   string                     `json:"url"`
	Title string                     `json:"title"`
	Name  string                     `json:"name"`
	Props map[string]json.RawMessage `json:"props"`
	AgoMS int64                      `json:"ago_ms"`
	MS    int64                      `json:"ms"`
}

// track keeps what the visitor did on pages.
func (s *Server) track(ctx context.Context, c session, params json.RawMessage) (any, error) {
	const op = "track"
	if !c.followable() {
		return nil, desk.E(desk.Denied, op, "the visitor has not agreed to this")
	}
	now := s.deps.Clock.Now()
	if ok, wait := s.tracks.Allow(c.visitor.Key(), now); !ok {
		return nil, limited(wait)
	}
	var p trackParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if len(p.Events) == 0 || len(p.Events) > maxTracked {
		return nil, desk.InvalidField(op, "events", fmt.Sprintf("a call has 1 to %d events", maxTracked))
	}
	visits := make([]desk.PageVisit, len(p.Events))
	for i, e := range p.Events {
		visit, field, msg := e.visit(now)
		visits[i] = visit
		if msg != "" {
			return nil, desk.InvalidField(op, fmt.Sprintf("events[%d].%s", i, field), msg)
		}
	}
	contact, err := s.contact(ctx, c)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Visits.Visit(ctx, c.visitor.Account, c.visitor.Key(), contact, visits)
}

// visit checks the event; msg is empty if it is fine.
func (e trackEvent) visit(now time.Time) (v desk.PageVisit, field, msg string) {
	v = desk.PageVisit{Kind: e.Type, URL: e.URL, Title: e.Title, At: now.Add(-time.Duration(min(max(e.AgoMS, 0), mostAgo.Milliseconds())) * time.Millisecond)}
	switch {
	case e.URL != "" && !webAddress(e.URL):
		return v, "url", "the page's address is not http or https, or too long"
	case utf8.RuneCountInString(e.Title) > maxTitle:
		return v, "title", "the page's title is longer than 500 characters"
	}
	switch e.Type {
	case desk.VisitPage, desk.VisitDwell:
		if e.URL == "" {
			return v, "url", "the page's address is missing"
		}
		if e.Type == desk.VisitPage {
			return v, "", ""
		}
		if e.MS <= 0 || e.MS > mostDwell.Milliseconds() {
			return v, "ms", "how long the page was looked at is missing, or longer than a day"
		}
		v.Dwell = time.Duration(e.MS) * time.Millisecond
		return v, "", ""
	case desk.VisitCustom:
		v.Name = e.Name
		if msg := shortText(e.Name, maxName); e.Name == "" || msg != "" {
			return v, "name", "an event has a name of 1 to 64 characters"
		}
		v.Props, msg = plainProps(e.Props)
		return v, "props", msg
	default:
		return v, "type", "the type is page, dwell or custom"
	}
}

// plainProps makes texts of texts, numbers and booleans.
func plainProps(props map[string]json.RawMessage) (out map[string]string, msg string) {
	if len(props) > maxProps {
		return nil, "an event has at most 20 properties"
	}
	for k, raw := range props {
		if k == "" || shortText(k, maxName) != "" {
			return nil, "a property has a name of 1 to 64 characters"
		}
		var v any
		if json.Unmarshal(raw, &v) != nil {
			return nil, "a property is a text, a number or a boolean"
		}
		var text string
		switch v := v.(type) {
		case string:
			text = v
		case bool:
			text = strconv.FormatBool(v)
		case float64:
			text = strconv.FormatFloat(v, 'f', -1, 64)
		default:
			return nil, "a property is a text, a number or a boolean"
		}
		if msg := shortText(text, maxValue); msg != "" {
			return nil, msg
		}
		if out == nil {
			out = make(map[string]string, len(props))
		}
		out[k] = text
	}
	return out, ""
}

func shortText(s string, most int) string {
	if utf8.RuneCountInString(s) > most {
		return fmt.Sprintf("a text is longer than %d characters", most)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }) {
		return "a text holds control characters"
	}
	return ""
}

// signed lets a call carry its token among the parameters, for what a page
// sends while it closes: a beacon has no headers.
func signed(m method) method {
	return func(ctx context.Context, call Call, params json.RawMessage) (any, error) {
		if call.Token == "" {
			var p struct {
				Token string `json:"token"`
			}
			if err := decode(params, &p); err != nil {
				return nil, err
			}
			call.Token = p.Token
		}
		return m(ctx, call, params)
	}
}

type consentResult struct {
	Token     string    `json:"token"`
	ExpiresAt time.Time `json:"expires_at"`
}

// setConsent answers with a token that carries the visitor's word; nothing
// else is kept of it. Saying no drops what was kept in memory.
func (s *Server) setConsent(_ context.Context, c session, params json.RawMessage) (any, error) {
	var p struct {
		Granted *bool `json:"granted"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.Granted == nil {
		return nil, desk.InvalidField("set consent", "granted", "granted is true or false")
	}
	claims := c.visitor.VisitorClaims
	claims.Consent = *p.Granted
	token, err := s.deps.Tokens.SignVisitor(claims)
	if err != nil {
		return nil, err
	}
	if !claims.Consent {
		s.deps.Visits.Forget(c.visitor.Key())
	}
	return consentResult{Token: token, ExpiresAt: claims.ExpiresAt}, nil
}

type messageContext struct {
	Page    *page        `json:"page"`
	Product *productInfo `json:"product"`
}

type productInfo struct {
	Title    string `json:"title"`
	URL      string `json:"url"`
	ImageURL string `json:"image_url"`
	Price    string `json:"price"`
}

// followed hands over what is known of the visitor's pages after a message: what
// was kept before they had written, and where they wrote. The message stands
// whatever comes of it, so what is not well formed is left out.
func (s *Server) followed(ctx context.Context, c session, contact desk.ContactID, params json.RawMessage) {
	if !c.followable() {
		return
	}
	s.deps.Visits.Known(ctx, c.visitor.Account, c.visitor.Key(), contact)
	if !bytes.Contains(params, []byte(`"context"`)) {
		return
	}
	var p struct {
		Context messageContext `json:"context"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	now := s.deps.Clock.Now()
	var visits []desk.PageVisit
	if at := p.Context.Page; at != nil && webAddress(at.URL) && utf8.RuneCountInString(at.Title) <= maxTitle {
		visits = append(visits, desk.PageVisit{Kind: desk.VisitPage, URL: at.URL, Title: at.Title, At: now})
	}
	if v, ok := p.Context.Product.visit(now); ok {
		visits = append(visits, v)
	}
	if len(visits) == 0 {
		return
	}
	if err := s.deps.Visits.Visit(ctx, c.visitor.Account, c.visitor.Key(), contact, visits); err != nil {
		s.report(ctx, "message.send context", err)
	}
}

// visit is a product that is looked at, as an event of the site.
func (p *productInfo) visit(now time.Time) (desk.PageVisit, bool) {
	if p == nil || p.Title == "" || shortText(p.Title, maxValue) != "" || (p.URL != "" && !webAddress(p.URL)) {
		return desk.PageVisit{}, false
	}
	v := desk.PageVisit{Kind: desk.VisitCustom, Name: "product", URL: p.URL, Title: p.Title, At: now, Props: map[string]string{}}
	if p.Price != "" && shortText(p.Price, maxName) == "" {
		v.Props["price"] = p.Price
	}
	if webAddress(p.ImageURL) {
		v.Props["image_url"] = p.ImageURL
	}
	return v, true
}
