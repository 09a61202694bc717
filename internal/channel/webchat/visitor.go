package webchat

import (
	"encoding/json"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/platform/auth"
)

// Decode is the function of the same name, for who is handed the adapter.
func (Adapter) Decode(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	return Decode(claims, params)
}

// DecodeRead is the function of the same name.
func (Adapter) DecodeRead(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	return DecodeRead(claims, params)
}

// DecodeTyping is the function of the same name.
func (Adapter) DecodeTyping(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error) {
	return DecodeTyping(claims, params)
}

// Peer is the function of the same name.
func (Adapter) Peer(claims auth.VisitorClaims) channel.Peer { return Peer(claims) }
