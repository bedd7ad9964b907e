package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// eicar is a signature database that knows the EICAR test file, by its MD5 sum, and
// nothing else.
const eicar = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n"

// Clamd is a running ClamAV daemon that knows the EICAR test file.
type Clamd struct {
	dir  string
	proc *process
}

// StartClamd starts one under dir. It takes content of at most 1 MB.
func StartClamd(ctx context.Context, dir string) (*Clamd, error) {
	c := &Clamd{dir: dir}
	for name, text := range map[string]string{
		"db/eicar.hdb": eicar,
		"clamd.conf": fmt.Sprintf("Foreground yes\nUser root\nDatabaseDirectory %s\nLocalSocket "+
			"%s\nTemporaryDirectory %s\nStreamMaxLength 1M\nMaxThreads 2\n",
			filepath.Join(dir, "db"), c.Socket(), dir),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return nil, fmt.Errorf("clamd: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return nil, fmt.Errorf("clamd: %w", err)
		}
	}
	var err error
	if c.proc, err = start(filepath.Join(dir, "log"), nil, "clamd",
		"--config-file="+filepath.Join(dir, "clamd.conf")); err != nil {
		return nil, err
	}
	if err := c.proc.ready(ctx, "unix", c.Socket()); err != nil {
		c.Stop()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("clamd: %w\n%s", err, log)
	}
	return c, nil
}

// Socket returns where it listens.
func (c *Clamd) Socket() string { return filepath.Join(c.dir, "clamd.ctl") }

// Stop ends it.
func (c *Clamd) Stop() { c.proc.stop() }
