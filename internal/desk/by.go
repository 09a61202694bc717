package desk

import (
	"crypto/sha256"
	"encoding/hex"
)

// By is who gives a command to a service of an account.
type By struct {
	Account AccountID
	// Agent "" is the program itself.
	Agent AgentID
	// Key is the idempotency key; empty means that a repeat is done again.
	Key string
}

// Author is who stands in the log.
func (b By) Author() Author {
	if b.Agent == "" {
		return Author{Kind: BySystem}
	}
	return Author{Kind: ByAgent, ID: string(b.Agent)}
}

// ID is the id of what the command creates: made of the key, so that a repeat
// finds the first; without a key it is random.
func (b By) ID(prefix, random string) string {
	if b.Key == "" {
		return random
	}
	sum := sha256.Sum256([]byte(prefix + "\x00" + string(b.Account) + "\x00" + string(b.Agent) + "\x00" + b.Key))
	return prefix + "_" + hex.EncodeToString(sum[:16])
}
