package console

import (
	"database/sql"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/ledger"
)

// BenchmarkFirstView: the list of the quarantine, with 100,000 entries, as a browser asks for it:
// bytes are those of the page with its files.
func BenchmarkFirstView(b *testing.B) {
	h := newHouse(b)
	db, err := sql.Open("sqlite", filepath.Join(h.dir, "quarantine", "index.db"))
	if err != nil {
		b.Fatal(err)
	}
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	for i := range 100_000 {
		_, err := tx.Exec(
			`INSERT INTO entries (id, time, direction, purpose, category, clause, rule, score, recipients, size, state)
			VALUES (?, ?, 'out', 'leak', 'identity', 'C3.3b', ?, ?, 1, ?, ?)`,
			filter.NewID().String(),
			time.Now().UnixMilli()-int64(i)*60_000,
			[]string{"leak.identity.bsn", "leak.identity.iban", "leak.personal.list"}[i%3],
			i%100,
			i%5000,
			[]string{"quarantined", "released"}[i%2],
		)
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	db.Close()
	p := h.as(ledger.ICT)
	for name, path := range map[string]string{
		"waiting":               "/quarantine",
		"all":                   "/quarantine?state=all",
		"a rule, gravest first": "/quarantine?state=all&rule=leak.identity.iban&sort=gravest",
		"a month":               "/quarantine?state=all&since=2026-01-01&before=2026-12-31&sort=largest",
	} {
		b.Run(name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				r := p.request(http.MethodGet, path, nil)
				for _, c := range p.http.Jar.Cookies(r.URL) {
					r.AddCookie(c)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatalf("status %d, want 200", w.Code)
				}
				size = w.Body.Len()
			}
			b.ReportMetric(float64(size), "B/page")
		})
	}
}
