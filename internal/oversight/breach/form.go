package breach

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sluis/internal/lang"
)

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// Natures are the natures of a breach (EDPB guidelines 9/2022).
var Natures = []string{"confidentiality", "integrity", "availability"}

// question is one of the supervisory authority's form.
type question struct {
	key    string
	answer func(f File, p *lang.Printer) string
}

var questions = []question{
	{"discovered", func(f File, p *lang.Printer) string { return local(p, f.Discovered) }},
	{"deadline", func(f File, p *lang.Printer) string { return local(p, f.Deadline()) }},
	{"happened", func(f File, _ *lang.Printer) string { return f.Facts.Happened }},
	{"from", func(f File, _ *lang.Printer) string { return f.Facts.From }},
	{"until", func(f File, _ *lang.Printer) string { return f.Facts.Until }},
	{"nature", natures},
	{"people", func(f File, _ *lang.Printer) string { return f.Facts.People }},
	{"number", number},
	{"data", func(f File, _ *lang.Printer) string { return f.Facts.Data }},
	{"special", func(f File, p *lang.Printer) string { return lang.YesNo(f.Facts.Special).In(p.Code) }},
	{"effects", func(f File, _ *lang.Printer) string { return f.Facts.Effects }},
	{"measures", func(f File, _ *lang.Printer) string { return f.Facts.Measures }},
	{"informing", func(f File, _ *lang.Printer) string { return f.Facts.Informing }},
	{"crossborder", func(f File, p *lang.Printer) string { return lang.YesNo(f.Facts.CrossBorder).In(p.Code) }},
}

func local(p *lang.Printer, t time.Time) string { return p.Moment(t.Local()) }

func number(f File, p *lang.Printer) string {
	if f.Facts.Number == 0 {
		return ""
	}
	return p.Number(f.Facts.Number)
}

// natures are the words for the natures; another word than those of the list is as it was filled in.
func natures(f File, p *lang.Printer) string {
	var all []string
	for _, n := range f.Facts.Nature {
		if slices.Contains(Natures, n) {
			n = p.Text("nature-" + n)
		}
		all = append(all, n)
	}
	return strings.Join(all, ", ")
}

// WriteForm writes the answers in the order of the supervisory authority's form, to be copied into it, and the log of
// steps, in a language. Missing answers are marked.
func (f File) WriteForm(w io.Writer, code string) error {
	p := texts.In(code)
	for i, q := range questions {
		answer := q.answer(f, p)
		if strings.TrimSpace(answer) == "" {
			answer = p.Text("missing")
		}
		if _, err := fmt.Fprintf(w, "%d. %s\n   %s\n", i+1, p.Text("question-"+q.key), indent(answer)); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", p.Text("log")); err != nil {
		return err
	}
	for _, s := range f.Steps {
		_, err := fmt.Fprintf(w, "%s  %s (%s)  %s\n   %s\n",
			local(p, s.At), s.By.Name, s.By.Role, p.Text("step-"+string(s.Kind)), indent(s.Text))
		if err != nil {
			return err
		}
	}
	return nil
}

// indent moves the further lines of an answer below its first.
func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n   ") }
