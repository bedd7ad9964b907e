package disclose

import (
	"sluis/filter"
	"sluis/internal/quarantine"
)

// Mark marks the findings in a text that the reader has in hand already: nothing is masked.
func Mark(text string, found []filter.Finding) []Piece {
	var es []quarantine.Evidence
	for _, f := range found {
		e := quarantine.Evidence{Rule: f.Rule}
		for _, x := range f.Excerpts {
			e.Excerpts = append(e.Excerpts, x.Reveal())
		}
		es = append(es, e)
	}
	k := &masker{hits: hits(es)}
	text = printable([]byte(text))
	marked := k.marks(text)
	var ps []Piece
	for at := 0; at < len(text); {
		hit, end := inside(marked, at, len(text))
		ps = append(ps, Piece{Text: text[at:end], Hit: hit})
		at = end
	}
	return ps
}
