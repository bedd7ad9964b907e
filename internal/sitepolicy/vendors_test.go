package sitepolicy

import (
	"strings"
	"testing"

	"sluis/internal/roster"
)

// inspectsFor returns what the policy does with a connection to a site of a group.
func inspectsFor(t *testing.T, p *Policy, host, group string) bool {
	t.Helper()
	g, err := roster.ParseGroup(group)
	if err != nil {
		t.Fatal(err)
	}
	d := p.Decide(Request{Hosts: [3]string{host, host}, Group: g, TLS: true})
	return d.Action == Inspect
}

// TestDevicesReachTheirVendor: with everything inspected that no list names, devices still reach the hosts at which
// they trust their vendor only.
func TestDevicesReachTheirVendor(t *testing.T) {
	pupils, err := roster.ParseGroup("leerlingen")
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*Options)) *Policy {
		o := Options{Inspections: Inspections{
			Managed: []roster.Group{pupils},
			Only:    []Inspection{{Groups: []roster.Group{pupils}, Uncategorised: true, Reason: "proef"}},
		}}
		change(&o)
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	closed := strings.Fields(`accounts.google.com accounts.google.nl accounts.google.co.uk accounts.google.com.au
		accounts.youtube.com clients2.google.com clients4.google.com m.google.com tools.google.com
		safebrowsing.google.com ssl.gstatic.com www.gstatic.com connectivitycheck.gstatic.com chromeos-ca.gstatic.com
		update.googleapis.com www.googleapis.com dl.google.com edgedl.me.gvt1.com storage.googleapis.com
		lh3.googleusercontent.com r3---sn-5hne6nsz.gvt1.com ACCOUNTS.google.com. manage.microsoft.com
		fef.msub05.manage.microsoft.com r.manage.microsoft.com slscr.update.microsoft.com ctldl.windowsupdate.com
		enterpriseregistration.windows.net device.login.microsoftonline.com intunemaape10.weu.attest.azure.net
		eu-v20.events.data.microsoft.com db5.wns.windows.com gdmf.apple.com 25-courier.push.apple.com
		p51-keyvalueservice.icloud.com app-site-association.cdn-apple.com is1-ssl.mzstatic.com deviceenrollment.apple.com`)
	open := strings.Fields(`www.google.com google.com drive.google.com accounts.google.example accounts.google.com.example
		myaccounts.google.com gstatic.com.example login.microsoftonline.com www.microsoft.com notapple.com
		sites.google.com sharepoint.com www.example.nl`)
	p := with(func(*Options) {})
	for _, h := range closed {
		if inspectsFor(t, p, h, "leerlingen") {
			t.Errorf("%s: got inspected, want it closed", h)
		}
	}
	for _, h := range open {
		if !inspectsFor(t, p, h, "leerlingen") {
			t.Errorf("%s: got closed, want it inspected", h)
		}
	}
	apple := with(func(o *Options) { o.Never.WithoutVendors = []string{"apple"} })
	if !inspectsFor(t, apple, "www.apple.com", "leerlingen") || inspectsFor(t, apple, "m.google.com", "leerlingen") {
		t.Error("without the list of Apple: want its hosts inspected, and Google's closed")
	}
	one := with(func(o *Options) {
		o.Never.Without, o.Never.Officer, o.Never.Reason = []string{"play.google.com"}, "FG", "proef"
	})
	if !inspectsFor(t, one, "play.google.com", "leerlingen") || inspectsFor(t, one, "m.google.com", "leerlingen") {
		t.Error("without one host: want it inspected, and the others closed")
	}
	named := with(func(o *Options) { o.Only[0].Hosts = []string{"storage.googleapis.com", "google.com", "icloud.com"} })
	for host, want := range map[string]bool{
		"storage.googleapis.com":   true,
		"x.storage.googleapis.com": true,
		"www.icloud.com":           true,
		"accounts.google.com":      false, // its own entry is closer
		"www.apple.com":            false,
	} {
		if got := inspectsFor(t, named, host, "leerlingen"); got != want {
			t.Errorf("hosts that the configuration names: %s: got inspected %v, want %v", host, got, want)
		}
	}
	tenants := with(func(o *Options) {
		o.Only[0].Hosts = []string{"google.com"}
		o.Tenants = []Tenant{{Hosts: []string{"google.com"}, Fields: map[string]string{"X-GoogApps-Allowed-Domains": "s"}}}
	})
	if !inspectsFor(t, tenants, "accounts.google.com", "leerlingen") {
		t.Error("a service that is restricted to accounts: got closed, want it inspected so that the field can be set")
	}
	if _, err := New(Options{Inspections: Inspections{Never: Never{WithoutVendors: []string{"acme"}}}}); err == nil ||
		!strings.Contains(err.Error(), "apple, google, microsoft") {
		t.Errorf("a vendor without a list: got %v, want an error that names those with one", err)
	}
}

// TestGREASEHidesNothing: every browser sends the extension of Encrypted Client Hello to every site; only behind a
// front does it hide a name.
func TestGREASEHidesNothing(t *testing.T) {
	p, err := New(Options{Sites: Sites{BlockECH: true}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		asked, shown string
		ech, blocked bool
	}{
		{"les.example", "les.example", true, false},
		{"LES.example.", "les.example", true, false},
		{"les.example", "", true, false},
		{"192.0.2.1", "les.example", true, false},
		{"2001:db8::1", "les.example", true, false},
		{"les.example", "les.example", false, false},
		{"cloudflare-ech.com", "cloudflare-ech.com", true, true},
		{"cloudflare-ech.com", "cloudflare-ech.com", false, false},
		{"les.example", "cloudflare-ech.com", true, true},
		{"192.0.2.1", "CLOUDFLARE-ECH.com.", true, true},
		{"les.example", "ander.example", true, true},
		{"les.example", "ander.example", false, false},
		{"les.example", "cloudflare-ech.com.example", true, true},
		{"xcloudflare-ech.com", "xcloudflare-ech.com", true, false},
	} {
		d := p.Decide(Request{Hosts: [3]string{tt.asked, tt.shown}, TLS: true, ECH: tt.ech})
		if got := d.Action == Block; got != tt.blocked {
			t.Errorf("asked for %q, shown %q, extension %v: got blocked %v, want %v",
				tt.asked, tt.shown, tt.ech, got, tt.blocked)
		}
	}
}
