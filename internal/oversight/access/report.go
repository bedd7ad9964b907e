// Package access answers access requests (C3.2f, GDPR article 15): it finds a person's own
// records for that person, and writes them as a page, CSV (RFC 4180) or JSON.
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
	"strings"
	"time"

	"sluis/internal/lang"
)

// Report is the answer to a request.
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

// columns are the names of the table's columns, for programs in any language.
var columns = []string{
	"time", "kind", "direction", "group", "site", "bytes", "recipients",
	"action", "inspected_for", "category", "clause", "rule", "judged_wrong", "drawn", "ordered",
}

// WriteCSV writes the records as a table (RFC 4180).
func (r Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write(columns)
	for _, o := range r.Records {
		out.Write([]string{
			o.Time.Format(time.RFC3339),
			o.Kind,
			o.Direction,
			o.Group,
			o.Site,
			strconv.FormatInt(o.Bytes, 10),
			strconv.Itoa(o.Parties),
			o.Action,
			o.Purposes,
			o.Category,
			o.Clause,
			o.Rule,
			strconv.FormatBool(o.Wrong),
			strconv.FormatBool(o.Drawn),
			strconv.FormatBool(o.Ordered),
		})
	}
	out.Flush()
	return out.Error()
}

//go:embed page.html
var files embed.FS

//go:embed messages/*.json
var messages embed.FS

var texts = lang.Files(messages)

// shown bounds the rows of a page; the tables have all.
const shown = 5000

// view is what the page shows.
type view struct {
	Report
	Lang *lang.Printer
	Days int // of retention
	Rows []Record
	More int // rows that are not shown
}

func (v view) T(key string, args ...any) string { return v.Lang.Text(key, args...) }
func (v view) Date(t time.Time) string          { return v.Lang.Date(t.Local()) }
func (v view) Moment(t time.Time) string        { return v.Lang.Moment(t.Local()) }
func (v view) YesNo(is bool) string             { return lang.YesNo(is).In(v.Lang.Code) }

// Purposes are the names of what a record was inspected for.
func (v view) Purposes(r Record) string {
	var all []string
	for name := range strings.SplitSeq(r.Purposes, "+") {
		if name != "" {
			all = append(all, v.T("purpose-"+name))
		}
	}
	return strings.Join(all, ", ")
}

// WriteHTML writes the report as a page in a language.
func (r Report) WriteHTML(w io.Writer, code string) error {
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return fmt.Errorf("make page: %w", err)
	}
	v := view{
		Report: r,
		Lang:   texts.In(code),
		Days:   int(r.Retention.Hours() / 24),
		Rows:   r.Records,
	}
	if len(v.Rows) > shown {
		v.Rows, v.More = v.Rows[:shown], len(v.Rows)-shown
	}
	return page.Execute(w, v)
}
