package smtpd

import (
	"crypto/tls"
	"net/netip"
	"strings"
	"testing"

	"sluis/rules"
)

const sharedKey = "zeer-geheime-sleutel-0123456789"

// sharing makes loopback a network of a provider that others use as well.
func sharing(t *testing.T) (*stage, *authority) {
	ca := newAuthority(t)
	st := play(t, newSink(t).Start(), untrusted, certified(t, ca),
		func(c *Config, _ *stage) {
			c.Shared = []Shared{{Networks: []netip.Prefix{loopback}, Field: "X-Sluis-Key", Key: sharedKey}}
		})
	return st, ca
}

func (st *stage) secured(ca *authority) *talk {
	st.t.Helper()
	c := st.client()
	c.cmd("STARTTLS", "220")
	c = c.secure(&tls.Config{RootCAs: ca.pool, ServerName: "gate.school.example"})
	c.cmd("EHLO client.example", "250")
	return c
}

func TestASharedNetworkRelaysWithTheKeyOnly(t *testing.T) {
	st, ca := sharing(t)
	long := strings.Repeat("x", 100<<10) // beyond what is kept in memory
	for name, tc := range map[string]struct{ header, reply string }{
		"key":                {"Subject: a\r\nX-Sluis-Key: " + sharedKey + "\r\nTo: b\r\n\r\n", "250"},
		"other case":         {"x-sluis-KEY:" + sharedKey + "  \r\nTo: b\r\n\r\n", "250"},
		"after a long field": {"Subject: " + long + "\r\nX-Sluis-Key: " + sharedKey + "\r\n\r\n", "250"},
		"no key":             {"Subject: a\r\n\r\n", "550 5.7.1"},
		"wrong key":          {"X-Sluis-Key: " + sharedKey[1:] + "\r\n\r\n", "550 5.7.1"},
		"key and more":       {"X-Sluis-Key: " + sharedKey + "0\r\n\r\n", "550 5.7.1"},
		"in another field":   {"Subject: X-Sluis-Key: " + sharedKey + "\r\n\r\n", "550 5.7.1"},
		"in the body":        {"Subject: a\r\n\r\nX-Sluis-Key: " + sharedKey + "\r\n", "550 5.7.1"},
		"in a folded line":   {"Subject: a\r\n X-Sluis-Key: " + sharedKey + "\r\n\r\n", "550 5.7.1"},
	} {
		before := len(st.sink.Messages())
		body := tc.header + "body " + long + "\r\n"
		st.secured(ca).send("head@school.example", "parent@elsewhere.example", body, tc.reply)
		got := st.sink.Messages()[before:]
		if (tc.reply == "250") != (len(got) == 1) {
			t.Errorf("%s: %d messages went on", name, len(got))
		}
		if len(got) == 1 {
			lines := strings.SplitAfter(body, "\n")
			want := strings.Join(dropKey(lines), "")
			if content(t, got[0]) != want {
				t.Errorf("%s: something else than the key is missing", name)
			}
		}
	}
}

// dropKey leaves out the line that starts with the field of the key.
func dropKey(lines []string) []string {
	var kept []string
	for _, l := range lines {
		if !strings.HasPrefix(strings.ToLower(l), "x-sluis-key") {
			kept = append(kept, l)
		}
	}
	return kept
}

func TestAnotherCustomerOfTheProviderIsAStranger(t *testing.T) {
	st, ca := sharing(t)
	st.secured(ca).send("head@school.example", "b@school.example", "Subject: forged\r\n\r\nx\r\n", "250")
	st.secured(ca).send("head@school.example", "b@school.example", "X-Sluis-Key: "+sharedKey+"\r\n\r\nx\r\n", "250")
	rs := st.journal.all()
	if len(rs) != 2 || rs[0].Direction != rules.In || rs[1].Direction != rules.Internal {
		t.Errorf("records %+v", rs)
	}
}

func TestTheKeyIsNotTakenInTheClear(t *testing.T) {
	st, _ := sharing(t)
	st.client().cmd("MAIL FROM:<head@school.example>", "250")
	c := st.client()
	c.cmd("MAIL FROM:<head@school.example>", "250")
	c.cmd("RCPT TO:<parent@elsewhere.example>", "550 5.7.1")
}

func TestAGuessableKeyIsRefused(t *testing.T) {
	for _, s := range []Shared{
		{Field: "X-Key", Key: "short"},
		{Field: "", Key: sharedKey},
		{Field: "X Key", Key: sharedKey},
		{Field: "X-Key", Key: "with blanks " + sharedKey},
	} {
		if s.prepare() == nil {
			t.Errorf("%+v", s)
		}
	}
}
