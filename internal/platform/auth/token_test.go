package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"hash"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

// flips calls refuse with the text changed by one bit at each place.
func flips(s string, refuse func(string)) {
	for i := range len(s) {
		for _, bit := range []byte{1, 2, 4, 32} {
			b := []byte(s)
			b[i] ^= bit
			refuse(string(b))
		}
	}
}

func claims() VisitorClaims {
	return VisitorClaims{
		Account: "acc_1", Inbox: "inb_1", Scope: "user", External: "用户42", Verified: true,
		Name: "王小明 👋", Email: "w@example.com", Phone: "13800138000", Locale: desk.Chinese, ExpiresAt: noon.Add(time.Hour),
	}
}

func TestVisitorToken(t *testing.T) {
	t.Parallel()
	v, err := NewVisitors(map[uint32][]byte{1: key(1), 2: key(2)})
	require.NoError(t, err)
	token, err := v.SignVisitor(claims())
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(token, "ydv1.2."), "the newest key signs")
	got, err := v.VerifyVisitor(token, noon)
	require.NoError(t, err)
	require.Equal(t, claims(), got)
	_, err = v.VerifyVisitor(token, claims().ExpiresAt.Add(-time.Microsecond))
	require.NoError(t, err)

	refuse := func(v *Visitors, token string, now time.Time) {
		t.Helper()
		got, err := v.VerifyVisitor(token, now)
		require.ErrorIs(t, err, desk.Unauthenticated, token)
		require.Zero(t, got)
	}
	refuse(v, token, claims().ExpiresAt)
	refuse(v, "", noon)
	refuse(v, token+"=", noon)
	refuse(v, token+".", noon)
	refuse(v, strings.Replace(token, ".2.", ".1.", 1), noon)
	refuse(v, strings.Replace(token, ".2.", ".02.", 1), noon)
	refuse(v, strings.Repeat("a", MaxVisitorToken+1), noon)
	flips(token, func(s string) { refuse(v, s, noon) })
	for i := range token {
		refuse(v, token[:i], noon)
	}

	// The key before still verifies; one taken away does not.
	before, err := NewVisitors(map[uint32][]byte{1: key(1)})
	require.NoError(t, err)
	token, err = before.SignVisitor(claims())
	require.NoError(t, err)
	_, err = v.VerifyVisitor(token, noon)
	require.NoError(t, err)
	after, err := NewVisitors(map[uint32][]byte{2: key(2)})
	require.NoError(t, err)
	refuse(after, token, noon)

	for name, change := range map[string]func(*VisitorClaims){
		"no account":      func(c *VisitorClaims) { c.Account = "" },
		"no inbox":        func(c *VisitorClaims) { c.Inbox = "" },
		"no scope":        func(c *VisitorClaims) { c.Scope = "" },
		"no external":     func(c *VisitorClaims) { c.External = "" },
		"no expiry":       func(c *VisitorClaims) { c.ExpiresAt = time.Time{} },
		"long name":       func(c *VisitorClaims) { c.Name = strings.Repeat("王", maxName+1) },
		"invalid UTF-8":   func(c *VisitorClaims) { c.Name = "\xff" },
		"control letters": func(c *VisitorClaims) { c.External = "a\x00b" },
		"all together big": func(c *VisitorClaims) {
			c.External, c.Name = strings.Repeat("\U0001f600", 255), strings.Repeat("<", 200)+"\n"
		},
	} {
		c := claims()
		change(&c)
		_, err := v.SignVisitor(c)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
	_, err = NewVisitors(nil)
	require.ErrorIs(t, err, desk.Invalid)
	_, err = NewVisitors(map[uint32][]byte{1: key(1)[:31]})
	require.ErrorIs(t, err, desk.Invalid)
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	s, err := NewSecrets(key(1), rand.Reader)
	require.NoError(t, err)
	other, err := NewSecrets(key(2), rand.Reader)
	require.NoError(t, err)
	secret, hash, err := s.NewSecret(SessionPrefix)
	require.NoError(t, err)
	require.Len(t, secret, len(SessionPrefix)+secretLen)
	require.NotContains(t, hash, secret)
	got, ok := s.Hash(SessionPrefix, secret)
	require.True(t, ok)
	require.Equal(t, hash, got)
	got, ok = other.Hash(SessionPrefix, secret)
	require.True(t, ok)
	require.NotEqual(t, hash, got)
	_, ok = s.Hash(TokenPrefix, secret)
	require.False(t, ok, "a session secret is no API token")
	for i := range secret {
		_, ok = s.Hash(SessionPrefix, secret[:i])
		require.False(t, ok)
	}
	flips(secret, func(c string) {
		got, ok := s.Hash(SessionPrefix, c)
		require.False(t, ok && got == hash, c)
	})
	again, _, err := s.NewSecret(SessionPrefix)
	require.NoError(t, err)
	require.NotEqual(t, secret, again)
	_, err = NewSecrets(nil, rand.Reader)
	require.ErrorIs(t, err, desk.Invalid)

	csrf := CSRFToken(secret)
	require.True(t, VerifyCSRF(secret, csrf))
	require.False(t, VerifyCSRF(again, csrf))
	require.False(t, VerifyCSRF(secret, ""))
	require.False(t, VerifyCSRF("", CSRFToken("")))
	require.False(t, VerifyCSRF(secret, secret))
	require.NotContains(t, csrf, secret)
	flips(csrf, func(c string) { require.False(t, VerifyCSRF(secret, c)) })
}

// sign makes a token as a host site's own code would, without our library.
func sign(t testing.TB, header, payload map[string]any, h func() hash.Hash, secret []byte) string {
	part := func(m map[string]any) string {
		b, err := json.Marshal(m)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(header) + "." + part(payload)
	mac := hmac.New(h, secret)
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestVerifyHostJWT(t *testing.T) {
	t.Parallel()
	keys := []HostKey{{"new", key(1)}, {"old", key(2)}, {"weak", key(3)[:31]}}
	exp := noon.Add(time.Hour)
	good := func(changes ...any) map[string]any {
		m := map[string]any{"sub": "42", "name": "王小明", "email": "w@example.com", "phone": "138", "locale": "zh-CN", "exp": exp.Unix()}
		for i := 0; i < len(changes); i += 2 {
			if changes[i+1] == nil {
				delete(m, fmt.Sprint(changes[i]))
			} else {
				m[fmt.Sprint(changes[i])] = changes[i+1]
			}
		}
		return m
	}
	head := func(alg string, more ...any) map[string]any {
		m := map[string]any{"alg": alg, "typ": "JWT"}
		for i := 0; i < len(more); i += 2 {
			m[fmt.Sprint(more[i])] = more[i+1]
		}
		return m
	}
	for name, c := range map[string]struct {
		header, payload map[string]any
		hash            func() hash.Hash
		secret          []byte
		kind            desk.Kind // of the refusal
		ok              bool
	}{
		"HS256":                   {head("HS256", "kid", "new"), good(), sha256.New, key(1), 0, true},
		"HS384":                   {head("HS384", "kid", "new"), good(), sha512.New384, key(1), 0, true},
		"HS512":                   {head("HS512", "kid", "new"), good(), sha512.New, key(1), 0, true},
		"old key":                 {head("HS256", "kid", "old"), good(), sha256.New, key(2), 0, true},
		"no kid":                  {head("HS256"), good(), sha256.New, key(2), 0, true},
		"other's kid":             {head("HS256", "kid", "old"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"unknown kid":             {head("HS256", "kid", "x"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"kid of another type":     {head("HS256", "kid", []string{"new"}), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"weak key":                {head("HS256", "kid", "weak"), good(), sha256.New, key(3)[:31], desk.Unauthenticated, false},
		"alg none":                {head("none"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"alg None, kid":           {head("None", "kid", "new"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"alg RS256":               {head("RS256"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"alg differs":             {head("HS512"), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"critical extension":      {head("HS256", "crit", []string{"exp"}), good(), sha256.New, key(1), desk.Unauthenticated, false},
		"wrong key":               {head("HS256"), good(), sha256.New, key(9), desk.Unauthenticated, false},
		"empty key":               {head("HS256"), good(), sha256.New, nil, desk.Unauthenticated, false},
		"no exp":                  {head("HS256"), good("exp", nil), sha256.New, key(1), desk.Unauthenticated, false},
		"expired within skew":     {head("HS256"), good("exp", noon.Add(-59*time.Second).Unix()), sha256.New, key(1), 0, true},
		"expired":                 {head("HS256"), good("exp", noon.Add(-61*time.Second).Unix()), sha256.New, key(1), desk.Unauthenticated, false},
		"exp a day ahead":         {head("HS256"), good("exp", noon.Add(24*time.Hour).Unix()), sha256.New, key(1), 0, true},
		"exp too far":             {head("HS256"), good("exp", noon.Add(25*time.Hour).Unix()), sha256.New, key(1), desk.Invalid, false},
		"exp huge":                {head("HS256"), good("exp", 1e300), sha256.New, key(1), desk.Unauthenticated, false},
		"exp is text":             {head("HS256"), good("exp", "soon"), sha256.New, key(1), desk.Unauthenticated, false},
		"nbf within skew":         {head("HS256"), good("nbf", noon.Add(59*time.Second).Unix()), sha256.New, key(1), 0, true},
		"nbf in the future":       {head("HS256"), good("nbf", noon.Add(61*time.Second).Unix()), sha256.New, key(1), desk.Unauthenticated, false},
		"iat in the future":       {head("HS256"), good("iat", noon.Add(61*time.Second).Unix()), sha256.New, key(1), desk.Unauthenticated, false},
		"iat within skew":         {head("HS256"), good("iat", noon.Add(59*time.Second).Unix()), sha256.New, key(1), 0, true},
		"no sub":                  {head("HS256"), good("sub", nil), sha256.New, key(1), desk.Invalid, false},
		"sub is a number":         {head("HS256"), good("sub", 42), sha256.New, key(1), desk.Unauthenticated, false},
		"long sub":                {head("HS256"), good("sub", strings.Repeat("x", 256)), sha256.New, key(1), desk.Invalid, false},
		"long name":               {head("HS256"), good("name", strings.Repeat("王", 201)), sha256.New, key(1), desk.Invalid, false},
		"name of 200 Chinese":     {head("HS256"), good("name", strings.Repeat("王", 200)), sha256.New, key(1), 0, true},
		"NUL in the phone":        {head("HS256"), good("phone", "1\x002"), sha256.New, key(1), desk.Invalid, false},
		"unknown claims are kept": {head("HS256"), good("plan", "gold", "aud", "chat"), sha256.New, key(1), 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := VerifyHostJWT(keys, sign(t, c.header, c.payload, c.hash, c.secret), noon)
			if !c.ok {
				require.ErrorIs(t, err, c.kind)
				require.Zero(t, got)
				require.NotContains(t, err.Error(), "example.com")
				return
			}
			require.NoError(t, err)
			require.Equal(t, "42", got.Subject)
			require.Equal(t, c.payload["name"], got.Name)
		})
	}
	token := sign(t, head("HS256", "kid", "new"), good(), sha256.New, key(1))
	got, err := VerifyHostJWT(keys, token, noon)
	require.NoError(t, err)
	require.Equal(t, HostClaims{"42", "王小明", "w@example.com", "138", "zh-CN", exp}, got)
	flips(token, func(s string) {
		_, err := VerifyHostJWT(keys, s, noon)
		require.ErrorIs(t, err, desk.Unauthenticated, s)
	})
	// The last character carries two bits that mean nothing: they must be zero.
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, token[len(token)-1])
	_, err = VerifyHostJWT(keys, token[:len(token)-1]+alphabet[last+1:last+2], noon)
	require.ErrorIs(t, err, desk.Unauthenticated, "one token has one spelling")
	for _, bad := range []string{"", "..", "a.b.c", token + "=", token + ".x", strings.Repeat("a", MaxHostToken+1)} {
		_, err := VerifyHostJWT(keys, bad, noon)
		require.ErrorIs(t, err, desk.Unauthenticated)
	}
	_, err = VerifyHostJWT(nil, token, noon)
	require.ErrorIs(t, err, desk.Unauthenticated)
	five := append([]HostKey{{"a", key(5)}, {"b", key(6)}, {"c", key(7)}, {"d", key(8)}}, keys...)
	_, err = VerifyHostJWT(five, sign(t, head("HS256"), good(), sha256.New, key(1)), noon)
	require.ErrorIs(t, err, desk.Unauthenticated, "keys beyond MaxHostKeys are not tried")
}

// RFC 7515, appendix A.1.
func TestPublishedHS256Vector(t *testing.T) {
	t.Parallel()
	const token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" +
		".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ" +
		".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	secret, err := base64.RawURLEncoding.DecodeString("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
	require.NoError(t, err)
	now := time.Unix(1300819380, 0).Add(-time.Hour)
	w, err := parseHost([]HostKey{{Secret: secret}}, token, now)
	require.NoError(t, err)
	require.Equal(t, "joe", w.Issuer)
	flips(token, func(s string) {
		_, err := parseHost([]HostKey{{Secret: secret}}, s, now)
		require.Error(t, err)
	})
	for i := range secret {
		bad := bytes.Clone(secret)
		bad[i] ^= 1
		_, err := parseHost([]HostKey{{Secret: bad}}, token, now)
		require.Error(t, err)
	}
	_, err = parseHost([]HostKey{{Secret: secret}}, token, now.Add(2*time.Hour))
	require.ErrorContains(t, err, "expired")
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	secret := "0123456789abcdef0123456789abcdef"
	v, err := NewVisitors(map[uint32][]byte{1: []byte(secret)})
	require.NoError(t, err)
	s, err := NewSecrets([]byte(secret), rand.Reader)
	require.NoError(t, err)
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, x := range []any{v, s, HostKey{"kid", []byte(secret)}, claims(), HostClaims{Subject: "42", Name: secret}, Principal{Agent: "agt_1", CSRF: secret}} {
		log.Info("value", "value", x)
	}
	for _, x := range []any{v, s, HostKey{"kid", []byte(secret)}} {
		fmt.Fprintf(&out, "%v %+v %#v\n", x, x, x)
	}
	require.NotContains(t, out.String(), secret)
	require.NotContains(t, out.String(), "48 49 50 51 52", "as a list of bytes")
	require.NotContains(t, out.String(), "13800138000")
	require.Contains(t, out.String(), redacted)
}

func FuzzVisitorToken(f *testing.F) {
	v, err := NewVisitors(map[uint32][]byte{1: key(1)})
	require.NoError(f, err)
	token, err := v.SignVisitor(claims())
	require.NoError(f, err)
	f.Add(token)
	f.Add("ydv1.1..")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := v.VerifyVisitor(s, noon)
		require.Equal(t, s == token, err == nil)
	})
}

func FuzzHostJWT(f *testing.F) {
	token := sign(f, map[string]any{"alg": "HS256"}, map[string]any{"sub": "1", "exp": noon.Unix()}, sha256.New, key(1))
	f.Add(token)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, s string) {
		_, err := VerifyHostJWT([]HostKey{{"", key(1)}}, s, noon)
		require.Equal(t, s == token, err == nil)
	})
}

// What a host site's developer may send once the signature is right.
func FuzzHostClaims(f *testing.F) {
	f.Add(`{"sub":"1","exp":1767355200}`)
	f.Add(`{"sub":1,"exp":"x","name":[]}`)
	f.Fuzz(func(t *testing.T, payload string) {
		signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
		mac := hmac.New(sha256.New, key(1))
		mac.Write([]byte(signed))
		c, err := VerifyHostJWT([]HostKey{{"", key(1)}}, signed+"."+base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), noon)
		if err == nil {
			require.NotEmpty(t, c.Subject)
			require.LessOrEqual(t, c.ExpiresAt.Sub(noon), MaxHostLife+HostSkew)
			v, err := NewVisitors(map[uint32][]byte{1: key(1)})
			require.NoError(t, err)
			_, err = v.SignVisitor(VisitorClaims{Account: "a", Inbox: "i", Scope: "user", External: c.Subject, Name: c.Name, Email: c.Email, Phone: c.Phone, Locale: c.Locale, ExpiresAt: c.ExpiresAt})
			if err != nil {
				require.ErrorIs(t, err, desk.Invalid)
			}
		}
	})
}
