package realtime

import (
	"context"
	"log/slog"
	"sync"

	"github.com/centrifugal/centrifuge"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/surface/rpc"
)

// visitor is a visitor's connection: its JSON-RPC calls, and the moment when
// its first message makes a contact and thereby a feed.
type visitor struct {
	server  *Server
	link    *link
	call    rpc.Call
	account desk.AccountID

	mu      sync.Mutex
	contact desk.ContactID
}

// connected hooks a visitor's calls; agents have none on the socket.
func (s *Server) connected(c *centrifuge.Client) {
	l, ok := c.Context().Value(linkKey{}).(*link)
	if !ok || l.visitor == nil {
		return
	}
	v := l.visitor
	c.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
		if e.Method != "rpc" {
			answer(centrifuge.RPCReply{}, centrifuge.ErrorMethodNotFound)
			return
		}
		answer(centrifuge.RPCReply{Data: v.handle(c, e.Data)}, nil)
	})
}

func (v *visitor) handle(c *centrifuge.Client, request []byte) []byte {
	call := v.call
	call.OnContact = func(ctx context.Context, id desk.ContactID) { v.becameContact(ctx, c, id) }
	answer := v.server.deps.Visitors.Handle(c.Context(), call, request)
	if answer == nil {
		answer = []byte("null") // a frame needs data; JSON-RPC says nothing to notifications
	}
	return answer
}

// becameContact puts the connection into its feed's room, before the answer to
// the first message leaves. The client then fetches, as after every subscribe.
func (v *visitor) becameContact(ctx context.Context, c *centrifuge.Client, id desk.ContactID) {
	v.mu.Lock()
	known := v.contact != ""
	v.contact = id
	v.mu.Unlock()
	if known {
		return
	}
	a := feed.Audience{Account: v.account, Contact: id}
	if _, err := v.server.deps.Feeds.Attach(ctx, a); err != nil {
		v.fail(ctx, c, err)
		return
	}
	v.link.onClose(func() { v.server.deps.Feeds.Detach(a) })
	if err := c.Subscribe(a.Channel()); err != nil {
		v.fail(ctx, c, err)
	}
}

// fail sends the client round once more: connecting anew attaches the feed.
func (v *visitor) fail(ctx context.Context, c *centrifuge.Client, err error) {
	v.server.deps.Log.WarnContext(ctx, "could not attach feed", slog.Any("error", err))
	c.Disconnect(centrifuge.DisconnectForceReconnect)
}
