// Package access answers access requests (C3.2f, GDPR article 15): it finds a person's own
// records for that person, and writes them as a page in Dutch or English, CSV (RFC 4180) or
// JSON.
//
// It promises that a request is in the ledger before anything is found, that the answer has
// nothing but the person's own records, and that a page needs nothing from elsewhere.
package access

import (
	"embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"time"
)

// Report is what is held.
type Report struct {
	Organisation string        `json:"organisation"`
	Address      string        `json:"address"` // of the person
	Since        time.Time     `json:"since"`
	Until        time.Time     `json:"until"`
	Retention    time.Duration `json:"retention_ns"` // after which records are destroyed
	CodeURL      string        `json:"code_url,omitempty"`
	Records      []Record      `json:"records"`
}

// WriteJSON writes the report as JSON.
func (r Report) WriteJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}

// WriteCSV writes the records as a table (RFC 4180).
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"time", "kind", "direction", "group", "site", "bytes", "recipients", "action", "inspected_for", "category", "clause", "rule", "drawn", "ordered"})
	for _, o := range r.Records {
		out.Write([]string{o.Time.Format(time.RFC3339), o.Kind, o.Direction, o.Group, o.Site, strconv.FormatInt(o.Bytes, 10), strconv.Itoa(o.Parties),
			o.Action, o.Purposes, o.Category, o.Clause, o.Rule, strconv.FormatBool(o.Drawn), strconv.FormatBool(o.Ordered)})
	}
	out.Flush()
	return out.Error()
}

//go:embed page.html
var files embed.FS

// shown bounds the rows of a page; the tables have all.
const shown = 5000

// WriteHTML writes the report as a page. l is nl or en.
func (r Report) WriteHTML(w io.Writer, l string) error {
	page, err := template.New("page.html").Funcs(template.FuncMap{
		"t": func(nl, en string) string {
			if l == "en" {
				return en
			}
			return nl
		},
		"day":    func(t time.Time) string { return t.Local().Format("02-01-2006") },
		"moment": func(t time.Time) string { return t.Local().Format("02-01-2006 15:04") },
		"size":   size,
	}).ParseFS(files, "page.html")
	if err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	view := struct {
		Report
		Lang string
		Days int
		Rows []Record
		More int
	}{r, l, int(r.Retention.Hours() / 24), r.Records, 0}
	if len(view.Rows) > shown {
		view.Rows, view.More = view.Rows[:shown], len(view.Rows)-shown
	}
	return page.Execute(w, view)
}

func size(n int64) string {
	switch {
	case n < 10_000:
		return strconv.FormatInt(n, 10) + " B"
	case n < 10_000_000:
		return strconv.FormatInt(n/1000, 10) + " kB"
	}
	return strconv.FormatInt(n/1_000_000, 10) + " MB"
}
