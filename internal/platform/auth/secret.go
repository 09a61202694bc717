package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"io"
	"log/slog"
	"strings"

	"yingda.dev/internal/desk"
)

// Prefixes of secrets, so that people and leak scanners recognise them.
const (
	SessionPrefix = "yds_"
	TokenPrefix   = "ydt_"
	InvitePrefix  = "ydi_"
)

const (
	secretSize = 32
	secretLen  = 43 // of 32 bytes in base64 without padding
	redacted   = "[redacted]"
)

// Secrets draws the secrets of sessions and API tokens and hashes them for
// storage. The hash is fast, because 256 random bits cannot be guessed, and
// keyed, so that a stolen table proves nothing.
type Secrets struct {
	key    []byte
	random io.Reader
}

// NewSecrets takes the hash key (32 bytes that never change) and a random
// source that may be read concurrently. Too short a key is Invalid.
func NewSecrets(key []byte, random io.Reader) (*Secrets, error) {
	if len(key) < secretSize || random == nil {
		return nil, desk.E(desk.Invalid, "configure secrets", "the hash key is too short")
	}
	return &Secrets{key: append([]byte(nil), key...), random: random}, nil
}

// NewSecret draws a secret that begins with prefix, and its hash. The clear
// text is shown to its owner once and never stored.
func (s *Secrets) NewSecret(prefix string) (secret, hash string, err error) {
	b := make([]byte, secretSize)
	if _, err := io.ReadFull(s.random, b); err != nil {
		return "", "", desk.Wrap(desk.Internal, "draw secret", err)
	}
	secret = prefix + base64.RawURLEncoding.EncodeToString(b)
	return secret, s.sum(secret), nil
}

// Hash returns the hash (64 hex digits) to look a secret up by; false if it is
// not even shaped like a secret with this prefix.
func (s *Secrets) Hash(prefix, secret string) (string, bool) {
	body, ok := strings.CutPrefix(secret, prefix)
	if !ok || len(body) != secretLen {
		return "", false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(body); err != nil {
		return "", false
	}
	return s.sum(secret), true
}

func (s *Secrets) sum(secret string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(secret))
	return hex.EncodeToString(mac.Sum(nil))
}

// String hides the key.
func (s *Secrets) String() string { return redacted }

// GoString hides the key.
func (s *Secrets) GoString() string { return redacted }

// LogValue hides the key.
func (s *Secrets) LogValue() slog.Value { return slog.StringValue(redacted) }

// CSRFToken is what the pages of a session send with each command. It follows
// from the session's secret, so it needs no storage, and does not reveal it.
func CSRFToken(sessionSecret string) string {
	mac := hmac.New(sha256.New, []byte(sessionSecret))
	mac.Write([]byte("yingda csrf 1"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// VerifyCSRF checks the token a page sent, in constant time.
func VerifyCSRF(sessionSecret, token string) bool {
	return sessionSecret != "" && subtle.ConstantTimeCompare([]byte(CSRFToken(sessionSecret)), []byte(token)) == 1
}
