package journal

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sluis/filter"
	"sluis/internal/roster"
)

// ClickHouse is the journal on a ClickHouse server.
//
// A segment's records of a day are one block of one insert, which the server takes whole or
// not at all. The insert has the segment's name as its token: if it is repeated the server
// knows it, and so does the roll-up. A server from before tokens is asked first what it has.
type ClickHouse struct {
	conn    driver.Conn // of the user who inserts
	office  driver.Conn // of the user who reads; may be the same
	dialect Dialect
	spare   sync.Pool // of *dayColumns
	mu      sync.Mutex
	ahead   map[string]<-chan reading // by name of the segment
}

// OpenClickHouse connects, and makes the tables if they are not there.
func OpenClickHouse(ctx context.Context, o ClickHouseOptions) (*ClickHouse, error) {
	conn, err := o.connect(o.inserting())
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	c := &ClickHouse{
		conn:    conn,
		office:  conn,
		dialect: Dialect{Cluster: o.Cluster, Days: o.Days},
		ahead:   map[string]<-chan reading{},
	}
	if o.Office.Username != "" {
		if c.office, err = o.connect(o.Office); err != nil {
			conn.Close()
			return nil, fmt.Errorf("open ClickHouse: %w", err)
		}
	}
	if err := c.prepare(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	return c, nil
}

// connect returns connections of a user.
func (o *ClickHouseOptions) connect(u ClickHouseUser) (driver.Conn, error) {
	password, err := u.password()
	if err != nil {
		return nil, err
	}
	encryption, err := o.tlsConfig()
	if err != nil {
		return nil, err
	}
	options := &clickhouse.Options{
		Addr:             o.Hosts,
		Auth:             clickhouse.Auth{Database: o.Database, Username: u.Username, Password: password},
		TLS:              encryption,
		Compression:      &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		DialTimeout:      5 * time.Second,
		ReadTimeout:      5 * time.Minute,
		MaxOpenConns:     4,
		MaxIdleConns:     2,
		ConnOpenStrategy: clickhouse.ConnOpenInOrder,
	}
	if o.HTTP {
		options.Protocol, options.Compression = clickhouse.HTTP, nil
	}
	return clickhouse.Open(options)
}

// prepare finds out what the server understands and brings its schema up to date.
func (c *ClickHouse) prepare(ctx context.Context) error {
	v, err := c.conn.ServerVersion()
	if err != nil {
		return err
	}
	c.dialect.Plain = v.Version.Major < 22
	if c.dialect.Plain && c.dialect.Cluster != "" {
		return errors.New("a cluster needs ClickHouse 22 or later")
	}
	version := uint32(0)
	if err := c.conn.QueryRow(ctx, "SELECT max(version) FROM schema_version").Scan(&version); err == nil &&
		version == schemaVersion {
		return nil
	}
	if version > schemaVersion {
		return fmt.Errorf(
			"its tables are of version %d, and this program knows %d: use the newer program",
			version,
			schemaVersion,
		)
	}
	for _, s := range Schema(c.dialect) {
		if err := c.conn.Exec(ctx, s); err != nil && !isGrant(s) { // the administrator of the server gives the rights
			return fmt.Errorf("make tables (sluis journal schema prints them): %w", err)
		}
	}
	return c.note(ctx, schemaVersion)
}

// note keeps the version of the schema. As a batch: an old server waits for data after the
// text of an insert.
func (c *ClickHouse) note(ctx context.Context, version uint32) error {
	b, err := c.conn.PrepareBatch(ctx, "INSERT INTO schema_version (version)")
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.Append(version); err != nil {
		return err
	}
	return b.Send()
}

func isGrant(s string) bool {
	return strings.HasPrefix(s, "GRANT") || strings.HasPrefix(s, "CREATE ROLE") || strings.HasPrefix(s, "DROP ROLE")
}

// Close ends the connections.
func (c *ClickHouse) Close() error {
	err := c.conn.Close()
	if c.office != c.conn {
		err = errors.Join(err, c.office.Close())
	}
	return err
}

// number returns the place of a segment among others: its time, or a hash of a name that is no time.
func (s Segment) number() int64 {
	if t, err := time.Parse("20060102T150405.000000000", s.Name); err == nil {
		return t.UnixNano()
	}
	if n, err := strconv.ParseInt(s.Name, 10, 64); err == nil {
		return n
	}
	h := fnv.New64a()
	h.Write([]byte(s.Name))
	return int64(h.Sum64() >> 1)
}

// reading is a segment that was read: columns of each day.
type reading struct {
	days   map[int64]*dayColumns
	unread int64
	err    error
}

// Ahead begins to read the segment that is to be loaded after this one, while the server is
// at this one: the two take about as long.
func (c *ClickHouse) Ahead(ctx context.Context, s Segment) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.ahead) > 0 { // one is enough, and bounds the memory
		return
	}
	done := make(chan reading, 1)
	c.ahead[s.Name] = done
	go func() { done <- c.read(ctx, s) }()
}

// taken returns a segment that was read ahead, or reads it now. Any other that was read
// ahead is forgotten.
func (c *ClickHouse) taken(ctx context.Context, s Segment) reading {
	c.mu.Lock()
	done := c.ahead[s.Name]
	clear(c.ahead)
	c.mu.Unlock()
	if done != nil {
		if r := <-done; r.err == nil {
			return r
		}
	}
	return c.read(ctx, s)
}

func (c *ClickHouse) read(ctx context.Context, s Segment) reading {
	r := reading{days: map[int64]*dayColumns{}}
	n, seg := uint32(0), s.number()
	r.unread, r.err = s.Each(ctx, func(rec Record) error {
		d := day(rec.Time)
		b := r.days[d]
		if b == nil {
			b = c.columns()
			r.days[d] = b
		}
		b.add(seg, n, time.Unix(d, 0).UTC(), &rec)
		n++
		return nil
	})
	return r
}

// columns returns empty ones.
func (c *ClickHouse) columns() *dayColumns {
	if b, ok := c.spare.Get().(*dayColumns); ok {
		return b
	}
	b := &dayColumns{counts: map[hourCell]*Sums{}}
	if c.dialect.Plain {
		b.hours = map[hourCell]*Sums{}
	}
	return b
}

// Load implements Store.
func (c *ClickHouse) Load(ctx context.Context, s Segment) (unread int64, err error) {
	r := c.taken(ctx, s)
	if r.err != nil {
		return r.unread, r.err
	}
	for _, d := range slices.Sorted(maps.Keys(r.days)) {
		if err := c.insert(ctx, s, d, r.days[d]); err != nil {
			return r.unread, fmt.Errorf("load journal segment: %w", err)
		}
		r.days[d].empty()
		c.spare.Put(r.days[d])
	}
	return r.unread, nil
}

// insert brings the records of a day in.
func (c *ClickHouse) insert(ctx context.Context, s Segment, day int64, b *dayColumns) error {
	if c.dialect.Plain {
		return c.insertPlain(ctx, s, day, b)
	}
	token := s.Name + "/" + strconv.FormatInt(day, 10)
	if err := c.send(once(ctx, token), b); err != nil || len(b.counts) == 0 {
		return err
	}
	return c.sendCounts(once(ctx, token+"/counts"), b)
}

// once has the server take an insert with a token once, however often it comes.
func once(ctx context.Context, token string) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token":                         token,
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		"async_insert":                0,
		"insert_deduplicate":          1,
		"max_insert_block_size":       10_000_000,
		"min_insert_block_size_rows":  0,
		"min_insert_block_size_bytes": 0,
	}))
}

// sendCounts inserts the hourly counts of what has no record.
func (c *ClickHouse) sendCounts(ctx context.Context, b *dayColumns) error {
	batch, err := c.conn.PrepareBatch(ctx, "INSERT INTO hours (hour, "+cellColumns+", records, bytes, recipients)")
	if err != nil {
		return err
	}
	defer batch.Close()
	for at, n := range b.counts {
		if err := batch.Append(at.row(n)...); err != nil {
			return err
		}
	}
	return batch.Send()
}

// row returns the columns of an hourly count.
func (c hourCell) row(n *Sums) []any {
	return []any{
		c.hour,
		uint8(c.Kind),
		uint8(c.Direction),
		c.Group.String(),
		uint8(c.Action),
		uint8(c.Purpose),
		uint8(c.Category),
		c.Clause.String(),
		c.flagBits(),
		n.Records,
		n.Bytes,
		n.Recipients,
	}
}

// insertPlain asks the server first what it has. Nobody else loads this segment but an
// insert of a gateway that was killed meanwhile, which the server may still be at: that has
// to have ended. Its data came after the server had begun with it, so that it is seen.
func (c *ClickHouse) insertPlain(ctx context.Context, s Segment, day int64, b *dayColumns) error {
	into := func(table string, send func(context.Context, *dayColumns) error) error {
		id := "sluis/" + table + "/" + s.Name + "/" + strconv.FormatInt(day, 10)
		if err := c.ended(ctx, id); err != nil {
			return err
		}
		there, err := c.has(ctx, table, s, day)
		if err == nil && !there {
			err = send(clickhouse.Context(ctx, clickhouse.WithQueryID(id)), b)
		}
		return err
	}
	hours := make(chan error, 1)
	go func() {
		hours <- into("hours", func(ctx context.Context, b *dayColumns) error { return c.sendHours(ctx, s, day, b) })
	}()
	err := into("traffic", c.send)
	return errors.Join(err, <-hours)
}

// ended waits until the server is not at a query any more.
func (c *ClickHouse) ended(ctx context.Context, id string) error {
	for {
		var n uint64
		if err := c.conn.QueryRow(ctx, "SELECT count() FROM system.processes WHERE query_id = "+
			"'"+id+"'").Scan(&n); err != nil ||
			n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *ClickHouse) has(ctx context.Context, table string, s Segment, day int64) (bool, error) {
	var n uint64
	err := c.conn.QueryRow(ctx, "SELECT count() FROM "+table+" WHERE seg = "+strconv.FormatInt(s.number(),
		10)+" AND day = toDate("+strconv.FormatInt(day/86400, 10)+")").
		Scan(&n)
	return n > 0, err
}

// send inserts records as one block.
func (c *ClickHouse) send(ctx context.Context, b *dayColumns) error {
	if len(b.seg) == 0 {
		return nil
	}
	batch, err := c.conn.PrepareBatch(ctx, "INSERT INTO traffic ("+list(columns)+")")
	if err != nil {
		return err
	}
	defer batch.Close()
	if err := b.appendTo(batch); err != nil {
		return err
	}
	return batch.Send()
}

// sendHours inserts the roll-up of a segment's day.
func (c *ClickHouse) sendHours(ctx context.Context, s Segment, day int64, b *dayColumns) error {
	batch, err := c.conn.PrepareBatch(
		ctx,
		"INSERT INTO hours (seg, day, hour, "+cellColumns+", records, bytes, recipients)",
	)
	if err != nil {
		return err
	}
	defer batch.Close()
	for at, n := range b.hours {
		if err := batch.Append(append([]any{s.number(), time.Unix(day, 0).UTC()}, at.row(n)...)...); err != nil {
			return err
		}
	}
	return batch.Send()
}

func list(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// flagBits returns the truth values as bits.
func (r *Record) flagBits() (bits uint16) {
	for i, f := range r.flags() {
		if *f {
			bits |= 1 << i
		}
	}
	return bits
}

func (c Cell) flagBits() uint16 {
	r := Record{Confidential: c.Confidential, Eligible: c.Eligible, Drawn: c.Drawn}
	return r.flagBits()
}

// setFlags is the inverse of flagBits.
func (r *Record) setFlags(bits uint16) {
	for i, f := range r.flags() {
		*f = bits&(1<<i) != 0
	}
}

// record reads a row of columns, and which segment it came in.
func record(rows driver.Rows) (r Record, seg int64, err error) {
	var n uint32
	var date time.Time
	var at, duration int64
	var id, pseudonym, group, peer, clause, rule string
	var kind, direction, action, purposes, purpose, category uint8
	var flags uint16
	if err := rows.Scan(&seg, &n, &date, &at, &id, &pseudonym, &kind, &direction, &group, &peer, &action, &purposes,
		&purpose, &category, &clause, &rule,
		&flags, &r.Recipients, &r.Refused, &r.Parts, &r.Repaired, &r.Reply, &r.Bytes, &duration); err != nil {
		return r, seg, err
	}
	if len(id) != len(r.ID) || len(pseudonym) != len(r.pseudonym) {
		return r, seg, errEncoding
	}
	r.Time, r.Duration, r.ID, r.pseudonym = time.UnixMilli(at).
		UTC(),
		time.Duration(
			duration,
		), filter.ID(
			[]byte(id),
		), Pseudonym(
			[]byte(pseudonym),
		)
	r.setEnums(kind, direction, action, purposes, purpose, category)
	r.setFlags(flags)
	if r.Group, err = roster.ParseGroup(group); err != nil {
		return r, seg, err
	}
	if r.Peer, err = parseDomain(peer); err != nil {
		return r, seg, err
	}
	return r, seg, errors.Join(r.Clause.UnmarshalText([]byte(clause)), r.Rule.UnmarshalText([]byte(rule)))
}
