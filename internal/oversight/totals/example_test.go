package totals_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/internal/roster"
	"sluis/rules"
)

// autumn is a journal: each of some people sent mail out on a day in October.
type autumn struct{ people int }

func (a autumn) Contributions(
	_ context.Context, _ time.Time, _ [32]byte, use func(journal.Contribution) error,
) error {
	for n := range a.people {
		if err := use(journal.Contribution{
			Cell:   journal.Cell{Kind: journal.Mail, Direction: rules.Out},
			Part:   1,
			Person: uint64(n + 1),
			Sums:   journal.Sums{Records: 10, Bytes: 200_000},
		}); err != nil {
			return err
		}
	}
	return nil
}

func (autumn) Hours(context.Context, time.Time, time.Time, func(journal.Hour) error) error {
	return nil
}

// A figure about fewer than ten people is hidden, and the report says why.
func ExampleArchive_Month() {
	dir, err := os.MkdirTemp("", "totals-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, people := range []int{40, 6} {
		home := filepath.Join(dir, fmt.Sprint(people))
		book, err := ledger.Open(filepath.Join(home, "ledger"))
		if err != nil {
			fmt.Println(err)
			return
		}
		archive := totals.Archive{
			Dir:    filepath.Join(home, "reports"),
			Source: autumn{people},
			Ledger: book,
			Rules:  totals.Rules{MinPeople: 10},
			Sizes:  map[roster.Group]roster.Size{},
			Review: func(context.Context, time.Time, time.Time) (totals.Review, error) { return totals.Review{}, nil },
			Stored: func(context.Context) (int64, error) { return 0, nil },
		}
		november := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
		month, err := archive.Month(context.Background(), "2026-10", november)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, table := range month.Tables {
			if table.Name != totals.Volume {
				continue
			}
			for _, row := range table.Rows {
				records := row.Figures[totals.Records]
				fmt.Printf("%d people, %s: hidden %q\n", people, row.Name, records.Hidden)
			}
		}
	}
	// Output:
	// 40 people, mail-out: hidden ""
	// 40 people, total: hidden ""
	// 6 people, mail-out: hidden "few-people"
	// 6 people, total: hidden "few-people"
}
