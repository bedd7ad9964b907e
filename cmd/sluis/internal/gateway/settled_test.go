package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/roster"
)

// settledConfig is a configuration with further lines.
func settledConfig(t *testing.T, dir, more string) *config.Config {
	t.Helper()
	cfg, err := config.Parse(filepath.Join(dir, "sluis.yaml"), fmt.Appendf(nil, `
organisation: {domains: [school.example]}
data: data
console: {listen: none}
%s`, more))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

const settledMail = `
mail:
  hostname: sluis.school.example
  listen: [{address: "127.0.0.1:0"}]
  trusted: [127.0.0.0/8]
  routes: [{to: ["*"], hosts: ["127.0.0.1:1"], tls: none}]
`

// loaded returns the entries of starts and reloads, oldest first.
func loaded(t *testing.T, g *Gateway) (all []ledger.Entry) {
	t.Helper()
	q := ledger.Query{Kinds: []ledger.Kind{ledger.GatewayStarted, ledger.ConfigLoaded}}
	for e, err := range g.ledger.Find(q) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// TestAChangeOfASettingIsInTheLedger: its key always, its value where a promise rests on it and never where it
// is a secret; on a reload and on a restart; and the same settings in another form are no change (C3.2b, C3.3b).
func TestAChangeOfASettingIsInTheLedger(t *testing.T) {
	dir := t.TempDir()
	start := func(more string) *Gateway {
		t.Helper()
		g, err := New(t.Context(), settledConfig(t, dir, settledMail+more), slog.New(slog.DiscardHandler), Observer{})
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	end := func(g *Gateway) {
		t.Helper()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := g.Run(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	g := start("policy: {sample-rate: 5%}\n")
	apply := func(more string) ledger.Data {
		t.Helper()
		if err := g.apply(t.Context(), settledConfig(t, dir, settledMail+more)); err != nil {
			t.Fatal(err)
		}
		all := loaded(t, g)
		return all[len(all)-1].Data
	}
	first := loaded(t, g)[0].Data
	if first.Config == "" || first.Changed != "" || len(first.Program) != 64 ||
		!strings.Contains(first.Promises, "policy.sample-rate=0.05") {
		t.Errorf("the start: got %+v, want a digest, no change, the program, and the rate", first)
	}
	same := apply("policy:\n  'sample-rate': 0.05\n")
	if same.Config != first.Config || same.Changed != "" {
		t.Errorf("the same settings in another form: got %+v, want no change", same)
	}
	off := apply("policy: {sample-rate: 5%, actions: {leak: {out: pass}, conduct: {in: pass}}}\n")
	if want := "policy.actions.conduct.in policy.actions.leak.out"; off.Changed != want || off.Config == first.Config ||
		!strings.Contains(off.Promises, "policy.actions.leak.out=pass") {
		t.Errorf("actions switched off: got %+v, want the change of %s, with its value", off, want)
	}
	const people = "notices: {board: [voorzitter@school.example], from: sluis@school.example}\n"
	named := apply("policy: {sample-rate: 5%}\n" + people)
	if !strings.Contains(named.Changed, "notices.board.0") || strings.Contains(fmt.Sprint(named), "voorzitter") {
		t.Errorf("a witness: got %+v, want the key and not the person", named)
	}
	end(g)
	g = start("policy: {sample-rate: 100%}\n")
	defer end(g)
	all := loaded(t, g)
	got := all[len(all)-1]
	if got.Kind != ledger.GatewayStarted || !strings.Contains(got.Data.Changed, "policy.sample-rate") ||
		!strings.Contains(got.Data.Changed, "notices.board.0") {
		t.Errorf("a restart with another rate: got %+v, want the changes since the last time", got)
	}
}

// TestTheLedgerCountsWitnessesAndPeople: a witness who goes, a role group, a counsellor and a group show as a
// number or a key in the next entry, and no name with them (C3.2g).
func TestTheLedgerCountsWitnessesAndPeople(t *testing.T) {
	promises := func(more string) string { return promisesOf(settledConfig(t, t.TempDir(), settledMail+more)) }
	const outside = "notices: {from: a@school.example, witnesses: [x@one.example, y@two.example], " +
		"board: [b@school.example]}\n"
	if got := promises(outside); !strings.Contains(got, "notices.witnesses=3, 2 of them outside") ||
		strings.Contains(got, "one.example") {
		t.Errorf("got %q, want the number of witnesses, and not who", got)
	}
	if got := promises(""); !strings.Contains(got, "notices.witnesses=0, 0 of them outside") {
		t.Errorf("got %q, want that there are no witnesses", got)
	}
	const groups = `groups:
  - {name: team, kind: staff}
  - {name: leerlingen, kind: pupils, size: 200}
people:
  - {address: vp@school.example, group: team, role: confidential-counsellor}
  - {address: juf@school.example, group: team}
`
	count := func(text string) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "roster.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := roster.Load(path, []string{"school.example"})
		if err != nil {
			t.Fatal(err)
		}
		return counts(r)
	}
	const want = "confidential=1; groups.pupils=1; groups.staff=1; people=2; people.pupils=200; people.staff=2"
	if got := count(groups); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := count(strings.Replace(groups, ", role: confidential-counsellor", "", 1)); !strings.Contains(got,
		"confidential=0") {
		t.Errorf("the role is gone: got %q, want confidential=0", got)
	}
}
