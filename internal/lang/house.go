package lang

import "embed"

//go:embed messages/*.json
var files embed.FS

// house has what languages write of themselves: their name, dates, and a few words that all packages share.
var house = Files(files)

// Languages returns the languages of the house, the default one first: those that this package has a file of.
func Languages() []string { return house.Languages() }

// YesNo is the word for a truth.
func YesNo(is bool) Message {
	if is {
		return house.Message("yes")
	}
	return house.Message("no")
}
