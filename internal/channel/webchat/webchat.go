package webchat

import (
	"context"
	"time"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
)

// Kind is the adapter's name.
const Kind channel.Kind = "webchat"

// Adapter is the widget's channel. Its zero value is ready.
type Adapter struct{}

var _ channel.Adapter = Adapter{}

// Kind is "webchat".
func (Adapter) Kind() channel.Kind { return Kind }

// Capabilities are those of our own protocol: every kind of content, always
// open, read receipts by watermark.
func (Adapter) Capabilities(channel.Account) channel.Capabilities {
	text := channel.Limit{Max: desk.MaxTextRunes}
	return channel.Capabilities{
		Inbound: true, Outbound: true,
		Transports: []channel.Transport{channel.Feed},
		Content: map[desk.PartType]channel.Limit{
			desk.TextPart: text, desk.ImagePart: {}, desk.AudioPart: {}, desk.VideoPart: {}, desk.FilePart: {},
			desk.LocationPart: {}, desk.CardPart: {}, desk.ButtonsPart: text, desk.FormPart: {},
		},
		TextUnit: channel.Runes, PartsPerSend: desk.MaxParts,
		Receipts: []desk.DeliveryStatus{desk.Read}, ReceiptsByWatermark: true,
		Typing:      3 * time.Second,
		Idempotency: channel.Idempotency{Kind: channel.ClientKey, MaxKey: maxClientID},
	}
}

// Check finds nothing: a widget inbox has no options that could be wrong.
func (Adapter) Check(context.Context, channel.Account) []channel.Problem { return nil }

// Send is unsupported: the visitor reads the feed.
func (Adapter) Send(context.Context, channel.Account, channel.Outbound) (channel.Sent, error) {
	return channel.Sent{}, channel.Unsupported(Kind)
}
