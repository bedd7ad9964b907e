package testenv

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Nginx is a running web server.
type Nginx struct {
	dir  string
	port int
	proc *process
}

// StartNginx serves the files under dir/www over HTTP with one worker. With a certificate
// and its key it serves them over TLS instead, HTTP/2 as well.
func StartNginx(ctx context.Context, dir, certificate, key string) (*Nginx, error) {
	n := &Nginx{dir: dir}
	var err error
	if n.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	for _, d := range []string{n.Root(), filepath.Join(dir, "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, fmt.Errorf("nginx: %w", err)
		}
	}
	listen := fmt.Sprintf("listen %s backlog=4096;", loopback(n.port))
	if certificate != "" {
		listen = fmt.Sprintf(
			"listen %s ssl http2 backlog=4096; ssl_certificate %s; ssl_certificate_key %s;",
			loopback(n.port),
			certificate,
			key,
		)
	}
	conf := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr error; user root;
events { worker_connections 8192; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type application/octet-stream;
	types { text/html html; text/plain txt; application/zip zip; }
	client_body_temp_path %[1]s/tmp; proxy_temp_path %[1]s/tmp; fastcgi_temp_path %[1]s/tmp;
	uwsgi_temp_path %[1]s/tmp; scgi_temp_path %[1]s/tmp;
	client_max_body_size 0;
	server { %[2]s root %[3]s; charset utf-8; }
}
`, dir, listen, n.Root())
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o644); err != nil {
		return nil, fmt.Errorf("nginx: %w", err)
	}
	if n.proc, err = start(filepath.Join(dir, "log"), nil, "nginx", "-p", dir, "-e", filepath.Join(dir, "errors"),
		"-c", path); err != nil {
		return nil, err
	}
	if err := n.proc.ready(ctx, "tcp", n.Addr()); err != nil {
		n.Stop()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("nginx: %w\n%s", err, log)
	}
	return n, nil
}

// Addr returns where it listens.
func (n *Nginx) Addr() string { return loopback(n.port) }

// Root returns the directory of the files that it serves.
func (n *Nginx) Root() string { return filepath.Join(n.dir, "www") }

// Stop ends it.
func (n *Nginx) Stop() { n.proc.stop() }
