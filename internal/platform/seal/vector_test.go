package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"
)

func unhex(t *testing.T, s string) []byte {
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	return b
}

// Test case 16 of "The Galois/Counter Mode of Operation (GCM)", McGrew and
// Viega, appendix B: AES-256, 60 bytes of plaintext, 20 of additional data.
func TestPublishedGCMVector(t *testing.T) {
	t.Parallel()
	key := unhex(t, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
	nonce := unhex(t, "cafebabefacedbaddecaf888")
	aad := unhex(t, "feedfacedeadbeeffeedfacedeadbeefabaddad2")
	plain := unhex(t, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
	sealed := unhex(t, "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"+
		"76fc6ece0f4e1768cddf8853bb2d551b")
	require.Equal(t, sealed, newGCM(key).Seal(nil, nonce, plain, aad))
	for _, part := range []*[]byte{&key, &nonce, &aad, &sealed} {
		for i := range *part {
			good := *part
			*part = bytes.Clone(good)
			(*part)[i] ^= 0x80
			_, err := newGCM(key).Open(nil, nonce, sealed, aad)
			require.Error(t, err)
			*part = good
		}
	}
	got, err := newGCM(key).Open(nil, nonce, sealed, aad)
	require.NoError(t, err)
	require.Equal(t, plain, got)
}

// RFC 5869, appendix A.1.
func TestPublishedHKDFVector(t *testing.T) {
	t.Parallel()
	ikm := bytes.Repeat([]byte{0x0b}, 22)
	salt, info := unhex(t, "000102030405060708090a0b0c"), unhex(t, "f0f1f2f3f4f5f6f7f8f9")
	prk := "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
	okm := "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
	derive := func() (string, string) {
		p, err := hkdf.Extract(sha256.New, ikm, salt)
		require.NoError(t, err)
		o, err := hkdf.Expand(sha256.New, p, string(info), 42)
		require.NoError(t, err)
		return hex.EncodeToString(p), hex.EncodeToString(o)
	}
	gotPRK, gotOKM := derive()
	require.Equal(t, prk, gotPRK)
	require.Equal(t, okm, gotOKM)
	for _, part := range [][]byte{ikm, salt, info} {
		for i := range part {
			part[i] ^= 1
			_, other := derive()
			require.NotEqual(t, okm, other)
			part[i] ^= 1
		}
	}
}

// The form of stored values never changes: a value sealed by the first
// release opens, and any change of derivation, header or binding breaks this.
func TestFormatIsPinned(t *testing.T) {
	t.Parallel()
	m := &Master{generations: []generation{{id: 1, key: [keySize]byte(bytes.Repeat([]byte{7}, keySize))}}}
	store := newMemory()
	k := NewKeyring(Deps{Master: m, Store: store, Clock: newClock(), Random: counter{}})
	store.keys["acc_1"] = []WrappedKey{
		{ID: 1, Purpose: PurposeIndex, Wrapped: unhex(t, pinnedIndexKey)},
		{ID: 2, Purpose: PurposeData, Wrapped: unhex(t, pinnedDataKey)},
	}
	a := accountKeys(t, k, "acc_1")
	require.Equal(t, pinnedValue, hex.EncodeToString(a.Seal(body, []byte("pinned"))))
	plain, err := a.Open(body, unhex(t, pinnedValue))
	require.NoError(t, err)
	require.Equal(t, "pinned", string(plain))
	require.Equal(t, pinnedHash, a.Hash("user", "42"))
	require.Equal(t, []uint64{pinnedToken, pinnedLongToken}, a.Tokens([]string{"退款", "abcdefghijklmnop"}))
	require.Equal(t, pinnedEmail, m.HashEmail("demo@yingda.dev"))
}

// counter is a random source that is not random, to pin bytes.
type counter struct{}

func (counter) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(i)
	}
	return len(b), nil
}

const (
	pinnedDataKey   = "0100000001000102030405060708090a0b37ed2a0cc687d2e0748c8b59c356a782545e20d20f381ff35af264220cde48bafebb16d49617e47d881156297da62aae"
	pinnedIndexKey  = "0100000001000102030405060708090a0b37ed2a0cc687d2e0748c8b59c356a782545e20d20f381ff35af264220cde48ba8e8c95f80516c3a6d482368755b5b51a"
	pinnedValue     = "0100000002000102030405060708090a0b3ea184a1befed21b13f28310a98f0e96b4210be9b9a7"
	pinnedHash      = "38600b9129d8fed7f1e7e0c70c3f4058249636346f82f3a1bfc60e31b34b9a24"
	pinnedToken     = 0x382b8005fa98d047
	pinnedLongToken = 0xd515da539584f8a
	pinnedEmail     = "35d77f681070c0b373d1dcfbd405d86ac08fb379bfe9b5733cde5df96f8c6faf"
)
