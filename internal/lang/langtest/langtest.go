// Package langtest checks the catalogues of texts (package lang) against the code and the templates that use them.
//
// It promises that a test fails on a key that is used and missing, one that is there and unused, one that a language
// lacks, and on arguments that differ between languages. A key that is made of a beginning and a word at run time is
// found by its Families, which a package's own test has to list.
package langtest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sluis/internal/lang"
)

// Families are keys that are made of a beginning and a word of a closed list. The empty beginning has keys that are
// used through a variable.
type Families map[string][]string

// Words makes strings of a closed list.
func Words[T ~string](list []T) []string {
	var all []string
	for _, w := range list {
		all = append(all, string(w))
	}
	return all
}

// Package checks the catalogue of the package in the working directory. Beside those of package lang, speakers take
// keys of it.
func Package(t *testing.T, families Families, speakers ...Speaker) {
	t.Helper()
	u, err := uses(".", append(speakers, common...))
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range u.unclear {
		t.Errorf("%s: a key is a text, or begins with one", where)
	}
	used := maps.Clone(u.keys)
	for prefix, where := range u.prefixes {
		if _, ok := families[prefix]; !ok {
			t.Errorf("%s: no family lists the keys that begin with %q", where, prefix)
		}
	}
	for prefix, words := range families {
		for _, w := range words {
			used[prefix+w] = "family " + prefix
		}
	}
	c := lang.Files(os.DirFS("."))
	if !checkLanguages(t, ".", c) {
		return
	}
	for _, p := range c.Printers() {
		for _, key := range slices.Sorted(maps.Keys(used)) {
			if !p.Has(key) {
				t.Errorf("%s: no text for %q (%s)", p.Code, key, used[key])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Texts())) {
			if used[key] == "" {
				t.Errorf("%s: %q is not used", p.Code, key)
			}
		}
	}
}

// Module checks all catalogues below a directory: of families it knows no words, so that a package whose keys are made
// at run time has to have a test with Package.
func Module(t *testing.T, root string) {
	t.Helper()
	dirs, err := catalogues(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Fatalf("%s: there are no catalogues", root)
	}
	for _, dir := range dirs {
		c := lang.Files(os.DirFS(dir))
		u, err := uses(dir, common)
		if err != nil {
			t.Fatal(err)
		}
		if !checkLanguages(t, dir, c) {
			continue
		}
		if len(u.prefixes) > 0 && !u.tested {
			t.Errorf("%s: keys begin with %q, and no test calls langtest.Package with their families",
				dir, slices.Sorted(maps.Keys(u.prefixes)))
		}
		p := c.In(lang.Default)
		for _, key := range slices.Sorted(maps.Keys(u.keys)) {
			if !p.Has(key) {
				t.Errorf("%s: no text for %q (%s)", dir, key, u.keys[key])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Texts())) {
			if !u.has(key) {
				t.Errorf("%s: %q is not used", dir, key)
			}
		}
	}
}

// catalogues returns the directories that have one.
func catalogues(root string) (dirs []string, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 1 && d.Name()[0] == '.' && d.Name() != ".."):
			return fs.SkipDir
		case d.IsDir() && d.Name() == "messages":
			dirs = append(dirs, filepath.Dir(name))
		}
		return nil
	})
	return dirs, err
}

// checkLanguages checks that all languages of the house have the same keys with the same arguments.
func checkLanguages(t *testing.T, dir string, c *lang.Catalogue) bool {
	t.Helper()
	if err := c.Check(); err != nil {
		t.Errorf("%s: %v", dir, err)
		return false
	}
	if got, want := c.Languages(), lang.Languages(); !slices.Equal(got, want) {
		t.Errorf("%s: languages %q, want those of the house, %q", dir, got, want)
	}
	first := c.In(lang.Default).Texts()
	for _, p := range c.Printers() {
		texts := p.Texts()
		for _, key := range slices.Sorted(maps.Keys(first)) {
			if len(texts[key]) == 0 {
				t.Errorf("%s: %s: %q is in %s only", dir, p.Code, key, lang.Default)
			}
		}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if len(first[key]) == 0 {
				t.Errorf("%s: %q is in %s and not in %s", dir, key, p.Code, lang.Default)
				continue
			}
			want := arguments(first[key][0])
			for _, text := range texts[key] {
				if got := arguments(text); text == "" || got != want {
					t.Errorf("%s: %s: %q is %q with arguments %q, want a text with %q", dir, p.Code, key, text, got, want)
				}
			}
		}
	}
	return true
}

var verb = regexp.MustCompile(`%[-+ #0-9.]*(?:\[(\d+)\])?([a-z%])`)

// arguments returns the kinds of a text's arguments, in the order in which they are given to it.
func arguments(text string) string {
	by := map[int]string{}
	n := 0
	for _, m := range verb.FindAllStringSubmatch(text, -1) {
		if m[2] == "%" {
			continue
		}
		if n++; m[1] != "" {
			n = int(m[1][0] - '0')
		}
		by[n] = m[2]
	}
	var all []string
	for _, i := range slices.Sorted(maps.Keys(by)) {
		all = append(all, by[i])
	}
	return strings.Join(all, " ")
}
