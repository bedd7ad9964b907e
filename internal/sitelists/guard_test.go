package sitelists

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/domains"
	"sluis/internal/sitelists/listfile"
)

// TestMistakesOfPublicListsStopNobody: suffixes, the organisation's own sites, help, and sites that schools cannot do
// without.
func TestMistakesOfPublicListsStopNobody(t *testing.T) {
	o := Options{Own: []string{"school.example", "Basis.Sub.Example."}, Forbidden: []string{"Games"}}
	type outcome struct {
		why     listfile.Reason
		refused bool
	}
	taken := outcome{}
	for entry, want := range map[string]outcome{
		"phishing bad.example": taken, "phishing nl": {listfile.Suffix, true}, "phishing co.uk": {listfile.Suffix, true},
		"phishing github.io": {listfile.Suffix, true}, "phishing blogspot.com": {listfile.Suffix, true}, "news co.uk": {listfile.Suffix, true},
		"phishing evil.github.io": taken, "phishing evil.co.uk": taken, "phishing github.io/evil": taken, "phishing xn--p1ai": {listfile.Suffix, true},
		"phishing school.example": {listfile.Own, true}, "phishing www.school.example": {listfile.Own, true}, "phishing school.example/page": {listfile.Own, true},
		"phishing sub.example": {listfile.Own, true}, "phishing sub.example/page": taken, "phishing other.sub.example": taken, "phishing notschool.example": taken,
		"phishing kindertelefoon.nl": {listfile.Help, true}, "phishing www.113.nl": {listfile.Help, true}, "phishing 113.nl/page": {listfile.Help, true},
		"phishing not113.nl":  taken,
		"phishing google.com": {listfile.WellKnown, true}, "phishing www.cito.nl": {listfile.WellKnown, true}, "phishing sites.google.com": {listfile.WellKnown, true},
		"phishing sites.google.com/view/x": taken, "phishing ads.google.com": taken, "phishing mit.edu": {listfile.WellKnown, true},
		"games google.com": {listfile.WellKnown, true}, "games 113.nl": {listfile.Help, true}, "social google.com": taken, "social school.example": taken,
		"phishing youtube.com": {listfile.WellKnown, false}, "phishing =203.0.113.0/24": taken, "phishing !google.com": taken,
	} {
		category, e, _ := strings.Cut(entry, " ")
		why, refused := o.newGuard(Source{Confirmed: []string{"YouTube.com"}}).refuses(category, e)
		if (outcome{why, refused}) != want {
			t.Errorf("%s: got %v, refused %v, want %v, %v", entry, why, refused, want.why, want.refused)
		}
	}
}

// TestTheWellKnownSitesAreSites: each is written as it is looked up, once, and is no suffix; none is help, which has a
// list of its own.
func TestTheWellKnownSitesAreSites(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range mustBuiltin("help") {
		seen[n] = true
	}
	all := mustBuiltin(wellKnownList)
	for _, n := range all {
		if name, ok := domains.Name(n); !ok || name != n || seen[n] {
			t.Errorf("%s is not as lists have it, or is there twice", n)
		}
		if suffix, _ := publicsuffix.PublicSuffix(n); suffix == n {
			t.Errorf("%s is a suffix", n)
		}
		seen[n] = true
	}
	if len(all) < 200 {
		t.Errorf("%d well-known sites, want at least 200", len(all))
	}
}

// TestAListThatIsFetchedWithholdsWellKnownSites until they are confirmed; the rest of it holds.
func TestAListThatIsFetchedWithholdsWellKnownSites(t *testing.T) {
	srv := &server{body: []byte("bad.example\ngoogle.com\nnl\n113.nl\n0.0.0.0 school.example\n?? what\n"), etag: `"1"`}
	web := httptest.NewServer(srv)
	defer web.Close()
	dir := t.TempDir()
	src := Source{Category: "phishing", URL: web.URL}
	update := func(at time.Time) State {
		s, err := Open(dir, []Source{src}, Options{Client: web.Client(), Own: []string{"school.example"}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		for host, want := range map[string]bool{
			"bad.example":        true,
			"google.com":         len(src.Confirmed) > 0,
			"www.bibliotheek.nl": false,
			"113.nl":             false,
			"school.example":     false,
		} {
			if got := in(t, s, host, "/") != nil; got != want {
				t.Errorf("confirmed %q: %s is listed: %v, want %v", src.Confirmed, host, got, want)
			}
		}
		return s.Status()[0]
	}
	st := update(monday)
	if st.Withheld != 1 || !slices.Equal(st.WellKnown, []string{"google.com"}) || len(st.Skipped) != 5 {
		t.Errorf("got %+v, want one site withheld, and five reasons", st.Report)
	}
	src.Confirmed = []string{"google.com"}
	if st := update(monday.Add(time.Minute)); st.Withheld != 0 || len(st.WellKnown) != 1 || srv.whole != 2 {
		t.Errorf("confirmed: got %+v, sent %d times, want it read anew at once, none withheld", st.Report, srv.whole)
	}
	update(monday.Add(2 * time.Minute))
	if srv.asked != 2 {
		t.Errorf("asked %d times, want no more once it is read", srv.asked)
	}
}

// TestAnImportAsksForConfirmation where well-known sites are on the list.
func TestAnImportAsksForConfirmation(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/list", []byte("bad.example\nkennisnet.nl\n198.51.100.7\nbad.example/page\nnl\n"))
	s, err := Open(dir+"/data", nil, Options{})
	if err != nil {
		t.Fatal(err)
	}
	src := Source{Category: "phishing", Path: dir + "/list"}
	r, err := s.Import(t.Context(), src, false)
	if !errors.Is(err, ErrUnconfirmed) || !slices.Equal(r.WellKnown, []string{"kennisnet.nl"}) {
		t.Errorf("got %v, well-known %q, want that it asks for kennisnet.nl", err, r.WellKnown)
	}
	if _, err := s.Update(t.Context(), monday); err != nil || in(t, s, "bad.example", "/") != nil {
		t.Errorf("it is imported without confirmation: %v", err)
	}
	r, err = s.Import(t.Context(), src, true)
	if err != nil || r.Names != 4 || r.Networks != 1 || r.Pages != 1 || len(r.Skipped) != 1 ||
		r.Skipped[0].Examples[0] != "nl" {
		t.Errorf("got %+v, %v, want four entries, and nl skipped", r, err)
	}
	if _, err := s.Update(t.Context(), monday.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"bad.example", "www.kennisnet.nl", "198.51.100.7"} {
		if in(t, s, host, "/") == nil {
			t.Errorf("%s is not listed, want it listed once confirmed", host)
		}
	}
	write(t, dir+"/list", []byte("bad.example\n")) // the next one needs no confirmation, and forgets the last
	if _, err := s.Import(t.Context(), src, false); err != nil {
		t.Errorf("a list without: %v", err)
	}
}

// TestAReportCanBeShownAnywhere: it is short, and has nothing that a terminal would obey.
func TestAReportCanBeShownAnywhere(t *testing.T) {
	var r Report
	for range 10 {
		r.skip(listfile.Unreadable, "\x1b[31m\n"+strings.Repeat("é", 200))
	}
	got := r.Skipped[0].String()
	if len(got) > 4*maxExample+100 || strings.ContainsAny(got, "\x1b\n") ||
		!strings.HasPrefix(got, "10 not understood, such as ") {
		t.Errorf("got %q, want a short line that can be shown", got)
	}
}

// TestListsThatAreKeptAreReadAnew by a version that reads them in another way, though they did not change and now have
// much less than before.
func TestListsThatAreKeptAreReadAnew(t *testing.T) {
	dir := t.TempDir()
	src := Source{Category: "gambling", Path: dir + "/list"}
	write(t, src.Path, names("casino", 10))
	s := store(t, dir+"/data", src)
	st := s.Status()[0]
	st.Reader, st.Names = "another", 1000
	if err := s.save(src, st); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), monday.Add(time.Minute)); err != nil || s.Status()[0].Reader == "another" {
		t.Errorf("got %+v, %v, want it read anew", s.Status()[0], err)
	}
}
