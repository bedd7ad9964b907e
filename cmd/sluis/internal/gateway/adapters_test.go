package gateway

import (
	"path/filepath"
	"testing"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/sitepolicy"
	"sluis/rules"
)

// school is a configuration with a data directory, and one site of its own list.
func school(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg, err := config.Parse(filepath.Join(dir, "sluis.yaml"), []byte(`
organisation: {domains: [school.example]}
data: data
mail:
  hostname: sluis.school.example
  trusted: [127.0.0.0/8]
  listen: [{address: "127.0.0.1:0"}]
  routes: [{to: ["*"], hosts: ["127.0.0.1:1"], tls: none}]
web:
  hostname: sluis.school.example
  listen: [{address: "127.0.0.2:0"}]
  clients: [127.0.0.0/8]
  sites:
    own: [{host: spel.example, action: block, clause: art. 1, reason: spelletjes, author: ICT-dienst}]
console: {listen: none}
`))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestOwnMailHasItsDirection: a notice to the organisation's own domain stays inside.
func TestOwnMailHasItsDirection(t *testing.T) {
	cfg := school(t)
	for address, want := range map[string]rules.Direction{
		"juf@school.example":      rules.Internal,
		"juf@SCHOOL.example":      rules.Internal,
		"juf@les.school.example":  rules.Out,
		"ouder@gezin.example":     rules.Out,
		"juf@nietschool.example":  rules.Out,
		"school.example@gezin.nl": rules.Out,
	} {
		if got := toward(cfg, address); got != want {
			t.Errorf("mail to %s: got direction %v, want %v", address, got, want)
		}
	}
}

// TestAnExceptionOfTheConsoleCounts for the site that it names, until its end, and leaves the
// configuration as it was.
func TestAnExceptionOfTheConsoleCounts(t *testing.T) {
	cfg := school(t)
	d := NewData(cfg)
	defer d.Close()
	ask := func() sitepolicy.Action {
		t.Helper()
		policy, err := d.SitePolicy(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := sitepolicy.ParseRequest("http://spel.example/")
		if err != nil {
			t.Fatal(err)
		}
		r.Time = time.Now()
		return policy.Explain(r).Action
	}
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != sitepolicy.Block {
		t.Fatalf("got %v before the exception, want %v", got, sitepolicy.Block)
	}
	store, err := d.Exceptions()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	made := exceptions.Exception{
		Host:   "spel.example",
		Reason: "les over spelontwerp",
		Author: "ict",
		Until:  now.AddDate(0, 0, 1).Format(time.DateOnly),
	}
	id, err := store.Add(t.Context(), ledger.Actor{Name: "ict", Role: ledger.ICT}, made, now)
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != sitepolicy.Allow {
		t.Errorf("got %v with the exception, want %v", got, sitepolicy.Allow)
	}
	if err := store.Finish(t.Context(), ledger.Actor{Name: "ict-2", Role: ledger.ICT}, id, now); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != sitepolicy.Block {
		t.Errorf("got %v after the exception, want %v", got, sitepolicy.Block)
	}
	if n := len(cfg.Web.Sites.Own); n != 1 {
		t.Errorf("got %d sites of the own list, want the one of the configuration", n)
	}
}

// TestTheWitnessIsAskedOnce for a set of rules, and the file does not grow without end.
func TestTheWitnessIsAskedOnce(t *testing.T) {
	w := witnessed{filepath.Join(t.TempDir(), "new", "witnessed")}
	if w.Has("a") {
		t.Error("got an agreement before there was one")
	}
	for _, fingerprint := range []string{"a", "b"} {
		w.Add(fingerprint)
	}
	if !w.Has("a") || !w.Has("b") || w.Has("c") {
		t.Errorf("got %v, want the two that were added", w.lines())
	}
	for range 3 * maxWitnessed {
		w.Add("d")
	}
	if n := len(w.lines()); n != maxWitnessed || !w.Has("d") {
		t.Errorf("got %d lines, want the last %d", n, maxWitnessed)
	}
}
