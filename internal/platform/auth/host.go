package auth

import (
	"errors"
	"log/slog"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"

	"yingda.dev/internal/desk"
)

// HostKey is a secret shared with a host site, which signs with it who its
// users are (JSON Web Tokens, RFC 7519).
type HostKey struct {
	// ID is the token's "kid". A token without one is tried with every key.
	ID string
	// Secret has at least MinHostSecret bytes.
	Secret []byte
}

// String hides the secret.
func (k HostKey) String() string { return redacted }

// GoString hides the secret.
func (k HostKey) GoString() string { return redacted }

// LogValue hides the secret.
func (k HostKey) LogValue() slog.Value {
	return slog.GroupValue(slog.String("kid", k.ID))
}

// HostClaims are what a host site says about its user.
type HostClaims struct {
	// Subject is the site's own id of the user ("sub").
	Subject string
	Name    string
	Email   string
	Phone   string
	Locale  desk.Locale
	// ExpiresAt is the token's "exp".
	ExpiresAt time.Time
}

// LogValue leaves out personal data.
func (c HostClaims) LogValue() slog.Value { return slog.StringValue(redacted) }

// Rules for host sites' tokens.
const (
	// MinHostSecret is the key size of HS256 (RFC 7518 §3.2), in bytes.
	MinHostSecret = 32
	// MaxHostToken bounds the token in bytes.
	MaxHostToken = 8_192
	// MaxHostLife is how far ahead "exp" may be.
	MaxHostLife = 24 * time.Hour
	// HostSkew is how far the site's clock may differ from ours.
	HostSkew = 60 * time.Second
	// MaxHostKeys is how many keys one inbox may have, for changing them.
	MaxHostKeys = 4
)

// Bounds of claims, in characters.
const (
	maxScope   = 128
	maxSubject = 255
	maxName    = 200
	maxEmail   = 254
	maxPhone   = 32
	maxLocale  = 35
)

// hostWire is the token's claims.
type hostWire struct {
	jwt.RegisteredClaims
	Name   string `json:"name"`
	Email  string `json:"email"`
	Phone  string `json:"phone"`
	Locale string `json:"locale"`
}

// VerifyHostJWT verifies a host site's token: HS256, HS384 or HS512 by one of
// the keys; "exp" present, not past and at most MaxHostLife ahead; "nbf" and
// "iat", if present, not in the future; "sub" present. A bad proof is
// Unauthenticated. A well-signed token with unusable claims is Invalid and its
// message names the claim, for the site's developer.
func VerifyHostJWT(keys []HostKey, token string, now time.Time) (HostClaims, error) {
	const op = "verify host token"
	w, err := parseHost(keys, token, now)
	if err != nil {
		return HostClaims{}, &desk.Error{
			Kind: desk.Unauthenticated, Op: op, Err: err,
			Msg: "the identity token is not valid or has expired",
		}
	}
	if w.ExpiresAt.After(now.Add(MaxHostLife + HostSkew)) {
		return HostClaims{}, desk.InvalidField(op, "exp", "the identity token must expire within 24 hours")
	}
	for _, c := range []struct {
		name, value string
		least, most int
	}{
		{"sub", w.Subject, 1, maxSubject},
		{"name", w.Name, 0, maxName},
		{"email", w.Email, 0, maxEmail},
		{"phone", w.Phone, 0, maxPhone},
		{"locale", w.Locale, 0, maxLocale},
	} {
		if !fits(c.value, c.least, c.most) {
			return HostClaims{}, desk.InvalidField(op, c.name, "the claim "+c.name+" of the identity token is missing, too long or not plain text")
		}
	}
	return HostClaims{
		Subject: w.Subject, Name: w.Name, Email: w.Email, Phone: w.Phone,
		Locale: desk.Locale(w.Locale), ExpiresAt: w.ExpiresAt.UTC(),
	}, nil
}

// parseHost checks signature and times. Its errors hold nothing of the token.
func parseHost(keys []HostKey, token string, now time.Time) (hostWire, error) {
	var w hostWire
	if len(token) > MaxHostToken {
		return w, errors.New("token is too long")
	}
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{"HS256", "HS384", "HS512"}),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(HostSkew), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	)
	_, err := parser.ParseWithClaims(token, &w, func(t *jwt.Token) (any, error) { return hostKeys(keys, t.Header) })
	for _, known := range []error{jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet, jwt.ErrTokenUsedBeforeIssued} {
		if errors.Is(err, known) {
			return w, known
		}
	}
	if err != nil {
		return w, errors.New("token is malformed or its signature is wrong")
	}
	return w, nil
}

// hostKeys chooses the keys that may have signed a token.
func hostKeys(keys []HostKey, header map[string]any) (any, error) {
	// A critical extension that we do not know must be refused (RFC 7515 §4.1.11).
	if _, ok := header["crit"]; ok {
		return nil, errors.New("critical header")
	}
	kid, named := header["kid"]
	var set jwt.VerificationKeySet
	for _, k := range keys[:min(len(keys), MaxHostKeys)] {
		if len(k.Secret) >= MinHostSecret && (!named || kid == k.ID) {
			set.Keys = append(set.Keys, k.Secret)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("no such key")
	}
	return set, nil
}

// fits reports whether s is valid text of least to most characters without
// control characters.
func fits(s string, least, most int) bool {
	if len(s) > most*utf8.UTFMax || !utf8.ValidString(s) {
		return false
	}
	n := 0
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
		n++
	}
	return n >= least && n <= most
}
