package config

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"sluis/filter"
	"sluis/rules"
)

// least is a configuration with nothing that could be left out.
const least = `organisation: {domains: [school.example]}
data: /var/lib/sluis
mail:
  hostname: sluis.school.example
  listen:
    - address: "127.0.0.1:25"
  trusted: [10.0.0.0/8]
  routes:
    - to: ["*"]
      hosts: ["127.0.0.1:26"]
`

func mustParse(t testing.TB, text string) *Config {
	t.Helper()
	c, err := Parse("/etc/sluis/sluis.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// keys lists the keys of a configuration type, as $.mail.listen[].tls.
func keys(t reflect.Type, path string, use func(path string)) {
	switch t.Kind() {
	case reflect.Pointer:
		keys(t.Elem(), path, use)
	case reflect.Slice:
		keys(t.Elem(), path+"[0]", use)
	case reflect.Struct:
		for i := range t.NumField() {
			switch tag := t.Field(i).Tag.Get("yaml"); tag {
			case "", "-":
			case ",inline":
				keys(t.Field(i).Type, path, use)
			default:
				use(path + "." + tag)
				keys(t.Field(i).Type, path+"."+tag, use)
			}
		}
	}
}

// shown reports whether the example has something at a path.
func shown(t *testing.T, path string) bool {
	t.Helper()
	p, err := yaml.PathString(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.ReadNode(strings.NewReader(string(Example())))
	return err == nil
}

func TestTheExampleIsValidAndHasEveryKey(t *testing.T) {
	c := mustParse(t, string(Example()))
	n := 0
	keys(reflect.TypeFor[Config](), "$", func(path string) {
		n++
		if shown(t, path) || shown(t, strings.Replace(path, "routes[0]", "routes[1]", 1)) {
			return
		}
		// The keys of a list that is empty are in a comment.
		list, key, ok := strings.Cut(path, "[0].")
		if !ok || shown(t, list+"[0]") || !strings.Contains(string(Example()), key+": ") {
			t.Errorf("the example does not show %s", path)
		}
	})
	if n < 50 {
		t.Errorf("only %d keys were looked for", n)
	}
	// What it says of defaults is so.
	d := mustParse(t, least)
	for name, pair := range map[string][2]any{
		"policy.sample-rate":   {*c.Policy.SampleRate, *d.Policy.SampleRate},
		"policy.uninspectable": {c.Policy.Uninspectable, d.Policy.Uninspectable},
		"mail.limits":          {c.Mail.Limits, d.Mail.Limits},
		"web.limits":           {c.Web.Limits, d.Web.Limits},
		"quarantine":           {c.Quarantine, d.Quarantine},
		"journal.retention":    {c.Journal.Retention, d.Journal.Retention},
		"orders":               {c.Orders, d.Orders},
		"totals":               {c.Totals, d.Totals},
	} {
		a, b := fmt.Sprintf("%+v", pair[0]), fmt.Sprintf("%+v", pair[1])
		if strings.ReplaceAll(a, "[]", "") != strings.ReplaceAll(b, "[]", "") {
			t.Errorf("%s: the example has %s, the default is %s", name, a, b)
		}
	}
}

func TestWhatIsLeftOutHasASafeValue(t *testing.T) {
	c := mustParse(t, least)
	if *c.Policy.SampleRate != 0.05 || c.Quarantine.Retention != 30*24*time.Hour ||
		c.Journal.Retention != 183*24*time.Hour {
		t.Errorf("%v, %v, %v", *c.Policy.SampleRate, c.Quarantine.Retention, c.Journal.Retention)
	}
	for _, p := range []rules.Purpose{rules.Security, rules.Conduct, rules.Leak} {
		for _, d := range []rules.Direction{rules.In, rules.Out, rules.Internal} {
			if a := c.Policy.Action(p, d); a != filter.Quarantine {
				t.Errorf("%s %s: %s", p, d, a)
			}
		}
	}
	if c.Quarantine.Identity != "/var/lib/sluis/keys/quarantine.key" || c.Mail.Listen[0].TLS != "none" ||
		c.Policy.OnFailure.Leak == "open" || c.Metrics.Listen != "" {
		t.Errorf("%+v", c)
	}
	if c.Path() != "/etc/sluis/sluis.yaml" {
		t.Error(c.Path())
	}
	off := mustParse(t, least+"policy: {sample-rate: 0, actions: {leak: {out: pass}, conduct: {in: reject}}}\n")
	if *off.Policy.SampleRate != 0 || off.Policy.Action(rules.Leak, rules.Out) != filter.Pass ||
		off.Policy.Action(rules.Conduct, rules.In) != filter.Reject ||
		off.Policy.Action(rules.Conduct, rules.Out) != filter.Quarantine {
		t.Errorf("%+v", off.Policy)
	}
}

func TestPathsAreTakenFromTheFilesDirectory(t *testing.T) {
	text := strings.Replace(least, "/var/lib/sluis", "data", 1) +
		"roster: people.csv\nrules: {packs: [own, /srv/packs]}\n"
	text = strings.Replace(text, "mail:\n", "mail:\n  tls: {certificate: c.pem, key: k.pem, client-ca: ca.pem}\n"+
		"  shared: [{networks: [192.0.2.0/24], field: X-Key, key-file: m.key}]\n", 1)
	text = strings.Replace(text, `hosts: ["127.0.0.1:26"]`,
		`{hosts: ["127.0.0.1:26"], tls: verified, auth: {username: u, password-file: p}}`, 1)
	text = strings.Replace(text, "    - to: [\"*\"]\n      {", `    - {to: ["*"], `, 1)
	c := mustParse(t, text)
	tls := c.Mail.TLS
	got := []string{
		c.Data, c.Roster, c.Rules.Packs[0], c.Rules.Packs[1], tls.Certificate, tls.Key, tls.ClientCA,
		c.Mail.Shared[0].KeyFile, c.Mail.Routes[0].Auth.PasswordFile, c.Quarantine.Identity,
	}
	want := []string{"/etc/sluis/data", "/etc/sluis/people.csv", "/etc/sluis/own", "/srv/packs", "/etc/sluis/c.pem", "/etc/sluis/k.pem", "/etc/sluis/ca.pem", "/etc/sluis/m.key", "/etc/sluis/p", "/etc/sluis/data/keys/quarantine.key"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Each case replaces a piece of the least configuration, and names what is told of it.
func TestWhatIsWrongIsToldWithItsPlace(t *testing.T) {
	const listen = "    - address: \"127.0.0.1:25\"\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"a key that does not exist":       {"data:", "date:", `2:1: unknown key "date"`},
		"a key in the wrong place":        {"  hostname:", "  name: x\n  hostname:", `4:3: unknown key "name"`},
		"a key twice":                     {"data: /var/lib/sluis", "data: /a\ndata: /b", `3:1: `},
		"two documents":                   {"mail:\n", "---\nmail:\n", `3:1: `},
		"a tab":                           {"  hostname", "\thostname", `4:`},
		"a list for a text":               {"data: /var/lib/sluis", "data: [a]", `2:7: expected a text here`},
		"a text for a list":               {"[school.example]", "school.example", `1:25: expected a list here`},
		"a text for a number":             {"mail:\n", "mail:\n  limits: {hops: veel}\n", `4:18: expected a number here`},
		"no end of a quote":               {`"*"`, `"*`, ``},
		"no domains":                      {"[school.example]", "[]", `1:25: no domains`},
		"an address for a domain":         {"[school.example]", "[juf@school.example]", `1:26: "juf@school.example" is no domain`},
		"no data directory":               {"data: /var/lib/sluis\n", "", ` no data directory`},
		"a level that does not exist":     {"mail:\n", "log: {level: loud}\nmail:\n", `3:14: "loud" is not known here: use one of error, warn, info, debug`},
		"half a host name":                {"sluis.school.example", "sluis", `4:13: hostname has to be the gateway's full name`},
		"nowhere to listen":               {listen, "    []\n", `nowhere to listen`},
		"a port that is missing":          {"127.0.0.1:25", "127.0.0.1", `6:16: "127.0.0.1" is no address`},
		"one port twice":                  {listen, listen + listen, `7:16: `},
		"TLS without a certificate":       {listen, "    - {address: \"127.0.0.1:25\", tls: starttls}\n", `6:38: tls: starttls needs a certificate`},
		"a way of TLS that is unknown":    {listen, "    - {address: \"127.0.0.1:25\", tls: maybe}\n", `6:38: "maybe" is not known here`},
		"a certificate without a key":     {"mail:\n", "mail:\n  tls: {certificate: a}\n", `certificate and key belong together`},
		"a client CA without certificate": {"mail:\n", "mail:\n  tls: {client-ca: a}\n", `4:20: client-ca needs a certificate`},
		"an open relay":                   {"10.0.0.0/8", "0.0.0.0/0", `7:13: 0.0.0.0/0 is everybody`},
		"an open relay over IPv6":         {"10.0.0.0/8", `"::/0"`, `7:13: ::/0 is everybody`},
		"an open relay in two halves":     {"10.0.0.0/8", "0.0.0.0/1, 128.0.0.0/1", `7:13: 0.0.0.0/1 is`},
		"half of it by a private address": {"10.0.0.0/8", "10.0.0.0/1", `7:13: 10.0.0.0/1 is`},
		"an open relay by PROXY protocol": {listen, listen + "      proxy-protocol-from: [0.0.0.0/0]\n", `7:29: 0.0.0.0/0 is everybody`},
		"a network that is none":          {"10.0.0.0/8", "10.0.0.0/33", `7:13: `},
		"shared with everybody":           {"mail:\n", "mail:\n  tls: {certificate: c, key: k}\n  shared: [{networks: [0.0.0.0/0], field: X-Key, key-file: k}]\n", `5:24: 0.0.0.0/0 is everybody`},
		"everybody a carrier":             {"mail:\n", "mail:\n  carriers: [0.0.0.0/0]\n", `everybody, or nearly`},
		"no room for bodies":              {"mail:\n", "mail:\n  limits: {spool: 100MB}\n", `four messages of the largest size`},
		"a network below zero":            {"mail:\n", "mail:\n  limits: {connections-per-network: -1}\n", `not below zero`},
		"a share beyond all":              {"mail:\n", "mail:\n  limits: {strangers: 120%}\n", `not a share`},
		"a listener twice":                {"  trusted:", "    - address: \"127.0.0.1:25\"\n  trusted:", `listened on already`},
		"a shared network without a key":  {"mail:\n", "mail:\n  tls: {certificate: c, key: k}\n  shared: [{networks: [192.0.2.0/24], field: X-Key}]\n", `needs networks, field and key-file`},
		"a shared network without TLS":    {"mail:\n", "mail:\n  shared: [{networks: [192.0.2.0/24], field: X-Key, key-file: k}]\n", `needs a certificate`},
		"a notice of two lines":           {"mail:\n", "mail:\n  notice: \"OK\\r\\n250 OK\"\n", `4:11: `},
		"an address of the code, split":   {"{domains:", "{code-url: \"https://a\\n\", domains:", `1:26: `},
		"messages of a few bytes":         {"mail:\n", "mail:\n  limits: {message-size: 10KB}\n", `4:26: below 64KB`},
		"a size that is none":             {"mail:\n", "mail:\n  limits: {message-size: large}\n", `4:26: "large" is not a size`},
		"fewer than no recipients":        {"mail:\n", "mail:\n  limits: {recipients: -1}\n", `4:24: `},
		"a time that is none":             {"mail:\n", "mail:\n  limits: {idle: 5 minutes}\n", `4:18: "5 minutes" is not a span of time`},
		"no routes":                       {"    - to: [\"*\"]\n      hosts: [\"127.0.0.1:26\"]\n", "    []\n", `no routes`},
		"a route of nothing":              {`["*"]`, "[]", `no to`},
		"a route to nowhere":              {`["127.0.0.1:26"]`, "[]", `no hosts`},
		"a route to itself":               {"127.0.0.1:26", "127.0.0.1:25", `10:15: 127.0.0.1:25 is this gateway itself`},
		"a route that is never taken":     {`      hosts: ["127.0.0.1:26"]`, "      hosts: [\"127.0.0.1:26\"]\n    - {to: [\"*\"], hosts: [\"127.0.0.1:27\"]}", `"*" has a route already`},
		"a direction that does not exist": {`to: ["*"]`, "to: [\"*\"]\n      directions: [sideways]", `10:20: `},
		"TLS and no TLS":                  {`to: ["*"]`, "to: [\"*\"]\n      implicit: true\n      tls: none", `10:17: implicit TLS and tls: none`},
		"a password over plain text":      {`to: ["*"]`, "to: [\"*\"]\n      auth: {username: u, password-file: p}", `a password needs tls`},
		"a password in the file":          {`to: ["*"]`, "to: [\"*\"]\n      tls: verified\n      auth: {username: u, password: geheim}", `11:27: unknown key "password"`},
		"two places for a password":       {`to: ["*"]`, "to: [\"*\"]\n      tls: verified\n      auth: {username: u, password-file: p, password-env: P}", `never stands in this file`},
		"a rate of 150%":                  {"mail:\n", "policy: {sample-rate: 150%}\nmail:\n", `3:23: "150%" is not a share`},
		"leaks in mail that comes in":     {"mail:\n", "policy: {actions: {leak: {in: reject}}}\nmail:\n", `(C3.3b)`},
		"an action for capacity":          {"mail:\n", "policy: {actions: {capacity: {in: reject}}}\nmail:\n", `capacity never reads messages (C3.2a)`},
		"a purpose that does not exist":   {"mail:\n", "policy: {actions: {gossip: {in: reject}}}\nmail:\n", `gossip`},
		"an action that does not exist":   {"mail:\n", "policy: {ambiguous: shred}\nmail:\n", `3:21: unknown action "shred"`},
		"a failure that is half open":     {"mail:\n", "policy: {on-failure: {leak: ajar}}\nmail:\n", `3:29: "ajar" is not known here: use one of open, closed`},
		"a rule left out for no reason":   {"mail:\n", "rules: {disabled: [{id: leak.financial.iban}]}\nmail:\n", `needs a reason (C3.2a)`},
		"a rule with a strange name":      {"mail:\n", "rules: {disabled: [{id: \"Leak IBAN\", reason: r}]}\nmail:\n", `3:25: `},
		"a key that is none":              {"mail:\n", "quarantine: {recipients: [age1abc]}\nmail:\n", `3:27: this is no public key of age`},
		"an order for a year":             {"mail:\n", "orders: {longest: 365d}\nmail:\n", `3:19: an order lasts from 1 to 28 days`},
		"a server that is nowhere":        {"mail:\n", "journal: {clickhouse: {username: a}}\nmail:\n", `say where the server is`},
		"a server without a port":         {"mail:\n", "journal: {clickhouse: {hosts: [db]}}\nmail:\n", `3:`},
		"a database with a quote":         {"mail:\n", "journal: {clickhouse: {hosts: [\"db:9000\"], database: \"a'b\"}}\nmail:\n", `letters, digits and underscores`},
		"a site that is none":             {"mail:\n", "imagery: {sites: [school.example]}\nmail:\n", `write an address such as`},
		"figures about four people":       {"mail:\n", "totals: {people: 4}\nmail:\n", `3:18: a figure has at least 10 people`},
		"figures about five people":       {"mail:\n", "totals: {people: 5}\nmail:\n", `3:18: a figure has at least 10 people`},
		"figures about nine people":       {"mail:\n", "totals: {people: 9}\nmail:\n", `3:18: a figure has at least 10 people`},
		"a notice to nobody":              {"mail:\n", "notices: {from: sluis@school.example, board: [\"Bestuur <b@school.example>\"]}\nmail:\n", `this is no mail address`},
		"a notice from nobody":            {"mail:\n", "notices: {board: [b@school.example]}\nmail:\n", `say who the notices come from`},
		"a language":                      {"mail:\n", "notices: {language: fr}\nmail:\n", `3:21: `},
		"messages kept for a year":        {"mail:\n", "quarantine: {retention: 365d}\nmail:\n", `3:25: keeping messages longer than 30 days needs a retention-reason (C3.3g)`},
		"messages kept for a day":         {"mail:\n", "quarantine: {retention: 1d}\nmail:\n", `messages are kept for at least 7 days`},
		"unreviewed messages destroyed":   {"mail:\n", "quarantine: {unreviewed: destroy}\nmail:\n", `write stay, release or return`},
		"metadata kept for a year":        {"mail:\n", "journal: {retention: 365d}\nmail:\n", `3:22: keeping metadata longer than six months`},
		"metrics for everybody":           {"mail:\n", "metrics: {listen: \"0.0.0.0:9125\"}\nmail:\n", `3:19: others could read the metrics`},
		"metrics for everybody, unsaid":   {"mail:\n", "metrics: {listen: \":9125\"}\nmail:\n", `3:19: others could read the metrics`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(least, c.old, c.new, 1)
			if text == least {
				t.Fatal("the case changes nothing")
			}
			_, err := Parse("sluis.yaml", []byte(text))
			if err == nil {
				t.Fatal("taken for valid")
			}
			if !strings.HasPrefix(err.Error(), "sluis.yaml:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if name != "no data directory" && !strings.Contains(err.Error(), "\n> ") {
				t.Errorf("shows no line:\n%v", err)
			}
			if strings.Contains(err.Error(), "geheim") && !strings.Contains(c.new, "geheim") {
				t.Error("tells a secret")
			}
		})
	}
}

func TestAllThatIsWrongIsToldTogether(t *testing.T) {
	text := strings.NewReplacer("[school.example]", "[]", "10.0.0.0/8", "0.0.0.0/0", `["*"]`, "[]").Replace(least)
	_, err := Parse("sluis.yaml", []byte(text))
	for _, want := range []string{"no domains", "open relay", "no to"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func TestTwoListenersMayAskForAnyFreePort(t *testing.T) {
	text := strings.Replace(least, "127.0.0.1:25\"", "127.0.0.1:0\"\n    - address: \"127.0.0.1:0\"", 1)
	mustParse(t, text+"web: {listen: [{address: \"127.0.0.1:0\"}], clients: [10.0.0.0/8]}\n")
}

func TestNetworksOfAnOrganisationAreTaken(t *testing.T) {
	for _, ok := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.0.2.1/32", `"fc00::/7"`, `"2001:db8::/32"`, "127.0.0.0/8", `"::1/128"`} {
		mustParse(t, strings.Replace(least, "10.0.0.0/8", ok, 1))
	}
}

func TestLoadSaysWhichFileIsMissing(t *testing.T) {
	const missing = "/nonexistent/sluis.yaml"
	if _, err := Load(missing); err == nil || !strings.Contains(err.Error(), missing) {
		t.Error(err)
	}
}

// TestWhatNeedsARestart: a setting that is read at the start only says so with its tag, and a
// reload that changes it is refused with its name.
func TestWhatNeedsARestart(t *testing.T) {
	for change, want := range map[string]string{
		"organisation: {domains: [school.example], name: Anders}": "organisation.name",
		"data: /srv/sluis":                                     "data",
		"log: {level: debug}":                                  "log",
		"web: {sites: {lists: [{path: /srv/lists}]}}":          "web.sites.lists",
		"web: {sites: {block-ech: true}}":                      "",
		"quarantine: {second-reviewer: true}":                  "",
		"quarantine: {identity: other.key}":                    "quarantine.identity",
		"journal: {clickhouse: {hosts: [\"127.0.0.1:9000\"]}}": "journal.clickhouse",
		"orders: {longest: 7d}":                                "orders",
		"imagery: {address: foto@school.example}":              "imagery.address",
		"console: {listen: \"127.0.0.1:8081\"}":                "console",
		"policy: {sample-rate: 7%}":                            "",
		"totals: {people: 12}":                                 "",
	} {
		key, _, _ := strings.Cut(change, ":")
		text := regexp.MustCompile(`(?m)^`+key+`:.*\n`).ReplaceAllString(least, "") + change + "\n"
		if got := NeedsRestart(mustParse(t, least), mustParse(t, text)); got != want {
			t.Errorf("%s: got %q, want %q", change, got, want)
		}
	}
	limits := strings.Replace(least, "  routes:", "  limits: {inspections: 3}\n  routes:", 1)
	if got := NeedsRestart(mustParse(t, least), mustParse(t, limits)); got != "mail.limits.inspections" {
		t.Errorf("got %q, want mail.limits.inspections", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	f.Add(Example())
	f.Add([]byte("mail: {listen: [{tls: starttls}], routes: [{auth: {}}]}\npolicy: {actions: {leak: {in: pass}}}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("data: |\n  x\n---\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse("f.yaml", text)
		if err != nil {
			if !strings.Contains(err.Error(), "f.yaml") {
				t.Errorf("says not where: %v", err)
			}
			return
		}
		if len(c.Mail.Routes) == 0 || len(c.Mail.Listen) == 0 || c.Data == "" ||
			*c.Policy.SampleRate < 0 || *c.Policy.SampleRate > 1 {
			t.Errorf("valid, and cannot work: %+v", c)
		}
	})
}
