package pdf

import (
	"io"
	"sort"
	"unicode/utf16"
)

// cmap maps codes to characters or to numbers of glyphs (Adobe Technical Notes 5014 and 5411).
type cmap struct {
	spaces [5][]span // of codes, by their length
	ranges []cmapRange
}

type span struct{ low, high uint32 }

type cmapRange struct {
	span
	text String // of the first, in UTF-16
	cid  int    // of the first
}

// Bounds of a map.
const (
	maxRanges = 1 << 17
	maxCMap   = 8 << 20 // bytes
)

// readCMap reads a map from a stream.
func readCMap(r io.Reader) *cmap {
	m := &cmap{}
	lexStream(io.LimitReader(r, maxCMap), m.read)
	sort.SliceStable(m.ranges, func(i, j int) bool { return m.ranges[i].low < m.ranges[j].low })
	return m
}

func (m *cmap) read(l *lexer) {
	var args []any
	for {
		o, ok := l.object(0)
		if !ok {
			return
		}
		op, is := o.(operator)
		if !is {
			if len(args) < maxItems {
				args = append(args, o)
			}
			continue
		}
		switch op {
		case "endcodespacerange":
			for i := 0; i+1 < len(args); i += 2 {
				m.space(args[i], args[i+1])
			}
		case "endbfchar", "endcidchar":
			for i := 0; i+1 < len(args); i += 2 {
				m.add(args[i], args[i], args[i+1])
			}
		case "endbfrange", "endcidrange":
			for i := 0; i+2 < len(args); i += 3 {
				m.add(args[i], args[i+1], args[i+2])
			}
		}
		args = args[:0]
	}
}

func codeOf(v any) (code uint32, size int, ok bool) {
	s, ok := v.(String)
	if !ok || len(s) == 0 || len(s) > 4 {
		return 0, 0, false
	}
	for _, c := range []byte(s) {
		code = code<<8 | uint32(c)
	}
	return code, len(s), true
}

func (m *cmap) space(low, high any) {
	l, size, ok := codeOf(low)
	h, _, ok2 := codeOf(high)
	if ok && ok2 && len(m.spaces[size]) < 256 {
		m.spaces[size] = append(m.spaces[size], span{l, h})
	}
}

func (m *cmap) add(low, high, to any) {
	l, _, ok := codeOf(low)
	h, _, ok2 := codeOf(high)
	if !ok || !ok2 || h < l || len(m.ranges) >= maxRanges {
		return
	}
	switch v := to.(type) {
	case String:
		m.ranges = append(m.ranges, cmapRange{span: span{l, h}, text: v})
	case float64:
		m.ranges = append(m.ranges, cmapRange{span: span{l, h}, cid: int(v)})
	case Array:
		for i, s := range v {
			if text, is := s.(String); is && uint32(i) <= h-l && len(m.ranges) < maxRanges {
				m.ranges = append(m.ranges, cmapRange{span: span{l + uint32(i), l + uint32(i)}, text: text})
			}
		}
	}
}

// lookup returns the range of a code: the last that begins before it, since ranges do not lie in one another.
func (m *cmap) lookup(code uint32) *cmapRange {
	i := sort.Search(len(m.ranges), func(i int) bool { return m.ranges[i].low > code })
	for k := i - 1; k >= max(i-4, 0); k-- {
		if r := &m.ranges[k]; r.high >= code {
			return r
		}
	}
	return nil
}

// text returns the characters of a code, empty if it has none.
func (m *cmap) text(code uint32) string {
	r := m.lookup(code)
	if r == nil || r.text == "" {
		return ""
	}
	s := []byte(r.text)
	if len(s) == 1 {
		return string(rune(uint32(s[0]) + code - r.low))
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	units[len(units)-1] += uint16(code - r.low)
	return string(utf16.Decode(units))
}

// cid returns the number of the glyph of a code.
func (m *cmap) cid(code uint32) int {
	r := m.lookup(code)
	if r == nil {
		return 0
	}
	return r.cid + int(code-r.low)
}

// next returns the code that s begins with, and its length.
func (m *cmap) next(s String) (code uint32, size int) {
	for n := 1; n <= 4 && n <= len(s); n++ {
		code = code<<8 | uint32(s[n-1])
		for _, sp := range m.spaces[n] {
			if code >= sp.low && code <= sp.high {
				return code, n
			}
		}
	}
	return 0, 0
}
