package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"sluis/internal/ledger"
	"strconv"
	"strings"
	"time"
)

//go:embed templates/*.html
var templates embed.FS

//go:embed static
var statics embed.FS

// pages are the templates, the files beside them, and the languages they are in.
type pages struct {
	languages []*language
	by        map[string]*template.Template
	files     map[string]staticFile // by the name in its address
	hashed    map[string]string     // that name, by the file's own
}

type staticFile struct {
	kind string
	data []byte
}

func newPages() (*pages, error) {
	p := &pages{by: map[string]*template.Template{}, files: map[string]staticFile{}, hashed: map[string]string{}}
	var err error
	if p.languages, err = readLanguages(); err != nil {
		return nil, err
	}
	if err := p.readStatics(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	base, err := template.New("base.html").Funcs(template.FuncMap{"static": func(name string) (string, error) {
		if h, ok := p.hashed[name]; ok {
			return "/static/" + h, nil
		}
		return "", fmt.Errorf("there is no file %s", name)
	}, "dict": dict, "titled": titleOf}).ParseFS(templates, "templates/base.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	for _, name := range names {
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(templates, name)
		}
		if err != nil {
			return nil, fmt.Errorf("pages: %w", err)
		}
		p.by[strings.TrimSuffix(path.Base(name), ".html")] = t
	}
	return p, nil
}

// dict makes a map of names and values, for a part of a page that needs several.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: no name")
		}
		m[name] = pairs[i+1]
	}
	return m, nil
}

// readStatics names each file after what is in it, so that browsers may keep it.
func (p *pages) readStatics() error {
	return fs.WalkDir(statics, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := statics.ReadFile(name)
		if err != nil {
			return err
		}
		own := path.Base(name)
		kind, ok := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}[path.Ext(own)]
		if !ok {
			return fmt.Errorf("static: %s: of an unknown kind", own)
		}
		sum := sha256.Sum256(b)
		hashed := strings.TrimSuffix(own, path.Ext(own)) + "." + hex.EncodeToString(sum[:6]) + path.Ext(own)
		p.hashed[own], p.files[hashed] = hashed, staticFile{kind, b}
		return nil
	})
}

func (v *visit) static() error {
	f, ok := v.c.pages.files[v.r.PathValue("file")]
	if !ok {
		return errNoPage
	}
	h := v.w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Length", strconv.Itoa(len(f.data)))
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	if v.r.Method != http.MethodHead {
		v.w.Write(f.data)
	}
	return nil
}

// page is what a template sees. Data is the page's own.
type page struct {
	*visit
	Data    any
	Problem string // with what was filled in; empty: none
	Notice  string // what has just been done; empty: nothing
	Nav     []navItem
}

// navItem is a row of the menu.
type navItem struct {
	Path, Text string
	Here       bool
}

// The rest of what templates ask, beside the fields and methods of visit.

func (p page) Organisation() string          { return p.c.o.Organisation }
func (p page) CodeURL() string               { return p.c.o.CodeURL }
func (p page) Demo() bool                    { return p.c.o.Demo }
func (p page) Languages() []*language        { return p.c.pages.languages }
func (p page) Now() time.Time                { return p.now() }
func (p page) SignedIn() bool                { return p.Account.ID != "" }
func (p page) Path() string                  { return p.r.URL.Path }
func (p page) Date(t time.Time) string       { return p.Lang.Date(t.In(p.c.o.Zone)) }
func (p page) Moment(t time.Time) string     { return p.Lang.Moment(t.In(p.c.o.Zone)) }
func (p page) ISO(t time.Time) string        { return t.UTC().Format(time.RFC3339) }
func (p page) Number(n any) string           { return p.Lang.Number(n) }
func (p page) Percent(share float64) string  { return p.Lang.Percent(share) }
func (p page) Bytes(n int64) string          { return p.Lang.Bytes(n) }
func (p page) RoleName(r ledger.Role) string { return p.T("role-" + key(string(r))) }

// May reports whether who looks at the page may use a route, so that only what works is
// shown.
func (p page) May(pattern string) bool {
	for _, rt := range p.c.routes {
		if rt.pattern == pattern {
			return rt.who.may(p.Role) && p.SignedIn()
		}
	}
	return false
}

// show shows a page.
func (v *visit) show(name string, data any) error {
	v.render(http.StatusOK, name, data)
	return nil
}

// again shows a page with what is wrong with the form that it holds.
func (v *visit) again(name string, data any, problem string, args ...any) error {
	v.renderWith(http.StatusUnprocessableEntity, name, data, v.T(problem, args...))
	return nil
}

func (v *visit) render(status int, name string, data any) { v.renderWith(status, name, data, "") }

func (v *visit) renderWith(status int, name string, data any, problem string) {
	p := page{visit: v, Data: data, Problem: problem}
	if v.Account.ID != "" {
		p.Notice = v.c.sessions.PopString(v.r.Context(), keyNotice)
		p.Nav = v.nav()
	}
	var b bytes.Buffer
	if err := v.c.pages.by[name].ExecuteTemplate(&b, "base.html", p); err != nil {
		v.c.o.Log.Error("console: a page cannot be shown", "page", name, "error", err)
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.Lang.Code)
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Vary", "Accept-Language, Cookie")
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		v.w.Write(b.Bytes())
	}
}

// nav is the menu of a role: the pages of the table that have a name there.
func (v *visit) nav() []navItem {
	var items []navItem
	for _, rt := range v.c.routes {
		if rt.nav == "" || !rt.who.may(v.Role) || !v.strong && v.Account.Privileged() {
			continue
		}
		path := rt.path()
		here := v.r.URL.Path == path || path != "/" && strings.HasPrefix(v.r.URL.Path, path+"/")
		items = append(items, navItem{path, v.T(rt.nav), here})
	}
	return items
}

func (v *visit) setCookie(name, value string) {
	http.SetCookie(v.w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: 31536000, HttpOnly: true, Secure: v.c.secure, SameSite: http.SameSiteLaxMode})
}
