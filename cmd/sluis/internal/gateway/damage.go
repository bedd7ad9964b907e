package gateway

import (
	"context"
	"errors"
	"os"
	"time"

	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/byheader"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/roster"
	"sluis/internal/store"
)

// databases are those of the data directory, as paths within it.
var databases = []string{"accounts/accounts.db", "journal/rollups.db", "quarantine/index.db", "split/split.db"}

// damage returns store.ErrDamaged for each file that mail can do without and that cannot be read.
// What is in it does not count until it is mended. It opens documents, which are small; a thorough
// check reads whole databases as well.
func (d *Data) damage(ctx context.Context, thorough bool) error {
	_, people := d.peopleIndex()
	_, made := exceptions.Read(d.store)
	_, bindings := d.bindings().Get()
	errs := []error{
		orders.CheckFiles(d.store),
		appeals.Check(d.store),
		breach.Check(d.store),
		imagery.Check(d.store),
		byheader.Check(d.store),
		made,
		people,
		bindings,
		d.acknowledgedDamage(),
		d.listDamage(),
	}
	for _, name := range databases {
		errs = append(errs, store.CheckDatabase(ctx, d.cfg.Data, name, thorough))
	}
	return errors.Join(errs...)
}

func (d *Data) acknowledgedDamage() error {
	version := d.cfg.Web.Code.Version
	if _, err := os.Stat(d.path("acknowledged")); version == "" || err != nil {
		return nil
	}
	if _, err := roster.OpenAcknowledged(d.path("acknowledged"), version); err != nil {
		return &store.Damage{File: "acknowledged/acknowledged.json"}
	}
	return nil
}

// listDamage is of the index of sites, which the gateway makes anew from the lists.
func (d *Data) listDamage() error {
	if len(d.cfg.Web.Listen) == 0 {
		return nil
	}
	lists, err := d.Lists()
	if err != nil {
		return &store.Damage{File: "sites", Err: err}
	}
	if _, err := lists.Index(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return &store.Damage{File: "sites/index"}
	}
	return nil
}

// damaged returns the files that cannot be read, for health.
func (d *Data) damaged(ctx context.Context, _ time.Time) []string {
	var names []string
	for _, one := range store.Damages(d.damage(ctx, false)) {
		names = append(names, one.File)
	}
	return names
}
