package content

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/internal/roster"
	"sluis/internal/setting"
	"sluis/rules"
)

// DownloadRule refuses a kind of file to some groups. A file that is not a program may be refused only by a clause of
// the organisation's own code (C2.8e).
type DownloadRule struct {
	Groups     []roster.Group `yaml:"groups"`     // none: all
	Extensions []string       `yaml:"extensions"` // such as exe; none: any
	Types      []string       `yaml:"types"`      // media types, such as application/x-bittorrent, or video/
	Executable bool           `yaml:"executable"` // programs, by their content, whatever they are called
	Larger     setting.Size   `yaml:"larger"`     // none: of any size
	Clause     string         `yaml:"clause"`     // of the organisation's own code, in words
}

func (d *DownloadRule) check() error {
	programs := d.Executable || len(d.Extensions) > 0
	d.Extensions = slices.Clone(d.Extensions)
	for i, ext := range d.Extensions {
		d.Extensions[i] = "." + strings.ToLower(strings.TrimPrefix(ext, "."))
		programs = programs && text.NamesProgram(d.Extensions[i])
	}
	switch {
	case !d.Executable && len(d.Extensions)+len(d.Types) == 0 && d.Larger == 0:
		return errors.New("name extensions, types, executable, or a size")
	case d.Clause == "" && (!programs || len(d.Types) > 0):
		return errors.New("only programs can be refused without a clause of the organisation's own code (C2.8e)")
	}
	return nil
}

// file is what is known of a download.
type file struct {
	name string
	kind text.FileKind // empty: not known yet
	typ  string
	size int64 // -1: not known
}

// matches reports whether a rule is about a file, of whatever size.
func (d *DownloadRule) matches(f file) bool {
	if !d.Executable && len(d.Extensions)+len(d.Types) == 0 {
		return true
	}
	return d.Executable && (f.kind == text.KindProgram || text.NamesProgram(f.name) || programTypes[f.typ]) ||
		slices.Contains(d.Extensions, text.Extension(f.name)) ||
		slices.ContainsFunc(d.Types, func(t string) bool {
			family := strings.HasSuffix(t, "/") && strings.HasPrefix(f.typ, strings.ToLower(t))
			return f.typ != "" && (family || strings.EqualFold(t, f.typ))
		})
}

var programTypes = map[string]bool{
	"application/java-archive":                      true,
	"application/vnd.android.package-archive":       true,
	"application/vnd.microsoft.portable-executable": true,
	"application/x-apple-diskimage":                 true,
	"application/x-executable":                      true,
	"application/x-ms-installer":                    true,
	"application/x-msdos-program":                   true,
	"application/x-msdownload":                      true,
	"application/x-msi":                             true,
	"application/x-sh":                              true,
}

// eachRule yields the rules that are about a file for a group, until yield returns false.
func (e *Inspector) eachRule(x *Exchange, f file, yield func(d *DownloadRule) bool) {
	for i := range e.o.Downloads {
		d := &e.o.Downloads[i]
		if (len(d.Groups) == 0 || slices.Contains(d.Groups, x.Group)) && d.matches(f) && !yield(d) {
			return
		}
	}
}

// goesByContent reports whether the first bytes of a file decide what becomes of it.
func (e *Inspector) goesByContent(x *Exchange) bool {
	return e.o.Scanner != nil || slices.ContainsFunc(e.o.Downloads, func(d DownloadRule) bool {
		return d.Executable && (len(d.Groups) == 0 || slices.Contains(d.Groups, x.Group))
	})
}

// refused reports whether the group may not fetch a file, and notes why.
func (e *Inspector) refused(x *Exchange, f file) (yes bool) {
	e.eachRule(x, f, func(d *DownloadRule) bool {
		if yes = d.Larger == 0 || f.size > int64(d.Larger); yes {
			e.refuse(x, d)
		}
		return !yes
	})
	return yes
}

// largest returns the rule with the lowest limit on the size of a file; nil if there is none.
func (e *Inspector) largest(x *Exchange, f file) (by *DownloadRule) {
	e.eachRule(x, f, func(d *DownloadRule) bool {
		if d.Larger > 0 && (by == nil || d.Larger < by.Larger) {
			by = d
		}
		return true
	})
	return by
}

// The rules of this package, beside those of the engine.
var (
	refusedRule     = rules.MustID("web.download")
	uninspectedRule = rules.MustID("web.unseen")
)

// refuse notes that a download was refused.
func (e *Inspector) refuse(x *Exchange, d *DownloadRule) {
	v := filter.Verdict{
		Action:   filter.Reject,
		Purpose:  rules.Security,
		Category: rules.Attachment,
		Clause:   e.fileClause,
		Rule:     refusedRule,
	}
	if d.Clause != "" {
		v.Purpose, v.Category, v.Clause = rules.Conduct, rules.OwnCode, e.ownClause
	}
	x.Note(Found{Verdict: v, Own: d.Clause})
}

// fileOf returns what the header says of a download.
func fileOf(resp *http.Response) (f file, attached bool) {
	urlPath := ""
	if resp.Request != nil {
		urlPath = resp.Request.URL.Path
	}
	f = file{typ: mediaType(resp.Header), size: resp.ContentLength}
	f.name, attached = fileName(resp.Header, urlPath)
	if !attached && (f.typ == "text/html" || f.typ == "application/xhtml+xml") {
		f.name = "" // a page about a program is not one
	}
	return f, attached
}
