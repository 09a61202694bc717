package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// VisitorClaims say who a visitor is on which inbox. They travel in a token
// that we sign; the visitor can read them and not change them.
type VisitorClaims struct {
	Account desk.AccountID
	Inbox   desk.InboxID
	// Scope and External are the identity, as in desk.Identity.
	Scope    string
	External string
	// Verified is true if a host site vouched for External.
	Verified bool
	// Name, Email, Phone and Locale are what the host site said; may be empty.
	Name   string
	Email  string
	Phone  string
	Locale desk.Locale
	// ExpiresAt is cut to seconds.
	ExpiresAt time.Time
	// Consent is true if the visitor agreed to being followed.
	Consent bool
}

// LogValue leaves out personal data.
func (c VisitorClaims) LogValue() slog.Value {
	return slog.GroupValue(slog.String("account", string(c.Account)), slog.String("inbox", string(c.Inbox)), slog.Bool("verified", c.Verified))
}

const (
	visitorVersion = "ydv1"
	// MaxVisitorToken bounds a visitor's token in bytes; see maxName and others.
	MaxVisitorToken = 4_096
)

// visitorWire is the signed JSON; short names because it is sent often.
type visitorWire struct {
	Account  desk.AccountID `json:"a"`
	Inbox    desk.InboxID   `json:"i"`
	Scope    string         `json:"s"`
	External string         `json:"x"`
	Verified bool           `json:"v,omitempty"`
	Name     string         `json:"n,omitempty"`
	Email    string         `json:"m,omitempty"`
	Phone    string         `json:"p,omitempty"`
	Locale   desk.Locale    `json:"l,omitempty"`
	Expires  int64          `json:"e"`
	Consent  bool           `json:"c,omitempty"`
}

// Visitors signs and verifies visitors' tokens:
//
//	ydv1.<key generation>.<claims>.<HMAC-SHA256 of all before>
//
// with claims and signature in base64url. The highest generation signs, every
// known one verifies.
type Visitors struct {
	keys   map[uint32][]byte
	newest uint32
}

// NewVisitors takes the signing keys by generation, 32 bytes each. No key, or
// one that is too short, is Invalid.
func NewVisitors(keys map[uint32][]byte) (*Visitors, error) {
	v := &Visitors{keys: make(map[uint32][]byte, len(keys))}
	for generation, key := range keys {
		if len(key) < secretSize {
			return nil, desk.E(desk.Invalid, "configure visitor tokens", "a signing key is too short")
		}
		v.keys[generation] = append([]byte(nil), key...)
		v.newest = max(v.newest, generation)
	}
	if len(v.keys) == 0 {
		return nil, desk.E(desk.Invalid, "configure visitor tokens", "there is no signing key")
	}
	return v, nil
}

// SignVisitor returns a token for the claims; Invalid if they are incomplete
// or too long.
func (v *Visitors) SignVisitor(c VisitorClaims) (string, error) {
	const op = "sign visitor token"
	if !c.complete() {
		return "", desk.E(desk.Invalid, op, "the visitor's identity is incomplete or too long")
	}
	claims, err := json.Marshal(visitorWire{
		c.Account, c.Inbox, c.Scope, c.External, c.Verified, c.Name, c.Email, c.Phone, c.Locale, c.ExpiresAt.Unix(), c.Consent,
	})
	if err != nil {
		return "", desk.Wrap(desk.Internal, op, err)
	}
	signed := visitorVersion + "." + strconv.FormatUint(uint64(v.newest), 10) + "." + base64.RawURLEncoding.EncodeToString(claims)
	token := signed + "." + base64.RawURLEncoding.EncodeToString(visitorMAC(v.keys[v.newest], signed))
	if len(token) > MaxVisitorToken {
		return "", desk.E(desk.Invalid, op, "the visitor's identity is incomplete or too long")
	}
	return token, nil
}

// VerifyVisitor returns the claims of a token of ours that has not expired.
// Everything else is Unauthenticated.
func (v *Visitors) VerifyVisitor(token string, now time.Time) (VisitorClaims, error) {
	claims, ok := v.parse(token)
	if !ok || !now.Before(claims.ExpiresAt) {
		return VisitorClaims{}, desk.E(desk.Unauthenticated, "verify visitor token", "the visitor token is not valid or has expired; open a new session")
	}
	return claims, nil
}

func (v *Visitors) parse(token string) (VisitorClaims, bool) {
	if len(token) > MaxVisitorToken {
		return VisitorClaims{}, false
	}
	f := strings.Split(token, ".")
	if len(f) != 4 || f[0] != visitorVersion {
		return VisitorClaims{}, false
	}
	generation, err := strconv.ParseUint(f[1], 10, 32)
	if err != nil {
		return VisitorClaims{}, false
	}
	key, ok := v.keys[uint32(generation)]
	mac, err := base64.RawURLEncoding.Strict().DecodeString(f[3])
	if !ok || err != nil || !hmac.Equal(mac, visitorMAC(key, token[:len(token)-len(f[3])-1])) {
		return VisitorClaims{}, false
	}
	// Only what we signed gets here.
	data, err := base64.RawURLEncoding.Strict().DecodeString(f[2])
	if err != nil {
		return VisitorClaims{}, false
	}
	var w visitorWire
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&w); err != nil {
		return VisitorClaims{}, false
	}
	c := VisitorClaims{
		w.Account, w.Inbox, w.Scope, w.External, w.Verified, w.Name, w.Email, w.Phone, w.Locale, time.Unix(w.Expires, 0).UTC(), w.Consent,
	}
	return c, c.complete()
}

func (c VisitorClaims) complete() bool {
	return c.Account != "" && c.Inbox != "" && len(c.Account) <= 64 && len(c.Inbox) <= 64 && !c.ExpiresAt.IsZero() &&
		fits(c.Scope, 1, maxScope) && fits(c.External, 1, maxSubject) &&
		fits(c.Name, 0, maxName) && fits(c.Email, 0, maxEmail) && fits(c.Phone, 0, maxPhone) && fits(string(c.Locale), 0, maxLocale)
}

func visitorMAC(key []byte, signed string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return mac.Sum(nil)
}

// String hides the keys.
func (v *Visitors) String() string { return redacted }

// GoString hides the keys.
func (v *Visitors) GoString() string { return redacted }

// LogValue hides the keys.
func (v *Visitors) LogValue() slog.Value { return slog.StringValue(redacted) }
