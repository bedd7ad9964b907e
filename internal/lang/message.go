package lang

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/language"
)

// Message is a key of a catalogue with its arguments, not yet in any language. The zero Message is empty.
type Message struct {
	catalogue *Catalogue
	key       string
	args      []any
}

// In returns the message in a language, or in the default one.
func (m Message) In(code string) string {
	if m.IsZero() {
		return ""
	}
	return m.catalogue.In(code).Text(m.key, m.args...)
}

// Key returns the key.
func (m Message) Key() string { return m.key }

// IsZero reports whether there is no message.
func (m Message) IsZero() bool { return m.catalogue == nil }

// MarshalJSON writes the message in all its languages, by code; an empty one as null.
func (m Message) MarshalJSON() ([]byte, error) {
	if m.IsZero() {
		return []byte("null"), nil
	}
	all := Text{}
	for _, code := range m.catalogue.Languages() {
		all[code] = m.In(code)
	}
	return json.Marshal(all)
}

// Text is a text that is data, such as the title of a rule, by language.
type Text map[string]string

// required are the languages that every Text has; those of further languages may join.
var required = []string{Default, "en"}

// Check returns what is wrong with the languages of a text: one that every text has is missing, or one is none.
func (t Text) Check() error {
	for _, code := range required {
		if t[code] == "" {
			return fmt.Errorf("no text in %s: write {nl: ..., en: ...}", strings.Join(required, " and "))
		}
	}
	for code := range t {
		if tag, err := language.Parse(code); err != nil || tag.String() != code {
			return fmt.Errorf("%q is no language: use a code such as nl", code)
		}
	}
	return nil
}

// In returns the text in a language, or in the default one.
func (t Text) In(code string) string {
	if s := t[code]; s != "" {
		return s
	}
	return t[Default]
}
