-- Tables of Sluis's journal. Made by: sluis journal schema

CREATE TABLE IF NOT EXISTS traffic_local ON CLUSTER 'school' (
	seg Int64 CODEC(Delta, ZSTD(1)), n UInt32 CODEC(Delta, ZSTD(1)),
	day Date, time Int64 CODEC(Delta, ZSTD(1)),
	id FixedString(16) CODEC(NONE), pseudonym FixedString(16) CODEC(ZSTD(1)),
	kind UInt8, direction UInt8, grp LowCardinality(String), peer LowCardinality(String),
	action UInt8, purposes UInt8, purpose UInt8, category UInt8, clause LowCardinality(String), rule LowCardinality(String),
	flags UInt16, recipients UInt16 CODEC(T64, ZSTD(1)), refused UInt16 CODEC(T64, ZSTD(1)), parts UInt16 CODEC(T64, ZSTD(1)),
	repaired UInt32 CODEC(T64, ZSTD(1)), reply UInt16 CODEC(T64, ZSTD(1)), bytes Int64 CODEC(T64, ZSTD(1)), duration Int64 CODEC(ZSTD(1))
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')
PARTITION BY day ORDER BY (kind, grp, time)
TTL day + INTERVAL 183 DAY DELETE
SETTINGS ttl_only_drop_parts = 1, replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS hours_local ON CLUSTER 'school' (hour Int64 CODEC(Delta, ZSTD(1)), kind UInt8, direction UInt8, grp LowCardinality(String), action UInt8, purpose UInt8, category UInt8, clause LowCardinality(String), flags UInt16, records Int64, bytes Int64, recipients Int64)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') PARTITION BY toYYYYMM(toDateTime(hour, 'UTC')) ORDER BY (hour, kind, direction, grp, action, purpose, category, clause, flags)
SETTINGS replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS roll_up ON CLUSTER 'school' TO hours_local AS
SELECT intDiv(time, 3600000) * 3600 AS hour, kind, direction, grp, action, purpose, category, clause, bitAnd(flags, 7) AS flags,
	toInt64(count()) AS records, sum(bytes) AS bytes, toInt64(sum(recipients)) AS recipients
FROM traffic_local GROUP BY hour, kind, direction, grp, action, purpose, category, clause, flags;

CREATE TABLE IF NOT EXISTS traffic ON CLUSTER 'school' AS traffic_local ENGINE = Distributed('school', currentDatabase(), 'traffic_local', seg);

CREATE TABLE IF NOT EXISTS hours ON CLUSTER 'school' AS hours_local ENGINE = Distributed('school', currentDatabase(), 'hours_local', rand());

CREATE TABLE IF NOT EXISTS schema_version ON CLUSTER 'school' (version UInt32) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}') ORDER BY version;

DROP TABLE IF EXISTS board_hours ON CLUSTER 'school';

CREATE ROLE IF NOT EXISTS sluis_gateway ON CLUSTER 'school';

GRANT ON CLUSTER 'school' INSERT ON traffic TO sluis_gateway;

GRANT ON CLUSTER 'school' INSERT ON hours TO sluis_gateway;

GRANT ON CLUSTER 'school' SELECT ON schema_version TO sluis_gateway;

CREATE ROLE IF NOT EXISTS sluis_office ON CLUSTER 'school';

GRANT ON CLUSTER 'school' SELECT ON traffic TO sluis_office;

GRANT ON CLUSTER 'school' SELECT ON hours TO sluis_office;

GRANT ON CLUSTER 'school' ALTER DELETE ON traffic_local TO sluis_office;

DROP ROLE IF EXISTS sluis_board ON CLUSTER 'school';

CREATE ROLE IF NOT EXISTS sluis_technician ON CLUSTER 'school';

GRANT ON CLUSTER 'school' SELECT ON system.parts TO sluis_technician;

INSERT INTO schema_version (version) VALUES (2);
