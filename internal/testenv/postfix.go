package testenv

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// PostfixOptions say what a Postfix is for. With Relayhost it passes all mail on, as the
// one in front of Sluis does; with Domains it delivers theirs to a Maildir, as the one
// behind does. It may do both.
type PostfixOptions struct {
	Hostname  string            // default mail.example
	Relayhost string            // host:port; the next hop of all that is not for Domains
	Domains   []string          // delivered to Maildir
	TLS       bool              // offer STARTTLS with a certificate for 127.0.0.1, which CA trusts
	Main      map[string]string // further parameters of main.cf, such as smtpd_milters or smtpd_proxy_filter
	Master    []string          // further lines of master.cf
}

// Postfix is a running instance. It offers what its version does: CHUNKING, DSN, SMTPUTF8.
type Postfix struct {
	dir   string
	port  int
	proc  *process
	roots *x509.CertPool
}

// StartPostfix starts an instance under dir, which postfix's user must be able to reach:
// where that fails for the directories above, they are made searchable. Needs root.
func StartPostfix(ctx context.Context, dir string, o PostfixOptions) (*Postfix, error) {
	p, err := startPostfix(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("postfix: %w", err)
	}
	return p, nil
}

func startPostfix(ctx context.Context, dir string, o PostfixOptions) (*Postfix, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	owner, err := user.Lookup("postfix")
	if err != nil {
		return nil, err
	}
	p := &Postfix{dir: dir}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	if err := p.directories(owner); err != nil {
		return nil, err
	}
	if o.TLS {
		if p.roots, err = selfSigned(p.path("etc/tls.pem")); err != nil {
			return nil, err
		}
	}
	if err := p.configure(o, owner); err != nil {
		return nil, err
	}
	check := exec.CommandContext(ctx, find("postfix"), "-c", p.path("etc"), "check") // makes the queue's directories
	if out, err := check.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("check: %w: %s", err, out)
	}
	daemons, err := exec.CommandContext(ctx, find("postconf"), "-dh", "daemon_directory").Output()
	if err != nil {
		return nil, fmt.Errorf("daemon directory: %w", err)
	}
	// The master itself, not "postfix start-fg": that has a shell between us and the
	// process that has to be ended.
	master := filepath.Join(strings.TrimSpace(string(daemons)), "master")
	if p.proc, err = start(p.path("log/start"), []string{"MAIL_CONFIG=" + p.path("etc")}, master, "-c",
		p.path("etc"), "-d"); err != nil {
		return nil, err
	}
	if err := p.proc.ready(ctx, "tcp", p.Addr()); err != nil {
		p.Stop()
		return nil, fmt.Errorf("%w\n%s", err, p.Log())
	}
	return p, nil
}

func (p *Postfix) path(rel string) string { return filepath.Join(p.dir, rel) }

// directories makes what Postfix wants to find, owned as it wants it.
func (p *Postfix) directories(owner *user.User) error {
	for _, d := range []string{"etc", "log", "queue"} {
		if err := os.MkdirAll(p.path(d), 0o755); err != nil {
			return err
		}
	}
	return errors.Join(give(p.path("data"), owner), give(p.path("mail"), owner))
}

// give makes a directory that belongs to owner, who can also reach it: test directories
// are their maker's alone.
func give(dir string, owner *user.User) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	uid, _ := strconv.Atoi(owner.Uid)
	gid, _ := strconv.Atoi(owner.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		return err
	}
	for d := dir; d != "/"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		if mode := info.Mode(); mode&0o001 == 0 {
			if err := os.Chmod(d, mode.Perm()|mode&os.ModeSticky|0o011); err != nil {
				return err
			}
		}
	}
	return nil
}

// services is a master.cf without chroot and pipes.
const services = `%s inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
`

func (p *Postfix) configure(o PostfixOptions, owner *user.User) error {
	main := map[string]string{
		"compatibility_level": "3.6",
		"config_directory":    p.path("etc"), "queue_directory": p.path("queue"), "data_directory": p.path("data"),
		"maillog_file": p.path("log/mail.log"), "maillog_file_prefixes": p.path("log"),
		"myhostname": "mail.example", "mydestination": "", "mynetworks": "127.0.0.0/8",
		"inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
		"alias_maps": "", "local_recipient_maps": "", "local_transport": "error:no local delivery",
		"smtpd_relay_restrictions": "permit_mynetworks,reject", "smtpd_peername_lookup": "no",
		"smtp_host_lookup": "native", "smtp_dns_support_level": "disabled",
		"smtpd_client_connection_count_limit": "0", "biff": "no", "message_size_limit": "104857600",
		// A test cannot wait for the usual five minutes until the next try.
		"queue_run_delay": "1s", "minimal_backoff_time": "1s", "maximal_backoff_time": "2s",
	}
	if o.Hostname != "" {
		main["myhostname"] = o.Hostname
	}
	if o.Relayhost != "" {
		host, port, err := net.SplitHostPort(o.Relayhost)
		if err != nil {
			return err
		}
		main["relayhost"] = "[" + host + "]:" + port
	} else {
		main["default_transport"] = "error:no such domain"
	}
	if len(o.Domains) > 0 {
		main["virtual_mailbox_domains"] = strings.Join(o.Domains, " ")
		main["virtual_mailbox_base"], main["virtual_mailbox_maps"] = p.path("mail"), "static:all/"
		main["virtual_mailbox_limit"] = "0"
		main["virtual_uid_maps"], main["virtual_gid_maps"] = "static:"+owner.Uid, "static:"+owner.Gid
		main["virtual_minimum_uid"] = "1"
	}
	if o.TLS {
		main["smtpd_tls_chain_files"], main["smtpd_tls_security_level"] = p.path("etc/tls.pem"), "may"
		main["smtpd_tls_loglevel"], main["smtp_tls_security_level"] = "1", "may"
		main["smtpd_tls_received_header"] = "yes"
	}
	maps.Copy(main, o.Main)
	var cf strings.Builder
	for _, k := range slices.Sorted(maps.Keys(main)) {
		fmt.Fprintf(&cf, "%s = %s\n", k, main[k])
	}
	master := fmt.Sprintf(services, p.Addr()) + strings.Join(append(o.Master, ""), "\n")
	return errors.Join(
		os.WriteFile(p.path("etc/main.cf"), []byte(cf.String()), 0o644),
		os.WriteFile(p.path("etc/master.cf"), []byte(master), 0o644),
	)
}

// Addr returns where it listens.
func (p *Postfix) Addr() string { return loopback(p.port) }

// PID returns the process id of its master.
func (p *Postfix) PID() int { return p.proc.PID() }

// CA trusts its certificate; nil without TLS.
func (p *Postfix) CA() *x509.CertPool { return p.roots }

// CertificateFile holds its certificate in PEM, for a client that is to trust it.
func (p *Postfix) CertificateFile() string { return p.path("etc/tls.pem") }

// Maildir returns the directory with a file for each message that was delivered.
func (p *Postfix) Maildir() string { return p.path("mail/all/new") }

// Delivered returns the messages in the Maildir, in no particular order, with the fields
// that Postfix prepended.
func (p *Postfix) Delivered() ([][]byte, error) {
	files, err := os.ReadDir(p.Maildir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var ms [][]byte
	for _, f := range files {
		m, err := os.ReadFile(filepath.Join(p.Maildir(), f.Name()))
		if err != nil {
			return nil, err
		}
		ms = append(ms, m)
	}
	return ms, err
}

// Log returns what it has logged.
func (p *Postfix) Log() string {
	var all strings.Builder
	for _, name := range []string{"log/start", "log/mail.log"} {
		b, _ := os.ReadFile(p.path(name))
		all.Write(b)
	}
	return all.String()
}

// Flush has it try all that is in its queue at once.
func (p *Postfix) Flush(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, find("postfix"), "-c", p.path("etc"), "flush").CombinedOutput()
	if err != nil {
		return fmt.Errorf("postfix flush: %w: %s", err, out)
	}
	return nil
}

// QueueLen returns how many messages wait in its queue.
func (p *Postfix) QueueLen() int {
	n := 0
	for _, q := range []string{"maildrop", "incoming", "active", "deferred", "hold"} {
		filepath.WalkDir(p.path("queue/"+q), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				n++
			}
			return nil // a message may be delivered while we count
		})
	}
	return n
}

// Stop ends it with all its processes.
func (p *Postfix) Stop() {
	if p.proc != nil {
		p.proc.stop()
	}
}
