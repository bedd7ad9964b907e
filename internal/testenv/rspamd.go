package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Rspamd is a running instance that Postfix can use as a milter.
type Rspamd struct {
	dir  string
	port int
	proc *process
}

// networked are the modules that would ask the network, or a Redis that is not there.
var networked = []string{
	"arc", "asn", "bimi", "dcc", "dkim", "dkim_signing", "dmarc", "fuzzy_check", "greylist", "history_redis",
	"mx_check", "neural", "p0f", "ratelimit", "rbl", "replies", "reputation", "rspamd_update", "spf", "surbl",
	"url_redirector", "whitelist",
}

// StartRspamd starts one under dir with the rules it comes with, but for those that ask
// the network. Milter is where it listens.
func StartRspamd(ctx context.Context, dir string) (*Rspamd, error) {
	r := &Rspamd{dir: dir}
	var err error
	if r.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("rspamd: %w", err)
	}
	if err := r.configure(); err != nil {
		return nil, fmt.Errorf("rspamd: %w", err)
	}
	args := []string{"--no-fork", "--config", "/etc/rspamd/rspamd.conf", "--insecure"}
	for _, v := range []string{"LOCAL_CONFDIR=etc", "DBDIR=db", "RUNDIR=run", "LOGDIR=log"} {
		k, sub, _ := strings.Cut(v, "=")
		args = append(args, "--var="+k+"="+filepath.Join(dir, sub))
	}
	if r.proc, err = start(filepath.Join(dir, "log/start"), nil, "rspamd", args...); err != nil {
		return nil, err
	}
	if err := r.proc.ready(ctx, "tcp", loopback(r.port)); err != nil {
		r.Stop()
		return nil, fmt.Errorf("%w\n%s", err, r.Log())
	}
	return r, nil
}

func (r *Rspamd) configure() error {
	for _, d := range []string{"etc/local.d", "db", "run", "log"} {
		if err := os.MkdirAll(filepath.Join(r.dir, d), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"worker-normal.inc":     "enabled = false;\n",
		"worker-controller.inc": "enabled = false;\n",
		"worker-proxy.inc": fmt.Sprintf("bind_socket = %q;\nmilter = yes;\ncount = 2;\ntimeout = 120s;\n"+
			"upstream \"local\" { default = yes; self_scan = yes; }\n", loopback(r.port)),
		"options.inc": "dns { nameserver = [\"127.0.0.1:1\"]; timeout = 0.01s; retransmits = 1; }\n",
		"logging.inc": "level = \"warning\";\n",
	}
	for _, m := range networked {
		files[m+".conf"] = "enabled = false;\n"
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(r.dir, "etc/local.d", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Milter returns its address as Postfix's smtpd_milters wants it.
func (r *Rspamd) Milter() string { return "inet:" + loopback(r.port) }

// PID returns the process id of its main process.
func (r *Rspamd) PID() int { return r.proc.PID() }

// Log returns what it has logged.
func (r *Rspamd) Log() string {
	var all strings.Builder
	for _, name := range []string{"log/start", "log/rspamd.log"} {
		b, _ := os.ReadFile(filepath.Join(r.dir, name))
		all.Write(b)
	}
	return all.String()
}

// Stop ends it with all its processes.
func (r *Rspamd) Stop() { r.proc.stop() }
