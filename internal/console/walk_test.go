package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/internal/ledger"
)

// allRoutes are those of every area, of a console that is not there.
func allRoutes() []route { return (&Console{}).areas(Services{}, nil) }

// of splits a pattern.
func (rt route) of() (method, path string) {
	method, path, _ = strings.Cut(rt.pattern, " ")
	path = strings.ReplaceAll(path, "{$}", "")
	for {
		before, rest, ok := strings.Cut(path, "{")
		if !ok {
			return method, path
		}
		_, after, _ := strings.Cut(rest, "}")
		path = before + "none" + after
	}
}

// TestEveryRouteWithEveryRole: a role that may not use a route is refused, and one that may is let
// through to it.
func TestEveryRouteWithEveryRole(t *testing.T) {
	h := newHouse(t)
	for _, rt := range h.routes {
		method, path := rt.of()
		a := ask(h.stranger(), method, path)
		refused := a.status == http.StatusUnauthorized || strings.HasPrefix(a.to, "/sign-in?")
		if rt.who.anybody == refused {
			t.Errorf("%s without an account: status %d to %q, want it refused: %v",
				rt.pattern, a.status, a.to, !rt.who.anybody)
		}
		for _, role := range ledger.Roles {
			a := ask(h.as(role), method, path)
			refused := a.status == http.StatusForbidden &&
				strings.Contains(a.body, h.pages.texts.In("nl").Text("error-not-yours"))
			if rt.who.may(role) == refused && !(rt.who.may(role) && rt.ownRefusal()) {
				t.Errorf("%s as %s: status %d, want it let through: %v", rt.pattern, role, a.status, rt.who.may(role))
			}
			if a.status >= 500 {
				t.Errorf("%s as %s: status %d, want no fault of the gateway", rt.pattern, role, a.status)
			}
		}
	}
}

// ownRefusal reports whether a route refuses a role that may use it, for reasons of its own.
func (rt route) ownRefusal() bool {
	return slices.Contains(
		[]string{"POST /role", "POST /account/password", "POST /account/passkey", "POST /account/passkey/made"},
		rt.pattern,
	)
}

func ask(p *person, method, path string) answer { return p.do(p.request(method, path, nil)) }

// TestTheTableIsWhole: each route says who may use it, nothing changes on GET but for the answer of a
// provider, and an act is recorded in the ledger or says why not.
func TestTheTableIsWhole(t *testing.T) {
	for _, rt := range allRoutes() {
		method, _ := rt.of()
		changes := rt.kind != "" || rt.silence != ""
		if changes == (method == http.MethodGet) && rt.pattern != "GET /sign-in/with/{provider}/back" {
			t.Errorf("%s: changes something: %v, want the opposite", rt.pattern, changes)
		}
		if rt.kind != "" && rt.silence != "" {
			t.Errorf("%s: recorded in the ledger, and a reason not to; want one of both", rt.pattern)
		}
		if rt.who.anybody && rt.needs != 0 {
			t.Errorf("%s: without an account, and needs %d; want no needs", rt.pattern, rt.needs)
		}
	}
}

// TestAdministratorsSeeNoContent: no route that needs the statement of secrecy is for the
// administrator of accounts (C3.3e).
func TestAdministratorsSeeNoContent(t *testing.T) {
	for _, rt := range allRoutes() {
		if rt.needs&secrecy != 0 && (rt.who.may(ledger.Admin) || rt.who.may(ledger.Employee)) {
			t.Errorf("%s is for administrators or everybody, want neither", rt.pattern)
		}
	}
}

// TestNothingChangesOnGet: a visit to a page leaves nothing in the ledger.
func TestNothingChangesOnGet(t *testing.T) {
	h := newHouse(t)
	people := map[ledger.Role]*person{}
	for _, r := range ledger.Roles {
		people[r] = h.as(r).proves(string(r))
	}
	count := func() (n int) {
		n, _ = h.ledger.Count(ledger.Query{})
		return n
	}
	before := count()
	for _, rt := range h.routes {
		if method, path := rt.of(); method == http.MethodGet {
			for _, p := range people {
				p.get(path)
			}
		}
	}
	if n := count() - before; n != 0 {
		t.Errorf("%d entries in the ledger, want none", n)
	}
}
