package rules

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"sluis/internal/lang"
	"sluis/internal/strictyaml"
)

//go:embed sites/*.txt
var sites embed.FS

// Sites returns the lists of sites that come with Sluis, a file for each category of sites that the code forbids, which
// its header describes; help.txt, never-inspect.txt and well-known.txt have none and protect what is on them. A
// category is added by its list.
func Sites() fs.FS {
	sub, err := fs.Sub(sites, "sites")
	if err != nil {
		panic(err) // the name is fixed at build time
	}
	return sub
}

// siteHeader is what a list of sites says of its category, in lines that begin with "#:". The
// name of the category is that of the file.
type siteHeader struct {
	Clause string    `yaml:"clause"` // which forbids such sites
	Number uint8     `yaml:"number"` // in the journal, for a category that is not in category.go
	Title  lang.Text `yaml:"title"`  // on pages and in reports
	// what public lists call the category: UT1 (French), StevenBlack, HaGeZi, blocklistproject
	Also []string `yaml:"also"`
}

// siteCategory is a category of sites that the code forbids.
type siteCategory struct {
	Category
	clause Clause
	title  lang.Text
}

// siteTable has the categories of sites, and the names of all categories by number.
type siteTable struct {
	list   []siteCategory
	byName map[string]Category // by each name that lists have
	names  []string
}

// siteCategories reads the headers once. They are part of the program and tested, so that it cannot fail.
var siteCategories = sync.OnceValue(func() siteTable {
	t, err := readSiteCategories(Sites())
	if err != nil {
		panic(err)
	}
	return t
})

// readSiteCategories reads the headers of lists of sites. A list without one is of no category.
func readSiteCategories(lists fs.FS) (siteTable, error) {
	t := siteTable{byName: map[string]Category{}, names: slices.Clone(categoryNames[:])}
	files, err := fs.Glob(lists, "*.txt")
	if err != nil {
		return t, err
	}
	headers := map[string]siteHeader{}
	for _, f := range files {
		h, ok, err := readSiteHeader(lists, f)
		if err != nil {
			return t, err
		}
		name := strings.TrimSuffix(f, ".txt")
		if ok {
			headers[name] = h
		}
		if ok && h.Number > 0 {
			t.names = append(t.names, slices.Repeat([]string{""}, max(int(h.Number)+1-len(t.names), 0))...)
			if t.names[h.Number] != "" {
				return t, fmt.Errorf("%s: number %d is that of %s", f, h.Number, t.names[h.Number])
			}
			t.names[h.Number] = name
		}
	}
	for name, h := range headers {
		if err := t.add(name, h); err != nil {
			return t, fmt.Errorf("%s.txt: %w", name, err)
		}
	}
	slices.SortFunc(t.list, func(a, b siteCategory) int { return cmp.Compare(a.Category, b.Category) })
	return t, nil
}

func (t *siteTable) add(name string, h siteHeader) error {
	n := slices.Index(t.names, name)
	if n < 1 {
		return fmt.Errorf("a new category needs a number: %d is the next", len(t.names))
	}
	clause, err := ParseClause(h.Clause)
	if err != nil {
		return err
	}
	if err := h.Title.Check(); err != nil {
		return fmt.Errorf("title: %w", err)
	}
	for _, as := range append(h.Also, name) {
		if c, twice := t.byName[as]; twice {
			return fmt.Errorf("%s is the name of %s already", as, t.names[c])
		}
		t.byName[as] = Category(n)
	}
	t.list = append(t.list, siteCategory{Category(n), clause, h.Title})
	return nil
}

// readSiteHeader reads the header of a list, if it has one.
func readSiteHeader(lists fs.FS, file string) (h siteHeader, ok bool, err error) {
	text, err := fs.ReadFile(lists, file)
	if err != nil {
		return h, false, err
	}
	var header strings.Builder // with an empty line for each other line, so that an error gives the right one
	for line := range strings.Lines(string(text)) {
		if y, is := strings.CutPrefix(line, "#:"); is {
			ok = true
			header.WriteString(strings.TrimPrefix(y, " "))
		} else {
			header.WriteString("\n")
		}
	}
	if !ok {
		return h, false, nil
	}
	err = strictyaml.File{Name: file, Text: []byte(header.String())}.Decode(&h)
	return h, true, err
}

// SiteCategories returns the categories of sites that the code forbids, one for each list that comes with Sluis.
func SiteCategories() (all []Category) {
	for _, s := range siteCategories().list {
		all = append(all, s.Category)
	}
	return all
}

// SiteClause returns the clause by which sites of a category are blocked; false for a category that is none of sites.
func (c Category) SiteClause() (Clause, bool) {
	s, ok := siteCategories().of(c)
	return s.clause, ok
}

func (t siteTable) of(c Category) (siteCategory, bool) {
	i := slices.IndexFunc(t.list, func(s siteCategory) bool { return s.Category == c })
	if i < 0 {
		return siteCategory{}, false
	}
	return t.list[i], true
}

// SiteCategory returns the category of the code of conduct that a list of sites belongs to,
// by the names that public lists give it; false if the code does not forbid such sites
// (C2.8e). Case does not matter, nor whether words are joined by a hyphen or underscore.
//
// UT1's mixed_adult is of none: it has sites for pictures and stories of all kinds. Nor are its
// strict_redirector and strong_redirector, which have the search engines.
func SiteCategory(list string) (Category, bool) {
	c, ok := siteCategories().byName[strings.ReplaceAll(strings.ToLower(list), "_", "-")]
	return c, ok
}

// SiteList returns the one name of a list of sites: that of the category of the code, or
// its own in lower case where the code does not forbid it.
func SiteList(list string) string {
	if c, ok := SiteCategory(list); ok {
		return c.String()
	}
	return strings.ToLower(list)
}
