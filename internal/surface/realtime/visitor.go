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
// the first message makes a contact and thereby a feed.
type visitor struct {
	server *Server
	link   *link
	call   rpc.Call
	who    rpc.Visitor

	mu sync.Mutex
	// client is nil until the connection is established.
	client *centrifuge.Client
	// contact is set once, by whoever finds it out first.
	contact desk.ContactID
	// early: the contact was found out before there was a client to join.
	early bool
}

// strangers are the connections of visitors who have no contact yet, by
// visitor. When one of them writes, over whatever transport or tab, all join
// the feed. Its size is that of the connections.
type strangers struct {
	mu    sync.Mutex
	byKey map[string]map[*visitor]struct{}
}

func (s *strangers) add(v *visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := v.who.Key()
	if s.byKey[key] == nil {
		s.byKey[key] = make(map[*visitor]struct{})
	}
	s.byKey[key][v] = struct{}{}
}

func (s *strangers) remove(v *visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := v.who.Key()
	delete(s.byKey[key], v)
	if len(s.byKey[key]) == 0 {
		delete(s.byKey, key)
	}
}

func (s *strangers) take(key string) []*visitor {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*visitor
	for v := range s.byKey[key] {
		all = append(all, v)
	}
	delete(s.byKey, key)
	return all
}

// met hears that a visitor is a contact, before the answer to the call that
// found it out leaves. The clients then fetch, as after every subscribe.
func (s *Server) met(ctx context.Context, who rpc.Visitor) {
	s.streams.met(who)
	for _, v := range s.strangers.take(who.Key()) {
		if client, first := v.became(who.Contact); first && client != nil {
			v.join(ctx, client, who.Contact)
		}
	}
}

// became notes the contact; first is true for the one caller who has to see to
// it that the connection joins the feed.
func (v *visitor) became(id desk.ContactID) (client *centrifuge.Client, first bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.contact != "" {
		return nil, false
	}
	v.contact = id
	v.early = v.client == nil
	return v.client, true
}

// established notes the client and joins what was found out before it was there.
func (v *visitor) established(c *centrifuge.Client, joined bool) {
	v.mu.Lock()
	v.client = c
	contact, late := v.contact, v.early && !joined
	v.mu.Unlock()
	if late {
		v.join(c.Context(), c, contact)
	}
}

// join attaches the feed and puts the connection into its room.
func (v *visitor) join(ctx context.Context, c *centrifuge.Client, id desk.ContactID) {
	a := feed.Audience{Account: v.who.Account, Contact: id}
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

// connected hooks a visitor's calls; agents have none on the socket.
func (s *Server) connected(c *centrifuge.Client) {
	l, ok := c.Context().Value(linkKey{}).(*link)
	if !ok {
		return
	}
	s.watched.add(l, c)
	l.onClose(func() { s.watched.remove(l) })
	v := l.visitor
	if v == nil {
		return
	}
	c.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
		if e.Method != "rpc" {
			answer(centrifuge.RPCReply{}, centrifuge.ErrorMethodNotFound)
			return
		}
		reply := v.server.deps.Visitors.Handle(c.Context(), v.call, e.Data)
		if reply == nil {
			reply = []byte("null") // a frame needs data; JSON-RPC says nothing to notifications
		}
		answer(centrifuge.RPCReply{Data: reply}, nil)
	})
	v.established(c, l.joined)
}
