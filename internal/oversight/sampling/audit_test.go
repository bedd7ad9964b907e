package sampling

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// What somebody with power over the gateway could try, and what the board sees.
func TestAnAuditFindsEachManipulation(t *testing.T) {
	const n = 400
	change := func(es []ledger.Entry, k ledger.Kind, f func(*ledger.Data)) {
		for i := range es {
			if es[i].Kind == k && es[i].Data.Day == today {
				f(&es[i].Data)
			}
		}
	}
	for name, c := range map[string]struct {
		do   func(s *school)
		want string // of the error; none: a report that is not fair
	}{
		"one more was looked into": {func(s *school) {
			for i := range s.drawn {
				if !s.drawn[i].drawn {
					s.drawn[i].drawn = true
					return
				}
			}
		}, ""},
		"one was let off": {func(s *school) {
			for i := range s.drawn {
				if s.drawn[i].drawn {
					s.drawn[i].drawn = false
					return
				}
			}
		}, ""},
		"an ID was chosen afterwards": {func(s *school) {
			for i := range s.drawn {
				if s.drawn[i].drawn {
					for b := byte(0); ; b++ {
						s.drawn[i].id[3] = b
						if is, _ := s.Draw(s.drawn[i].id, monday); !is {
							return
						}
					}
				}
			}
		}, ""},
		"a higher rate was used than the ledger says": {func(s *school) {
			c, _ := read(s.path(today))
			c.Rates = timeline{{0, 0.9}}
			s.put(c)
			s.start(0.9, monday)
			s.book.entries = s.book.entries[:2]
			s.mail(n, monday)
		}, ""},
		"another secret was used": {func(s *school) {
			c, _ := read(s.path(today))
			c.Secret[0] ^= 1
			s.put(c)
		}, "not the one that was committed to"},
		"another secret was revealed": {func(s *school) {
			s.prepare(monday.Add(72 * time.Hour))
			change(s.book.entries, ledger.SamplingReveal, func(d *ledger.Data) { d.Secret = strings.Repeat("00", 32) })
		}, "not the one that was committed to"},
		"nonsense was revealed": {func(s *school) {
			s.prepare(monday.Add(72 * time.Hour))
			change(s.book.entries, ledger.SamplingReveal, func(d *ledger.Data) { d.Secret = "geheim" })
		}, "broken"},
		"nothing was committed to": {func(s *school) { s.book.entries = nil }, "no commitment"},
		"it was committed to twice, to choose later": {func(s *school) {
			s.book.entries = append(
				s.book.entries,
				ledger.Entry{
					Index: 9,
					Time:  monday,
					Kind:  ledger.SamplingCommit,
					Data:  ledger.Data{Day: today, Commit: strings.Repeat("11", 32)},
				},
			)
		}, "twice"},
		"it was committed to when the mail was in": {func(s *school) {
			for i := range s.book.entries {
				s.book.entries[i].Time = monday.Add(8 * time.Hour)
			}
		}, ""},
		"the rate was changed backwards": {func(s *school) {
			s.book.now = monday.Add(8 * time.Hour)
			s.book.Append(
				s.t.Context(), ledger.SamplingRate, ledger.Data{Day: today, Rate: 1, Since: monday.UnixMilli()},
			)
		}, "before itself"},
		"the secret is gone": {func(s *school) { os.Remove(s.path(today)) }, "read sampling secret"},
		"the secret is damaged": {func(s *school) {
			os.WriteFile(filepath.Join(s.dir, today+".json"), []byte(`{"secret":"AAAA"}`), 0o600)
		}, "damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t, 0.5)
			s.mail(n, monday)
			s.fair(today, n)
			c.do(s)
			r, err := s.audit(today)
			if c.want == "" && (err != nil || r.Fair()) ||
				c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("unnoticed: fair %v, %v", r.Fair(), err)
			}
		})
	}
}
