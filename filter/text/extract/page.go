package extract

import (
	"context"

	"sluis/filter/text"
	"sluis/filter/text/internal/markup"
)

// NewPage returns a web page that is shown to emit while it passes. It has to be read.
func NewPage(ctx context.Context, emit func(text.Segment) error) *markup.Page {
	return markup.NewPage(ctx, emit)
}
