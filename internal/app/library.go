package app

import (
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/timer"
)

// buildLibrary builds what keeps and finds knowledge.
func (a *App) buildLibrary() (err error) {
	a.library, err = library.New(library.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, After: timer.Wall, Bus: a.bus, Audit: a.audit,
		Log: a.log.With("area", "library"), Node: a.node,
	}, library.Config{Outside: training.OutsideTexts()})
	return err
}
