// Package langtest checks the catalogues of texts (package lang) against the code and the templates that use them.
//
// It promises that a test fails on a key that is used and missing, one that is there and unused, one that a language
// lacks, and on arguments that differ between languages. A key that is made of a beginning and a word at run time is
// found by its Families, which a package's own test has to list.
package langtest

import (
	"fmt"
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
	faults, err := packageFaults(".", families, speakers)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
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
		faults, err := looseFaults(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range faults {
			t.Errorf("%s: %s", dir, f)
		}
	}
}

// packageFaults are those of a package whose families are known.
func packageFaults(dir string, families Families, speakers []Speaker) (faults []string, err error) {
	c := lang.Files(os.DirFS(dir))
	if err := c.Check(); err != nil {
		return nil, err
	}
	u, err := uses(dir, append(speakers, common...))
	if err != nil {
		return nil, err
	}
	for _, where := range u.unclear {
		faults = append(faults, fmt.Sprintf("%s: a key is a text, or begins with one", where))
	}
	used := maps.Clone(u.keys)
	for prefix, where := range u.prefixes {
		if _, ok := families[prefix]; !ok {
			faults = append(faults, fmt.Sprintf("%s: no family lists the keys that begin with %q", where, prefix))
		}
	}
	for prefix, words := range families {
		for _, w := range words {
			used[prefix+w] = "family " + prefix
		}
	}
	faults = append(faults, languageFaults(c)...)
	for _, p := range c.Printers() {
		for _, key := range slices.Sorted(maps.Keys(used)) {
			if !p.Has(key) {
				faults = append(faults, fmt.Sprintf("%s: no text for %q (%s)", p.Code, key, used[key]))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(p.Texts())) {
			if used[key] == "" {
				faults = append(faults, fmt.Sprintf("%s: %q is not used", p.Code, key))
			}
		}
	}
	return faults, nil
}

// looseFaults are those of a package whose families are not known: each key that begins as one of a family may be used.
func looseFaults(dir string) (faults []string, err error) {
	c := lang.Files(os.DirFS(dir))
	if err := c.Check(); err != nil {
		return nil, err
	}
	u, err := uses(dir, common)
	if err != nil {
		return nil, err
	}
	if len(u.prefixes) > 0 && !u.tested {
		prefixes := slices.Sorted(maps.Keys(u.prefixes))
		faults = append(faults, fmt.Sprintf(
			"keys begin with %q, and no test calls langtest.Package with their families", prefixes))
	}
	faults = append(faults, languageFaults(c)...)
	p := c.In(lang.Default)
	for _, key := range slices.Sorted(maps.Keys(u.keys)) {
		if !p.Has(key) {
			faults = append(faults, fmt.Sprintf("no text for %q (%s)", key, u.keys[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Texts())) {
		if !u.has(key) {
			faults = append(faults, fmt.Sprintf("%q is not used", key))
		}
	}
	return faults, nil
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

// languageFaults compares the languages: all of the house have the same keys with the same arguments.
func languageFaults(c *lang.Catalogue) (faults []string) {
	if got, want := c.Languages(), lang.Languages(); !slices.Equal(got, want) {
		faults = append(faults, fmt.Sprintf("languages %q, want those of the house, %q", got, want))
	}
	first := c.In(lang.Default).Texts()
	for _, p := range c.Printers() {
		texts := p.Texts()
		for _, key := range slices.Sorted(maps.Keys(first)) {
			if len(texts[key]) == 0 {
				faults = append(faults, fmt.Sprintf("%s: %q is in %s only", p.Code, key, lang.Default))
			}
		}
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if len(first[key]) == 0 {
				faults = append(faults, fmt.Sprintf("%s: %q is not in %s", p.Code, key, lang.Default))
				continue
			}
			want := arguments(first[key][0])
			for _, text := range texts[key] {
				if got := arguments(text); text == "" || got != want {
					faults = append(faults, fmt.Sprintf("%s: %q has text %q with arguments %q, want %q",
						p.Code, key, text, got, want))
				}
			}
		}
	}
	return faults
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
