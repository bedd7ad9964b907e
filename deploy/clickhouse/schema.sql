-- Tables of Sluis's journal. Made by: sluis journal schema

CREATE TABLE IF NOT EXISTS traffic (
	seg Int64 CODEC(Delta, ZSTD(1)), n UInt32 CODEC(Delta, ZSTD(1)),
	day Date, time Int64 CODEC(Delta, ZSTD(1)),
	id FixedString(16) CODEC(NONE), pseudonym FixedString(16) CODEC(ZSTD(1)),
	kind UInt8, direction UInt8, grp LowCardinality(String), peer LowCardinality(String),
	action UInt8, purposes UInt8, purpose UInt8, category UInt8, clause LowCardinality(String), rule LowCardinality(String),
	flags UInt16, recipients UInt16 CODEC(T64, ZSTD(1)), refused UInt16 CODEC(T64, ZSTD(1)), parts UInt16 CODEC(T64, ZSTD(1)),
	repaired UInt32 CODEC(T64, ZSTD(1)), reply UInt16 CODEC(T64, ZSTD(1)), bytes Int64 CODEC(T64, ZSTD(1)), duration Int64 CODEC(ZSTD(1))
) ENGINE = MergeTree()
PARTITION BY day ORDER BY (kind, grp, time)
TTL day + INTERVAL 183 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS hours (hour Int64 CODEC(Delta, ZSTD(1)), kind UInt8, direction UInt8, grp LowCardinality(String), action UInt8, purpose UInt8, category UInt8, clause LowCardinality(String), flags UInt16, records Int64, bytes Int64, recipients Int64)
ENGINE = SummingMergeTree() PARTITION BY toYYYYMM(toDateTime(hour, 'UTC')) ORDER BY (hour, kind, direction, grp, action, purpose, category, clause, flags)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS roll_up TO hours AS
SELECT intDiv(time, 3600000) * 3600 AS hour, kind, direction, grp, action, purpose, category, clause, bitAnd(flags, 7) AS flags,
	toInt64(count()) AS records, sum(bytes) AS bytes, toInt64(sum(recipients)) AS recipients
FROM traffic GROUP BY hour, kind, direction, grp, action, purpose, category, clause, flags;

CREATE TABLE IF NOT EXISTS schema_version (version UInt32) ENGINE = MergeTree() ORDER BY version;

DROP TABLE IF EXISTS board_hours;

CREATE ROLE IF NOT EXISTS sluis_gateway;

GRANT INSERT ON traffic TO sluis_gateway;

GRANT INSERT ON hours TO sluis_gateway;

GRANT SELECT ON schema_version TO sluis_gateway;

CREATE ROLE IF NOT EXISTS sluis_office;

GRANT SELECT ON traffic TO sluis_office;

GRANT SELECT ON hours TO sluis_office;

GRANT ALTER DELETE ON traffic TO sluis_office;

DROP ROLE IF EXISTS sluis_board;

CREATE ROLE IF NOT EXISTS sluis_technician;

GRANT SELECT ON system.parts TO sluis_technician;

INSERT INTO schema_version (version) VALUES (2);
