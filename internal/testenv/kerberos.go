package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Kerberos is a running key distribution centre of MIT Kerberos.
type Kerberos struct {
	dir  string
	port int
	proc *process
}

// Realm is the realm that StartKerberos serves.
const Realm = "SCHOOL.EXAMPLE"

// StartKerberos makes a realm under dir and serves it.
func StartKerberos(ctx context.Context, dir string) (*Kerberos, error) {
	k := &Kerberos{dir: dir}
	var err error
	if k.port, err = freePort(); err != nil {
		return nil, fmt.Errorf("kerberos: %w", err)
	}
	for name, text := range map[string]string{
		"krb5.conf": fmt.Sprintf(`[libdefaults]
default_realm = %[1]s
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
%[1]s = {
  kdc = %[2]s
}
[domain_realm]
localhost = %[1]s
`, Realm, loopback(k.port)),
		"kdc.conf": fmt.Sprintf(`[kdcdefaults]
kdc_listen = ""
kdc_tcp_listen = %[2]s
[realms]
%[1]s = {
  database_name = %[3]s/principal
  key_stash_file = %[3]s/stash
  acl_file = %[3]s/acl
}
`, Realm, loopback(k.port), dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("kerberos: %w", err)
		}
	}
	if err := k.run(ctx, "kdb5_util", "create", "-s", "-P", "master", "-W"); err != nil {
		return nil, err
	}
	if k.proc, err = start(filepath.Join(dir, "log"), k.Env(), "krb5kdc", "-n"); err != nil {
		return nil, err
	}
	if err := k.proc.ready(ctx, "tcp", loopback(k.port)); err != nil {
		k.Stop()
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		return nil, fmt.Errorf("kerberos: %w\n%s", err, log)
	}
	return k, nil
}

// Env are the variables with which programs find the realm and keep tickets under dir.
func (k *Kerberos) Env() []string {
	return []string{
		"KRB5_CONFIG=" + filepath.Join(k.dir, "krb5.conf"), "KRB5_KDC_PROFILE=" + filepath.Join(k.dir, "kdc.conf"),
		"KRB5CCNAME=FILE:" + filepath.Join(k.dir, "tickets"),
	}
}

// AddPerson adds a principal with a password.
func (k *Kerberos) AddPerson(ctx context.Context, name, password string) error {
	return k.run(ctx, "kadmin.local", "-q", fmt.Sprintf("addprinc -pw %s %s", password, name))
}

// AddService adds a principal such as HTTP/localhost, and returns the file with its keys.
func (k *Kerberos) AddService(ctx context.Context, principal string) (keytab string, err error) {
	keytab = filepath.Join(k.dir, strings.ReplaceAll(principal, "/", "-")+".keytab")
	if err := k.run(ctx, "kadmin.local", "-q", "addprinc -randkey "+principal); err != nil {
		return "", err
	}
	return keytab, k.run(ctx, "kadmin.local", "-q", fmt.Sprintf("ktadd -k %s %s", keytab, principal))
}

// SignIn gets a person's ticket. Programs that run with Env have it from then on.
func (k *Kerberos) SignIn(ctx context.Context, name, password string) error {
	cmd := k.command(ctx, "kinit", name)
	cmd.Stdin = strings.NewReader(password + "\n")
	return failed(cmd)
}

// SignOut forgets the ticket.
func (k *Kerberos) SignOut() error { return os.Remove(filepath.Join(k.dir, "tickets")) }

// Stop ends it.
func (k *Kerberos) Stop() { k.proc.stop() }

func (k *Kerberos) run(ctx context.Context, program string, args ...string) error {
	return failed(k.command(ctx, program, args...))
}

func (k *Kerberos) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	path := find(program)
	if path == "" {
		path = program
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), k.Env()...)
	return cmd
}

// failed runs a command; its error has the output.
func failed(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}
