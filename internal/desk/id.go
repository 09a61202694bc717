package desk

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Identifiers are text: a prefix that names the type, an underscore and a ULID
// in lower-case Crockford base 32 (26 characters, 48 bits of milliseconds and
// 80 random bits, so they sort by creation and cannot be guessed).
// Conversation and message ids end in one more character, their Shard.
type (
	// AccountID names a tenant: "acc_…".
	AccountID string
	// InboxID names a configured channel of an account: "inb_…".
	InboxID string
	// ContactID names a customer: "con_…".
	ContactID string
	// ConversationID names a conversation and carries its Shard: "cnv_…".
	ConversationID string
	// MessageID names a message and carries its conversation's Shard: "msg_…".
	MessageID string
	// AgentID names a colleague who answers: "agt_…".
	AgentID string
	// TeamID names a group of agents: "tem_…".
	TeamID string
	// AttachmentID names a file that was uploaded: "att_…".
	AttachmentID string
)

// Shard is the storage partition of a conversation and all that belongs to
// it, 0 ≤ Shard < Shards. It is drawn once, at the conversation's creation.
type Shard int16

// Shards is the number of storage partitions. It is part of the ids and
// therefore never changes.
const Shards = 16

const (
	crockford  = "0123456789abcdefghjkmnpqrstvwxyz"
	shardDigit = "0123456789abcdef"
	ulidLen    = 26
)

// IDs draws identifiers. It is safe for concurrent use. Ids drawn by one IDs
// within the same millisecond still increase.
type IDs struct {
	clock  Clock
	random io.Reader

	mu   sync.Mutex
	ms   uint64
	tail [10]byte
}

// NewIDs returns a source that takes the time from clock and its randomness
// from random (crypto/rand.Reader in the product).
func NewIDs(clock Clock, random io.Reader) *IDs { return &IDs{clock: clock, random: random} }

// Account draws a new account id.
func (g *IDs) Account() AccountID { return AccountID("acc_" + g.ulid()) }

// Inbox draws a new inbox id.
func (g *IDs) Inbox() InboxID { return InboxID("inb_" + g.ulid()) }

// Contact draws a new contact id.
func (g *IDs) Contact() ContactID { return ContactID("con_" + g.ulid()) }

// Agent draws a new agent id.
func (g *IDs) Agent() AgentID { return AgentID("agt_" + g.ulid()) }

// Team draws a new team id.
func (g *IDs) Team() TeamID { return TeamID("tem_" + g.ulid()) }

// Conversation draws a new conversation id on a random shard.
func (g *IDs) Conversation() ConversationID {
	u := g.ulid()
	// The last ULID character is random; its low bits choose the shard.
	s := strings.IndexByte(crockford, u[ulidLen-1]) % Shards
	return ConversationID("cnv_" + u + shardDigit[s:s+1])
}

// Message draws a new message id on the conversation's shard.
func (g *IDs) Message(s Shard) MessageID {
	return MessageID("msg_" + g.ulid() + shardDigit[s:s+1])
}

// Attachment draws a new attachment id.
func (g *IDs) Attachment() AttachmentID { return AttachmentID("att_" + g.ulid()) }

// Other draws an id with a prefix of the caller's choice, for things that
// have no type of their own here (tokens, jobs, anonymous visitors).
func (g *IDs) Other(prefix string) string { return prefix + "_" + g.ulid() }

func (g *IDs) ulid() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	ms := uint64(g.clock.Now().UnixMilli())
	if ms <= g.ms {
		ms = g.ms
		g.advance() // the same millisecond: go up, by a step nobody can guess
	} else {
		g.draw(g.tail[:])
		g.ms = ms
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], ms<<16)
	copy(b[6:], g.tail[:])
	return encodeULID(b)
}

func (g *IDs) advance() {
	var step [4]byte
	g.draw(step[:])
	carry := uint64(binary.BigEndian.Uint32(step[:])) + 1
	for i := len(g.tail) - 1; i >= 0 && carry > 0; i-- {
		carry += uint64(g.tail[i])
		g.tail[i] = byte(carry & 0xff)
		carry >>= 8
	}
}

// draw panics when the random source fails: nothing safe can be done without it.
func (g *IDs) draw(b []byte) {
	if _, err := io.ReadFull(g.random, b); err != nil {
		panic(fmt.Errorf("desk: random source failed: %w", err))
	}
}

func encodeULID(b [16]byte) string {
	hi, lo := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	var out [ulidLen]byte
	for i := ulidLen - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return string(out[:])
}

// Shard reads the shard that the id carries; false if the id is malformed.
func (id ConversationID) Shard() (Shard, bool) { return shardOf(string(id), "cnv_") }

// Shard reads the shard that the id carries; false if the id is malformed.
func (id MessageID) Shard() (Shard, bool) { return shardOf(string(id), "msg_") }

func shardOf(id, prefix string) (Shard, bool) {
	if len(id) != len(prefix)+ulidLen+1 || !validULID(id, prefix) {
		return 0, false
	}
	i := strings.IndexByte(shardDigit, id[len(id)-1])
	return Shard(i), i >= 0 //nolint:gosec // i < 16
}

// Valid reports whether the id has the right prefix and alphabet.
func (id AccountID) Valid() bool { return plainID(string(id), "acc_") }

// Valid reports whether the id has the right prefix and alphabet.
func (id InboxID) Valid() bool { return plainID(string(id), "inb_") }

// Valid reports whether the id has the right prefix and alphabet.
func (id ContactID) Valid() bool { return plainID(string(id), "con_") }

// Valid reports whether the id has the right prefix and alphabet.
func (id AgentID) Valid() bool { return plainID(string(id), "agt_") }

// Valid reports whether the id has the right prefix and alphabet.
func (id TeamID) Valid() bool { return plainID(string(id), "tem_") }

// Valid reports whether the id has the right prefix and alphabet.
func (id AttachmentID) Valid() bool { return plainID(string(id), "att_") }

func plainID(id, prefix string) bool {
	return len(id) == len(prefix)+ulidLen && validULID(id, prefix)
}

func validULID(id, prefix string) bool {
	if !strings.HasPrefix(id, prefix) {
		return false
	}
	for i := len(prefix); i < len(prefix)+ulidLen; i++ {
		if strings.IndexByte(crockford, id[i]) < 0 {
			return false
		}
	}
	return true
}

// Clock tells the time. The product uses the system's; tests use a fixed one.
type Clock interface {
	// Now is the present in UTC, cut to microseconds, as databases keep it.
	Now() time.Time
}

// ClockFunc makes a function a Clock.
type ClockFunc func() time.Time

// Now calls the function and normalises its answer.
func (f ClockFunc) Now() time.Time { return f().UTC().Truncate(time.Microsecond) }

// Micros is a time as databases keep it: microseconds since 1970 in UTC.
// Zero means "not set" and stands for the zero time.Time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the inverse of Micros.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
