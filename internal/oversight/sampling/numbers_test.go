package sampling

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// pattern is what was drawn for the messages of a school, in their order.
func (s *school) pattern() (all []bool) {
	for _, d := range s.drawn {
		all = append(all, d.drawn)
	}
	return all
}

// Whoever runs the gateway cannot choose an ID until a message is drawn, or is not: what is drawn is that of its
// number, whatever the ID (C3.3b).
func TestNoChosenIDIsDrawnOtherwise(t *testing.T) {
	s := newSchool(t, 0.5)
	s.mail(50, monday)
	secret, err := read(s.path(today))
	if err != nil {
		t.Fatal(err)
	}
	// The same day once more, with the same secret and IDs of another's choice.
	again := newSchool(t, 0.5)
	again.ids.Seed([32]byte{'c', 'h', 'o', 's', 'e', 'n'})
	again.put(secret)
	again.day = ""
	again.mail(50, monday)
	if !slices.Equal(s.pattern(), again.pattern()) {
		t.Error("other IDs were drawn otherwise")
	}
}

// A restart, or many of them, gives no second lot: numbers go on where they were.
func TestARestartDrawsNothingAnew(t *testing.T) {
	for name, restart := range map[string]func(s *school){
		"none":      func(*school) {},
		"a restart": func(s *school) { s.start(0.5, monday.Add(time.Minute)) },
		"ten": func(s *school) {
			for range 10 {
				s.start(0.5, monday.Add(time.Minute))
			}
		},
		"the count is gone":  func(s *school) { os.Remove(s.countPath(today)); s.start(0.5, monday.Add(time.Minute)) },
		"a torn list":        func(s *school) { tear(s.listPath(today)); s.start(0.5, monday.Add(time.Minute)) },
		"the rate goes":      func(s *school) { s.start(0, monday.Add(time.Minute)) },
		"midnight, and back": func(s *school) { s.Draw(filter.NewID(), monday.Add(night)) },
	} {
		s := newSchool(t, 0.5)
		secret := committed{
			Secret: []byte(strings.Repeat("s", 32)), Rates: timeline{{0, 0.5}}, Numbered: true, Index: -1,
		}
		s.book.entries = nil
		s.put(secret)
		s.start(0.5, monday)
		s.mail(40, monday)
		restart(s)
		s.mail(40, monday.Add(2*time.Minute))
		s.prepare(monday.Add(time.Hour))
		s.fair(today, 80)
		want := newSchool(t, 0.5)
		want.book.entries = nil
		want.put(secret)
		want.start(0.5, monday)
		want.mail(80, monday)
		if !slices.Equal(s.pattern(), want.pattern()) {
			t.Errorf("%s: drawn otherwise than without", name)
		}
	}
}

// tear leaves a part of an ID at the end of a list, as a crash does.
func tear(path string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		f.Write([]byte("half"))
		f.Close()
	}
}

// Each of these is a way to steer the sample, or to hide a draw, by who has the machine.
func TestTheListOfDrawsIsWatched(t *testing.T) {
	list := func(s *school, change func([]byte) []byte) {
		b, err := os.ReadFile(s.listPath(today))
		if err == nil {
			err = os.WriteFile(s.listPath(today), change(b), 0o600)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	swap := func(b []byte) []byte {
		return slices.Concat(b[:16], b[32:48], b[16:32], b[48:])
	}
	for name, c := range map[string]struct {
		do   func(s *school)
		want string // of the error; none: a report that is not fair
	}{
		"the numbers of two are exchanged": {func(s *school) { list(s, swap) }, "not the one"},
		"a message is put in another's place": {func(s *school) {
			list(s, func(b []byte) []byte { b[20] ^= 1; return b })
		}, "not the one"},
		"the end is cut off": {func(s *school) {
			list(s, func(b []byte) []byte { return b[:len(b)-48] })
		}, "numbers are missing"},
		"a number is left out": {func(s *school) { list(s, func(b []byte) []byte { return b[16:] }) }, "numbers are missing"},
		"the list is gone":     {func(s *school) { os.Remove(s.listPath(today)) }, "numbers are missing"},
		"a record is withheld": {func(s *school) { s.lose(true) }, ""},
		"a record of no draw": {func(s *school) {
			s.drawn = append(s.drawn, drawn{filter.NewID(), monday, "team", true})
		}, ""},
		"a record twice": {func(s *school) { s.drawn = append(s.drawn, s.drawn[0]) }, ""},
		"a message that waited for a number that is drawn": {func(s *school) {
			i := slices.IndexFunc(s.drawn, func(d drawn) bool { return !d.drawn })
			s.drawn[i].drawn = true
		}, ""},
		"another secret after a restart": {func(s *school) {
			os.Remove(s.path(today))
			s.start(0.5, monday.Add(2*time.Hour))
		}, "void"},
		"the list is cut before its hash is taken": {func(s *school) {
			list(s, func(b []byte) []byte { return b[:160] })
			s.mail(1, monday.Add(2*time.Hour))
			os.Truncate(s.listPath(today), 160)
			s.prepare(monday.Add(2 * time.Hour))
		}, "numbers are missing"},
		"the list is lost, and the day goes on": {func(s *school) {
			os.Remove(s.listPath(today))
			s.start(0.5, monday.Add(2*time.Hour))
			s.mail(5, monday.Add(2*time.Hour))
		}, "not the one"},
	} {
		s := newSchool(t, 0.5)
		s.mail(60, monday)
		s.prepare(monday.Add(time.Hour))
		s.fair(today, 60)
		c.do(s)
		r, err := s.audit(today)
		if c.want == "" && (err != nil || r.Fair()) ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: fair %v, %v, want it seen: %q", name, r.Fair(), err, c.want)
		}
	}
}

// The day on which the program was renewed was committed to by the older one: its draws depend on IDs.
func TestADayOfAnOlderBuildGoesOnAsItBegan(t *testing.T) {
	s := newSchool(t, 0.5)
	s.book.entries = nil
	s.put(committed{Secret: make([]byte, 32), Rates: timeline{{0, 0.5}}, Index: -1})
	s.start(0.5, monday)
	s.mail(100, monday)
	s.prepare(monday.Add(time.Hour))
	if r := s.fair(today, 100); r.Counted != 100 {
		t.Errorf("got %+v, want 100 counted", r)
	}
	s.mail(10, monday.Add(night))
	s.prepare(monday.Add(night + time.Hour))
	s.fair(tomorrow, 10)
	if c := s.book.of(ledger.SamplingCommit, tomorrow); len(c) != 1 || c[0].Data.Step != numberedDay {
		t.Errorf("the next day is committed to as %+v, want numbered draws", c)
	}
}
