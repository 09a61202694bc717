package load

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const onePush = `{"push":{"channel":"agent:agt_1","pub":{"data":{"epoch":"e\"1","prev":41,"seq":42,"event":{"type":"message.received",` +
	`"at":"2026-01-02T03:04:05.000006Z","message":{"id":"msg_1","conversation_id":"con_1","seq":7,"author":{"kind":"visitor","id":"x"},` +
	`"client_id":"m7","parts":[{"type":"text","text":"{\"id\":\"wrong\"} 你好，我上周买的滚筒洗衣机到现在还没有发货 \\"}],"at":"2026-01-02T03:04:05Z"},` +
	`"conversation":{"id":"con_1","seq":9}}}}}}`

func TestFrames(t *testing.T) {
	t.Parallel()
	f, err := readFrame([]byte(onePush))
	require.NoError(t, err)
	require.Equal(t, &Push{Prev: 41, Seq: 42, Event: Event{
		Type: "message.received", Message: &Message{ID: "msg_1", ConversationID: "con_1", Seq: 7, ClientID: "m7"},
	}}, f.Push)
	f, err = readFrame([]byte(`{"id":1,"connect":{"client":"c","data":{"epoch":"e","seq":3}}}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"epoch":"e","seq":3}`, string(f.Connect))
	f, err = readFrame([]byte(`{"push":{"disconnect":{"code":4501,"reason":"unauthenticated"}}}`))
	require.NoError(t, err)
	require.Equal(t, &refusal{Code: 4501, Reason: "unauthenticated"}, f.Ended)
	for _, bad := range []string{
		``, `x`, `[]`, `{`, `{"push":}`, `{"push":3}`, `{"push":{"pub":{"data":{"event":{"message":{}}}}}}`, onePush[:len(onePush)-1],
	} {
		_, err := readFrame([]byte(bad))
		require.Error(t, err, bad)
	}
}

// FuzzScanner: what is JSON for the library, the scanner reads alike.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{onePush, `{}`, `{"a":[1,{"b":"\\\""}],"c":-1e9,"d":null}`, " { \"a\" : \"\\u4f60\" }\n", `{"a"`, `{"a":1,}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = readFrame([]byte(text)) // must not panic
		got := map[string]string{}
		s := &scanner{b: []byte(text)}
		s.object(func(key []byte) { got[string(key)] = string(s.value()) })
		var want map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &want) != nil || want == nil {
			return
		}
		require.False(t, s.bad)
		for k, v := range want {
			if k != "" && !strings.ContainsAny(text, "\\\ufffd") && utf8.ValidString(text) { // keys are compared as they are written
				require.Equal(t, string(v), got[k])
			}
		}
	})
}

func TestLine(t *testing.T) {
	t.Parallel()
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		calls++
		if calls == 3 {
			w.Header().Set("Connection", "close")
		}
		_, _ = io.WriteString(w, r.Method+r.URL.Path+r.Header.Get("X-Forwarded-For")+string(body))
		if calls == 5 {
			_ = http.NewResponseController(w).Flush() // chunked: has no length
		}
	}))
	t.Cleanup(s.Close)
	line := NewLine(s.URL)
	t.Cleanup(func() { _ = line.Close() })
	for range 4 { // over two connections
		got, err := line.Post(t.Context(), "/rpc/v1", "X-Forwarded-For: 10.0.0.1\r\n", []byte(`{}`))
		require.NoError(t, err)
		require.Equal(t, "POST/rpc/v110.0.0.1{}", string(got))
	}
	_, err := line.Post(t.Context(), "/", "", nil)
	require.ErrorContains(t, err, "length")
	got, err := line.Post(t.Context(), "/", "", nil)
	require.NoError(t, err)
	require.Equal(t, "POST/", string(got))
}

func TestLedger(t *testing.T) {
	t.Parallel()
	l, now := NewLedger(), time.Unix(100, 0)
	m := func(id string, seq int64) Message { return Message{ID: id, ConversationID: "c", Seq: seq} }
	l.Sent()
	l.Arrived("a", m("1", 1), now.Add(5*time.Millisecond))
	l.Acked(m("1", 1), now)
	l.Arrived("b", m("1", 1), now.Add(time.Second))
	l.Arrived("b", m("1", 1), now.Add(time.Second)) // twice
	l.Acked(m("3", 3), now)
	l.Acked(m("2", 2), now) // never arrives
	l.Arrived("a", m("3", 3), now.Add(time.Millisecond))
	l.Arrived("a", m("0", 2), now) // out of order, and promised by nobody
	require.False(t, l.Settled())
	books, latencies := l.Books()
	require.Equal(t, Books{Sent: 1, Acked: 3, Delivered: 2, Lost: 1, Duplicated: 1, OutOfOrder: 1}, books)
	require.ElementsMatch(t, []time.Duration{5 * time.Millisecond, time.Millisecond}, latencies)
}

func BenchmarkPush(b *testing.B) {
	line := []byte(onePush)
	b.Run("scanner", func(b *testing.B) {
		for b.Loop() {
			if _, err := readFrame(line); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		for b.Loop() {
			var f struct {
				Push struct {
					Pub struct {
						Data struct {
							Prev, Seq int64
							Event     Event
						}
					}
				}
			}
			if err := json.Unmarshal(line, &f); err != nil || f.Push.Pub.Data.Event.Message.ID != "msg_1" {
				b.Fatal(err)
			}
		}
	})
}
