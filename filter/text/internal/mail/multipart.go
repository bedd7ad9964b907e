package mail

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// showMultipart shows the parts between boundaries, and what stands before the first and
// after the last, and reports whether there are any. Where a boundary is missing or malformed, every candidate is
// tried, and one is guessed.
func showMultipart(w *walk.Walker, part int, t MediaType, body *io.SectionReader, depth int) (seen bool, err error) {
	boundaries := t.given("boundary")
	switch {
	case len(boundaries) == 0:
		w.Doubt(text.NoBoundary)
	case len(boundaries) > 1 || len(boundaries[0]) > 250:
		w.Doubt(text.BadBoundary)
	}
	defer func(before bool) { w.InReport = before }(w.InReport)
	w.InReport = t.Name == "multipart/report"
	var kind *MediaType
	if t.Name == "multipart/digest" {
		kind = &MediaType{Name: "message/rfc822"}
	}
	for _, b := range boundaries[:min(len(boundaries), maxReadings)] {
		found, err := splitParts(w, part, strings.TrimRight(b, " \t"), false, kind, body, depth)
		if err != nil {
			return seen, err
		}
		seen = seen || found
	}
	if seen {
		return true, nil
	}
	if g, err := guessBoundary(body); err != nil {
		return false, err
	} else if g != "" && !slices.Contains(boundaries, g) {
		w.Doubt(text.BadBoundary)
		return splitParts(w, part, g, false, kind, body, depth)
	}
	return false, nil
}

// showUnparted shows a multipart without a boundary as the message that it may be.
func showUnparted(w *walk.Walker, body *io.SectionReader, depth int) error {
	w.Doubt(text.NoBoundary)
	return showMessage(w, body, depth+1, nil)
}

// splitParts shows the parts between the lines of one boundary, and reports whether there are
// any. If loose is set a line that goes on after the boundary counts as well.
func splitParts(w *walk.Walker, part int, boundary string, loose bool, kind *MediaType, body *io.SectionReader,
	depth int) (bool, error) {
	w.Boundaries = append(w.Boundaries, boundary)
	s, err := findDelimiters(w, body, boundary, loose)
	if err != nil || len(s.lines) == 0 {
		return false, err
	}
	if err := showAside(w, part, walk.Sub(body, 0, s.lines[0].begin)); err != nil {
		return true, err
	}
	closed := false
	for i, d := range s.lines {
		next := body.Size()
		if i+1 < len(s.lines) {
			next = s.lines[i+1].begin
		}
		piece := walk.Sub(body, d.end, next)
		closed = closed || d.last
		switch last := i+1 == len(s.lines); {
		case d.last && last:
			err = showAside(w, part, piece)
		default:
			if closed {
				w.Doubt(text.BadBoundary) // parts go on after the end: some programs show them
			}
			w.Enter(i + 1)
			err = showMessage(w, piece, depth+1, kind)
			w.Leave()
		}
		if err != nil {
			return true, err
		}
	}
	if !closed {
		w.Doubt(text.NoEnd)
	}
	// A boundary may be the beginning of an inner one; else readers disagree on it.
	if slices.ContainsFunc(s.longer, func(line string) bool { return !isDeclared(w, line) }) {
		w.Doubt(text.BadBoundary)
		if _, err := splitParts(w, part, boundary, true, kind, body, depth); err != nil {
			return true, err
		}
	}
	return true, nil
}

func isDeclared(w *walk.Walker, line string) bool {
	return slices.Contains(w.Boundaries, line) || slices.Contains(w.Boundaries, strings.TrimSuffix(line, "--"))
}

// showAside shows what a reader of MIME does not see, and another program does.
func showAside(w *walk.Walker, part int, r *io.SectionReader) error {
	if r.Size() <= 2 {
		return nil
	}
	return w.Copy(part, text.Hidden, r)
}

// delimiter is a boundary line: where it begins, and where what follows it does.
type delimiter struct {
	begin, end int64
	last       bool
}

type delimiters struct {
	lines  []delimiter
	longer []string // lines without the dashes that begin with the boundary and go on
}

// maxLonger bounds the lines that are kept because they go on after the boundary.
const maxLonger = 64

// findDelimiters finds the boundary lines of a multipart body, with any line ending.
func findDelimiters(w *walk.Walker, body *io.SectionReader, boundary string, loose bool) (delimiters, error) {
	var s delimiters
	br, done := walk.Buffered(walk.Fresh(body))
	defer done()
	dash := []byte("--" + boundary)
	var at int64
	begin := true // of a line
	for {
		line, err := br.ReadSlice('\n')
		if begin && len(line) >= len(dash) && line[0] == '-' && bytes.HasPrefix(line, dash) {
			rest := bytes.TrimRight(line[len(dash):], " \t\r\n")
			last := bytes.HasPrefix(rest, []byte("--"))
			switch {
			case len(rest) == 0, len(rest) == 2 && last, loose:
				if len(s.lines) > w.Limits.Parts {
					w.Overrun(text.TooMany)
					return s, w.Fail(walk.ErrEnough)
				}
				s.lines = append(s.lines, delimiter{at, at + int64(len(line)), last})
			case len(s.longer) < maxLonger:
				s.longer = append(s.longer, boundary+string(rest[:min(len(rest), 256)]))
			}
		}
		at += int64(len(line))
		begin = err == nil
		if err == io.EOF {
			return s, nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return s, err
		}
	}
}

// guessBoundary returns what follows the dashes of the first line that begins with two,
// nothing if there is none.
func guessBoundary(body *io.SectionReader) (string, error) {
	br, done := walk.Buffered(walk.Fresh(body))
	defer done()
	begin := true
	for {
		line, err := br.ReadSlice('\n')
		if text, ok := bytes.CutPrefix(line, []byte("--")); ok && begin && len(text) < 256 {
			if b := strings.TrimRight(string(text), " \t\r\n"); strings.Trim(b, "-") != "" {
				return b, nil
			}
		}
		begin = err == nil
		if err == io.EOF {
			return "", nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return "", err
		}
	}
}
