package gateway

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter/domains"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
)

// SitePolicy returns the policy of sites with the lists in the data directory. Lists that are not there, because
// the gateway has not run yet, are fetched.
func (d *Data) SitePolicy(ctx context.Context) (*sitepolicy.Policy, error) {
	lists, err := d.Lists()
	if err != nil {
		return nil, err
	}
	index, err := lists.Index()
	if errors.Is(err, os.ErrNotExist) {
		if _, err = lists.Update(ctx, time.Now()); err == nil {
			index, err = lists.Index()
		}
	}
	if err != nil {
		return nil, err
	}
	return sitePolicy(d.cfg, index, lists.Missing())
}

// sitePolicy makes the policy of sites of a configuration, with the exceptions made in the
// console; the index is partial if lists are missing from it.
func sitePolicy(cfg *config.Config, index *domains.Index, partial bool) (*sitepolicy.Policy, error) {
	help, err := sitelists.Builtin("help")
	if err != nil {
		return nil, err
	}
	never, err := sitelists.Builtin("never-inspect")
	if err != nil {
		return nil, err
	}
	o := sitepolicy.Options{
		Sites:        cfg.Web.Sites.Sites,
		Inspections:  cfg.Web.Inspect.Inspections,
		Index:        index,
		Partial:      partial,
		Protected:    help,
		NeverInspect: slices.Concat(never, help),
	}
	o.Own = slices.Clone(o.Own) // the configuration keeps its own
	made, err := madeExceptions(cfg)
	if err != nil {
		return nil, err
	}
	for _, x := range made {
		if x.Host == "" || !x.Holds(time.Now()) {
			continue
		}
		// Locked, or it would not go before the lists that block the site.
		entry := sitepolicy.Entry{
			Host:   x.Host,
			Locked: true,
			Reason: x.Reason,
			Author: x.Author,
			Until:  sitepolicy.Until{Time: x.End()},
		}
		if g, err := roster.ParseGroup(x.Group); x.Group != "" && err != nil {
			continue // the group is gone, and with it who needed the site
		} else if x.Group != "" {
			entry.Groups = []roster.Group{g}
		}
		o.Own = append(o.Own, entry)
	}
	return sitepolicy.New(o)
}
