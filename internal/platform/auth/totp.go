package auth

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, and what authenticator apps speak; HMAC does not need collision resistance
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// One-time passwords by time (RFC 6238 with SHA-1, 6 digits, 30 seconds), as
// every authenticator app makes them.
const (
	totpSecretSize = 20 // of SHA-1, as RFC 4226 section 4 recommends
	totpDigits     = 6
	totpPeriod     = 30 * time.Second
	// totpSkew is how many steps a device's clock may be ahead or behind.
	totpSkew = 1
)

// NewTOTP draws a shared secret.
func (s *Secrets) NewTOTP() ([]byte, error) {
	b := make([]byte, totpSecretSize)
	if _, err := io.ReadFull(s.random, b); err != nil {
		return nil, desk.Wrap(desk.Internal, "draw TOTP secret", err)
	}
	return b, nil
}

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPSecretText is a secret for typing into an app: base 32.
func TOTPSecretText(secret []byte) string { return totpText.EncodeToString(secret) }

// TOTPURI is a secret for an app's camera, in the key URI format of
// authenticator apps.
func TOTPURI(secret []byte, issuer, account string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ")
	q := url.Values{"secret": {TOTPSecretText(secret)}, "issuer": {issuer}}
	// Apps want spaces as %20, not +.
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// totpStep is the number of the thirty seconds a time is in.
func totpStep(at time.Time) int64 { return at.Unix() / int64(totpPeriod/time.Second) }

// hotp is RFC 4226's code for a counter, with some digits.
func hotp(secret []byte, counter int64, digits int) string {
	var message [8]byte
	binary.BigEndian.PutUint64(message[:], uint64(counter)) //nolint:gosec // never negative: seconds since 1970
	mac := hmac.New(sha1.New, secret)
	mac.Write(message[:])
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	value := binary.BigEndian.Uint32(sum[offset:offset+4]) & 0x7fffffff
	modulus := uint32(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, value%modulus)
}

// TOTPCode is what an app with this secret shows at a time.
func TOTPCode(secret []byte, at time.Time) string { return hotp(secret, totpStep(at), totpDigits) }

// MatchTOTP finds the step, later than after, whose code this is: the present
// one or a neighbour. The caller keeps the step and gives it as after next
// time, so that no code is good twice.
func MatchTOTP(secret []byte, code string, now time.Time, after int64) (step int64, ok bool) {
	present := totpStep(now)
	for s := present - totpSkew; s <= present+totpSkew; s++ {
		same := subtle.ConstantTimeCompare([]byte(hotp(secret, s, totpDigits)), []byte(code)) == 1
		if same && s > after && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// IsTOTPCode reports whether text is shaped like a code of an app.
func IsTOTPCode(code string) bool {
	return len(code) == totpDigits && strings.Trim(code, "0123456789") == ""
}

// Recovery codes: how many, and of what size. 50 random bits behind a keyed
// hash and a throttle cannot be guessed.
const (
	RecoveryCodes    = 10
	recoveryCodeSize = 10
)

var recoveryText = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewRecoveryCodes draws codes for somebody who lost their device, and their
// hashes. They are shown once.
func (s *Secrets) NewRecoveryCodes() (codes, hashes []string, err error) {
	for range RecoveryCodes {
		b := make([]byte, (recoveryCodeSize*5+7)/8)
		if _, err := io.ReadFull(s.random, b); err != nil {
			return nil, nil, desk.Wrap(desk.Internal, "draw recovery code", err)
		}
		code := recoveryText.EncodeToString(b)[:recoveryCodeSize]
		codes = append(codes, code[:5]+"-"+code[5:])
		hashes = append(hashes, s.sum("recovery:"+code))
	}
	return codes, hashes, nil
}

// HashRecoveryCode is the hash to look a code up by, however it is spelled;
// false if it is not shaped like one.
func (s *Secrets) HashRecoveryCode(code string) (string, bool) {
	plain := strings.NewReplacer("-", "", " ", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(code))
	if len(plain) != recoveryCodeSize {
		return "", false
	}
	if _, err := recoveryText.DecodeString(plain + strings.Repeat("0", 6)); err != nil {
		return "", false
	}
	return s.sum("recovery:" + plain), true
}
