package disclose

import (
	"context"
	"fmt"

	"sluis/filter"
	"sluis/internal/quarantine"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// Rejudge has an engine judge a quarantined message again, for the purpose that it was quarantined
// for. It returns the verdict alone, and nothing of the content.
func (r Reader) Rejudge(ctx context.Context, m *quarantine.Message, entry quarantine.Entry,
	engine *filter.Engine, actions filter.Actions) (filter.Verdict, error) {
	f, size, err := disk.Copy(r.Limits.Dir, m)
	if err != nil {
		return filter.Verdict{}, fmt.Errorf("judge a quarantined message again: %w", err)
	}
	defer f.Close()
	item := filter.Item{
		Kind:       filter.Message,
		Directions: rules.DirectionsOf(entry.Direction),
		Sender:     m.Envelope.From,
		Content:    f,
		Size:       size,
	}
	for _, to := range m.Envelope.To {
		item.Recipients = append(item.Recipients, to.Path)
	}
	if len(item.Recipients) == 0 { // an upload
		item.Kind = filter.Document
	}
	x, err := engine.Inspect(ctx, item, rules.SetOf(entry.Purpose))
	if err != nil {
		return filter.Verdict{}, fmt.Errorf("judge a quarantined message again: %w", err)
	}
	return filter.Decide(x, entry.Direction, actions), nil
}
