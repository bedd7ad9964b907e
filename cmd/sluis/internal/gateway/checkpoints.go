package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/oversight/witness"
	"sluis/internal/store"
)

// witnessesOf returns the witnesses of the ledger that a configuration names.
func witnessesOf(s store.Store, cfg *config.Config) *witness.Witnesses {
	n := cfg.Notices
	return witness.Open(s, slices.Concat(n.Witnesses, n.Board, n.Council, n.Privacy), cfg.Organisation.Domains)
}

// Witnessed returns an error unless enough witnesses outside the organisation have a recent checkpoint of
// the ledger: without them no order of the board can be decided or used.
func (d *Data) Witnessed() error { return witnessesOf(d.store, d.cfg).Enough(time.Now()) }

// Witnessed is the same, of the configuration that is in force.
func (g *Gateway) Witnessed() error {
	cfg := g.started
	if gen := g.inForce.Load(); gen != nil {
		cfg = gen.Config
	}
	return witnessesOf(g.data.store, cfg).Enough(time.Now())
}

func (d *Data) witnesses(cfg *config.Config) func(time.Time) (witness.Standing, error) {
	return func(now time.Time) (witness.Standing, error) { return witnessesOf(d.store, cfg).Standing(now) }
}

// sendCheckpoint sends the state of the ledger to the witnesses who did not get it for a day.
func (g *Gateway) sendCheckpoint(ctx context.Context, now time.Time) error {
	sign := func(witnesses int) ([]byte, error) {
		if _, err := g.ledger.Append(ctx, ledger.CheckpointSent, ledger.Data{Count: witnesses}); err != nil {
			return nil, err
		}
		return g.ledger.Checkpoint()
	}
	send := func(ctx context.Context, address string, signed []byte) error {
		return g.sender().Checkpoint(ctx, address, signed, now)
	}
	return witnessesOf(g.data.store, g.inForce.Load().Config).Send(ctx, now, sign, send)
}

// continues checks that the ledger has all that a witness has a checkpoint of.
func (d *Data) continues(l *ledger.Ledger) error {
	newest := witnessesOf(d.store, d.cfg).Newest()
	if newest == nil {
		return nil
	}
	err := l.Continues(newest)
	if errors.Is(err, ledger.ErrRolledBack) { // and not one of another key, or a damaged file
		return fmt.Errorf("%w; if it was put back from a backup, cite the newest checkpoint that a witness was "+
			"mailed: sluis ledger restored FILE --reason TEXT", err)
	}
	return nil
}

// RestoreLedger goes on with a ledger that was put back from a backup, while no gateway runs.
func (d *Data) RestoreLedger(
	ctx context.Context, checkpoint []byte, by ledger.Actor, reason string,
) (ledger.Restoration, error) {
	if err := d.Lock(); err != nil {
		return ledger.Restoration{}, err
	}
	return ledger.Restored(ctx, d.path("ledger"), checkpoint, by, reason)
}
