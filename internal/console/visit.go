package console

import (
	"errors"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// visit is one request of somebody.
type visit struct {
	c *Console
	w http.ResponseWriter
	r *http.Request

	Account accounts.Account // zero: nobody is signed in
	Role    ledger.Role      // that they act in
	Lang    *language

	route  route
	strong bool      // a second factor was shown
	proven time.Time // when last
}

// visit finds out who asks. Also with an error there is a visit, to tell it with.
func (c *Console) visit(w http.ResponseWriter, r *http.Request, rt route) (*visit, error) {
	v := &visit{c: c, w: w, r: r, route: rt}
	err := v.load(r.Context())
	v.Lang = c.pages.language(v.Account.Language, cookie(r, "language"), r.Header.Get("Accept-Language"))
	return v, err
}

func cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

func (v *visit) now() time.Time { return v.c.now() }

// client is where the request comes from.
func (v *visit) client() netip.Addr { return v.c.client(v.r) }

// by is who acts, for accounts.
func (v *visit) by() ledger.Actor { return ledger.Actor{Name: v.Account.Name, Role: v.Role} }

// Proven reports whether a passkey or code was shown a short while ago.
func (v *visit) Proven() bool { return !v.proven.IsZero() && v.now().Sub(v.proven) < proofTime }

// field returns a field of the form that was sent, without spaces around it.
func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// T returns a message.
func (v *visit) T(key string, args ...any) string { return v.Lang.text(key, args...) }

// see sends the browser to another page of this site.
func (v *visit) see(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// note is told on the next page.
func (v *visit) note(key string, args ...any) {
	v.c.sessions.Put(v.r.Context(), keyNotice, v.T(key, args...))
}

// fault is what went wrong, in words for people: error-KEY and hint-KEY are messages.
type fault struct {
	status int
	key    string
}

func (f fault) Error() string { return f.key }

// The faults.
var (
	errUnclear     = fault{http.StatusBadRequest, "unclear"}
	errSignedOut   = fault{http.StatusUnauthorized, "signed-out"}
	errNotYours    = fault{http.StatusForbidden, "not-yours"}
	errCrossOrigin = fault{http.StatusForbidden, "cross-origin"}
	errNoPage      = fault{http.StatusNotFound, "no-page"}
	errTooLarge    = fault{http.StatusRequestEntityTooLarge, "too-large"}
	errOtherHost   = fault{http.StatusMisdirectedRequest, "other-host"}
	errTooOften    = fault{http.StatusTooManyRequests, "too-often"}
	errLink        = fault{http.StatusGone, "link"}
	errNoRole      = fault{http.StatusForbidden, "no-role"}
	errProvider    = fault{http.StatusBadGateway, "provider"}
	errInternal    = fault{http.StatusInternalServerError, "internal"}
)

// faults are all that there are, for the tests.
var faults = []fault{errUnclear, errSignedOut, errNotYours, errCrossOrigin, errNoPage, errTooLarge, errOtherHost, errTooOften, errLink, errNoRole, errProvider, errInternal}

// faultOf is the one place that decides what somebody is told of an error.
func faultOf(err error) fault {
	var f fault
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &large):
		return errTooLarge
	case errors.Is(err, accounts.ErrNotFound):
		return errNoPage
	case errors.Is(err, accounts.ErrMay), errors.Is(err, accounts.ErrSelf):
		return errNotYours
	case errors.Is(err, accounts.ErrNoRole):
		return errNoRole
	case errors.Is(err, accounts.ErrThrottled):
		return errTooOften
	}
	return errInternal
}

// fail shows what went wrong, and logs what people cannot do anything about.
func (v *visit) fail(err error) {
	f := faultOf(err)
	if f == errInternal && !errors.Is(err, errInternal) {
		v.c.o.Log.Error("console: a page failed", "page", v.route.pattern, "error", err)
	}
	v.render(f.status, "fault", f.key)
}

// refuse shows a fault to somebody of whom nothing is known yet.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, f fault) {
	v := &visit{c: c, w: w, r: r, Lang: c.pages.language("", "", r.Header.Get("Accept-Language"))}
	v.render(f.status, "fault", f.key)
}

// place tells where the program is, for the log.
func place() string {
	var at []string
	pc := make([]uintptr, 24)
	frames := runtime.CallersFrames(pc[:runtime.Callers(3, pc)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "sluis/") {
			at = append(at, f.Function+":"+strconv.Itoa(f.Line))
		}
		if !more || len(at) == 5 {
			return strings.Join(at, " < ")
		}
	}
}
