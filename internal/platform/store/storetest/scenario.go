package storetest

import (
	"context"
	"errors"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func (n *Tenant) scenario(name string) store.Scenario {
	n.Helper()
	s := store.Scenario{
		ID: n.IDs.Other("flw"), AccountID: n.ID, Name: name, Enabled: true, Revision: 1, Published: 1, Draft: desk.Sealed("sealed draft"),
		AuthorID: n.Agent.ID, CreatedAt: n.Clock.Now(), UpdatedAt: n.Clock.Now(), PublishedAt: n.Clock.Now(),
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.InsertScenario(ctx, s), tx.PutScenarioVersion(ctx, n.scenarioVersion(s, 1)),
			tx.PutScenarioSecret(ctx, n.scenarioSecret("shop")))
	})
	return s
}

func (n *Tenant) scenarioVersion(s store.Scenario, version int64) store.ScenarioVersion {
	return store.ScenarioVersion{
		AccountID: n.ID, ScenarioID: s.ID, N: version, Source: desk.Sealed("sealed source"), AuthorID: n.Agent.ID, CreatedAt: n.Clock.Now(),
	}
}

func (n *Tenant) scenarioSecret(name string) store.ScenarioSecret {
	return store.ScenarioSecret{AccountID: n.ID, Name: name, Value: desk.Sealed("sealed value"), AuthorID: n.Agent.ID, UpdatedAt: n.Clock.Now()}
}

func scenarios(n *Tenant) {
	first := n.scenario("order_status")
	second := n.scenario("invoice")
	got, err := n.Store.Scenario(n.Ctx, n.ID, first.ID)
	require.NoError(n, err)
	require.Equal(n, first, got)
	all, err := n.Store.Scenarios(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.Scenario{second, first}, all)
	again := first
	again.ID = n.IDs.Other("flw")
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.InsertScenario(ctx, again) }))

	second.Enabled, second.Revision, second.Draft = false, 2, desk.Sealed("newer")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for i := int64(2); i <= store.KeptScenarioVersions+3; i++ {
			if err := tx.PutScenarioVersion(ctx, n.scenarioVersion(second, i)); err != nil {
				return err
			}
		}
		v := n.scenarioVersion(first, 1)
		v.Source = desk.Sealed("sealed anew")
		return errors.Join(tx.UpdateScenario(ctx, second), tx.PutScenarioVersion(ctx, v))
	})
	versions, err := n.Store.ScenarioVersions(n.Ctx, n.ID, second.ID)
	require.NoError(n, err)
	require.Len(n, versions, store.KeptScenarioVersions)
	require.EqualValues(n, store.KeptScenarioVersions+3, versions[0].N)
	_, err = n.Store.ScenarioVersion(n.Ctx, n.ID, second.ID, 3)
	n.kind(desk.NotFound, err)
	one, err := n.Store.ScenarioVersion(n.Ctx, n.ID, first.ID, 1)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("sealed anew"), one.Source)
	published, err := n.Store.PublishedScenarios(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.ScenarioVersion{one}, published, "the other is switched off")

	secrets, err := n.Store.ScenarioSecrets(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, secrets, 1)
	require.Equal(n, desk.Sealed("sealed value"), secrets[0].Value)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.DeleteScenarioSecret(ctx, n.ID, "shop"), tx.DeleteScenario(ctx, n.ID, second.ID))
	})
	versions, err = n.Store.ScenarioVersions(n.Ctx, n.ID, second.ID)
	require.NoError(n, err)
	require.Empty(n, versions)
}

func scenarioReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	s := v.scenario("theirs")
	return map[string]func(){
		"Scenarios":          func() { empty(n.Store.Scenarios(n.Ctx, n.ID)) },
		"Scenario":           func() { missing(n.Store.Scenario(n.Ctx, n.ID, s.ID)) },
		"ScenarioVersions":   func() { empty(n.Store.ScenarioVersions(n.Ctx, n.ID, s.ID)) },
		"ScenarioVersion":    func() { missing(n.Store.ScenarioVersion(n.Ctx, n.ID, s.ID, 1)) },
		"PublishedScenarios": func() { empty(n.Store.PublishedScenarios(n.Ctx, n.ID)) },
		"ScenarioSecrets":    func() { empty(n.Store.ScenarioSecrets(n.Ctx, n.ID)) },
	}
}

func scenarioWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	s := v.scenario("theirs too")
	return map[string]func(){
		"InsertScenario": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertScenario(ctx, s) }),
		"UpdateScenario": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			x := s
			x.AccountID = a
			return tx.UpdateScenario(ctx, x)
		}),
		"DeleteScenario": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteScenario(ctx, a, s.ID)
		}),
		"PutScenarioVersion": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutScenarioVersion(ctx, v.scenarioVersion(s, 2))
		}),
		"PutScenarioSecret": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutScenarioSecret(ctx, v.scenarioSecret("x"))
		}),
		"DeleteScenarioSecret": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteScenarioSecret(ctx, a, "shop")
		}),
	}
}
