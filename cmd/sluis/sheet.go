package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluis/internal/quarantine/disclose"
)

// printSheet prints a stage of a message. A masked identifier has its number, to reveal it by.
func printSheet(to io.Writer, s *disclose.Sheet) error {
	var w strings.Builder
	sheetText(&w, s)
	_, err := io.WriteString(to, strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' { // a terminal obeys some
			return utf8.RuneError
		}
		return r
	}, w.String()))
	return err
}

func sheetText(w io.Writer, s *disclose.Sheet) {
	if s.Stage == disclose.Headers {
		fmt.Fprintf(w, "from  <%s>\n", joined(s.From))
		for _, r := range s.To {
			fmt.Fprintf(w, "to    <%s>\n", joined(r))
		}
		if s.Answer != nil {
			fmt.Fprintf(w, "the next mail server said %s\n", joined(s.Answer))
		}
		fmt.Fprintln(w)
	}
	for _, e := range s.Findings {
		fmt.Fprintf(w, "found %s (%s) %d×, score %d\n", e.Rule, e.Clause, e.Count, e.Score)
		for _, x := range e.Excerpts {
			fmt.Fprintf(w, "      … %s …\n", x)
		}
	}
	for _, f := range s.Fields {
		fmt.Fprintf(w, "%s: %s\n", f.Name, joined(f.Value))
	}
	for _, f := range s.Files {
		fmt.Fprintf(w, "attachment %d: %s\n", f.Part, joined(f.Name))
	}
	for _, b := range s.Blocks {
		fmt.Fprintf(w, "--- %s\n%s\n", b.Kind, joined(b.Text))
	}
	if s.Document != "" {
		fmt.Fprintln(w, s.Document)
	}
	for _, d := range s.Doubts {
		fmt.Fprintf(w, "doubt in part %s: %s\n", d.Part, d.Cause)
	}
	if s.Cut {
		fmt.Fprintln(w, "there is more than is shown")
	}
}

func joined(pieces []disclose.Piece) string {
	var all strings.Builder
	for _, p := range pieces {
		all.WriteString(p.Text)
		if p.Mask != "" && !p.Open {
			fmt.Fprintf(&all, "(%d)", p.N)
		}
	}
	return all.String()
}
