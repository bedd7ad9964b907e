package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/lang"
	"sluis/internal/ledger"
)

// page is what a template sees: its own data, the account that is signed in, and the language
// with its formats. It is made for one page, and reaches neither the request nor a store.
type page struct {
	Data    any
	Problem string // with the form as it was filled in; empty: none
	Notice  string // of the act before this page; empty: none

	Organisation string
	CodeURL      string // of the code of conduct; empty: not shown
	Demo         bool

	Account   accounts.Account // zero: not signed in
	Role      ledger.Role
	Proven    bool // a passkey or code was shown a short while ago
	Now       time.Time
	Path      string
	Nav       []navItem
	Lang      *lang.Printer
	Languages []*lang.Printer

	zone   *time.Location
	routes []route
}

// navItem is a row of the menu.
type navItem struct {
	Path, Text string
	Here       bool
}

// T returns a message.
func (p page) T(key string, args ...any) string { return p.Lang.Text(key, args...) }

func (p page) SignedIn() bool                { return p.Account.ID != "" }
func (p page) Date(t time.Time) string       { return p.Lang.Date(t.In(p.zone)) }
func (p page) Moment(t time.Time) string     { return p.Lang.Moment(t.In(p.zone)) }
func (p page) ISO(t time.Time) string        { return t.UTC().Format(time.RFC3339) }
func (p page) Number(n any) string           { return p.Lang.Number(n) }
func (p page) Percent(share float64) string  { return p.Lang.Percent(share) }
func (p page) Bytes(n int64) string          { return p.Lang.Bytes(n) }
func (p page) RoleName(r ledger.Role) string { return p.T("role-" + key(string(r))) }

// May reports whether the role may use a route, so that a page shows only what works.
func (p page) May(pattern string) bool {
	for _, rt := range p.routes {
		if rt.pattern == pattern {
			return rt.who.may(p.Role) && p.SignedIn()
		}
	}
	return false
}

func (v *visit) page(data any, problem string) page {
	p := page{
		Data:         data,
		Problem:      problem,
		Organisation: v.c.site.Organisation,
		CodeURL:      v.c.site.CodeURL,
		Demo:         v.c.site.Demo,
		Account:      v.Account,
		Role:         v.Role,
		Proven:       v.isProven(),
		Now:          v.now(),
		Path:         v.r.URL.Path,
		Lang:         v.Lang,
		Languages:    v.c.pages.texts.Printers(),
		zone:         v.zone(),
		routes:       v.c.routes,
	}
	if p.SignedIn() {
		p.Notice = v.session().PopString(v.r.Context(), keyNotice)
		p.Nav = v.nav()
	}
	return p
}

// show shows a page.
func (v *visit) show(name string, data any) error {
	v.render(http.StatusOK, name, data)
	return nil
}

// again shows a page with what is wrong with its form.
func (v *visit) again(name string, data any, problem string, args ...any) error {
	v.write(http.StatusUnprocessableEntity, name, v.page(data, v.T(problem, args...)))
	return nil
}

func (v *visit) render(status int, name string, data any) { v.write(status, name, v.page(data, "")) }

func (v *visit) write(status int, name string, p page) {
	var b bytes.Buffer
	if err := v.c.pages.by[name].ExecuteTemplate(&b, "base.html", p); err != nil {
		v.log().Error("console: a page cannot be shown", "page", name, "error", err)
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

// see sends the browser to another page of this site.
func (v *visit) see(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// json answers a script.
func (v *visit) json(value any) error {
	b, err := json.Marshal(value)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	_, err = v.w.Write(b)
	return err
}

// download begins a file that the browser saves.
func (v *visit) download(kind, name string) {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
}

// nav is the menu of the role: its routes that have a name there.
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

// key makes a part of a message's key of a word of a closed list.
func key(word string) string { return strings.ReplaceAll(word, " ", "-") }
