package console

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"sluis/internal/accounts"
	"sluis/internal/lang"
	"sluis/internal/ledger"
)

// visit is one request: its session, its form and the language of its page. What a page shows
// and changes is in its area, and not here.
type visit struct {
	c *Console
	w http.ResponseWriter
	r *http.Request

	Account accounts.Account // zero: not signed in
	Role    ledger.Role      // of the account, chosen for this session
	Lang    *lang.Printer

	route  route
	strong bool      // a second factor was shown
	proven time.Time // when last
}

// visit reads the session of a request. There is a visit with an error too, to show it with.
func (c *Console) visit(w http.ResponseWriter, r *http.Request, rt route) (*visit, error) {
	v := &visit{c: c, w: w, r: r, route: rt}
	err := v.load(r.Context())
	v.Lang = c.pages.texts.Choose(r.Header.Get("Accept-Language"), v.Account.Language, cookie(r, "language"))
	return v, err
}

func cookie(r *http.Request, name string) string {
	k, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

func (v *visit) now() time.Time               { return v.c.now() }
func (v *visit) zone() *time.Location         { return v.c.site.Zone }
func (v *visit) log() *slog.Logger            { return v.c.log }
func (v *visit) session() *scs.SessionManager { return v.c.sessions }

// client is the address that the request comes from.
func (v *visit) client() netip.Addr { return v.c.client(v.r) }

// guesser is who guesses with the request: others' guesses do not hold off a browser that signed in
// before.
func (v *visit) guesser() accounts.Client {
	return accounts.Client{Addr: v.client(), Browser: cookie(v.r, v.c.knownName())}
}

// actor is the account that acts.
func (v *visit) actor() ledger.Actor { return ledger.Actor{Name: v.Account.Name, Role: v.Role} }

// isProven reports whether a passkey or code was shown less than proofTime ago.
func (v *visit) isProven() bool { return !v.proven.IsZero() && v.now().Sub(v.proven) < proofTime }

// isFresh reports whether the account signed in, or showed a passkey or code, less than
// proofTime ago: an open browser says nothing about its owner.
func (v *visit) isFresh() bool { return v.isProven() || v.now().Sub(v.at(keySince)) < proofTime }

// field returns a field of the form, without spaces around it.
func (v *visit) field(name string) string { return strings.TrimSpace(v.r.PostFormValue(name)) }

// maxReason bounds the reason of an act, in characters.
const maxReason = 300

// reason returns the reason of the form, in one line.
func (v *visit) reason() string { return oneReason(v.field("reason")) }

// oneReason puts the reason of an act in one line, of at most maxReason characters.
func oneReason(text string) string {
	s := []rune(strings.Join(strings.Fields(text), " "))
	return string(s[:min(len(s), maxReason)])
}

// day returns a field that is a day; zero if it is empty.
func (v *visit) day(name string) (time.Time, error) {
	if v.field(name) == "" {
		return time.Time{}, nil
	}
	return time.ParseInLocation(time.DateOnly, v.field(name), v.zone())
}

// T returns a message.
func (v *visit) T(key string, args ...any) string { return v.Lang.Text(key, args...) }

// note keeps a message for the next page.
func (v *visit) note(key string, args ...any) {
	v.session().Put(v.r.Context(), keyNotice, v.T(key, args...))
}
