package attachment

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// Path is where addresses of files begin.
const Path = "/files/"

// thumb is the value of t that asks for the small picture.
const thumb = "thumb"

// Link is what an address of a file says. Nothing of it is proved yet.
type Link struct {
	ID    desk.AttachmentID
	Thumb bool
	// Expires is in seconds since 1970.
	Expires    int64
	generation uint32
	mac        []byte
}

// ParseLink reads an address: the id in its path and its query. Every address
// that we do not make is NotFound.
func ParseLink(id string, query url.Values) (Link, error) {
	l := Link{ID: desk.AttachmentID(id)}
	bad := desk.E(desk.NotFound, "read file address", "there is no such file")
	for name, values := range query {
		if len(values) != 1 || name != "e" && name != "s" && name != "t" {
			return Link{}, bad
		}
	}
	var err error
	e := query.Get("e")
	if l.Expires, err = strconv.ParseInt(e, 10, 64); err != nil || l.Expires < 0 || strconv.FormatInt(l.Expires, 10) != e || !l.ID.Valid() {
		return Link{}, bad
	}
	switch t, given := query["t"]; {
	case given && t[0] != thumb:
		return Link{}, bad
	case given:
		l.Thumb = true
	}
	generation, mac, ok := strings.Cut(query.Get("s"), ".")
	g, err := strconv.ParseUint(generation, 10, 32)
	if !ok || err != nil || strconv.FormatUint(g, 10) != generation {
		return Link{}, bad
	}
	l.generation = uint32(g)
	if l.mac, err = base64.RawURLEncoding.Strict().DecodeString(mac); err != nil || len(l.mac) != sha256.Size {
		return Link{}, bad
	}
	return l, nil
}

// links signs addresses. The newest key signs, all verify.
type links struct {
	keys   map[uint32][]byte
	newest uint32
	life   time.Duration
	clock  desk.Clock
}

func (k *links) sum(generation uint32, account desk.AccountID, l Link) []byte {
	mac := hmac.New(sha256.New, k.keys[generation])
	part := func(s string) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s))) //nolint:gosec // ids are short
		mac.Write(n[:])
		mac.Write([]byte(s))
	}
	variant := ""
	if l.Thumb {
		variant = thumb
	}
	for _, s := range []string{"yingda file 1", string(account), string(l.ID), variant, strconv.FormatInt(l.Expires, 10)} {
		part(s)
	}
	return mac.Sum(nil)
}

// address makes a signed path. It is the same for an hour, so that browsers
// find what they have already.
func (k *links) address(account desk.AccountID, id desk.AttachmentID, small bool) string {
	end := k.clock.Now().Add(k.life).Truncate(time.Hour).Add(time.Hour)
	l := Link{ID: id, Thumb: small, Expires: end.Unix()}
	mac := base64.RawURLEncoding.EncodeToString(k.sum(k.newest, account, l))
	address := Path + string(id) + "?e=" + strconv.FormatInt(l.Expires, 10) + "&s=" + strconv.FormatUint(uint64(k.newest), 10) + "." + mac
	if small {
		address += "&t=" + thumb
	}
	return address
}

// proves tells in constant time whether we made the address for a file of the
// account.
func (k *links) proves(account desk.AccountID, l Link) bool {
	_, known := k.keys[l.generation]
	return known && hmac.Equal(l.mac, k.sum(l.generation, account, l))
}
