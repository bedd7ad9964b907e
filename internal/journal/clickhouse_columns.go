package journal

import (
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// byColumn is records by column, as the server wants them: row by row takes three times as
// long.
type byColumn []any

// columnsOf turns records into the columns of traffic.
func columnsOf(seg, day int64, records []numbered) byColumn {
	date := time.Unix(day, 0).UTC()
	raw := make([]byte, 0, 32*len(records)) // one string for all fixed ones
	for i := range records {
		raw = append(append(raw, records[i].ID[:]...), records[i].pseudonym[:]...)
	}
	fixed := string(raw)
	number := func(of func(*Record) int64) []int64 { return column(records, of) }
	small := func(of func(*Record) uint8) []uint8 { return column(records, of) }
	medium := func(of func(*Record) uint16) []uint16 { return column(records, of) }
	text := func(of func(*Record) string) []string { return column(records, of) }
	n, ids, pseudonyms := make([]uint32, len(records)), make([]string, len(records)), make([]string, len(records))
	for i := range records {
		n[i], ids[i], pseudonyms[i] = records[i].n, fixed[32*i:][:16], fixed[32*i+16:][:16]
	}
	return byColumn{
		number(func(*Record) int64 { return seg }), n, column(records, func(*Record) time.Time { return date }), number(func(r *Record) int64 { return r.Time.UnixMilli() }), ids, pseudonyms,
		small(func(r *Record) uint8 { return uint8(r.Kind) }), small(func(r *Record) uint8 { return uint8(r.Direction) }), text(func(r *Record) string { return r.Group.String() }), text(func(r *Record) string { return r.Peer.String() }),
		small(func(r *Record) uint8 { return uint8(r.Action) }), small(func(r *Record) uint8 { return uint8(r.Purposes) }), small(func(r *Record) uint8 { return uint8(r.Purpose) }), small(func(r *Record) uint8 { return uint8(r.Category) }),
		text(func(r *Record) string { return r.Clause.String() }), text(func(r *Record) string { return r.Rule.String() }), medium((*Record).flagBits),
		medium(func(r *Record) uint16 { return r.Recipients }), medium(func(r *Record) uint16 { return r.Refused }), medium(func(r *Record) uint16 { return r.Parts }),
		column(records, func(r *Record) uint32 { return r.Repaired }), medium(func(r *Record) uint16 { return r.Reply }), number(func(r *Record) int64 { return r.Bytes }), number(func(r *Record) int64 { return int64(r.Duration) }),
	}
}

func column[T any](records []numbered, of func(*Record) T) []T {
	out := make([]T, len(records))
	for i := range records {
		out[i] = of(&records[i].Record)
	}
	return out
}

func (b byColumn) appendTo(batch driver.Batch) error {
	for i, c := range b {
		if err := batch.Column(i).Append(c); err != nil {
			return err
		}
	}
	return nil
}
