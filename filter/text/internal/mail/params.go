package mail

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// MediaType is the value of a Content-Type or Content-Disposition: a first word in lower
// case and parameters. Where readers could take different values, all are there.
type MediaType struct {
	Name   string
	params []param
	twice  bool // a boundary or a name is given again, with another value
}

type param struct{ name, value string }

// equal reports whether two values say the same.
func (t MediaType) equal(other MediaType) bool {
	return t.Name == other.Name && slices.Equal(t.params, other.params)
}

// composite reports whether a part of this type holds parts.
func (t MediaType) composite() bool {
	return strings.HasPrefix(t.Name, "multipart/") || t.Name == "message/rfc822" || t.Name == "message/global" ||
		t.Name == "message/partial"
}

// values returns the distinct values of a parameter, in order.
func (t MediaType) values(name string) []string {
	return slices.DeleteFunc(t.given(name), func(v string) bool { return v == "" })
}

// given returns the distinct values of a parameter as values does, an empty one as well.
func (t MediaType) given(name string) []string {
	var vs []string
	for _, p := range t.params {
		if p.name == name && !slices.Contains(vs, p.value) {
			vs = append(vs, p.value)
		}
	}
	return vs
}

// charsets returns the character sets that the type names.
func (t MediaType) charsets() []string {
	all := t.values("charset")
	for i, c := range all {
		all[i] = decodeWords(c)
	}
	return all
}

func (t MediaType) value(name string) string {
	for _, p := range t.params {
		if p.name == name && p.value != "" {
			return p.value
		}
	}
	return ""
}

// maxParams bounds the parameters of one field. Nobody uses more than a few.
const maxParams = 64

// parseMediaType parses a value (RFC 2045 section 5.1, RFC 2231), and reports whether it is so well formed that all
// readers agree. One that is an encoded word as a whole, which is not allowed, is parsed as what it stands for.
func parseMediaType(v string) (t MediaType, clean bool) {
	if word := strings.TrimSpace(v); strings.HasPrefix(word, "=?") {
		t, _ = parsePlainType(decodeWords(word))
		return t, false
	}
	return parsePlainType(v)
}

func parsePlainType(v string) (t MediaType, clean bool) {
	s := paramScanner{s: v, clean: true}
	t.Name = strings.ToLower(s.word(";"))
	var parts []param // of RFC 2231
	for len(t.params)+len(parts) < maxParams {
		name, ok := s.next()
		if !ok {
			break
		}
		extended := strings.Contains(name, "*")
		given := t.params
		for _, value := range s.values(extended) {
			p := param{strings.ToLower(name), value}
			if extended {
				parts = append(parts, p)
				continue
			}
			t.params = append(t.params, p)
		}
		for _, p := range t.params[len(given):] {
			for _, known := range given {
				if known.name == p.name && known.value != p.value {
					s.clean = false
					t.twice = t.twice || p.name == "boundary" || p.name == "name" || p.name == "filename"
				}
			}
		}
	}
	t.params = append(t.params, joinParams(parts)...)
	slash := strings.IndexByte(t.Name, '/')
	return t, s.clean && s.s == "" && (slash < 0 ||
		!strings.ContainsAny(t.Name, "=?<>@,:\\\"[]") && strings.LastIndexByte(t.Name, '/') == slash)
}

// paramScanner reads words of a value, comments passed over.
type paramScanner struct {
	s     string
	clean bool
}

// space passes over white space and comments.
func (p *paramScanner) space() {
	for {
		p.s = strings.TrimLeft(p.s, " \t\r\n")
		if !strings.HasPrefix(p.s, "(") {
			return
		}
		p.clean = false // allowed, but many readers know no comments here
		end := strings.IndexByte(p.s, ')')
		if end < 0 {
			p.s = p.s[1:]
			continue
		}
		p.s = p.s[end+1:]
	}
}

// withoutComments returns what is left, its comments left out.
func (p *paramScanner) withoutComments() string {
	var b strings.Builder
	for p.s != "" {
		if p.s[0] == '(' {
			p.space()
			continue
		}
		n := strings.IndexByte(p.s, '(')
		if n < 0 {
			n = len(p.s)
		}
		b.WriteString(p.s[:n])
		p.s = p.s[n:]
	}
	return b.String()
}

// word returns what comes before white space, a comment or one of ends.
func (p *paramScanner) word(ends string) string {
	p.space()
	i := strings.IndexAny(p.s, " \t\r\n("+ends)
	if i < 0 {
		i = len(p.s)
	}
	word := p.s[:i]
	p.s = p.s[i:]
	return word
}

// next moves to the next parameter and returns its name.
func (p *paramScanner) next() (string, bool) {
	p.space()
	if p.s == "" {
		return "", false
	}
	if p.s[0] != ';' && p.s[0] != ',' {
		p.clean = false
	}
	for p.s != "" && (p.s[0] == ';' || p.s[0] == ',') {
		p.clean = p.clean && p.s[0] == ';'
		p.s = p.s[1:]
		p.space()
	}
	if p.s == "" {
		return "", false
	}
	name := p.word(";=")
	if name == "" && p.s != "" && p.s[0] != '=' {
		p.s = p.s[1:] // cannot be passed over otherwise
		p.clean = false
	}
	return name, true
}

// values returns the value of a parameter; several if readers could disagree. In an extended one (RFC 2231) quotes
// stand for themselves.
func (p *paramScanner) values(extended bool) []string {
	p.space()
	if !strings.HasPrefix(p.s, "=") {
		p.clean = false
		return nil
	}
	p.s = p.s[1:]
	p.space()
	if strings.HasPrefix(p.s, `"`) {
		return p.quoted()
	}
	whole, _, _ := strings.Cut(p.s, ";")
	whole = strings.TrimSpace(whole)
	v := p.word(";")
	if v == whole {
		if strings.ContainsAny(v, `"'`) && !extended {
			p.clean = false
			return []string{v, strings.Trim(v, `"'`)}
		}
		return []string{v}
	}
	p.clean = false
	return []string{v, whole}
}

func (p *paramScanner) quoted() []string {
	var b strings.Builder
	for i := 1; i < len(p.s); i++ {
		switch c := p.s[i]; c {
		case '"':
			p.s = p.s[i+1:]
			return []string{b.String()}
		case '\\':
			if i++; i < len(p.s) {
				b.WriteByte(p.s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	p.clean = false // no end: up to the next parameter, or to the end of the line
	v, rest, found := strings.Cut(p.s[1:], ";")
	if p.s = ""; found {
		p.s = ";" + rest
	}
	return []string{v, b.String()}
}

// joinParams joins the parts of parameters (RFC 2231 section 3) and decodes them.
func joinParams(parts []param) []param {
	var out []param
	for _, p := range parts {
		name, rest, _ := strings.Cut(p.name, "*")
		if slices.ContainsFunc(out, func(p param) bool { return p.name == name }) {
			continue
		}
		if rest == "" { // name*=charset'language'text
			out = append(out, param{name, decodeExtended(p.value)})
			continue
		}
		var whole strings.Builder
		charset := ""
		for i, s := range sectionsOf(parts, name) {
			if s.extended && i == 0 {
				charset, s.value, _ = strings.Cut(s.value, "'")
				_, s.value, _ = strings.Cut(s.value, "'")
			}
			if s.extended {
				s.value = unpercent(s.value)
			}
			whole.WriteString(s.value)
		}
		b, _ := charsets.Append(nil, charset, []byte(whole.String()))
		out = append(out, param{name, string(b)})
	}
	return out
}

// section is a part of a parameter, name*number or name*number*.
type section struct {
	value    string
	number   int
	extended bool
}

// sectionsOf returns the sections of a parameter in the order of their numbers, gaps passed over as readers do.
func sectionsOf(parts []param, name string) (all []section) {
	for _, p := range parts {
		base, rest, _ := strings.Cut(p.name, "*")
		digits, extended := strings.CutSuffix(rest, "*")
		if n, err := strconv.ParseUint(digits, 10, 16); base == name && err == nil {
			all = append(all, section{p.value, int(n), extended})
		}
	}
	slices.SortStableFunc(all, func(a, b section) int { return a.number - b.number })
	return all
}

func decodeExtended(v string) string {
	charset, rest, ok := strings.Cut(v, "'")
	if _, text, ok2 := strings.Cut(rest, "'"); ok && ok2 {
		b, _ := charsets.Append(nil, charset, []byte(unpercent(text)))
		return string(b)
	}
	return unpercent(v)
}

func unpercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && walk.Unhex(s[i+1]) < 16 && walk.Unhex(s[i+2]) < 16 {
			b = append(b, walk.Unhex(s[i+1])<<4|walk.Unhex(s[i+2]))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// TypeOf returns the media type that decides how a text file is read.
func TypeOf(kind text.FileKind, name string, head []byte) MediaType {
	switch ext := text.Extension(name); {
	case kind == text.KindHTML:
		return MediaType{Name: "text/html"}
	case slices.Contains([]string{".ics", ".ical", ".vcs"}, ext), bytes.HasPrefix(head, []byte("BEGIN:VCALENDAR")):
		return MediaType{Name: "text/calendar"}
	case ext == ".vcf", bytes.HasPrefix(head, []byte("BEGIN:VCARD")):
		return MediaType{Name: "text/vcard"}
	}
	return MediaType{Name: "text/plain"}
}
