package identify

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jcmturner/gokrb5/v8/keytab"

	"sluis/internal/password"
	"sluis/internal/roster"
)

const school = `
groups:
  - {name: leraren, kind: staff, networks: [10.1.0.0/16]}
  - {name: leerlingen, kind: pupils, networks: [10.2.0.0/16]}
confidential-roles: [vertrouwenspersoon]
people:
  - {name: Els de Wit, address: els@school.example, aliases: [e.dewit@school.example], group: leraren}
  - {name: Noor Bakker, address: noor@school.example, group: leraren, role: vertrouwenspersoon}
  - {name: Sem, address: sem@school.example, group: leerlingen}
`

var (
	staffRoom = netip.MustParseAddr("10.1.2.3")
	classroom = netip.MustParseAddr("10.2.2.3")
	outside   = netip.MustParseAddr("192.0.2.1")
)

func people(t *testing.T) *roster.Roster {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	if err := os.WriteFile(path, []byte(school), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := roster.Load(path, []string{"school.example"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func passwords(t *testing.T, users ...string) *Passwords {
	t.Helper()
	var b strings.Builder
	for _, u := range users {
		h, err := password.Hash("geheim van " + u)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s:%s\n", u, h)
	}
	path := filepath.Join(t.TempDir(), "passwords")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := LoadPasswords(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func basicOf(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestWho(t *testing.T) {
	r := people(t)
	p := passwords(t, "els@school.example", "Noor@school.example", "sem@school.example", "gone@school.example")
	for _, tt := range []struct {
		name          string
		client        netip.Addr
		required      bool
		authorization string
		group         string
		identified    bool
		confidential  bool
		err           error
	}{
		{name: "a network is enough", client: classroom, group: "leerlingen"},
		{name: "an unknown network has no group", client: outside},
		{name: "a person goes before the network", client: classroom, authorization: basicOf("els@school.example", "geheim van els@school.example"), group: "leraren", identified: true},
		{name: "user names know no case", client: staffRoom, authorization: basicOf("ELS@School.example", "geheim van els@school.example"), group: "leraren", identified: true},
		{name: "the scheme knows no case", client: staffRoom, authorization: strings.Replace(basicOf("els@school.example", "geheim van els@school.example"), "Basic", "bASIC", 1), group: "leraren", identified: true},
		{name: "C3.2g: a counsellor is confidential", client: staffRoom, authorization: basicOf("noor@school.example", "geheim van Noor@school.example"), group: "leraren", confidential: true},
		{name: "K4: a pupil is only a group", client: classroom, authorization: basicOf("sem@school.example", "geheim van sem@school.example"), group: "leerlingen"},
		{name: "a wrong password", client: staffRoom, authorization: basicOf("els@school.example", "geraden"), err: ErrCredentials},
		{name: "another person's password", client: staffRoom, authorization: basicOf("els@school.example", "geheim van sem@school.example"), err: ErrCredentials},
		{name: "an unknown name", client: staffRoom, authorization: basicOf("jan@school.example", "x"), err: ErrCredentials},
		{name: "a person no longer on the roster", client: staffRoom, authorization: basicOf("gone@school.example", "geheim van gone@school.example"), err: ErrCredentials},
		{name: "an empty password", client: staffRoom, authorization: basicOf("els@school.example", ""), err: ErrCredentials},
		{name: "no colon", client: staffRoom, authorization: "Basic " + base64.StdEncoding.EncodeToString([]byte("els")), err: ErrCredentials},
		{name: "not base64", client: staffRoom, authorization: "Basic %%%", err: ErrCredentials},
		{name: "an unknown scheme", client: staffRoom, authorization: "Bearer abc", err: ErrCredentials},
		{name: "a scheme that is not offered", client: staffRoom, authorization: "Negotiate YII=", err: ErrCredentials},
		{name: "credentials are required and missing", client: staffRoom, required: true, err: ErrCredentials},
		{name: "credentials are required and there", client: outside, required: true, authorization: basicOf("els@school.example", "geheim van els@school.example"), group: "leraren", identified: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i, err := New(Options{Roster: r, Passwords: p, Required: tt.required})
			if err != nil {
				t.Fatal(err)
			}
			who, err := i.Identify(t.Context(), tt.client, tt.authorization)
			if !errors.Is(err, tt.err) || err == nil && tt.err != nil {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if who.Group.String() != tt.group || who.Subject.Identified() != tt.identified ||
				who.Subject.Confidential() != tt.confidential {
				t.Errorf(
					"group %q, identified %v, confidential %v",
					who.Group,
					who.Subject.Identified(),
					who.Subject.Confidential(),
				)
			}
		})
	}
}

func TestWithoutMeansToProve(t *testing.T) {
	r := people(t)
	if _, err := New(Options{Roster: r, Required: true}); err == nil {
		t.Error("credentials without a way to check them: got an identifier, want an error")
	}
	i, err := New(Options{Roster: r})
	if err != nil {
		t.Fatal(err)
	}
	who, err := i.Identify(t.Context(), classroom, basicOf("els@school.example", "geheim van els@school.example"))
	if err != nil || who.Group.String() != "leerlingen" || who.Subject.Identified() {
		t.Errorf("credentials that cannot be checked: got %v, %v, want the group of the network", who.Group, err)
	}
}

// TestGuessing: a client that guesses is held off, also with the right password; another
// client is not.
func TestGuessing(t *testing.T) {
	i, err := New(Options{Roster: people(t), Passwords: passwords(t, "els@school.example")})
	if err != nil {
		t.Fatal(err)
	}
	for n := range guesses {
		if _, err := i.Identify(t.Context(), classroom, basicOf("els@school.example", fmt.Sprint(n))); !errors.Is(
			err,
			ErrCredentials,
		) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	right := basicOf("els@school.example", "geheim van els@school.example")
	if _, err := i.Identify(t.Context(), classroom, right); !errors.Is(err, ErrThrottled) {
		t.Errorf("after %d guesses: got %v, want it throttled", guesses, err)
	}
	if _, err := i.Identify(t.Context(), staffRoom, right); err != nil {
		t.Errorf("from elsewhere: got %v, want the person", err)
	}
}

// TestRemembered: browsers send the password with each request, and comparing takes long.
func TestRemembered(t *testing.T) {
	i, err := New(Options{Roster: people(t), Passwords: passwords(t, "els@school.example")})
	if err != nil {
		t.Fatal(err)
	}
	right := basicOf("els@school.example", "geheim van els@school.example")
	if _, err := i.Identify(t.Context(), staffRoom, right); err != nil {
		t.Fatal(err)
	}
	i.o.Passwords.with = &password.Comparer{} // no comparison gets through any more
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Identify(ctx, staffRoom, right); err != nil {
		t.Errorf("a right password again: got %v, want it remembered", err)
	}
	if _, err := i.Identify(ctx, staffRoom, basicOf("els@school.example", "other")); !errors.Is(err, context.Canceled) {
		t.Errorf("another password: got %v, want it compared", err)
	}
}

func TestPasswordFile(t *testing.T) {
	h, err := password.Hash("x")
	if err != nil {
		t.Fatal(err)
	}
	greedy := strings.Replace(h, "m=19456", "m=4194304", 1)
	for _, tt := range []struct{ name, text, err string }{
		{"comments and empty lines", "# people\n\nels@school.example:" + h + "\n", ""},
		{"a password in plain", "els@school.example:geheim\n", "passwords:1: not a hash of argon2id"},
		{"no colon", "# x\nels@school.example\n", "passwords:2: write an address"},
		{"no address", ":" + h + "\n", "passwords:1: write an address"},
		{"a hash that takes all memory", "els@school.example:" + greedy + "\n", "more memory or time"},
		{"an endless line", strings.Repeat("a", 1<<17), "passwords: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "passwords")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := LoadPasswords(path)
			switch {
			case tt.err == "" && err != nil:
				t.Error(err)
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("error %v, want %q", err, tt.err)
			case err != nil && (strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "els@")):
				t.Errorf("got %v, want nothing of the file in it", err)
			}
		})
	}
}

func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{
		"", "Basic", "Basic ZWxzOng=", "Negotiate", "Negotiate YIIC", "Negotiate oRQwEqADCgEAoQsGCSqGSIb3EgECAg==",
		"Negotiate YAYGBisGAQUF",
	} {
		f.Add(s)
	}
	k := &Kerberos{keytab: keytab.New(), domains: map[string]string{"SCHOOL.EXAMPLE": "school.example"}}
	i, err := New(Options{Roster: roster.Empty([]string{"school.example"}), Kerberos: k, Required: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, authorization string) {
		if who, err := i.Identify(t.Context(), classroom, authorization); err == nil || who.Subject.Identified() {
			t.Errorf("%q: got a person, want an error", authorization)
		}
	})
}
