package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// ClickHouse is a running server (clickhouse-server) that speaks its native protocol.
type ClickHouse struct {
	dir  string
	port int
	proc *process
}

// StartClickHouse starts a server with its data in dir.
func StartClickHouse(ctx context.Context, dir string) (*ClickHouse, error) {
	c := &ClickHouse{dir: dir}
	var err error
	if c.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("clickhouse-server: %w", err)
	}
	config := fmt.Sprintf(`<?xml version="1.0"?>
<yandex>
	<logger><level>warning</level><console>1</console></logger>
	<listen_host>127.0.0.1</listen_host><tcp_port>%d</tcp_port><interserver_http_host>127.0.0.1</interserver_http_host>
	<path>%s/data/</path><tmp_path>%[2]s/tmp/</tmp_path>
	<user_files_path>%[2]s/files/</user_files_path><format_schema_path>%[2]s/schemas/</format_schema_path>
	<users_config>users.xml</users_config>
	<default_profile>default</default_profile><default_database>default</default_database>
	<mark_cache_size>67108864</mark_cache_size><timezone>UTC</timezone>
</yandex>
`, c.port, dir)
	users := `<?xml version="1.0"?>
<yandex>
	<profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
	<quotas><default/></quotas>
	<users><default>
		<password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
	</default></users>
</yandex>
`
	for name, text := range map[string]string{"config.xml": config, "users.xml": users} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("clickhouse-server: %w", err)
		}
	}
	return c, c.Start(ctx)
}

// Addr returns where it listens.
func (c *ClickHouse) Addr() string { return loopback(c.port) }

// PID returns its process id.
func (c *ClickHouse) PID() int { return c.proc.PID() }

// Start starts it, again perhaps, with what it has.
func (c *ClickHouse) Start(ctx context.Context) (err error) {
	log := filepath.Join(c.dir, "log")
	if c.proc, err = start(log, nil, "clickhouse-server", "--config-file",
		filepath.Join(c.dir, "config.xml")); err != nil {
		return err
	}
	if err := c.proc.ready(ctx, "tcp", c.Addr()); err != nil {
		c.Kill()
		text, _ := os.ReadFile(log)
		return fmt.Errorf("clickhouse-server: %w\n%.2000s", err, text)
	}
	return nil
}

// Kill ends it at once, as a power cut would.
func (c *ClickHouse) Kill() { c.proc.kill() }

// Stop ends it.
func (c *ClickHouse) Stop() { c.proc.stop() }
