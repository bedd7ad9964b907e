package totals

import (
	"encoding/csv"
	"io"
	"strconv"
)

// WriteCSV writes the figures of a period as CSV, one figure a line below a header. The value of a figure
// that is not shown is empty.
func (p Period) WriteCSV(to io.Writer) error {
	w := csv.NewWriter(to)
	w.Write([]string{"period", "table", "row", "measure", "value", "hidden", "base"})
	for _, t := range p.Tables {
		for _, r := range t.Rows {
			for _, m := range Measures() {
				f, ok := r.Figures[m]
				if !ok {
					continue
				}
				value := ""
				if f.Hidden == Shown {
					value = strconv.FormatInt(f.Value, 10)
				}
				w.Write([]string{p.Name, t.Name, r.Name, m, value, string(f.Hidden), strconv.FormatInt(f.Base, 10)})
			}
		}
	}
	w.Flush()
	return w.Error()
}
