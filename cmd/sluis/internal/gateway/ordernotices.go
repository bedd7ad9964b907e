package gateway

import (
	"context"
	"errors"
	"slices"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/notice"
	"sluis/internal/oversight/orders"
	"sluis/internal/store"
)

// sendOrderSteps sends the board and the privacy officer a mail of each step of an order, without anything of
// what it is about. It goes by the ledger, so that it makes no difference how a step was taken; of the uses
// the first is told.
func (g *Gateway) sendOrderSteps(ctx context.Context, now time.Time) error {
	n := g.inForce.Load().Config.Notices
	to := slices.Concat(n.Board, n.Privacy)
	if n.From == "" || len(to) == 0 {
		return nil
	}
	sent := store.NewValue[int64](g.data.store, "order-notices") // entries of the ledger
	from, err := sent.Get()
	if errors.Is(err, store.ErrNotFound) || err == nil && from == 0 {
		if from, err = g.ledger.Entries(); err != nil {
			return err
		}
		return sent.Put(from) // what was before nobody is told now
	}
	if err != nil {
		return err
	}
	for e, err := range g.ledger.Find(ledger.Query{Kinds: orders.Kinds}) {
		if err != nil {
			return err
		}
		if e.Index < from {
			continue
		}
		again, err := g.usedBefore(e)
		if err != nil {
			return err
		}
		if !again {
			if err := g.sendOrderStep(ctx, to, e.Data.Ref, stepOf(e), e.Time, now); err != nil {
				return err
			}
		}
		if err := sent.Put(e.Index + 1); err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) sendOrderStep(ctx context.Context, to []string, id, step string, at, now time.Time) error {
	cfg := g.inForce.Load().Config
	page := ""
	if cfg.Console.On() {
		page = cfg.Console.Address + "/orders/" + id
	}
	m := notice.OrderStep(cfg.Notices.Language, cfg.Organisation.Name, step, id, page, at)
	return g.sender().Notices().Send(ctx, to, m, now)
}

// stepOf returns the word for a step, as notices have it.
func stepOf(e ledger.Entry) string {
	switch {
	case e.Kind == ledger.OrderDecided && e.Data.Step == "refused":
		return "order-refused"
	case e.Kind == ledger.OrderCompleted && e.Data.Step == "texts-destroyed":
		return "order-destroyed"
	}
	return string(e.Kind)
}

// usedBefore reports whether an entry is a use of an order that was used before.
func (g *Gateway) usedBefore(e ledger.Entry) (bool, error) {
	if e.Kind != ledger.OrderUsed {
		return false, nil
	}
	uses := ledger.Query{Kinds: []ledger.Kind{ledger.OrderUsed}, Ref: e.Data.Ref, Limit: 1}
	for first, err := range g.ledger.Find(uses) {
		return first.Index < e.Index, err
	}
	return false, nil
}
