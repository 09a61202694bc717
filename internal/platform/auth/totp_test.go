package auth_test

import (
	"bytes"
	"crypto/rand"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/platform/auth"
)

// RFC 6238 appendix B, SHA-1, cut to the six digits that apps show.
func TestTOTPVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, code := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		now := time.Unix(at, 0)
		step, ok := auth.MatchTOTP(secret, code, now, 0)
		require.True(t, ok, code)
		require.Equal(t, at/30, step)
		_, ok = auth.MatchTOTP(secret, code, now, step)
		require.False(t, ok, "no code twice")
		for i := range code { // its twin with one digit changed
			flipped := []byte(code)
			flipped[i] = '0' + (flipped[i]-'0'+1)%10
			_, ok := auth.MatchTOTP(secret, string(flipped), now, 0)
			require.False(t, ok, string(flipped))
		}
		other := bytes.Clone(secret)
		other[7] ^= 1
		_, ok = auth.MatchTOTP(other, code, now, 0)
		require.False(t, ok, "another secret")
		// One step of skew either way, two are too many.
		for _, skew := range []time.Duration{-30 * time.Second, 30 * time.Second} {
			_, ok = auth.MatchTOTP(secret, code, now.Add(skew), 0)
			require.True(t, ok)
			if now.Add(2*skew).Unix() >= 0 {
				_, ok = auth.MatchTOTP(secret, code, now.Add(2*skew), 0)
				require.False(t, ok)
			}
		}
	}
	for _, junk := range []string{"", "28708", "2870820", "２８７０８２", "287082\x00"} {
		_, ok := auth.MatchTOTP(secret, junk, time.Unix(59, 0), 0)
		require.False(t, ok)
		require.False(t, auth.IsTOTPCode(junk))
	}
}

func TestTOTPSecrets(t *testing.T) {
	t.Parallel()
	s, err := auth.NewSecrets(bytes.Repeat([]byte{7}, 32), rand.Reader)
	require.NoError(t, err)
	secret, err := s.NewTOTP()
	require.NoError(t, err)
	require.Len(t, secret, 20)
	u, err := url.Parse(auth.TOTPURI(secret, "应答: 商城", "lin@example.com"))
	require.NoError(t, err)
	require.Equal(t, "otpauth", u.Scheme)
	require.Equal(t, "totp", u.Host)
	require.Equal(t, "/应答  商城:lin@example.com", u.Path)
	require.Equal(t, auth.TOTPSecretText(secret), u.Query().Get("secret"))
	require.NotContains(t, u.RawQuery, "+")
	s, err = auth.NewSecrets(bytes.Repeat([]byte{7}, 32), strings.NewReader("short"))
	require.NoError(t, err)
	_, err = s.NewTOTP()
	require.Error(t, err)
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	s, err := auth.NewSecrets(bytes.Repeat([]byte{7}, 32), rand.Reader)
	require.NoError(t, err)
	codes, hashes, err := s.NewRecoveryCodes()
	require.NoError(t, err)
	require.Len(t, codes, auth.RecoveryCodes)
	for i, code := range codes {
		require.Regexp(t, `^[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}$`, code)
		for _, spelled := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + code + " "} {
			h, ok := s.HashRecoveryCode(spelled)
			require.True(t, ok)
			require.Equal(t, hashes[i], h)
		}
		flipped := []byte(code)
		flipped[0] = map[bool]byte{true: 'b', false: 'a'}[flipped[0] == 'a']
		h, ok := s.HashRecoveryCode(string(flipped))
		require.True(t, ok)
		require.NotEqual(t, hashes[i], h)
	}
	for _, junk := range []string{"", "123456", "aaaaa-aaaa", "aaaaa-aaaaaa", "uuuuu-uuuuu", "ääääääääää"} {
		_, ok := s.HashRecoveryCode(junk)
		require.False(t, ok, junk)
	}
}
