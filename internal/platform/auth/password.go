package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"yingda.dev/internal/desk"
)

// PasswordDeps are what Passwords works with.
type PasswordDeps struct {
	// Random is crypto/rand.Reader in the product; it is read concurrently.
	Random io.Reader
}

// PasswordConfig tunes the hash. The defaults are the first choice of the
// OWASP Password Storage Cheat Sheet for Argon2id with the least memory.
type PasswordConfig struct {
	// MemoryKiB of one hash. Default 19,456 (19 MiB).
	MemoryKiB uint32
	// Passes over the memory. Default 2.
	Passes uint32
	// Lanes run in parallel. Default 1.
	Lanes uint8
	// Concurrent bounds hashes at one time, so that a storm of log-ins takes
	// Concurrent × MemoryKiB and no more. Default 2.
	Concurrent int
	// Waiting bounds callers waiting for their turn; more get Limited. Default 100.
	Waiting int
}

// Passwords hashes and verifies passwords with Argon2id (RFC 9106).
type Passwords struct {
	random io.Reader
	params argonParams
	// queue holds a token for each caller inside, turn one for each that hashes.
	queue, turn chan struct{}
}

// Bounds on passwords.
const (
	MinPasswordRunes = 8
	// MaxPasswordBytes is long enough for any phrase and short enough to hash.
	MaxPasswordBytes = 512
)

const (
	saltSize    = 16
	passwordKey = 32
)

// NewPasswords returns a hasher; an impossible Config is Invalid.
func NewPasswords(deps PasswordDeps, config PasswordConfig) (*Passwords, error) {
	p := argonParams{memory: config.MemoryKiB, passes: config.Passes, lanes: config.Lanes}
	if p.memory == 0 {
		p.memory = 19 * 1024
	}
	if p.passes == 0 {
		p.passes = 2
	}
	if p.lanes == 0 {
		p.lanes = 1
	}
	if config.Concurrent == 0 {
		config.Concurrent = 2
	}
	if config.Waiting == 0 {
		config.Waiting = 100
	}
	if deps.Random == nil || !p.sane() || config.Concurrent < 0 || config.Waiting < 0 {
		return nil, desk.E(desk.Invalid, "configure passwords", "the password settings are out of range")
	}
	return &Passwords{
		random: deps.Random, params: p,
		queue: make(chan struct{}, config.Concurrent+config.Waiting),
		turn:  make(chan struct{}, config.Concurrent),
	}, nil
}

// CheckPassword refuses (Invalid) a new password that is too short or too long.
func CheckPassword(password string) error {
	const op = "check password"
	switch {
	case !utf8.ValidString(password) || utf8.RuneCountInString(password) < MinPasswordRunes:
		return desk.InvalidField(op, "password", fmt.Sprintf("a password has at least %d characters", MinPasswordRunes))
	case len(password) > MaxPasswordBytes:
		return desk.InvalidField(op, "password", "the password is too long")
	}
	return nil
}

// Hash returns the password's hash as a PHC string with a random salt.
// It waits for its turn: Limited if too many wait, Unavailable if ctx ends.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(p.random, salt); err != nil {
		return "", desk.Wrap(desk.Internal, "hash password", err)
	}
	h := phc{argonParams: p.params, salt: salt}
	key, err := p.derive(ctx, password, h.argonParams, salt, passwordKey)
	if err != nil {
		return "", err
	}
	h.key = key
	return h.String(), nil
}

// Verify reports whether the password belongs to the hash, and whether the
// hash was made with other settings than today's and should be replaced.
// A hash that is empty or malformed never matches and takes as long as one
// that does not, so callers ask even when they found no such agent.
// Errors are those of Hash: nothing was proved then.
func (p *Passwords) Verify(ctx context.Context, hash, password string) (ok, rehash bool, err error) {
	h, parsed := parsePHC(hash)
	if !parsed {
		h = phc{argonParams: p.params, salt: make([]byte, saltSize), key: make([]byte, passwordKey)}
	}
	if len(password) > MaxPasswordBytes {
		password, parsed = "", false
	}
	key, err := p.derive(ctx, password, h.argonParams, h.salt, uint32(len(h.key))) //nolint:gosec // parsePHC bounds it
	if err != nil {
		return false, false, err
	}
	if subtle.ConstantTimeCompare(key, h.key) != 1 || !parsed {
		return false, false, nil
	}
	return true, h.needsRehash(p.params), nil
}

// NeedsRehash reports whether a hash was made with other settings than today's.
func (p *Passwords) NeedsRehash(hash string) bool {
	h, ok := parsePHC(hash)
	return !ok || h.needsRehash(p.params)
}

func (p *Passwords) derive(ctx context.Context, password string, a argonParams, salt []byte, size uint32) ([]byte, error) {
	const op = "hash password"
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return nil, desk.E(desk.Limited, op, "too many people log in at this moment; try again")
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, desk.Wrap(desk.Unavailable, op, ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, a.passes, a.memory, a.lanes, size), nil
}

type argonParams struct {
	memory, passes uint32
	lanes          uint8
}

// sane bounds what a hash may cost, so that a forged row cannot exhaust memory.
func (a argonParams) sane() bool {
	return a.lanes >= 1 && a.lanes <= 8 && a.passes >= 1 && a.passes <= 16 &&
		a.memory >= 8*uint32(a.lanes) && a.memory <= 256*1024
}

// phc is a hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>, both base64 without padding.
type phc struct {
	argonParams
	salt, key []byte
}

func (h phc) needsRehash(want argonParams) bool {
	return h.argonParams != want || len(h.salt) < saltSize || len(h.key) != passwordKey
}

// String is the PHC string.
func (h phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.memory, h.passes, h.lanes,
		base64.RawStdEncoding.EncodeToString(h.salt), base64.RawStdEncoding.EncodeToString(h.key))
}

func parsePHC(s string) (phc, bool) {
	if len(s) > 512 {
		return phc{}, false
	}
	f := strings.Split(s, "$")
	if len(f) != 6 || f[0] != "" || f[1] != "argon2id" || f[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, false
	}
	params := strings.Split(f[3], ",")
	if len(params) != 3 {
		return phc{}, false
	}
	var n [3]uint32
	for i, name := range [...]string{"m=", "t=", "p="} {
		digits, ok := strings.CutPrefix(params[i], name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || i == 2 && v > 255 {
			return phc{}, false
		}
		n[i] = uint32(v)
	}
	h := phc{argonParams: argonParams{memory: n[0], passes: n[1], lanes: uint8(n[2])}} //nolint:gosec // checked above
	var err error
	if h.salt, err = base64.RawStdEncoding.Strict().DecodeString(f[4]); err != nil || len(h.salt) < 8 || len(h.salt) > 64 {
		return phc{}, false
	}
	if h.key, err = base64.RawStdEncoding.Strict().DecodeString(f[5]); err != nil || len(h.key) < 16 || len(h.key) > 64 {
		return phc{}, false
	}
	return h, h.sane()
}
