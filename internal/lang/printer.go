package lang

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

// Printer prints the texts of a catalogue in one language. It is safe for concurrent use.
type Printer struct {
	Code     string // BCP 47, as in HTML
	tag      language.Tag
	printer  *message.Printer
	texts    map[string]text
	fallback *Printer // of the default language; nil for that itself
}

// Text returns the text of a key with its arguments filled in, as fmt does, with numbers as the language writes them
// and Messages in the language. A text with plural forms takes the one of its first whole number. A text that the
// language lacks is that of the default language; a key that is nowhere is shown in brackets, which no test lets pass.
func (p *Printer) Text(key string, args ...any) string {
	t, ok := p.texts[key]
	switch {
	case !ok && p.fallback != nil:
		return p.fallback.Text(key, args...)
	case !ok:
		return "⟦" + key + "⟧"
	case len(args) == 0:
		return t.other
	}
	args = slices.Clone(args)
	for i, a := range args {
		if m, ok := a.(Message); ok {
			args[i] = m.In(p.Code)
		}
	}
	return p.printer.Sprintf(t.form(p.tag, args), args...)
}

// Has reports whether the language itself has a key.
func (p *Printer) Has(key string) bool {
	_, ok := p.texts[key]
	return ok
}

// Texts returns all texts of the language by key: each as it is in the file, with its plural forms in a row.
func (p *Printer) Texts() map[string][]string {
	all := map[string][]string{}
	for key, t := range p.texts {
		all[key] = []string{t.other}
		for _, f := range slices.Sorted(maps.Keys(t.forms)) {
			all[key] = append(all[key], t.forms[f])
		}
	}
	return all
}

// Number writes a number.
func (p *Printer) Number(n any) string { return p.printer.Sprint(number.Decimal(n)) }

// Percent writes a share between 0 and 1, in at most one decimal.
func (p *Printer) Percent(share float64) string { return p.PercentIn(share, 1) }

// PercentIn writes a share between 0 and 1, in at most so many decimals.
func (p *Printer) PercentIn(share float64, decimals int) string {
	return p.printer.Sprint(number.Percent(share, number.MaxFractionDigits(decimals)))
}

// Bytes writes a size.
func (p *Printer) Bytes(n int64) string {
	size, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if size < 1000 {
			break
		}
		size, unit = size/1000, u
	}
	decimals := 0
	if unit != "B" && size < 100 {
		decimals = 1
	}
	return p.printer.Sprint(number.Decimal(size, number.MaxFractionDigits(decimals))) + "\u00a0" + unit
}

// Date writes a day.
func (p *Printer) Date(t time.Time) string {
	own := house.In(p.Code)
	month := own.Text("month-" + strconv.Itoa(int(t.Month())))
	return own.Text("date", strconv.Itoa(t.Day()), month, strconv.Itoa(t.Year()))
}

// Moment writes a day and a time.
func (p *Printer) Moment(t time.Time) string { return p.Date(t) + ", " + t.Format("15:04") }

// Name returns how the language calls itself; its code if that is not known.
func (p *Printer) Name() string {
	if !house.Has(p.Code) {
		return p.Code
	}
	return house.In(p.Code).Text("language")
}

// text is that of a key, or several by the plural form of its first whole number.
type text struct {
	other string
	forms map[plural.Form]string
}

var pluralForms = map[string]plural.Form{
	"zero": plural.Zero,
	"one":  plural.One,
	"two":  plural.Two,
	"few":  plural.Few,
	"many": plural.Many,
}

var errText = errors.New(`a text is a string, a list of lines, or has plural forms: {"one": "...", "other": "..."}`)

// UnmarshalJSON reads a string, a list of lines, or an object of plural forms.
func (t *text) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &t.other) == nil {
		return nil
	}
	var lines []string
	if json.Unmarshal(b, &lines) == nil {
		t.other = strings.Join(lines, "\n")
		return nil
	}
	var forms map[string]string
	if json.Unmarshal(b, &forms) != nil || forms["other"] == "" {
		return errText
	}
	t.other, t.forms = forms["other"], map[plural.Form]string{}
	delete(forms, "other")
	for name, s := range forms {
		f, ok := pluralForms[name]
		if !ok || s == "" {
			return errText
		}
		t.forms[f] = s
	}
	return nil
}

// form returns the text for some arguments.
func (t text) form(tag language.Tag, args []any) string {
	if len(t.forms) == 0 {
		return t.other
	}
	for _, a := range args {
		n, ok := whole(a)
		if !ok {
			continue
		}
		if s, ok := t.forms[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]; ok {
			return s
		}
		break
	}
	return t.other
}

// whole returns a whole number, as far as plural forms look at it.
func whole(a any) (int, bool) {
	switch n := a.(type) {
	case int:
		return n, true
	case int64:
		return int(n), true
	}
	return 0, false
}
