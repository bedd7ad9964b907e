package peopleindex

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"sluis/filter/detect"
)

// Bounds of a search.
const (
	maxWords = 8   // of a value
	maxParts = 4   // that a number is written in
	near     = 300 // bytes between a name and what belongs to it
	recent   = 64  // values that are remembered for that
)

// seen is a value that is no hit by itself.
type seen struct {
	who        uint32
	kind       kind
	start, end int
}

// search is one run over a text.
type search struct {
	words
	ring    [recent]seen
	n       int                     // seen so far
	common  [1 << commonBits]uint64 // short words of the text with which no value begins
	joined  []byte
	persons func(detect.Hit)
	names   func(detect.Hit)
	d       *Index
}

var searches = sync.Pool{New: func() any { return &search{} }}

// Find reports the places that point at a person of the list, and the names of people of
// the list: a name by itself is no leak, so that a rule has to ask for many. Either may be
// nil.
func (d *Index) Find(text []byte, persons, names func(detect.Hit)) {
	if len(d.hashes) == 0 {
		return
	}
	s := searches.Get().(*search)
	s.d, s.n, s.persons, s.names = d, 0, persons, names
	for i := nextWord(text, 0); i < len(text); {
		end, begins := s.begins(text, i)
		if begins || text[i] <= '9' || text[i] >= utf8.RuneSelf { // or a number
			s.at(text, i, begins)
		}
		i = nextWord(text, end)
	}
	clear(s.buf[:cap(s.buf)]) // content does not wait in a pool
	clear(s.joined[:cap(s.joined)])
	clear(s.common[:])
	s.d, s.persons, s.names = nil, nil, nil
	searches.Put(s)
}

// commonBits is the size of the memory for common words: a hash of each would cost most
// of the time of a search.
const commonBits = 9

// begins returns where the word at i ends, and whether any value begins with it. Most
// words are short, and of ASCII.
func (s *search) begins(text []byte, i int) (end int, yes bool) {
	var eight uint64
	digits := text[i] <= '9'
	n := 0
	for j := i; j < len(text); j++ {
		c := text[j]
		if c >= utf8.RuneSelf || n == 8 && lower[c] != 0 {
			s.splitAt(text, i, 1)
			end = s.list[0].end
			return end, s.starts(text, i, s.text(0, 1))
		}
		l := lower[c]
		if l == 0 || (l <= '9') != digits {
			break
		}
		eight |= uint64(l) << (8 * n)
		n++
	}
	known := &s.common[eight*0x9e3779b97f4a7c15>>(64-commonBits)]
	if *known == eight {
		return i + n, false
	}
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], eight)
	yes = s.starts(text, i, word[:n])
	if !yes && !particles[string(word[:n])] {
		*known = eight
	}
	return i + n, yes
}

// starts reports whether any value begins with a word, which is at a place, or with it and
// the next if it is a particle.
func (s *search) starts(text []byte, i int, word []byte) bool {
	pair := particles[string(word)] // before the buffer that it stands in is used again
	if s.startsValue(word) {
		return true
	}
	if !pair {
		return false
	}
	s.splitAt(text, i, 2)
	return len(s.list) == 2 && s.startsValue(s.text(0, 2))
}

// startsValue reports whether any value is known to begin with a word, or with two.
func (s *search) startsValue(word []byte) bool {
	from, to := s.d.find(s.d.key.hash(word))
	for _, w := range s.d.whose[from:to] {
		if kind(w&(1<<kindBits-1)) == kindStart {
			return true
		}
	}
	return false
}

// at looks for the values that begin with the word at a place: any, or those that are
// written as numbers.
func (s *search) at(text []byte, at int, begins bool) {
	if begins {
		s.splitAt(text, at, maxWords)
		for j := 1; j <= len(s.list); j++ {
			if value := s.text(0, j); len(value) >= minName {
				s.look(value, 0, j, kindUnique, kindName, kindAddress)
			}
		}
	} else if s.splitAt(text, at, 2); len(s.list) == 2 && (s.list[1].number || s.month(1) > 0) {
		s.splitAt(text, at, maxParts)
	}
	if !s.list[0].number {
		return
	}
	s.joined = s.joined[:0]
	for j := 0; j < min(maxParts, len(s.list)) && s.list[j].number && (j == 0 ||
		s.list[j].start == s.list[j-1].end+1); j++ {
		if s.joined = append(s.joined, s.text(j, j+1)...); j > 0 && len(s.joined) >= minNumber {
			s.look(s.joined, 0, j+1, kindUnique)
		}
	}
	if date, n := s.date(0); n > 0 {
		s.look([]byte(date), 0, n, kindDate)
	}
}

// look reports words i to j if they are a value of a person, of one of these kinds.
func (s *search) look(value []byte, i, j int, kinds ...kind) {
	from, to := s.d.find(s.d.key.hash(value))
	for _, w := range s.d.whose[from:to] {
		v := seen{w >> kindBits, kind(w & (1<<kindBits - 1)), s.list[i].start, s.list[j-1].end}
		switch {
		case !slices.Contains(kinds, v.kind):
		case v.kind == kindUnique:
			s.person(v)
		default:
			if v.kind == kindName && s.names != nil {
				s.names(detect.Hit{Start: v.start, End: v.end, Value: strconv.Itoa(int(v.who)), Confidence: 100})
			}
			if s.persons != nil {
				s.combine(v)
			}
		}
	}
}

// combine reports a name that has a date of birth or an address of the same person near.
func (s *search) combine(v seen) {
	for _, old := range s.ring[:min(s.n, recent)] {
		if old.who == v.who && old.kind != v.kind && (old.kind == kindName || v.kind == kindName) &&
			v.start-old.end <= near {
			if old.kind == kindName {
				s.person(old)
			} else {
				s.person(v)
			}
		}
	}
	s.ring[s.n%recent] = v
	s.n++
}

func (s *search) person(v seen) {
	if s.persons != nil {
		s.persons(detect.Hit{Start: v.start, End: v.end, Value: strconv.Itoa(int(v.who)), Confidence: 100})
	}
}

// Example is the index that the examples of rules are tried with.
func Example() (*Index, error) {
	d, _, err := Build(bytes.NewReader(exampleList()), Key{1})
	return d, err
}

// exampleList is of people that do not exist.
func exampleList() []byte {
	var b bytes.Buffer
	b.WriteString("voornaam;tussenvoegsel;achternaam;geboortedatum;leerlingnummer;postcode;huisnummer\n")
	b.WriteString("Vera;;Voorbeeld;03-01-2017;9912004;1234 AB;5\nPim;de;Proef;14-11-2016;9912005;1234 AB;17\n")
	for i, first := range []string{"Anna", "Bram", "Cas", "Daan", "Eva", "Fenna", "Gijs", "Hugo", "Iris", "Jip"} {
		b.WriteString(first + ";van;Verzonnen;" + strconv.Itoa(i+1) + "-02-2017;99121" + strconv.Itoa(10+i) + ";;\n")
	}
	return b.Bytes()
}
