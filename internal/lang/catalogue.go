package lang

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Default is the language where no other fits the reader. Every catalogue has it.
const Default = "nl"

// Catalogue has the texts of a package in all its languages. It is safe for concurrent use.
type Catalogue struct {
	read func() (*contents, error)
}

type contents struct {
	printers []*Printer // the default language first, then by code
	matcher  language.Matcher
}

// Files returns the catalogue of the files messages/NAME.LANGUAGE.json. They are read at first use, and belong to the
// program: any other method than Check panics if one is wrong.
func Files(files fs.FS) *Catalogue {
	return &Catalogue{read: sync.OnceValues(func() (*contents, error) { return read(files) })}
}

// Check returns what is wrong with the files.
func (c *Catalogue) Check() error {
	_, err := c.read()
	return err
}

func (c *Catalogue) contents() *contents {
	all, err := c.read()
	if err != nil {
		panic(err)
	}
	return all
}

// Printers returns one for each language, the default one first.
func (c *Catalogue) Printers() []*Printer { return c.contents().printers }

// Languages returns the codes of the languages, the default one first.
func (c *Catalogue) Languages() []string {
	var codes []string
	for _, p := range c.Printers() {
		codes = append(codes, p.Code)
	}
	return codes
}

// Has reports whether there is a language.
func (c *Catalogue) Has(code string) bool { return slices.Contains(c.Languages(), code) }

// In returns the printer of a language; that of the default one if there is no such language.
func (c *Catalogue) In(code string) *Printer {
	all := c.Printers()
	for _, p := range all {
		if p.Code == code {
			return p
		}
	}
	return all[0]
}

// maxAccept bounds what is read of an Accept-Language field, in bytes.
const maxAccept = 200

// Choose returns the printer of the first language that was chosen and is there, or else of the one that an
// Accept-Language field asks for (RFC 9110, section 12.5.4).
func (c *Catalogue) Choose(accept string, chosen ...string) *Printer {
	all := c.contents()
	for _, code := range chosen {
		if c.Has(code) {
			return c.In(code)
		}
	}
	tags, _, err := language.ParseAcceptLanguage(accept[:min(len(accept), maxAccept)])
	if err != nil || len(tags) == 0 {
		return all.printers[0]
	}
	_, i, _ := all.matcher.Match(tags...)
	return all.printers[i]
}

// Message returns the message of a key, to be printed where the language of its reader is known.
func (c *Catalogue) Message(key string, args ...any) Message { return Message{c, key, args} }

// read reads the files of all languages.
func read(files fs.FS) (*contents, error) {
	names, err := fs.Glob(files, "messages/*.json")
	if err != nil {
		return nil, err
	}
	by := map[string]*Printer{}
	for _, name := range names {
		if err := readFile(files, name, by); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(name), err)
		}
	}
	fallback := by[Default]
	if fallback == nil {
		return nil, fmt.Errorf("messages: there are none in the default language, %s", Default)
	}
	c := &contents{printers: slices.SortedFunc(maps.Values(by), func(a, b *Printer) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Code, b.Code))
	})}
	var tags []language.Tag
	for _, p := range c.printers {
		tags = append(tags, p.tag)
		if p != fallback {
			p.fallback = fallback
		}
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

func rank(p *Printer) int {
	if p.Code == Default {
		return 0
	}
	return 1
}

// readFile adds the texts of a file to those of its language.
func readFile(files fs.FS, name string, by map[string]*Printer) error {
	_, code, _ := strings.Cut(strings.TrimSuffix(path.Base(name), ".json"), ".")
	tag, err := language.Parse(code)
	if err != nil || tag.String() != code {
		return fmt.Errorf("the name has no language: want NAME.LANGUAGE.json")
	}
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	texts := map[string]text{}
	if err := json.Unmarshal(b, &texts); err != nil {
		return err
	}
	p := by[code]
	if p == nil {
		p = &Printer{Code: code, tag: tag, printer: message.NewPrinter(tag), texts: map[string]text{}}
		by[code] = p
	}
	for key, t := range texts {
		if _, twice := p.texts[key]; twice {
			return fmt.Errorf("%q is in another file as well", key)
		}
		p.texts[key] = t
	}
	return nil
}
