package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
)

// printJSON prints a value as one line of JSON.
func printJSON(v any) error { return json.NewEncoder(os.Stdout).Encode(v) }

// printList prints items as JSON, one a line, or as a table: the columns of its header, and a
// row for each item. An empty header is not printed.
func printList[T any](asJSON bool, items []T, header string, row func(T) []any) error {
	if asJSON {
		for _, item := range items {
			if err := printJSON(item); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	if header != "" {
		fmt.Fprintln(w, strings.ReplaceAll(header, "|", "\t"))
	}
	for _, item := range items {
		var cells []string
		for _, c := range row(item) {
			cells = append(cells, fmt.Sprint(c))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}
