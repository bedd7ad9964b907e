package rules

import (
	"embed"

	"sluis/internal/lang"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Title returns what a category is called on pages and in reports.
func (c Category) Title() lang.Text {
	if s, ok := siteCategories().of(c); ok {
		return s.title
	}
	title := lang.Text{}
	for _, p := range texts.Printers() {
		title[p.Code] = p.Text("category-" + c.String())
	}
	return title
}
