package pdf

import (
	"bytes"
	"slices"
	"unicode"
)

// gap is the room between two glyphs, in sizes of the font, and where a blank was written for it; -1 if none was.
type gap struct {
	room float64
	at   int
}

// Bounds of a line whose letters are spread.
const (
	minSpread = 8    // gaps
	maxGaps   = 4096 // in a line
	evenGap   = 0.04 // how much the gaps between letters differ
)

func (l *lines) note(g gap) {
	if len(l.gaps) < maxGaps {
		l.gaps = append(l.gaps, g)
	}
}

// spread returns the text of the piece that grows. If letters are set apart evenly, a gap as there is between all of
// them ends no word. Figures in the columns of a table stay apart.
func (l *lines) spread() []byte {
	if len(l.gaps) < minSpread || len(l.gaps) == maxGaps {
		return l.now
	}
	rooms := make([]float64, len(l.gaps))
	for i, g := range l.gaps {
		rooms[i] = g.room
	}
	slices.Sort(rooms)
	usual := rooms[len(rooms)/2]
	even, letters := 0, 0
	for _, r := range rooms {
		if r > usual-evenGap && r < usual+evenGap {
			even++
		}
	}
	for _, r := range string(l.now) {
		if unicode.IsLetter(r) {
			letters++
		}
	}
	if usual <= wordGap || even*10 < len(rooms)*7 || letters*2 < len(rooms) {
		return l.now
	}
	var out bytes.Buffer
	last := 0
	for _, g := range l.gaps {
		if g.at >= 0 && g.room < usual+wordGap {
			out.Write(l.now[last:g.at])
			last = g.at + 1
		}
	}
	out.Write(l.now[last:])
	return out.Bytes()
}
