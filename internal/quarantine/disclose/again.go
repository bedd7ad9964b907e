package disclose

import (
	"context"
	"fmt"

	"sluis/filter"
	"sluis/internal/quarantine"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// Again has an engine judge what was set aside, for the purpose that it was set aside for:
// to see what other rules would make of it. Nobody gets to see anything of it.
func (r Reader) Again(ctx context.Context, m *quarantine.Message, of quarantine.Entry, e *filter.Engine, a filter.Actions) (filter.Verdict, error) {
	f, size, err := disk.Copy(r.Limits.Dir, m)
	if err != nil {
		return filter.Verdict{}, fmt.Errorf("judge again what was set aside: %w", err)
	}
	defer f.Close()
	item := filter.Item{Kind: filter.Message, Directions: rules.DirectionsOf(of.Direction), Sender: m.Envelope.From, Content: f, Size: size}
	for _, to := range m.Envelope.To {
		item.Recipients = append(item.Recipients, to.Path)
	}
	if len(item.Recipients) == 0 { // an upload
		item.Kind = filter.Document
	}
	x, err := e.Inspect(ctx, item, rules.SetOf(of.Purpose))
	if err != nil {
		return filter.Verdict{}, fmt.Errorf("judge again what was set aside: %w", err)
	}
	return filter.Decide(x, of.Direction, a), nil
}
