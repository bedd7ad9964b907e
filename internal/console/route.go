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

// route is a page, or something that can be done.
type route struct {
	pattern string      // method and path, as http.ServeMux has them
	who     who         // may use it
	needs   need        // beside the role
	nav     string      // message by which the menu names it; empty: it is not in the menu
	tells   ledger.Kind // what it puts in the ledger; for all that change anything
	quiet   string      // or why there is nothing to put there
	body    int64       // bytes that it takes; 0: maxBody
	do      func(*visit) error
}

// tables are all routes there are, in the order of the menu.
var tables = [][]route{frameRoutes, signInRoutes, accountRoutes, adminRoutes, quarantineRoutes, orderRoutes, breachRoutes, caseRoutes, ruleRoutes, exceptionRoutes, wouldRoutes, appealRoutes, peopleRoutes, healthRoutes, totalRoutes, samplingRoutes, ledgerRoutes, retentionRoutes, employeeRoutes}

// who may use a route.
type who struct {
	anybody bool          // without signing in
	weak    bool          // also before the second factor is shown
	roles   []ledger.Role // none: every role
}

// anybody needs no account.
var anybody = who{anybody: true}

// everybody is who is signed in, in whatever role.
var everybody = who{}

// entering is who is signed in, also if a second factor is still to come.
var entering = who{weak: true}

// only is who acts in one of some roles.
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

// proofTime is how long a passkey or code counts as just shown.
const proofTime = 10 * time.Minute

// refusal is why somebody may not use a route now.
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
	case rt.needs&proof != 0 && !v.Proven():
		return proofFirst
	}
	return allowed
}

// serve checks a request and handles it.
func (c *Console) serve(rt route) http.HandlerFunc {
	limit := rt.body
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
	if !safe(v.r.Method) && !strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/form-data") && v.r.Header.Get("Content-Type") != "application/json" {
		if err := v.r.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				return errTooLarge
			}
			return errUnclear
		}
	}
	return rt.do(v)
}

func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// here is where somebody comes back to: this page, or for what is no page the one that the
// form stood on.
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

// local returns a path of this site, whatever it was given: nobody is sent elsewhere.
func local(path string) string {
	u, err := url.Parse(path)
	if err != nil || len(path) > 1000 || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// frameRoutes are those that every role has.
var frameRoutes = []route{
	{pattern: "GET /{$}", who: everybody, nav: "nav-home", do: (*visit).home},
	{pattern: "GET /static/{file}", who: anybody, do: (*visit).static},
	{pattern: "POST /language", who: anybody, quiet: "what language a page is in is nobody's business", do: (*visit).chooseLanguage},
	{pattern: "POST /role", who: everybody, tells: ledger.SignedIn, do: (*visit).chooseRole},
	{pattern: "GET /secrecy", who: everybody, do: (*visit).secrecyPage},
	{pattern: "POST /secrecy", who: only(ledger.ICT, ledger.Legal, ledger.Privacy, ledger.Board), tells: ledger.SecrecyAccepted, do: (*visit).acceptSecrecy},
}
