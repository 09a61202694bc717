package app

import (
	"context"
	"slices"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// Flows never import each other. What one needs of another it declares as a
// tiny interface, and the types here join them.

// channelRoutes tells the conversation service how a reply by an inbox leaves.
type channelRoutes struct {
	offices  *workspace.Service
	channels *channel.Registry
}

// Routes implements what conversation asks for.
func (c channelRoutes) Routes(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	inbox, err := c.offices.InboxLookup(ctx, account)
	if err != nil {
		return nil, err
	}
	return func(id desk.InboxID) (conversation.Route, bool) {
		in, ok := inbox(id)
		if !ok || !in.Enabled {
			return conversation.Route{}, false
		}
		adapter, ok := c.channels.Adapter(channel.Kind(in.Channel))
		if !ok {
			return conversation.Route{}, false
		}
		can := adapter.Capabilities(channel.Account{Inbox: in})
		switch {
		case !can.Outbound:
			return conversation.Route{}, false
		case slices.Contains(can.Transports, channel.Feed):
			return conversation.Route{Status: desk.Sent}, true
		default:
			return conversation.Route{Status: desk.Queued, Queue: true}, true
		}
	}, nil
}

// receiver hands what the hub takes in to the conversation service.
type receiver struct{ *conversation.Service }

// Receive implements what hub asks for.
func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

// presentFeeds tells the queue which agents are connected: who hears, is there.
type presentFeeds struct {
	*feed.Feed
	queue *dispatch.Service
}

// Attach implements what realtime asks for.
func (p presentFeeds) Attach(ctx context.Context, a feed.Audience) (wire.Position, error) {
	at, err := p.Feed.Attach(ctx, a)
	if err == nil && a.Agent != "" {
		p.queue.Come(a.Account, a.Agent)
	}
	return at, err
}

// Detach implements what realtime asks for.
func (p presentFeeds) Detach(a feed.Audience) {
	p.Feed.Detach(a)
	if a.Agent != "" {
		p.queue.Leave(a.Account, a.Agent)
	}
}

// demoStage plays the demonstration through the doors that everybody uses.
type demoStage struct{ app *App }

// Say takes a customer's message in.
func (d demoStage) Say(ctx context.Context, inbox desk.Inbox, customer workspace.DemoCustomer, key, text string) (desk.ConversationID, error) {
	accepted, err := d.app.hub.Accept(ctx, inbox, channel.Envelope{
		ID: key, Kind: channel.MessageEvent, Seen: d.app.clock.Now(),
		Peer:    channel.Peer{Scope: "user", External: customer.External, Verified: true, Profile: customer.Profile},
		Message: &channel.Message{Content: desk.TextContent(text)},
		Opens:   []channel.Trigger{channel.OnMessage},
	})
	return accepted.ConversationID, err
}

// Act does what the agent does.
func (d demoStage) Act(ctx context.Context, agent desk.Agent, id desk.ConversationID, key string, act workspace.DemoAct) error {
	actor := conversation.Actor{Account: agent.AccountID, Agent: agent.ID, Name: agent.Name, Sight: desk.SeesAll()}
	order := conversation.Order{Actor: actor, Key: key, ConversationID: id}
	var err error
	switch {
	case act.Reply != "":
		_, err = d.app.conversations.Reply(ctx, conversation.ReplyCommand{
			Actor: actor, Key: key, ConversationID: id, Content: desk.TextContent(act.Reply), ClientID: key,
		})
	case act.Note != "":
		_, err = d.app.conversations.Note(ctx, conversation.NoteCommand{Actor: actor, Key: key, ConversationID: id, Text: act.Note, ClientID: key})
	case act.Label != "":
		var l desk.Label
		if l, err = d.app.demoLabel(ctx, agent, act.Label); err == nil {
			_, err = d.app.conversations.Label(ctx, order, []desk.LabelID{l.ID}, nil)
		}
	case act.Claim:
		_, err = d.app.conversations.Claim(ctx, order)
	case act.Resolve:
		_, err = d.app.conversations.Resolve(ctx, order)
	}
	return err
}

func (a *App) seedDemo(ctx context.Context) (workspace.Demo, error) {
	d, err := a.workspace.SeedDemo(ctx, demoStage{a})
	if err != nil {
		return d, err
	}
	return d, a.seedContent(ctx, d)
}
