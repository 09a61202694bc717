package rpc_test

import (
	"encoding/json"
	"net/netip"
	"testing"

	"yingda.dev/internal/surface/rpc"
	"yingda.dev/internal/surface/surfacetest"
)

// Whatever a visitor sends, the answer is JSON-RPC, and never a fault of ours.
func FuzzVisitorsDoor(f *testing.F) {
	h := surfacetest.Start(f, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	g.Say("0", "x")
	for _, seed := range [][]byte{
		surfacetest.Request("session.open", "channel_key", "chk_nearby", "token", g.Token, "page", map[string]string{"url": "http://[::1]:x/%zz"}),
		surfacetest.Request("message.send", "client_id", "a", "parts", surfacetest.Text("x"), "reply_to", "msg_1", "sent_at", "9999-12-31T23:59:59Z"),
		surfacetest.Request("message.list", "after_seq", int64(1)<<62), surfacetest.Request("message.read", "seq", int64(1)<<62),
		surfacetest.Request("typing", "on", true, "text", "\u202e"), surfacetest.Request("feed.fetch", "epoch", "epoch-1", "since", 1),
		[]byte(`[{"jsonrpc":"2.0","id":null,"method":"typing"},{"jsonrpc":"2.0","id":1e999,"method":"typing","params":{"on":1}}]`),
		[]byte(`{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"client_id":"b","parts":[{"type":"form","form":{"fields":[]}}]}}`),
	} {
		f.Add(seed)
	}
	call := rpc.Call{Token: g.Token, Addr: netip.MustParseAddr("203.0.113.9"), Socket: true}
	f.Fuzz(func(t *testing.T, body []byte) {
		answer := h.RPC.Handle(t.Context(), call, body)
		if answer == nil {
			return
		}
		if !json.Valid(answer) {
			t.Fatalf("%s for %q", answer, body)
		}
		if code := (surfacetest.Answer{Body: answer}).Number("error.code"); code == -32603 || code == -32050 {
			t.Fatalf("%s for %q", answer, body)
		}
	})
}
