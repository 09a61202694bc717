package app

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"

	"yingda.dev/internal/app/demo"
	"yingda.dev/internal/app/demoshop"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/outcall"
	"yingda.dev/internal/platform/timer"
)

// buildScenarios builds what keeps flows of dialogue and calls the services that
// they name. The demonstration's shop is answered here, without a connection.
func (a *App) buildScenarios() (err error) {
	a.shop = demoshop.New(a.clock)
	calls, err := outcall.New(outcall.Config{Near: a.config.Calls.Near, Own: map[string]http.Handler{demoshop.Address: a.shop}})
	if err != nil {
		return err
	}
	a.scenarios, err = scenario.New(scenario.Deps{
		Store: a.store, Keys: a.keys, Bus: a.bus, IDs: a.ids, Clock: a.clock, After: timer.Wall, Audit: a.audit, Caller: calls,
		Log:     a.log.With("area", "scenario"),
		Zones:   a.botBook,
		Metrics: a.metrics,
	})
	return err
}

// demoSecret is the name under which the demonstration's flows find their shop.
const demoSecret = "shop"

// seedFlows gives the demonstration its flows. Those that others call come first.
func (a *App) seedFlows(ctx context.Context, d workspace.Demo) error {
	by := desk.By{Account: d.Account.ID}
	if err := a.scenarios.PutSecret(ctx, by, demoSecret, demoshop.Address); err != nil {
		return err
	}
	for _, l := range []desk.Locale{desk.Chinese, desk.English} {
		flows, err := demo.Flows(l)
		if err != nil {
			return err
		}
		for _, name := range calledFirst(flows) {
			by.Key = "demo-flow-" + string(l) + "-" + name
			saved, err := a.scenarios.Save(ctx, by, "", 0, flows[name])
			if err != nil {
				return err
			}
			if saved.Published > 0 {
				continue // an interrupted start
			}
			if _, err := a.scenarios.Publish(ctx, by, saved.ID, saved.Revision); err != nil {
				return err
			}
		}
	}
	return nil
}

// calledFirst sorts flows by name, those that call others last.
func calledFirst(flows map[string]string) []string {
	calls := func(name string) int {
		if f, _ := dialogue.Parse([]byte(flows[name])); f != nil {
			return len(f.Calls())
		}
		return 0
	}
	return slices.SortedStableFunc(maps.Keys(flows), func(a, b string) int {
		return cmp.Or(cmp.Compare(calls(a), calls(b)), cmp.Compare(a, b))
	})
}
