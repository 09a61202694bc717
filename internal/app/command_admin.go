package app

import (
	"context"
	"log/slog"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/seal"
)

type migrateCommand struct{}

// Run opens the database, which brings its schema up to date.
func (migrateCommand) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	before, _, err := schema(r.ctx, c)
	if err != nil && desk.KindOf(err) != desk.NotFound {
		return err
	}
	if err := withCore(r.ctx, c, newLogger(c.Log, r.process.Err), func(context.Context, *core) error { return nil }); err != nil {
		return err
	}
	after, _, err := schema(r.ctx, c)
	if err != nil {
		return err
	}
	if before == after {
		r.printf("The schema is up to date: version %d.\n", after)
	} else {
		r.printf("The schema went from version %d to %d.\n", before, after)
	}
	return nil
}

type demoCommand struct{}

// Run seeds the demo company.
func (demoCommand) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	return r.withApp(c, func(ctx context.Context, a *App) error {
		demo, err := a.seedDemo(ctx)
		if err != nil {
			return err
		}
		r.printf("Demo company %s: %s and %s, password %s. Channel key of its widget: %s\n",
			demo.Account.Name, workspace.DemoEmail, workspace.DemoAgentEmail, workspace.DemoPassword, demo.Inbox.Key)
		return nil
	})
}

// withApp builds the application with only its store running.
func (r *run) withApp(c config.Config, work func(context.Context, *App) error) error {
	log := newLogger(c.Log, r.process.Err)
	return withCore(r.ctx, c, log, func(ctx context.Context, k *core) error {
		a, err := newApp(k)
		if err != nil {
			return err
		}
		return work(ctx, a)
	})
}

type keysCommand struct {
	Status keysStatus `cmd:"" help:"Show the keys of each account and how far a rotation is."`
	Rotate keysRotate `cmd:"" help:"Give each account a new data key and seal everything again; may be interrupted and repeated. The server must be stopped, or use the API on a running one."`
}

type keysStatus struct{}

// Run prints a line for each account.
func (keysStatus) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	return r.withApp(c, func(ctx context.Context, a *App) error {
		accounts, err := a.store.Accounts(ctx)
		if err != nil {
			return err
		}
		r.printf("master key %s: generation %d\n", c.Keys.File, a.master.Generation())
		for _, account := range accounts {
			keys, err := a.store.LoadKeys(ctx, account.ID)
			if err != nil {
				return err
			}
			active, retired := 0, 0
			newest := uint32(0)
			for _, k := range keys {
				if k.Purpose != seal.PurposeData {
					continue
				}
				if newest = max(newest, k.ID); k.Retired {
					retired++
				} else {
					active++
				}
			}
			r.printf("%s: data key %d (%d in use, %d retired)", account.ID, newest, active, retired)
			p, err := a.rotator.RotationStatus(ctx, account.ID)
			if err != nil {
				return err
			}
			if p.State != "" {
				r.printf(", rotation %s: %d of %d values in pass %d, %d unreadable", p.State, p.Done, p.Total, p.Pass, p.Unreadable)
			}
			r.printf("\n")
		}
		return nil
	})
}

type keysRotate struct {
	Master bool `help:"Add a generation to the master key file and wrap the account keys again; nothing needs to be sealed again."`
}

// Run rotates.
func (k keysRotate) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	if k.Master {
		return r.rotateMaster(c)
	}
	return r.withApp(c, func(ctx context.Context, a *App) error {
		accounts, err := a.store.Accounts(ctx)
		if err != nil {
			return err
		}
		for _, account := range accounts {
			if _, err := a.rotator.RotateKeys(ctx, account.ID, "", ""); err != nil {
				return err
			}
			r.printf("%s: a new data key is in use; values are sealed again in the background while the server runs (`yingda keys status`)\n", account.ID)
		}
		return nil
	})
}

func (r *run) rotateMaster(c config.Config) error {
	log := slog.New(slog.DiscardHandler)
	// Opened once before anything changes: the database answers, the key fits,
	// and no server is using both.
	if err := withCore(r.ctx, c, log, func(context.Context, *core) error { return nil }); err != nil {
		return err
	}
	if _, err := seal.AddGeneration(c.Keys.File, systemRandom()); err != nil {
		return err
	}
	return withCore(r.ctx, c, log, func(ctx context.Context, k *core) error {
		accounts, err := k.store.Accounts(ctx)
		if err != nil {
			return err
		}
		ids := make([]desk.AccountID, len(accounts))
		for i, a := range accounts {
			ids[i] = a.ID
		}
		n, err := k.keys.RotateMaster(ctx, ids)
		if err != nil {
			return err
		}
		r.printf("The master key has generation %d now; %d account keys were wrapped again. Copy %s to its safe place.\n", k.master.Generation(), n, c.Keys.File)
		return nil
	})
}
