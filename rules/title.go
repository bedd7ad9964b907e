package rules

import (
	"embed"

	"sluis/internal/lang"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Title returns what a category is called on pages and in reports.
func (c Category) Title() lang.Message { return texts.Message("category-" + c.String()) }
