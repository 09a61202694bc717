package app

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
)

// signalSealer hides what goes between nodes and is not kept: what is being
// typed, and which page is looked at.
type signalSealer struct{ keys *seal.Keyring }

// signalPlace is nowhere: a signal is never stored.
var signalPlace = seal.Place{Owner: "signal", Table: "signal", Row: "signal", Column: "signal"}

// Seal implements logbus.Sealer.
func (s signalSealer) Seal(ctx context.Context, account desk.AccountID, plain []byte) ([]byte, error) {
	keys, err := s.keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	return keys.Seal(signalPlace, plain), nil
}

// Open implements logbus.Sealer.
func (s signalSealer) Open(ctx context.Context, account desk.AccountID, sealed []byte) ([]byte, error) {
	keys, err := s.keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	return keys.Open(signalPlace, sealed)
}
