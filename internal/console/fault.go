package console

import (
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"sluis/internal/accounts"
)

// fault is an error in words for people: error-KEY and hint-KEY are messages.
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
var faults = []fault{
	errUnclear, errSignedOut, errNotYours, errCrossOrigin, errNoPage, errTooLarge,
	errOtherHost, errTooOften, errLink, errNoRole, errProvider, errInternal,
}

// faultOf is the one place that decides what a page says of an error.
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
	case errors.Is(err, accounts.ErrForbidden), errors.Is(err, accounts.ErrOwnAccount):
		return errNotYours
	case errors.Is(err, accounts.ErrNoRole):
		return errNoRole
	case errors.Is(err, accounts.ErrThrottled):
		return errTooOften
	}
	return errInternal
}

// problems are the errors of an area that a page shows above its form, by message key.
type problems map[string]error

// key returns the message of an error; empty if it is none of them.
func (p problems) key(err error) string {
	for key, is := range p {
		if errors.Is(err, is) {
			return key
		}
	}
	return ""
}

// fail shows an error, and logs those of the gateway itself.
func (v *visit) fail(err error) {
	f := faultOf(err)
	if f == errInternal && !errors.Is(err, errInternal) {
		v.log().Error("console: a page failed", "page", v.route.pattern, "error", err)
	}
	v.render(f.status, "fault", f.key)
}

// refuse shows a fault before a session is read.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, f fault) {
	v := &visit{c: c, w: w, r: r, Lang: c.pages.texts.Choose(r.Header.Get("Accept-Language"))}
	v.render(f.status, "fault", f.key)
}

// place returns where the program is, for the log.
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
