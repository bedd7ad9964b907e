package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/strictyaml"
	"sluis/rules"
)

// Load reads and checks a configuration file. Paths in it that are not absolute are
// taken from the file's own directory.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, text)
}

// Parse checks the text of a configuration file. The name is for errors and for paths
// that are not absolute. All that is wrong is told together.
func Parse(name string, text []byte) (*Config, error) {
	f := strictyaml.File{Name: name, Text: text}
	c := &Config{path: name}
	if err := f.Decode(c); err != nil {
		return nil, err
	}
	c.defaults(filepath.Dir(name))
	v := validator{File: f}
	v.config(c)
	return c, errors.Join(v.errs...)
}

func (c *Config) defaults(dir string) {
	set := func(d *Duration, v Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&c.Quarantine.Retention, defaultQuarantineRetention)
	set(&c.Journal.Retention, defaultJournalRetention)
	set(&c.Policy.ExamTime, Duration(time.Minute))
	if c.Policy.SampleRate == nil {
		rate := defaultSampleRate
		c.Policy.SampleRate = &rate
	}
	if c.Mail.Limits.MessageSize == 0 {
		c.Mail.Limits.MessageSize = 50 << 20
	}
	for i := range c.Mail.Listen {
		if l := &c.Mail.Listen[i]; l.TLS == "" {
			l.TLS = "none"
			if c.Mail.TLS.Certificate != "" {
				l.TLS = "starttls"
			}
		}
	}
	paths := []*string{&c.Data, &c.Roster, &c.Mail.TLS.Certificate, &c.Mail.TLS.Key, &c.Mail.TLS.ClientCA, &c.Quarantine.Identity, &c.Rules.Sites, &c.Journal.ClickHouse.PasswordFile, &c.Journal.ClickHouse.CA, &c.Imagery.Consent}
	for i := range c.Rules.Packs {
		paths = append(paths, &c.Rules.Packs[i])
	}
	for i := range c.Mail.Shared {
		paths = append(paths, &c.Mail.Shared[i].KeyFile)
	}
	for _, r := range c.Mail.Routes {
		if r.Auth != nil {
			paths = append(paths, &r.Auth.PasswordFile)
		}
	}
	c.Web.defaults(c)
	c.officeDefaults()
	c.Console.defaults()
	for _, p := range slices.Concat(paths, c.Web.paths(), c.Console.paths()) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	if c.Quarantine.Identity == "" && len(c.Quarantine.Recipients) == 0 {
		c.Quarantine.Identity = filepath.Join(c.Data, "keys", "quarantine.key")
	}
}

// Action returns what is done with what a purpose found in a direction.
func (p Policy) Action(purpose rules.Purpose, d rules.Direction) filter.Action {
	a := p.Actions[purpose]
	for _, by := range []struct {
		d rules.Direction
		a *filter.Action
	}{{rules.In, a.In}, {rules.Out, a.Out}, {rules.Internal, a.Internal}} {
		if by.d == d && by.a != nil {
			return *by.a
		}
	}
	return filter.Quarantine
}

// Key reads the key from its file.
func (s Shared) Key() (string, error) {
	b, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return "", fmt.Errorf("read key: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Password reads the password from where it is.
func (a Auth) Password() (string, error) {
	if a.PasswordEnv != "" {
		p := os.Getenv(a.PasswordEnv)
		if p == "" {
			return "", fmt.Errorf("the environment variable %s is not set", a.PasswordEnv)
		}
		return p, nil
	}
	b, err := os.ReadFile(a.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// validator gathers what is wrong.
type validator struct {
	strictyaml.File
	errs []error
}

func (v *validator) wrong(path, format string, args ...any) {
	v.errs = append(v.errs, v.Errorf(path, format, args...))
}

func (v *validator) config(c *Config) {
	if len(c.Organisation.Domains) == 0 {
		v.wrong("$.organisation.domains", "no domains: name your own mail domains, such as [school.nl]")
	}
	for i, d := range c.Organisation.Domains {
		if !strings.Contains(d, ".") || strings.ContainsAny(d, "@ */") {
			v.wrong(fmt.Sprintf("$.organisation.domains[%d]", i), "%q is no domain: write for instance school.nl", d)
		}
	}
	if c.Data == "" {
		v.wrong("$.data", "no data directory: name one, such as /var/lib/sluis")
	}
	v.oneOf("$.log.level", c.Log.Level, "", "error", "warn", "info", "debug")
	v.oneOf("$.log.format", c.Log.Format, "", "text", "json")
	v.mail(&c.Mail)
	v.web(&c.Web, &c.Mail)
	v.policy(&c.Policy)
	v.oneLine("$.organisation.code-url", c.Organisation.CodeURL)
	for i, d := range c.Rules.Disabled {
		if _, err := rules.ParseID(d.ID); err != nil {
			v.wrong(fmt.Sprintf("$.rules.disabled[%d].id", i), "%v", err)
		}
		if d.Reason == "" {
			v.wrong(fmt.Sprintf("$.rules.disabled[%d]", i), "a disabled rule needs a reason (C3.2a)")
		}
	}
	v.office(c)
	v.console(&c.Console)
	v.storage(c)
}

func (v *validator) oneOf(path, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		v.wrong(path, "%q is not known here: use one of %s", value, strings.Join(slices.DeleteFunc(allowed, func(s string) bool { return s == "" }), ", "))
	}
}

func (v *validator) mail(m *Mail) {
	if m.Hostname == "" || !strings.Contains(m.Hostname, ".") {
		v.wrong("$.mail.hostname", "hostname has to be the gateway's full name, such as sluis.school.nl")
	}
	if len(m.Listen) == 0 {
		v.wrong("$.mail.listen", "nowhere to listen: add for instance - address: \"0.0.0.0:25\"")
	}
	v.oneLine("$.mail.notice", m.Notice)
	for i, l := range m.Listen {
		path := fmt.Sprintf("$.mail.listen[%d]", i)
		v.address(path+".address", l.Address)
		if slices.ContainsFunc(m.Listen[:i], func(o Listener) bool { return o.Address == l.Address }) {
			v.wrong(path+".address", "%s is listened on already", l.Address)
		}
		v.networks(path+".proxy-protocol-from", l.ProxyProtocol, "anybody could pass for one of your own servers")
		v.oneOf(path+".tls", l.TLS, "none", "starttls", "implicit")
		if l.TLS != "none" && m.TLS.Certificate == "" {
			v.wrong(path+".tls", "tls: %s needs a certificate: set mail.tls.certificate and mail.tls.key", l.TLS)
		}
	}
	if (m.TLS.Certificate == "") != (m.TLS.Key == "") {
		v.wrong("$.mail.tls", "certificate and key belong together: set both or none")
	}
	if m.TLS.ClientCA != "" && m.TLS.Certificate == "" {
		v.wrong("$.mail.tls.client-ca", "client-ca needs a certificate: clients show theirs over TLS only")
	}
	v.networks("$.mail.trusted", m.Trusted, "this would be an open relay. Name the networks of your own mail servers")
	v.shared(m)
	if m.Limits.MessageSize < 64<<10 {
		v.wrong("$.mail.limits.message-size", "below 64KB ordinary mail is refused")
	}
	v.limits(m.Limits)
	v.routes(m)
}

// networks refuses prefixes that hold more than one organisation, or one provider, has.
func (v *validator) networks(path string, ps []netip.Prefix, danger string) {
	for i, p := range ps {
		least, a := 8, p.Masked().Addr()
		switch {
		case a.Is6() && a.IsPrivate():
			least = 7 // fc00::/7, RFC 4193
		case a.Is6():
			least = 16
		}
		if p.Bits() < least {
			v.wrong(fmt.Sprintf("%s[%d]", path, i), "%s is everybody, or nearly: %s", p, danger)
		}
	}
}

// oneLine refuses what would be more than one line of a reply.
func (v *validator) oneLine(path, text string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		v.wrong(path, "this is a part of a reply: it has to be one line")
	}
}

func (v *validator) limits(l Limits) {
	for _, of := range []struct {
		key string
		n   int
	}{
		{"recipients", l.Recipients}, {"connections", l.Connections}, {"connections-per-address", l.ConnectionsPerAddress},
		{"commands", l.Commands}, {"inspections", l.Inspections}, {"hops", l.Hops},
	} {
		if of.n < 0 {
			v.wrong("$.mail.limits."+of.key, "a limit is not below zero; leave it out for the default")
		}
	}
}

func (v *validator) shared(m *Mail) {
	for i, s := range m.Shared {
		path := fmt.Sprintf("$.mail.shared[%d]", i)
		v.networks(path+".networks", s.Networks, "name the networks that your provider sends from")
		switch {
		case len(s.Networks) == 0 || s.Field == "" || s.KeyFile == "":
			v.wrong(path, "a shared network needs networks, field and key-file")
		case m.TLS.Certificate == "":
			v.wrong(path, "a shared network needs a certificate: the key is taken over TLS only")
		}
	}
}

func (v *validator) address(path, a string) {
	host, port, err := net.SplitHostPort(a)
	if err != nil || port == "" || strings.Contains(host, " ") {
		v.wrong(path, "%q is no address: write host:port, such as 127.0.0.1:25", a)
	}
}

func (v *validator) routes(m *Mail) {
	if len(m.Routes) == 0 {
		v.wrong("$.mail.routes", "no routes: say where mail goes, for instance - {to: [\"*\"], hosts: [\"mail.school.nl:25\"]}")
	}
	seen := map[string]bool{}
	for i, r := range m.Routes {
		path := fmt.Sprintf("$.mail.routes[%d]", i)
		if len(r.To) == 0 {
			v.wrong(path, "no to: name domains, own, or \"*\" for all")
		}
		for _, to := range r.To {
			key := strings.ToLower(to) + fmt.Sprint(r.Directions)
			if seen[key] {
				v.wrong(path+".to", "%q has a route already: the first is taken, this one never", to)
			}
			seen[key] = true
		}
		if len(r.Hosts) == 0 {
			v.wrong(path, "no hosts: name the mail server that takes it, as host:port")
		}
		for j, h := range r.Hosts {
			v.host(fmt.Sprintf("%s.hosts[%d]", path, j), h, m)
		}
		v.oneOf(path+".tls", r.TLS, "", "none", "opportunistic", "required", "verified")
		if r.Implicit && r.TLS == "none" {
			v.wrong(path+".implicit", "implicit TLS and tls: none exclude each other")
		}
		if a := r.Auth; a != nil {
			v.auth(path, r, a)
		}
	}
}

func (v *validator) host(path, h string, m *Mail) {
	v.address(path, h)
	for _, l := range m.Listen {
		if l.Address == h {
			v.wrong(path, "%s is this gateway itself: mail would go round in a loop", h)
		}
	}
}

func (v *validator) auth(path string, r Route, a *Auth) {
	if a.Username == "" || (a.PasswordFile == "") == (a.PasswordEnv == "") {
		v.wrong(path+".auth", "auth needs a username and either password-file or password-env; a password never stands in this file")
	}
	if r.TLS != "required" && r.TLS != "verified" {
		v.wrong(path+".auth", "a password needs tls: required or verified")
	}
}

func (v *validator) policy(p *Policy) {
	for purpose, a := range p.Actions {
		path := "$.policy.actions." + purpose.String()
		switch purpose {
		case rules.Security, rules.Conduct:
		case rules.Leak:
			if a.In != nil || a.Internal != nil {
				v.wrong(path, "leaks are looked for in mail that leaves the organisation only (C3.3b): leave out in and internal")
			}
		default:
			v.wrong(path, "%s never reads messages (C3.2a): use security, conduct or leak", purpose)
		}
	}
	v.oneOf("$.policy.malware.on-failure", p.Malware.OnFailure, "", "open", "closed")
	if c := p.Malware.Clamd; c != "" && !strings.HasPrefix(c, "/") {
		v.address("$.policy.malware.clamd", c)
	}
	v.oneOf("$.policy.on-failure.leak", p.OnFailure.Leak, "", "open", "closed")
}

func (v *validator) storage(c *Config) {
	for i, r := range c.Quarantine.Recipients {
		if _, err := age.ParseX25519Recipient(r); err != nil {
			v.wrong(fmt.Sprintf("$.quarantine.recipients[%d]", i), "this is no public key of age: it starts with age1 and is 62 characters long")
		}
	}
	if c.Quarantine.Retention > defaultQuarantineRetention && c.Quarantine.RetentionReason == "" {
		v.wrong("$.quarantine.retention", "keeping messages longer than 30 days needs a retention-reason (C3.3g)")
	}
	v.clickhouse(&c.Journal.ClickHouse)
	if c.Journal.Retention > defaultJournalRetention && c.Journal.RetentionReason == "" {
		v.wrong("$.journal.retention", "keeping metadata longer than six months needs a retention-reason (C3.3g)")
	}
	if l := c.Metrics.Listen; l != "" {
		v.address("$.metrics.listen", l)
		host, _, _ := net.SplitHostPort(l)
		a, err := netip.ParseAddr(host)
		if !c.Metrics.Public && host != "localhost" && (err != nil || !a.IsLoopback()) {
			v.wrong("$.metrics.listen", "others could read the metrics at this address: use 127.0.0.1, or say public: true")
		}
	}
}
