package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Revision names what somebody has seen of a thing that several people edit:
// equal content has equal revisions. It is never stored. Who changes a thing
// says which revision they looked at, so nobody overwrites what they have not
// seen. Things whose history matters count versions instead.
type Revision string

// RevisionOf makes the revision of something by its content, given as what
// json.Marshal takes. What cannot be encoded has the revision "".
func RevisionOf(content ...any) Revision {
	text, err := json.Marshal(content)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return Revision(hex.EncodeToString(sum[:8]))
}

// Seen is a Conflict unless r, what the caller has seen, is now. A caller who
// says nothing ("") overwrites knowingly.
func (r Revision) Seen(op string, now Revision) error {
	if r == "" || r == now {
		return nil
	}
	return E(Conflict, op, "somebody changed this meanwhile; look again")
}
