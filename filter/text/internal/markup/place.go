package markup

import (
	"math"
	"strings"
)

// Bounds of where a person looks, and of what is left of a box.
const (
	farBeyond = 5000 // pixels, to the other side
	leastPart = 0.05 // of its size
	leastArea = 4    // of what is cut out of it, in square pixels
)

// place applies what says where a box is, and how large.
func (l *look) place(b *box, property, value string) {
	switch property {
	case "height", "width", "max-height", "max-width":
		v, ok := l.length(value)
		b.small = b.small || ok && v <= 1
	case "overflow", "overflow-x", "overflow-y":
		b.cut = value == "hidden" || value == "clip"
	case "position":
		b.placed = value == "absolute" || value == "fixed"
		b.away = b.away && value != "static"
	case "left", "top", "right", "bottom", "margin-left", "margin-top", "text-indent":
		b.away = b.away || l.far(value)
	case "margin":
		for i, side := range fieldsOf(value) {
			b.away = b.away || (i == 0 || i == 3) && l.far(side) // from the top, from the left
		}
	case "inset":
		for _, side := range fieldsOf(value) {
			b.away = b.away || l.far(side)
		}
	case "transform", "-webkit-transform":
		for name, args := range functions(value) {
			l.transform(b, name, args)
		}
	case "scale", "translate":
		l.transform(b, property, value)
	case "clip":
		b.clipped = strings.HasPrefix(value, "rect(") && strings.Trim(value[len("rect("):], "01px, )") == ""
	case "clip-path", "-webkit-clip-path":
		for name, args := range functions(value) {
			l.gone = l.gone || cutsAll(name, args)
		}
	default:
		l.veil(b, property, value)
	}
}

// veil applies what makes a box transparent, or nothing, as a whole.
func (l *look) veil(b *box, property, value string) {
	switch property {
	case "zoom":
		v, ok := measure(value, fraction)
		l.gone = l.gone || ok && v*l.size < leastSize
	case "content-visibility":
		l.gone = l.gone || value == "hidden"
	case "filter", "-webkit-filter":
		for name, args := range functions(value) {
			if v, ok := measure(args, fraction); ok && name == "opacity" {
				l.fade = min(l.fade, b.parent.fade*v)
			}
		}
	case "mask-image", "-webkit-mask-image":
		for name, args := range functions(value) {
			l.gone = l.gone || strings.HasSuffix(name, "gradient") && invisible(args)
		}
	}
}

// invisible reports whether all colours of a gradient are.
func invisible(args string) bool {
	colours := 0
	for stop := range strings.SplitSeq(args, ",") {
		fields := fieldsOf(stop)
		if len(fields) == 0 {
			return false
		}
		if _, alpha, ok := colour(fields[0]); ok && alpha >= leastFade || !ok && strings.Contains(fields[0], "(") {
			return false
		} else if ok {
			colours++
		}
	}
	return colours > 0
}

// far reports whether a length leads beyond what a person sees of a page.
func (l *look) far(value string) bool {
	v, ok := l.length(value)
	return ok && (v <= farAway || v >= farBeyond)
}

// transform applies one function of a transform (CSS Transforms 1 and 2).
func (l *look) transform(b *box, name, args string) {
	fields := fieldsOf(args)
	var v [16]float64
	for i, f := range fields[:min(len(fields), len(v))] {
		v[i], _ = measure(f, fraction) // a fault is 0, which angles have as well
	}
	flat := func(part float64) bool { return math.Abs(part) < leastPart }
	switch name {
	case "scale", "scale3d":
		l.gone = l.gone || len(fields) > 0 && (flat(v[0]) || len(fields) > 1 && flat(v[1]))
	case "scalex", "scaley":
		l.gone = l.gone || len(fields) == 1 && flat(v[0])
	case "rotatex", "rotatey":
		l.gone = l.gone || flat(math.Cos(v[0]))
	case "matrix":
		l.gone = l.gone || len(fields) == 6 && math.Abs(v[0]*v[3]-v[1]*v[2]) < leastPart*leastPart
		b.away = b.away || len(fields) == 6 && (l.far(fields[4]) || l.far(fields[5]))
	case "matrix3d":
		l.gone = l.gone || len(fields) == 16 && math.Abs(v[0]*v[5]-v[1]*v[4]) < leastPart*leastPart
	case "translate", "translatex", "translatey", "translate3d":
		for _, f := range fields {
			b.away = b.away || l.far(f)
		}
	}
}

// cutsAll reports whether a shape of clip-path leaves nothing (CSS Shapes 1).
func cutsAll(shape, args string) bool {
	args, _, _ = strings.Cut(args, " at ")
	args, _, _ = strings.Cut(args, " round ")
	fields := fieldsOf(args)
	var v []float64
	for _, f := range fields {
		x, _, ok := quantity(f)
		if !ok && f != "evenodd" && f != "nonzero" {
			return false
		}
		if ok {
			v = append(v, x)
		}
	}
	switch {
	case len(v) == 0:
		return false
	case shape == "circle" || shape == "ellipse":
		return v[0] < 1 || len(v) > 1 && v[1] < 1
	case shape == "inset":
		side := func(i int) float64 { // as of a margin: the fourth is the second, the third is the first
			for i >= len(v) {
				i = max(i-2, 0)
			}
			return v[i]
		}
		return strings.Contains(args, "%") && (side(0)+side(2) >= 100 || side(1)+side(3) >= 100)
	case shape == "xywh":
		return len(v) == 4 && (v[2] < 1 || v[3] < 1)
	case shape == "rect":
		return len(v) == 4 && (math.Abs(v[0]-v[2]) < 1 || math.Abs(v[1]-v[3]) < 1)
	case shape == "polygon":
		return len(v)%2 == 0 && area(v) < leastArea
	}
	return false
}

// area returns the area of a polygon, given its points.
func area(v []float64) (sum float64) {
	for i := 0; i+1 < len(v); i += 2 {
		j := (i + 2) % len(v)
		sum += v[i]*v[j+1] - v[j]*v[i+1]
	}
	return math.Abs(sum) / 2
}

// fieldsOf splits a value at blanks and commas that stand in no parentheses.
func fieldsOf(value string) []string {
	depth := 0
	return strings.FieldsFunc(value, func(r rune) bool {
		switch r {
		case '(':
			depth++
		case ')':
			depth--
		}
		return depth == 0 && (r == ' ' || r == ',' || r == '\n' || r == '\t' || r == '\r')
	})
}

// functions goes through the functions of a value, with their arguments.
func functions(value string) func(yield func(name, args string) bool) {
	return func(yield func(name, args string) bool) {
		for _, f := range fieldsOf(value) {
			name, args, is := strings.Cut(f, "(")
			if is && !yield(name, strings.TrimSpace(strings.TrimSuffix(args, ")"))) {
				return
			}
		}
	}
}
