package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// writeCertificate makes a self-signed certificate for this machine.
func writeCertificate(t *testing.T, certFile, keyFile string, serial int64) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "yingda test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"chat.example.com"}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool.AddCert(leaf)
	return pool
}

// With certificate files the server speaks HTTP/2 over TLS 1.3, and 1.2 only
// when that is allowed.
func TestTLS(t *testing.T) {
	t.Parallel()
	for name, allow := range map[string]bool{"1.3 only": false, "1.2 allowed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := newInstallation(t)
			cert, key := filepath.Join(i.dir, "cert.pem"), filepath.Join(i.dir, "key.pem")
			pool := writeCertificate(t, cert, key, 1)
			i.env = append(i.env, "YINGDA_TLS_CERT_FILE="+cert, "YINGDA_TLS_KEY_FILE="+key)
			if allow {
				i.env = append(i.env, "YINGDA_TLS_ALLOW_TLS12=true")
			}
			s := i.serve(t)
			require.Contains(t, s.base, "https://")
			ask := func(highest uint16) (proto string, version uint16, header http.Header, err error) {
				transport := &http.Transport{
					ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12, MaxVersion: highest},
				}
				defer transport.CloseIdleConnections()
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/readyz", http.NoBody)
				require.NoError(t, err)
				response, err := (&http.Client{Transport: transport}).Do(request)
				if err != nil {
					return "", 0, nil, err
				}
				defer response.Body.Close()
				_, err = io.Copy(io.Discard, response.Body)
				return response.Proto, response.TLS.Version, response.Header, err
			}
			proto, version, header, err := ask(tls.VersionTLS13)
			require.NoError(t, err)
			require.Equal(t, "HTTP/2.0", proto)
			require.Equal(t, uint16(tls.VersionTLS13), version)
			require.NotEmpty(t, header.Get("Strict-Transport-Security"))
			_, _, _, err = ask(tls.VersionTLS12)
			if allow {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, "protocol version")
			}
			require.Equal(t, 0, s.stop(), s.log.String())
		})
	}
}

// A renewed certificate is used without a restart; a broken renewal is not.
func TestCertificateRenewal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	clock := &fixedClock{}
	clock.set(1000)
	var said safeBuffer
	c := &certificate{
		cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem"), clock: clock,
		log: slog.New(slog.NewTextHandler(&said, nil)),
	}
	serial := func() int64 {
		pair, err := c.get(nil)
		require.NoError(t, err)
		return pair.Leaf.SerialNumber.Int64()
	}
	renew := func(n int64) {
		writeCertificate(t, c.cert, c.key, n)
		at := time.Unix(n*1000, 0)
		require.NoError(t, os.Chtimes(c.cert, at, at))
		require.NoError(t, os.Chtimes(c.key, at, at))
	}
	_, err := c.get(nil)
	require.Error(t, err, "no files yet")
	clock.set(1020)
	renew(1)
	require.Equal(t, int64(1), serial())
	renew(2)
	require.Equal(t, int64(1), serial(), "looked a moment ago")
	clock.set(1040)
	require.Equal(t, int64(2), serial())
	require.NoError(t, os.WriteFile(c.cert, []byte("half a fi"), 0o600))
	clock.set(1060)
	require.Equal(t, int64(2), serial())
	clock.set(1080)
	require.Equal(t, int64(2), serial())
	require.Equal(t, 1, strings.Count(said.String(), "level=ERROR"), "told once, not at each handshake")
	require.NoError(t, os.Remove(c.key))
	clock.set(1100)
	require.Equal(t, int64(2), serial())
	require.Equal(t, 2, strings.Count(said.String(), "level=ERROR"), "another change")

	// A certificate is written first and its key long after, or the files come
	// from an archive with times of their own: all is change.
	writeCertificate(t, c.cert, c.key, 3)
	require.NoError(t, os.Chtimes(c.cert, time.Unix(9000, 0), time.Unix(9000, 0)))
	key, err := os.ReadFile(c.key)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(c.key, []byte("half a key"), 0o600))
	require.NoError(t, os.Chtimes(c.key, time.Unix(8000, 0), time.Unix(8000, 0)))
	clock.set(1120)
	require.Equal(t, int64(2), serial())
	require.NoError(t, os.WriteFile(c.key, key, 0o600))
	require.NoError(t, os.Chtimes(c.key, time.Unix(8500, 0), time.Unix(8500, 0)))
	clock.set(1140)
	require.Equal(t, int64(3), serial())
	writeCertificate(t, c.cert, c.key, 4)
	require.NoError(t, os.Chtimes(c.cert, time.Unix(9000, 0), time.Unix(9000, 0)))
	require.NoError(t, os.Chtimes(c.key, time.Unix(8600, 0), time.Unix(8600, 0)))
	clock.set(1160)
	require.Equal(t, int64(4), serial(), "the key is new though older than the certificate")
}
