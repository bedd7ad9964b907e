package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strconv"
	"strings"
	"time"

	textlanguage "golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"
)

//go:embed messages/*.json
var messages embed.FS

// language is one that pages are in.
type language struct {
	Code    string // as in HTML
	months  [12]string
	printer *message.Printer
	texts   map[string]string
}

// text returns a message with its arguments filled in, as fmt does, with numbers as the
// language writes them. A message that is not there is shown as its key, which no test lets
// pass.
func (l *language) text(key string, args ...any) string {
	t, ok := l.texts[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	if len(args) == 0 {
		return t
	}
	return l.printer.Sprintf(message.Key(key, t), args...)
}

// Number writes a number.
func (l *language) Number(n any) string { return l.printer.Sprint(number.Decimal(n)) }

// Percent writes a share between 0 and 1.
func (l *language) Percent(share float64) string {
	return l.printer.Sprint(number.Percent(share, number.MaxFractionDigits(1)))
}

// Bytes writes a size.
func (l *language) Bytes(n int64) string {
	size, unit := float64(n), "B"
	for _, u := range []string{"kB", "MB", "GB", "TB"} {
		if size < 1000 {
			break
		}
		size, unit = size/1000, u
	}
	return l.printer.Sprint(number.Decimal(size, number.MaxFractionDigits(map[bool]int{true: 1, false: 0}[unit != "B" && size < 100]))) + "\u00a0" + unit
}

// Date writes a day.
func (l *language) Date(t time.Time) string {
	return strconv.Itoa(t.Day()) + "\u00a0" + l.months[t.Month()-1] + "\u00a0" + strconv.Itoa(t.Year())
}

// Moment writes a day and a time.
func (l *language) Moment(t time.Time) string { return l.Date(t) + ", " + t.Format("15:04") }

// languages are read from the catalogues, Dutch first.
func readLanguages() ([]*language, error) {
	all := []*language{
		{Code: "nl", printer: message.NewPrinter(textlanguage.Dutch), months: [12]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}},
		{Code: "en", printer: message.NewPrinter(textlanguage.BritishEnglish), months: [12]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}},
	}
	for _, l := range all {
		l.texts = map[string]string{}
		names, err := fs.Glob(messages, "messages/*."+l.Code+".json")
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if err := l.read(name); err != nil {
				return nil, fmt.Errorf("messages: %s: %w", path.Base(name), err)
			}
		}
	}
	return all, nil
}

func (l *language) read(name string) error {
	b, err := messages.ReadFile(name)
	if err != nil {
		return err
	}
	texts := map[string]string{}
	if err := json.Unmarshal(b, &texts); err != nil {
		return err
	}
	for key := range texts {
		if _, twice := l.texts[key]; twice {
			return fmt.Errorf("%q is in another file as well", key)
		}
	}
	maps.Copy(l.texts, texts)
	return nil
}

var matcher = textlanguage.NewMatcher([]textlanguage.Tag{textlanguage.Dutch, textlanguage.English})

// language returns the one that somebody chose, or that the browser asks for.
func (p *pages) language(account, cookie, accept string) *language {
	for _, l := range p.languages {
		if l.Code == account || account == "" && l.Code == cookie {
			return l
		}
	}
	tags, _, err := textlanguage.ParseAcceptLanguage(accept[:min(len(accept), 200)])
	if err != nil || len(tags) == 0 {
		return p.languages[0]
	}
	_, i, _ := matcher.Match(tags...)
	return p.languages[i]
}

// key makes a part of a message's key of a word of a closed list.
func key(word string) string { return strings.ReplaceAll(word, " ", "-") }
