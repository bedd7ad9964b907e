package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Web is the web proxy. Without listen there is none.
type Web struct {
	Hostname string         `yaml:"hostname"` // of its own pages: /setup, /proxy.pac; default mail.hostname
	Proxy    string         `yaml:"proxy"`    // host:port that the PAC file sends browsers to; default hostname and the first port
	Listen   []WebListener  `yaml:"listen"`
	TLS      KeyPair        `yaml:"tls"`     // for listeners over TLS
	Clients  []netip.Prefix `yaml:"clients"` // networks that may use it
	Inner    []netip.Prefix `yaml:"inner"`   // own servers that may be reached through it
	Ports    []uint16       `yaml:"ports"`   // that tunnels may be made to; default [443]
	Plain    []uint16       `yaml:"plain-ports"`
	Opaque   bool           `yaml:"opaque"` // tunnels may carry other things than TLS
	Identify Identify       `yaml:"identify"`
	Sites    Sites          `yaml:"sites"`
	Inspect  Inspect        `yaml:"inspect"`
	Content  Content        `yaml:"content"`
	Code     CodeVersion    `yaml:"acknowledge"`
	Limits   WebLimits      `yaml:"limits"`
}

// WebListener is a port that takes web traffic.
type WebListener struct {
	Address       string         `yaml:"address"` // host:port
	Mode          string         `yaml:"mode"`    // proxy (default), proxy-tls, redirect-http, redirect-tls, tproxy-http or tproxy-tls
	ProxyProtocol []netip.Prefix `yaml:"proxy-protocol-from"`
}

// KeyPair is a certificate with its chain, and its key, in PEM files.
type KeyPair struct {
	Certificate string `yaml:"certificate"`
	Key         string `yaml:"key"`
}

// Identify says how people prove who they are. Without it networks tell the group.
type Identify struct {
	Passwords string   `yaml:"passwords"` // file with lines that sluis web password makes
	Kerberos  Kerberos `yaml:"kerberos"`
	Required  bool     `yaml:"required"`
}

// Kerberos checks the tickets of who is signed in to the school's domain.
type Kerberos struct {
	Keytab    string            `yaml:"keytab"`
	Principal string            `yaml:"principal"` // such as HTTP/sluis.school.example
	Realms    map[string]string `yaml:"realms"`    // mail domain of the people of a realm
}

// Sites says which sites are blocked and allowed.
type Sites struct {
	Lists          []SiteList  `yaml:"lists"`
	Own            []OwnSite   `yaml:"own"`
	Forbid         []Forbid    `yaml:"forbid"`
	Holidays       []Holiday   `yaml:"holidays"` // days on which no hours hold
	SafeSearch     *SafeSearch `yaml:"safe-search"`
	Tenants        []Tenant    `yaml:"tenants"`
	BlockAddresses bool        `yaml:"block-addresses"` // sites that are asked for by number
	BlockECH       bool        `yaml:"block-ech"`       // connections in which another name may be hidden
	BlockNameless  bool        `yaml:"block-nameless"`  // connections that tell no name
}

// SiteList is a list of sites beside those that come with Sluis.
type SiteList struct {
	Category  string   `yaml:"category"` // of a single list; none: a directory or archive in the layout of UT1
	Path      string   `yaml:"path"`
	URL       string   `yaml:"url"`
	Every     Duration `yaml:"every"`     // default 1d
	Checksum  string   `yaml:"checksum"`  // address of its SHA-256
	Signature string   `yaml:"signature"` // address of its signature by minisign
	Key       string   `yaml:"key"`       // public key of who signs it
}

// OwnSite is a site that is blocked or allowed by the organisation itself.
type OwnSite struct {
	Host   string    `yaml:"host"`
	Path   string    `yaml:"path"`
	Action string    `yaml:"action"` // block or allow
	Locked bool      `yaml:"locked"`
	Groups []Group   `yaml:"groups"`
	When   []Hours   `yaml:"when"`
	Reason string    `yaml:"reason"`
	Author string    `yaml:"author"`
	Until  rules.Day `yaml:"until"`
}

// Forbid names lists that the organisation's own code of conduct forbids (C2.8e).
type Forbid struct {
	Lists  []string `yaml:"lists"`
	Groups []Group  `yaml:"groups"`
	When   []Hours  `yaml:"when"`
	Clause string   `yaml:"clause"`
}

// SafeSearch asks search engines for results that suit children.
type SafeSearch struct {
	Groups  []Group `yaml:"groups"`
	YouTube string  `yaml:"youtube"` // strict or moderate
}

// Tenant restricts a cloud service to the organisation's own accounts.
type Tenant struct {
	Hosts  []string          `yaml:"hosts"`
	Fields map[string]string `yaml:"fields"`
}

// Inspect says which connections are looked into; without an authority none is.
type Inspect struct {
	Certificate string      `yaml:"certificate"` // of the own authority, made with sluis web authority
	Key         string      `yaml:"key"`
	Managed     []Group     `yaml:"managed"` // groups whose devices trust it: they get block pages over TLS
	Only        []Inspected `yaml:"only"`
	Never       Never       `yaml:"never"`
}

// Inspected is what is looked into, and why.
type Inspected struct {
	Groups        []Group  `yaml:"groups"`
	Lists         []string `yaml:"lists"`
	Hosts         []string `yaml:"hosts"`
	Uncategorised bool     `yaml:"uncategorised"`
	Reason        string   `yaml:"reason"`
}

// Never changes the list of sites that are never looked into.
type Never struct {
	Add     []string `yaml:"add"`
	Without []string `yaml:"without"`
	Officer string   `yaml:"officer"` // the privacy officer, who alone takes sites off
	Reason  string   `yaml:"reason"`
}

// Content says what is done with what can be read.
type Content struct {
	Uploads   UploadActions  `yaml:"uploads"`
	Pages     bool           `yaml:"pages"`     // weigh pages of sites that are on no list
	SetAside  bool           `yaml:"set-aside"` // keep a sealed copy of an upload that was stopped
	Malware   bool           `yaml:"malware"`   // scan downloads with policy.malware
	Downloads []DownloadRule `yaml:"downloads"`
	OnFailure string         `yaml:"on-failure"` // closed (default): not without being looked at; open
	Held      Size           `yaml:"held"`       // of an upload, until it is judged; default 25MB
}

// UploadActions is what is done with an upload: pass or block.
type UploadActions struct {
	Conduct string `yaml:"conduct"` // default block
	Leak    string `yaml:"leak"`    // of those that were drawn; default block
}

// DownloadRule is a kind of file that groups may not fetch. For what is not a program the
// organisation's own code has to say so (C2.8e).
type DownloadRule struct {
	Groups     []Group  `yaml:"groups"`
	Extensions []string `yaml:"extensions"`
	Types      []string `yaml:"types"` // media types, such as application/x-bittorrent, or video/
	Executable bool     `yaml:"executable"`
	Larger     Size     `yaml:"larger"`
	Clause     string   `yaml:"clause"` // of the own code, in words
}

// CodeVersion asks staff once whether they know the code of conduct (K3).
type CodeVersion struct {
	Version string `yaml:"version"` // none: nobody is asked
}

// WebLimits bound what clients can take. Zero is the default.
type WebLimits struct {
	Connections          int      `yaml:"connections"`            // default 4000
	ConnectionsPerClient int      `yaml:"connections-per-client"` // default 400
	Idle                 Duration `yaml:"idle"`                   // of a request; default 5m
	Tunnel               Duration `yaml:"tunnel"`                 // silence in a tunnel; default 15m
}

// Group is the name of a group of the roster.
type Group struct{ roster.Group }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *Group) UnmarshalText(b []byte) (err error) {
	g.Group, err = roster.ParseGroup(string(b))
	return err
}

// Hours are a part of the week, written as "mon-fri 08:00-15:00" or "22:00-06:00".
type Hours struct {
	Days     []time.Weekday
	From, To time.Duration
}

// Holiday is a day, or the days from the first to the last, written as "2026-12-19" or
// "2026-12-19 - 2027-01-03".
type Holiday struct{ First, Last time.Time }

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Holiday) UnmarshalText(b []byte) error {
	first, last, isRange := strings.Cut(string(b), " - ")
	if !isRange {
		last = first
	}
	var err1, err2 error
	h.First, err1 = time.Parse(time.DateOnly, strings.TrimSpace(first))
	h.Last, err2 = time.Parse(time.DateOnly, strings.TrimSpace(last))
	if err1 != nil || err2 != nil || h.Last.Before(h.First) {
		return fmt.Errorf("%q are no holidays: write for instance \"2026-12-19 - 2027-01-03\", or one day", b)
	}
	return nil
}

var days = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hours) UnmarshalText(b []byte) error {
	fields := strings.Fields(strings.ToLower(string(b)))
	if len(fields) == 0 || len(fields) > 2 {
		return fmt.Errorf("%q are no hours: write \"mon-fri 08:00-15:00\", or \"22:00-06:00\" for every day", b)
	}
	if len(fields) == 2 {
		first, last, isRange := strings.Cut(fields[0], "-")
		if !isRange {
			last = first
		}
		i, j := slices.Index(days, first), slices.Index(days, last)
		if i < 0 || j < 0 {
			return fmt.Errorf("%q are no days: write mon-fri, or one of %s", fields[0], strings.Join(days, ", "))
		}
		for ; ; i = (i + 1) % 7 {
			h.Days = append(h.Days, time.Weekday(i))
			if i == j {
				break
			}
		}
	}
	from, to, ok := strings.Cut(fields[len(fields)-1], "-")
	var err1, err2 error
	h.From, err1 = clock(from)
	h.To, err2 = clock(to)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("%q are no hours: write for instance 08:00-15:00", fields[len(fields)-1])
	}
	return nil
}

func clock(s string) (time.Duration, error) {
	if s == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", s)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}

// Actions returns what stops an upload, by purpose.
func (u UploadActions) Actions() map[rules.Purpose]filter.Action {
	of := func(s string) filter.Action {
		if s == "pass" {
			return filter.Pass
		}
		return filter.Reject
	}
	return map[rules.Purpose]filter.Action{rules.Conduct: of(u.Conduct), rules.Leak: of(u.Leak)}
}

// webModes are the modes of listeners.
var webModes = []string{"proxy", "proxy-tls", "redirect-http", "redirect-tls", "tproxy-http", "tproxy-tls"}

func (w *Web) defaults(c *Config) {
	if w.Hostname == "" {
		w.Hostname = c.Mail.Hostname
	}
	for i := range w.Listen {
		if w.Listen[i].Mode == "" {
			w.Listen[i].Mode = "proxy"
		}
	}
}

// paths are the fields that name files.
func (w *Web) paths() []*string {
	ps := []*string{&w.TLS.Certificate, &w.TLS.Key, &w.Identify.Passwords, &w.Identify.Kerberos.Keytab, &w.Inspect.Certificate, &w.Inspect.Key}
	for i := range w.Sites.Lists {
		ps = append(ps, &w.Sites.Lists[i].Path)
	}
	return ps
}

func (v *validator) web(w *Web, m *Mail) {
	if len(w.Listen) == 0 {
		return
	}
	for i, l := range w.Listen {
		path := fmt.Sprintf("$.web.listen[%d]", i)
		v.address(path+".address", l.Address)
		v.oneOf(path+".mode", l.Mode, webModes...)
		v.networks(path+".proxy-protocol-from", l.ProxyProtocol, "anybody could pass for another")
		if slices.ContainsFunc(w.Listen[:i], func(o WebListener) bool { return o.Address == l.Address }) ||
			slices.ContainsFunc(m.Listen, func(o Listener) bool { return o.Address == l.Address }) {
			v.wrong(path+".address", "%s is listened on already", l.Address)
		}
		if l.Mode == "proxy-tls" && w.TLS.Certificate == "" {
			v.wrong(path+".mode", "proxy-tls needs a certificate: set web.tls.certificate and web.tls.key")
		}
	}
	if len(w.Clients) == 0 {
		v.wrong("$.web.clients", "nobody may use the proxy: name the networks of the school, such as [10.0.0.0/8]")
	}
	v.networks("$.web.clients", w.Clients, "this would be an open proxy. Name the networks of the school")
	v.networks("$.web.inner", w.Inner, "the proxy would lead into your own network. Name single servers")
	if (w.TLS.Certificate == "") != (w.TLS.Key == "") {
		v.wrong("$.web.tls", "certificate and key belong together: set both or none")
	}
	if (w.Inspect.Certificate == "") != (w.Inspect.Key == "") {
		v.wrong("$.web.inspect", "certificate and key belong together: sluis web authority makes both")
	}
	if w.Inspect.Certificate == "" && (len(w.Inspect.Only) > 0 || len(w.Inspect.Managed) > 0) {
		v.wrong("$.web.inspect", "to look into connections an authority is needed: make one with sluis web authority, and name its certificate and key")
	}
	if k := w.Identify.Kerberos; k.Keytab != "" && len(k.Realms) == 0 {
		v.wrong("$.web.identify.kerberos", "name the realms, and the mail domain of their people: realms: {SCHOOL.LOCAL: school.nl}")
	}
	if i := w.Identify; i.Required && i.Passwords == "" && i.Kerberos.Keytab == "" {
		v.wrong("$.web.identify", "credentials are required, but there are neither passwords nor Kerberos to check them with")
	}
	v.sites(&w.Sites)
	v.oneOf("$.web.content.uploads.conduct", w.Content.Uploads.Conduct, "", "block", "pass")
	v.oneOf("$.web.content.uploads.leak", w.Content.Uploads.Leak, "", "block", "pass")
	v.oneOf("$.web.content.on-failure", w.Content.OnFailure, "", "open", "closed")
}

func (v *validator) sites(s *Sites) {
	for i, l := range s.Lists {
		path := fmt.Sprintf("$.web.sites.lists[%d]", i)
		if (l.Path == "") == (l.URL == "") {
			v.wrong(path, "a list has either a path or a url")
		}
		for _, a := range []struct{ name, address string }{{".url", l.URL}, {".checksum", l.Checksum}, {".signature", l.Signature}} {
			if a.address != "" && !strings.HasPrefix(a.address, "https://") && !strings.HasPrefix(a.address, "http://127.") {
				v.wrong(path+a.name, "a list is fetched over https")
			}
		}
		if (l.Signature == "") != (l.Key == "") {
			v.wrong(path, "a signature and the key that it is of belong together")
		}
		if l.Every != 0 && l.Every < Duration(5*time.Minute) {
			v.wrong(path+".every", "more often than every 5m burdens who offers the list")
		}
	}
	for i, o := range s.Own {
		v.oneOf(fmt.Sprintf("$.web.sites.own[%d].action", i), o.Action, "block", "allow")
	}
}
