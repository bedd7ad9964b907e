package journal

import (
	"fmt"
	"strings"
)

// Dialect is what a ClickHouse server understands.
type Dialect struct {
	Cluster string // name of a cluster; empty: one server
	// a server from before version 22: neither deduplication by token, nor codecs, nor a TTL that drops parts
	Plain bool
	Days  int // retention of records, in days
}

// schemaVersion counts the migrations.
const schemaVersion = 2

// Schema returns the statements that make the tables, the roll-up and, on a server that
// has them, the roles. Each can be run again.
func Schema(d Dialect) []string {
	if d.Days <= 0 {
		d.Days = 183
	}
	s := []string{d.traffic(), d.hours()}
	if !d.Plain {
		s = append(s, d.rollUp())
	}
	if d.Cluster != "" {
		s = append(s, d.distributed("traffic", "seg"), d.distributed("hours", "rand()"))
	}
	s = append(
		s,
		"CREATE TABLE IF NOT EXISTS schema_version"+d.on()+" (version UInt32) ENGINE = "+d.engine(
			"MergeTree",
		)+" ORDER BY version",
	)
	// Version 1 had a view with the exact counts of each hour for the board: whoever takes the difference of two
	// of them sees one person. The board has the frozen totals.
	s = append(s, "DROP TABLE IF EXISTS board_hours"+d.on())
	if !d.Plain {
		s = append(s, d.roles()...)
	}
	return s
}

// on names the cluster that a statement is for.
func (d Dialect) on() string {
	if d.Cluster == "" {
		return ""
	}
	return " ON CLUSTER '" + d.Cluster + "'"
}

// engine returns the engine, replicated in a cluster.
func (d Dialect) engine(name string) string {
	if d.Cluster == "" {
		return name + "()"
	}
	return "Replicated" + name + "('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')"
}

// local returns the name of the table that a shard has of its own.
func (d Dialect) local(name string) string {
	if d.Cluster == "" {
		return name
	}
	return name + "_local"
}

// word is the type of texts of a closed vocabulary.
func (d Dialect) word() string {
	if d.Plain {
		return "String"
	}
	return "LowCardinality(String)"
}

// codec returns a column's compression.
func (d Dialect) codec(c string) string {
	if d.Plain {
		return ""
	}
	return " CODEC(" + c + ")"
}

// columns are those of a record, in the order in which they are inserted.
var columns = []string{
	"seg",
	"n",
	"day",
	"time",
	"id",
	"pseudonym",
	"kind",
	"direction",
	"grp",
	"peer",
	"action",
	"purposes",
	"purpose",
	"category",
	"clause",
	"rule",
	"flags",
	"recipients",
	"refused",
	"parts",
	"repaired",
	"reply",
	"bytes",
	"duration",
}

// cellColumns are those that a Cell is counted under.
const cellColumns = "kind, direction, grp, action, purpose, category, clause, flags"

// cellFlags are the truth values of a record that are in its Cell.
const cellFlags = 1<<0 | 1<<1 | 1<<2

func (d Dialect) traffic() string {
	ttl := fmt.Sprintf(
		"\nTTL day + INTERVAL %d DAY DELETE\nSETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window "+
			"= 10000",
		d.Days,
	)
	if d.Cluster != "" {
		ttl = strings.Replace(ttl, "non_replicated_deduplication_window", "replicated_deduplication_window", 1)
	}
	if d.Plain {
		ttl = ""
	}
	number := d.codec("T64, ZSTD(1)")
	return "CREATE TABLE IF NOT EXISTS " + d.local("traffic") + d.on() + ` (
	seg Int64` + d.codec("Delta, ZSTD(1)") + `, n UInt32` + d.codec("Delta, ZSTD(1)") + `,
	day Date, time Int64` + d.codec("Delta, ZSTD(1)") + `,
	id FixedString(16)` + d.codec("NONE") + `, pseudonym FixedString(16)` + d.codec("ZSTD(1)") + `,
	kind UInt8, direction UInt8, grp ` + d.word() + `, peer ` + d.word() + `,
	action UInt8, purposes UInt8, purpose UInt8, category UInt8, clause ` + d.word() + `, rule ` + d.word() + `,
	flags UInt16, recipients UInt16` + number + `, refused UInt16` + number + `, parts UInt16` + number + `,
	repaired UInt32` + number + `, reply UInt16` + number + `, bytes Int64` + number + `, duration Int64` + d.codec("ZSTD(1)") + `
) ENGINE = ` + d.engine("MergeTree") + `
PARTITION BY day ORDER BY (kind, grp, time)` + ttl
}

// hours holds sums and counts only: no state of a function that would keep hashed ids. On
// a plain server the gateway writes it itself, with the segment, so that it can see what
// is there already.
func (d Dialect) hours() string {
	if d.Plain {
		return "CREATE TABLE IF NOT EXISTS hours (seg Int64, day Date, hour Int64, kind UInt8, direction UInt8, " +
			"grp String, action UInt8, purpose UInt8, category UInt8, clause String, flags UInt16, records Int64, " +
			"bytes Int64, recipients Int64)\n" +
			"ENGINE = MergeTree() PARTITION BY toYYYYMM(day) ORDER BY (hour, kind, direction, grp)"
	}
	window := "non_replicated_deduplication_window"
	if d.Cluster != "" {
		window = "replicated_deduplication_window"
	}
	return "CREATE TABLE IF NOT EXISTS " + d.local(
		"hours",
	) + d.on() + " (hour Int64 CODEC(Delta, ZSTD(1)), kind UInt8, direction UInt8, grp LowCardinality(String), " +
		"action UInt8, purpose UInt8, category UInt8, clause LowCardinality(String), flags UInt16, records Int64, " +
		"bytes Int64, recipients Int64)\n" +
		"ENGINE = " + d.engine(
		"SummingMergeTree",
	) + " PARTITION BY toYYYYMM(toDateTime(hour, 'UTC')) ORDER BY (hour, " + cellColumns + ")\nSETTINGS " + window +
		" = 10000"
}

func (d Dialect) rollUp() string {
	return "CREATE MATERIALIZED VIEW IF NOT EXISTS roll_up" + d.on() + " TO " + d.local("hours") + " AS\n" +
		"SELECT intDiv(time, 3600000) * 3600 AS hour, kind, direction, grp, action, purpose, category, clause, " +
		"bitAnd(flags, " + fmt.Sprint(cellFlags) + ") AS flags,\n" +
		"	toInt64(count()) AS records, sum(bytes) AS bytes, toInt64(sum(recipients)) AS recipients\n" +
		"FROM " + d.local("traffic") + " GROUP BY hour, " + cellColumns
}

func (d Dialect) distributed(name, key string) string {
	return "CREATE TABLE IF NOT EXISTS " + name + d.on() + " AS " + name + "_local ENGINE = Distributed('" +
		d.Cluster + "', currentDatabase(), '" + name + "_local', " + key + ")"
}

func (d Dialect) roles() []string {
	on := d.on()
	return []string{
		"CREATE ROLE IF NOT EXISTS sluis_gateway" + on,
		"GRANT" + on + " INSERT ON traffic TO sluis_gateway",
		"GRANT" + on + " INSERT ON hours TO sluis_gateway", // confidential traffic, which has no records
		"GRANT" + on + " SELECT ON schema_version TO sluis_gateway",
		// the commands and the console: totals, retention, orders, insight
		"CREATE ROLE IF NOT EXISTS sluis_office" + on,
		"GRANT" + on + " SELECT ON traffic TO sluis_office",
		"GRANT" + on + " SELECT ON hours TO sluis_office",
		"GRANT" + on + " ALTER DELETE ON " + d.local("traffic") + " TO sluis_office",
		"DROP ROLE IF EXISTS sluis_board" + on,            // of version 1
		"CREATE ROLE IF NOT EXISTS sluis_technician" + on, // keeps the server running, and sees sizes alone
		"GRANT" + on + " SELECT ON system.parts TO sluis_technician",
	}
}

// SchemaText returns the schema as a script for clickhouse-client.
func SchemaText(d Dialect) string {
	text := "-- Tables of Sluis's journal. Made by: sluis journal schema\n\n"
	for _, s := range Schema(d) {
		text += s + ";\n\n"
	}
	return text + fmt.Sprintf("INSERT INTO schema_version (version) VALUES (%d);\n", schemaVersion)
}
