package markup

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"golang.org/x/image/colornames"

	"sluis/filter/text/internal/walk"
)

// look is what a text looks like, as far as that decides whether a person sees it (CSS 2.2 and its successors).
type look struct {
	none   bool    // it takes no place: what is around it goes on
	gone   bool    // it has a place, and shows nothing
	unseen bool    // as gone, until something within it is said to be visible
	size   float64 // of the font, in pixels
	ink    rgb
	paper  rgb
	clear  bool    // the ink is transparent
	unsure bool    // the paper is a picture
	fade   float64 // opacity
	vars   *variable
}

// rgb is a colour.
type rgb struct{ r, g, b uint8 }

var (
	black = rgb{}
	white = rgb{255, 255, 255}
	blue  = rgb{0, 0, 238} // of links
	plain = look{size: 16, ink: black, paper: white, fade: 1}
)

// Bounds of what a person can read.
const (
	leastSize  = 3    // pixels
	leastFade  = 0.08 // of opacity
	leastShade = 24   // of 255, between ink and paper
	farAway    = -400 // pixels beyond the edge of a page
)

// hidden reports whether a person sees nothing of a text.
func (l *look) hidden() bool {
	return l.none || l.gone || l.unseen || l.clear || l.size < leastSize || l.fade < leastFade ||
		!l.unsure && near(l.ink, l.paper)
}

func near(a, b rgb) bool {
	diff := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(diff(a.r, b.r), diff(a.g, b.g), diff(a.b, b.b)) < leastShade
}

// box is what the declarations of one element say that counts only together.
type box struct {
	parent           look
	small, cut       bool // no height or width; what is beyond it does not show
	placed, away     bool // out of the flow; beyond the edge
	clipped          bool
	inline, block    bool // what display says
	important, rules bool // which declarations are applied: those marked so, those of a style sheet
	custom           bool // and custom properties alone
}

// declare applies declarations, as a style attribute holds them.
func (l *look) declare(b *box, style []byte) {
	for len(style) > 0 {
		var d []byte
		d, style = nextDeclaration(style)
		property, value, ok := bytes.Cut(d, []byte{':'})
		if !ok {
			continue
		}
		property, value = bytes.TrimSpace(property), bytes.TrimSpace(value)
		custom := bytes.HasPrefix(property, []byte("--"))
		if custom != b.custom {
			continue
		}
		if i := bytes.LastIndexByte(value, '!'); i >= 0 {
			value = bytes.TrimSpace(value[:i])
			if b.rules && !b.important {
				continue
			}
		} else if b.important {
			continue
		}
		if custom {
			l.define(property, value)
			continue
		}
		var small [24]byte
		name, counts := hiding[string(walk.Lowered(small[:0], property))]
		if !counts || len(value) == 0 {
			continue
		}
		if bytes.Contains(value, varFunction) {
			value = l.substitute(value)
		}
		var lower [maxValue]byte
		if len(value) <= len(lower) {
			l.set(b, name, string(walk.Lowered(lower[:0], value)))
		} else if strings.HasPrefix(name, "background") {
			l.unsure = true
		}
	}
}

// nextDeclaration cuts a style at its next semicolon that is in no parentheses or quotes.
func nextDeclaration(style []byte) (d, rest []byte) {
	depth, quote := 0, byte(0)
	for i, c := range style {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ';' && depth <= 0:
			return style[:i], style[i+1:]
		}
	}
	if depth > 0 || quote != 0 { // not closed: as if it were not opened
		d, rest, _ = bytes.Cut(style, []byte{';'})
		return d, rest
	}
	return style, nil
}

// hiding are the properties that set and place know, by their names.
var hiding = func() map[string]string {
	m := map[string]string{}
	for _, p := range []string{"display", "visibility", "mso-hide", "opacity", "font-size", "font", "color",
		"-webkit-text-fill-color", "background", "background-color", "background-image", "height", "width", "max-height",
		"max-width", "overflow", "overflow-x", "overflow-y", "position", "left", "top", "right", "bottom", "margin-left",
		"margin-top", "text-indent", "margin", "transform", "-webkit-transform", "clip", "clip-path",
		"-webkit-clip-path", "inset", "scale", "translate", "zoom", "filter", "-webkit-filter", "mask-image",
		"-webkit-mask-image", "content-visibility"} {
		m[p] = p
	}
	return m
}()

func (l *look) set(b *box, property, value string) {
	switch property {
	case "display":
		l.none = l.none || value == "none"
		b.inline = strings.HasPrefix(value, "inline") || value == "contents"
		b.block = value == "block" || value == "flex" || value == "grid" || value == "list-item" || value == "table"
	case "visibility":
		l.unseen = value == "hidden" || value == "collapse" || value == "inherit" && b.parent.unseen
	case "mso-hide":
		l.gone = l.gone || value == "all"
	case "opacity":
		if v, ok := measure(value, fraction); ok {
			l.fade = b.parent.fade * v
		}
	case "font-size":
		l.sized(b, value)
	case "font":
		l.sized(b, fontSize(value))
	case "color", "-webkit-text-fill-color":
		l.inked(b, value)
	case "background", "background-color", "background-image":
		l.papered(b, value)
	default:
		l.place(b, property, value)
	}
}

// settle applies what counts only together, after all declarations.
func (l *look) settle(b *box) {
	if b.small && b.cut || b.away || b.clipped && b.placed {
		l.gone = true
	}
}

// sizes are the names of sizes of fonts, in pixels.
var sizes = map[string]float64{"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24,
	"xx-large": 32, "initial": 16}

// sized applies the size of a font.
func (l *look) sized(b *box, value string) {
	if v, named := sizes[value]; named {
		l.size = v
		return
	}
	v, ok := measure(value, scale{em: b.parent.size, share: b.parent.size / 100})
	if ok && v >= 0 {
		l.size = v
	}
}

// fontSize returns the size in a value of font, such as "bold 12px/1.5 serif".
func fontSize(value string) string {
	for f := range strings.FieldsSeq(value) {
		f, _, _ = strings.Cut(f, "/")
		if v, unit, ok := quantity(f); ok && (unit != "" || v == 0) {
			return f
		}
		if _, named := sizes[f]; named && f != "initial" {
			return f
		}
	}
	return ""
}

// inked applies the colour of a text.
func (l *look) inked(b *box, value string) {
	switch value {
	case "inherit", "currentcolor":
		l.ink, l.clear = b.parent.ink, b.parent.clear
		return
	case "transparent":
		l.clear = true
		return
	}
	if c, alpha, ok := colour(value); ok {
		l.clear = alpha < leastFade
		l.ink = blend(c, l.paper, alpha)
	}
}

// papered applies a background.
func (l *look) papered(b *box, value string) {
	switch {
	case strings.Contains(value, "url(") || strings.Contains(value, "gradient("):
		l.unsure = true
		return
	case value == "inherit":
		l.paper, l.unsure = b.parent.paper, b.parent.unsure
		return
	}
	for len(value) > 0 {
		word := value
		if i := strings.IndexByte(value, ' '); i >= 0 && !strings.Contains(value[:i], "(") {
			word, value = value[:i], strings.TrimLeft(value[i:], " ")
		} else if j := strings.IndexByte(value, ')'); j >= 0 {
			word, value = value[:j+1], strings.TrimLeft(value[j+1:], " ")
		} else {
			value = ""
		}
		if c, alpha, ok := colour(word); ok {
			l.paper = blend(c, l.paper, alpha)
			l.unsure = l.unsure && alpha < 0.9
		}
	}
}

// blend lays a colour on another.
func blend(c, on rgb, alpha float64) rgb {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*alpha + float64(y)*(1-alpha))) }
	return rgb{mix(c.r, on.r), mix(c.g, on.g), mix(c.b, on.b)}
}

// colour parses a colour in lower case, with how much it covers.
func colour(s string) (c rgb, alpha float64, ok bool) {
	if named, is := colornames.Map[s]; is {
		return rgb{named.R, named.G, named.B}, 1, true
	}
	if s == "transparent" {
		return rgb{}, 0, true
	}
	if name, args, is := strings.Cut(strings.TrimSuffix(s, ")"), "("); is {
		return colourOf(name, args)
	}
	if strings.HasPrefix(s, "#") {
		return hexColour(s[1:])
	}
	return rgb{}, 0, false
}

// hexColour parses a colour of three, four, six or eight digits.
func hexColour(s string) (c rgb, alpha float64, ok bool) {
	v, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		return rgb{}, 0, false
	}
	alpha = 1
	switch len(s) {
	case 4:
		alpha = float64(v&15) / 15
		v >>= 4
		fallthrough
	case 3:
		return rgb{uint8(v >> 8 * 17), uint8(v >> 4 & 15 * 17), uint8(v & 15 * 17)}, alpha, true
	case 8:
		alpha = float64(v&255) / 255
		v >>= 8
		fallthrough
	case 6:
		return rgb{uint8(v >> 16), uint8(v >> 8), uint8(v)}, alpha, true
	}
	return rgb{}, 0, false
}

// colourOf parses the arguments of rgb and hsl.
func colourOf(name, args string) (c rgb, alpha float64, ok bool) {
	var v [4]float64
	v[3] = 1
	n := 0
	for f := range strings.FieldsFuncSeq(args, func(r rune) bool { return r == ',' || r == ' ' || r == '/' }) {
		x, unit, is := quantity(f)
		if !is || n == len(v) {
			return rgb{}, 0, false
		}
		switch {
		case unit == "%" && (n == 3 || name[0] == 'h'):
			x /= 100
		case unit == "%":
			x *= 2.55
		}
		v[n] = x
		n++
	}
	if n < 3 {
		return rgb{}, 0, false
	}
	limit := func(x float64) uint8 { return uint8(min(max(math.Round(x), 0), 255)) }
	switch name {
	case "rgb", "rgba":
		return rgb{limit(v[0]), limit(v[1]), limit(v[2])}, v[3], true
	case "hsl", "hsla":
		part := func(n float64) uint8 { // CSS Color 4, 7.1
			k := math.Mod(n+v[0]/30+1200, 12)
			return limit(255 * (v[2] - v[1]*min(v[2], 1-v[2])*max(-1, min(k-3, 9-k, 1))))
		}
		return rgb{part(0), part(8), part(4)}, v[3], true
	}
	return rgb{}, 0, false
}
