package journal_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
)

// A gateway puts records, which does not wait for a disk; the board reads what came of them, without persons.
func Example() {
	dir, err := os.MkdirTemp("", "journal-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := journal.OpenDB(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	keys, err := journal.OpenKeys(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	writer, err := journal.NewWriter(dir, keys, store, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	morning := time.Date(2026, 11, 23, 9, 41, 7, 0, time.UTC)
	writer.Put(journal.Record{
		Time:       morning,
		ID:         filter.NewID(),
		Direction:  rules.Out,
		Peer:       journal.DomainOf("mail.school.nl"),
		Recipients: 2,
		Bytes:      18_000,
	}, roster.Subject{})

	ctx := context.Background()
	if err := writer.Close(ctx); err != nil { // loses nothing that was put
		fmt.Println(err)
		return
	}
	_, err = store.Each(ctx, morning.Add(-time.Hour), morning.Add(time.Hour), 0, func(r journal.Record) error {
		_, err := fmt.Println(r.Kind, r.Direction, r.Peer, r.Recipients, "recipients,", r.Bytes, "bytes")
		return err
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: mail out school.nl 2 recipients, 18000 bytes
}
