package testenv

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
)

// WebProxy is a running HTTP proxy of others.
type WebProxy struct {
	dir  string
	port int
	proc *process
}

// StartSquid starts one without cache, filter and log.
func StartSquid(ctx context.Context, dir string) (*WebProxy, error) {
	return startWebProxy(ctx, dir, "squid", func(p *WebProxy) ([]string, error) {
		if os.Geteuid() == 0 { // it does not run as root
			owner, err := user.Lookup("proxy")
			if err != nil {
				return nil, err
			}
			if err := give(dir, owner); err != nil {
				return nil, err
			}
		}
		conf := filepath.Join(dir, "squid.conf")
		return []string{
				"-N",
				"-n",
				fmt.Sprintf("sluis%d", p.port),
				"-f",
				conf,
			}, os.WriteFile(
				conf,
				fmt.Appendf(nil, `http_port %s
http_access allow all
cache deny all
cache_mem 0
memory_cache_shared off
access_log none
cache_store_log none
cache_log /dev/null
pid_filename none
coredump_dir %s
shutdown_lifetime 0 seconds
max_filedescriptors 16384
pinger_enable off
`, loopback(p.port), dir),
				0o644,
			)
	})
}

// StartE2guardian starts one with the phrase lists that it comes with.
func StartE2guardian(ctx context.Context, dir string) (*WebProxy, error) {
	return startWebProxy(ctx, dir, "e2guardian", func(p *WebProxy) ([]string, error) {
		text, err := os.ReadFile("/etc/e2guardian/e2guardian.conf")
		if err != nil {
			return nil, err
		}
		set := map[string]string{
			"filterip": "127.0.0.1", "filterports": fmt.Sprint(p.port), "pidfilename": "'" + dir + "/pid'", "nologger": "on",
			"loglocation": "'" + dir + "/access.log'", "logconnectionhandlingerrors": "off",
			"nodaemon": "on", "httpworkers": "500",
			"daemonuser": "'root'", "daemongroup": "'root'", "filecachedir": "'" + dir + "'", "maxcontentfiltersize": "2048",
			"transparenthttpsport": "0", "proxytimeout": "30", "connecttimeout": "10",
		}
		for key, value := range set {
			line := regexp.MustCompile(`(?m)^` + key + `\s*=.*$`)
			if line.Match(text) {
				text = line.ReplaceAllLiteral(text, []byte(key+" = "+value))
				continue
			}
			text = fmt.Appendf(text, "%s = %s\n", key, value)
		}
		group, err := os.ReadFile("/etc/e2guardian/e2guardianf1.conf") // looked for beside it
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, "e2guardianf1.conf"), group, 0o644); err != nil {
			return nil, err
		}
		conf := filepath.Join(dir, "e2guardian.conf")
		return []string{"-N", "-c", conf}, os.WriteFile(conf, text, 0o644)
	})
}

func startWebProxy(
	ctx context.Context,
	dir, program string,
	configure func(*WebProxy) ([]string, error),
) (*WebProxy, error) {
	p := &WebProxy{dir: dir}
	var err error
	if p.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	args, err := configure(p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	if p.proc, err = start(filepath.Join(dir, "log"), nil, program, args...); err != nil {
		return nil, err
	}
	if err := p.proc.ready(ctx, "tcp", p.Addr()); err != nil {
		p.Stop()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("%s: %w\n%s", program, err, log)
	}
	return p, nil
}

// Addr returns where it listens.
func (p *WebProxy) Addr() string { return loopback(p.port) }

// Stop ends it.
func (p *WebProxy) Stop() { p.proc.stop() }

// PID returns the process id.
func (p *WebProxy) PID() int { return p.proc.PID() }
