package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"sluis/internal/ledger"
)

// route is a page, or an act: who may use it, what it needs beside the role, and what of it is in
// the ledger.
type route struct {
	pattern string // method and path, as http.ServeMux has them
	who     who
	needs   need
	nav     string      // message by which the menu names it; empty: it is not in the menu
	kind    ledger.Kind // of its entry in the ledger; for all that change anything
	silence string      // or why there is no entry
	limit   int64       // bytes of the form; 0: maxBody
	do      func(*visit) error
}

func get(path string, w who, do func(*visit) error) route {
	return route{pattern: "GET " + path, who: w, do: do}
}

func post(path string, w who, do func(*visit) error) route {
	return route{pattern: "POST " + path, who: w, do: do}
}

func (rt route) inMenu(nav string) route         { rt.nav = nav; return rt }
func (rt route) needing(n need) route            { rt.needs = n; return rt }
func (rt route) recorded(kind ledger.Kind) route { rt.kind = kind; return rt }
func (rt route) unrecorded(because string) route { rt.silence = because; return rt }
func (rt route) taking(bytes int64) route        { rt.limit = bytes; return rt }

// who may use a route.
type who struct {
	anybody bool          // without signing in
	weak    bool          // also before the second factor is shown
	roles   []ledger.Role // none: every role
}

var (
	anybody   = who{anybody: true} // without an account
	everybody = who{}              // signed in, in every role
	entering  = who{weak: true}    // signed in, before the second factor too
)

// only allows some roles.
func only(roles ...ledger.Role) who { return who{roles: roles} }

func (w who) may(r ledger.Role) bool {
	return w.anybody || len(w.roles) == 0 || slices.Contains(w.roles, r)
}

// need is what a route needs beside the role.
type need uint8

const (
	secrecy need = 1 << iota // the statement of secrecy, accepted less than a year ago (C3.3e)
	proof                    // a passkey or code, shown less than proofTime ago
)

// proofTime is how long a passkey or code counts.
const proofTime = 10 * time.Minute

// refusal is why a route may not be used now.
type refusal int

const (
	allowed refusal = iota
	signInFirst
	factorFirst  // a second factor has to be set up
	notYours     // another role
	secrecyFirst // the statement
	proofFirst   // a passkey or code
)

// path is where a page is found.
func (rt route) path() string {
	return strings.TrimSuffix(strings.TrimPrefix(rt.pattern, "GET "), "{$}")
}

// check is the one place that decides whether a route may be used.
func (rt route) check(v *visit) refusal {
	switch {
	case rt.who.anybody:
		return allowed
	case v.Account.ID == "":
		return signInFirst
	case !v.strong && v.Account.Privileged() && !rt.who.weak:
		return factorFirst
	case !rt.who.may(v.Role):
		return notYours
	case rt.needs&secrecy != 0 && !v.Account.Secret(v.now()):
		return secrecyFirst
	case rt.needs&proof != 0 && !v.isProven():
		return proofFirst
	}
	return allowed
}

// serve checks a request and handles it.
func (c *Console) serve(rt route) http.HandlerFunc {
	limit := rt.limit
	if limit == 0 {
		limit = maxBody
	}
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		v, err := c.visit(w, r, rt)
		if err == nil {
			err = v.proceed(rt)
		}
		if err != nil {
			v.fail(err)
		}
	}
}

func (v *visit) proceed(rt route) error {
	back := v.here()
	switch rt.check(v) {
	case signInFirst:
		if !safe(v.r.Method) {
			return errSignedOut
		}
		return v.see("/sign-in?" + url.Values{"next": {back}}.Encode())
	case factorFirst:
		return v.see("/account/factor")
	case notYours:
		return errNotYours
	case secrecyFirst:
		return v.see("/secrecy?" + url.Values{"next": {back}}.Encode())
	case proofFirst:
		return v.see("/proof?" + url.Values{"next": {back}}.Encode())
	}
	if err := v.parse(); err != nil {
		return err
	}
	return rt.do(v)
}

// parse reads the form, unless the page reads another kind of body itself.
func (v *visit) parse() error {
	kind := v.r.Header.Get("Content-Type")
	if safe(v.r.Method) || strings.HasPrefix(kind, "multipart/form-data") || kind == "application/json" {
		return nil
	}
	err := v.r.ParseForm()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return errUnclear
	}
	return nil
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// here is the page to come back to: this one, or after an act the page with its form.
func (v *visit) here() string {
	if safe(v.r.Method) {
		return local(v.r.URL.RequestURI())
	}
	u, err := url.Parse(v.r.Referer())
	if err != nil || u.Host != v.r.Host {
		return "/"
	}
	return local(u.RequestURI())
}

// local returns a path of this site, for any input: there are no redirects to other sites.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || len(path) > 1000 || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}
