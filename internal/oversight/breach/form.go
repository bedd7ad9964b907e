package breach

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// question is one of the supervisory authority's form, in Dutch and English.
type question struct {
	nl, en string
	answer func(f File, l string) string
}

const stamp = "2006-01-02 15:04"

var questions = []question{
	{"Wanneer is het datalek ontdekt?", "When was the breach discovered?", func(f File, _ string) string { return f.Discovered.Local().Format(stamp) }},
	{"Uiterste tijd van de melding (72 uur)", "Report due (72 hours)", func(f File, _ string) string { return f.Deadline().Local().Format(stamp) }},
	{"Wat is er gebeurd?", "What happened?", func(f File, _ string) string { return f.Facts.Happened }},
	{"Wanneer begon het?", "When did it begin?", func(f File, _ string) string { return f.Facts.From }},
	{"Wanneer eindigde het?", "When did it end?", func(f File, _ string) string { return f.Facts.Until }},
	{"Wat is de aard: vertrouwelijkheid, integriteit, beschikbaarheid?", "What is its nature: confidentiality, integrity, availability?", func(f File, _ string) string { return strings.Join(f.Facts.Nature, ", ") }},
	{"Van welke groepen mensen zijn gegevens geraakt?", "Which groups of people does it concern?", func(f File, _ string) string { return f.Facts.People }},
	{"Van ongeveer hoeveel mensen?", "About how many people?", func(f File, _ string) string {
		if f.Facts.Number == 0 {
			return ""
		}
		return strconv.Itoa(f.Facts.Number)
	}},
	{"Om welke persoonsgegevens gaat het?", "Which personal data?", func(f File, _ string) string { return f.Facts.Data }},
	{"Zijn er bijzondere persoonsgegevens bij, of het BSN?", "Are there special categories among them, or a citizen service number?", func(f File, l string) string { return yes(f.Facts.Special, l) }},
	{"Welke gevolgen kan het voor hen hebben?", "What can it mean for them?", func(f File, _ string) string { return f.Facts.Effects }},
	{"Welke maatregelen zijn genomen?", "Which measures were taken?", func(f File, _ string) string { return f.Facts.Measures }},
	{"Zijn de betrokkenen ingelicht, en hoe?", "Were the people concerned told, and how?", func(f File, _ string) string { return f.Facts.Informing }},
	{"Gaat het ook om mensen in andere landen?", "Does it concern people in other countries?", func(f File, l string) string { return yes(f.Facts.CrossBorder, l) }},
}

func yes(is bool, l string) string {
	switch {
	case l == "en" && is:
		return "yes"
	case l == "en":
		return "no"
	case is:
		return "ja"
	}
	return "nee"
}

// WriteForm writes the answers in the order of the supervisory authority's form, to be
// copied into it, and the log of steps. l is nl or en. Missing answers are marked.
func (f File) WriteForm(w io.Writer, l string) error {
	missing, log := "(nog niet ingevuld)", "Logboek"
	if l == "en" {
		missing, log = "(not filled in yet)", "Log"
	}
	for i, q := range questions {
		text, answer := q.nl, q.answer(f, l)
		if l == "en" {
			text = q.en
		}
		if strings.TrimSpace(answer) == "" {
			answer = missing
		}
		if _, err := fmt.Fprintf(w, "%d. %s\n   %s\n", i+1, text, strings.ReplaceAll(answer, "\n", "\n   ")); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(w, "\n%s\n", log); err != nil {
		return err
	}
	for _, s := range f.Steps {
		if _, err := fmt.Fprintf(w, "%s  %s (%s)  %s\n   %s\n", s.At.Local().Format(stamp), s.By.Name, s.By.Role, s.Kind, strings.ReplaceAll(s.Text, "\n", "\n   ")); err != nil {
			return err
		}
	}
	return nil
}
