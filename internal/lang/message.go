package lang

import "encoding/json"

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

// In returns the text in a language, or in the default one, or in English.
func (t Text) In(code string) string {
	for _, l := range []string{code, Default} {
		if s := t[l]; s != "" {
			return s
		}
	}
	return t["en"]
}
