package attachment

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

const (
	someFile    = desk.AttachmentID("att_01kjvktcgrhwdaxv57vkrmfvhc")
	someAccount = desk.AccountID("acc_01kjvktcgrhwdaxv57v9p8mfs6")
)

func signer(keys map[uint32][]byte) *links {
	k := &links{keys: keys, life: 12 * time.Hour, clock: desk.ClockFunc(func() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC) })}
	for g := range keys {
		k.newest = max(k.newest, g)
	}
	return k
}

func parse(t testing.TB, address string) (Link, error) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return ParseLink(strings.TrimPrefix(u.Path, Path), u.Query())
}

func TestLinks(t *testing.T) {
	t.Parallel()
	old, both := []byte(strings.Repeat("a", 32)), map[uint32][]byte{1: []byte(strings.Repeat("a", 32)), 2: []byte(strings.Repeat("b", 32))}
	k := signer(both)
	for _, small := range []bool{false, true} {
		address := k.address(someAccount, someFile, small)
		require.Equal(t, address, k.address(someAccount, someFile, small), "the same for an hour")
		l, err := parse(t, address)
		require.NoError(t, err)
		require.Equal(t, small, l.Thumb)
		require.Equal(t, someFile, l.ID)
		require.Equal(t, time.Date(2026, 3, 4, 18, 0, 0, 0, time.UTC).Unix(), l.Expires)
		require.True(t, k.proves(someAccount, l))
		require.False(t, k.proves("acc_01kjvktcgrhwdaxv57v9p8mfs7", l), "another company's file")
		for what, change := range map[string]func(*Link){
			"another file": func(l *Link) { l.ID = "att_01kjvktcgrhwdaxv57vkrmfvhd" },
			"longer":       func(l *Link) { l.Expires++ },
			"large":        func(l *Link) { l.Thumb = !l.Thumb },
			"another key":  func(l *Link) { l.generation = 1 },
			"no key":       func(l *Link) { l.generation = 9 },
			"one bit":      func(l *Link) { l.mac[31] ^= 1 },
		} {
			changed, err := parse(t, address)
			require.NoError(t, err)
			change(&changed)
			require.False(t, k.proves(someAccount, changed), what)
		}
	}
	// Addresses of before a change of the master key go on until it is taken out.
	before, err := parse(t, signer(map[uint32][]byte{1: old}).address(someAccount, someFile, false))
	require.NoError(t, err)
	require.True(t, k.proves(someAccount, before))
	require.False(t, signer(map[uint32][]byte{2: both[2]}).proves(someAccount, before))
}

func FuzzParseLink(f *testing.F) {
	k := signer(map[uint32][]byte{1: []byte(strings.Repeat("a", 32))})
	good := k.address(someAccount, someFile, true)
	_, query, _ := strings.Cut(good, "?")
	f.Add(string(someFile), query)
	f.Add("../../etc/passwd", "e=1&s=1.AAAA")
	f.Add(string(someFile), "e=-1&e=2&s=&t=thumb&t=x")
	f.Add(string(someFile), "e=9223372036854775808&s=4294967296.x")
	f.Fuzz(func(t *testing.T, id, query string) {
		q, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		l, err := ParseLink(id, q)
		if err != nil {
			require.ErrorIs(t, err, desk.NotFound)
			return
		}
		require.True(t, l.ID.Valid())
		if k.proves(someAccount, l) {
			require.Equal(t, good, k.address(someAccount, l.ID, l.Thumb), "only what we signed is proved")
		}
	})
}
