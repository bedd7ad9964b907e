package parties

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

// book is a roster of two roles, one of whom is at an own domain.
type book struct{}

const (
	vp   = "vp@school.example"
	arts = "arts@dienst.example"
)

func (book) Confidants(address string) []string {
	address = strings.ToLower(address)
	for _, a := range []string{vp, arts, "vp@xn--gre-6ka8l.example", "mr.x@school.example"} {
		if address == a || address == "vp@größe.example" && strings.HasPrefix(a, "vp@xn--") {
			return []string{a}
		}
	}
	return nil
}

func (book) Within(domain string) bool { return domain == "school.example" }

// message puts a header before a body that names the role: a body is never read.
func message(header string) string {
	return strings.ReplaceAll(header, "\n", "\r\n") + "\r\n\r\nTo: " + vp + "\r\nFrom: " + vp + "\r\n"
}

func claims(header string, from Sender) []string {
	return Claims(strings.NewReader(message(header)), book{}, from)
}

// However a header of the organisation's own mail writes the address of a role, it is found (C3.2g).
func TestARoleIsFoundHoweverTheHeaderWritesIt(t *testing.T) {
	long := strings.Repeat("ouder@gezin.example, ", 9000)
	for name, header := range map[string]string{
		"from":                   "From: vp@school.example",
		"sender":                 "Sender: vp@school.example",
		"reply to":               "Reply-To: vp@school.example",
		"to":                     "To: vp@school.example",
		"cc":                     "Cc: juf@school.example, vp@school.example",
		"bcc":                    "Bcc: vp@school.example",
		"resent from":            "Resent-From: vp@school.example",
		"resent sender":          "Resent-Sender: vp@school.example",
		"resent reply to":        "Resent-Reply-To: vp@school.example",
		"resent to":              "Resent-To: vp@school.example",
		"resent cc":              "RESENT-CC: vp@school.example",
		"delivered to":           "Delivered-To: vp@school.example",
		"original to":            "X-Original-To: vp@school.example",
		"case":                   "TO: VP@School.Example",
		"no blank":               "to:vp@school.example",
		"blank before the colon": "To : vp@school.example",
		"angle brackets":         "To: Vera <vp@school.example>",
		"quoted name":            "To: \"Trouw, Vera\" <vp@school.example>",
		"name as address":        "To: \"vp@school.example\" <vp@school.example>",
		"single quotes":          "To: 'vp@school.example'",
		"quoted local part":      "To: \"vp\"@school.example",
		"quoted pair":            "To: \"v\\p\"@school.example",
		"comment after":          "To: vp@school.example (Vera)",
		"comment before":         "To: (Vera) vp@school.example",
		"comment within":         "To: vp(Vera)@(van)school.example",
		"comments in comments":   "To: vp (a (b) c) @ school.example",
		"comment alone":          "To: Vera (vp@school.example)",
		"blanks within":          "To: vp @ school . example",
		"fold in the address":    "To: vp@\n school.example",
		"fold at a dot":          "To: mr\n .x@school.example",
		"folded list":            "To: juf@school.example,\n\tdirectie@school.example,\n vp@school.example",
		"fold with a blank line": "To: juf@school.example,\n \n vp@school.example",
		"line without its fold":  "To: juf@school.example,\nvp@school.example",
		"line that is no field":  "Cc: juf@school.example,\n<vp@school.example>: hallo",
		"group":                  "To: Zorg: juf@school.example, vp@school.example;",
		"group in a group":       "To: a: b: vp@school.example;;",
		"source route":           "To: <@relay.example,@other.example:vp@school.example>",
		"missing comma":          "To: juf@school.example vp@school.example",
		"semicolons":             "To: juf@school.example;vp@school.example",
		"open quote":             "To: \"Vera <vp@school.example>",
		"open bracket":           "To: <vp@school.example",
		"open comment":           "To: (Vera <vp@school.example>",
		"stray quote":            "To: 5\" buis, vp@school.example",
		"stray backslash":        "To: \\vp@school.example",
		"mailto":                 "To: <mailto:vp@school.example>",
		"trailing dot":           "To: vp@school.example.",
		"trailing comma":         "To: ,,vp@school.example,,",
		"encoded name":           "To: =?utf-8?q?Vera_Tr=C3=B6uw?= <vp@school.example>",
		"encoded address, q":     "To: =?utf-8?q?vp=40school=2Eexample?=",
		"encoded address, b":     "To: =?UTF-8?B?dnBAc2Nob29sLmV4YW1wbGU=?=",
		"encoded in two words":   "To: =?utf-8?q?vp=40sch?=\n =?utf-8?q?ool=2Eexample?=",
		"encoded, other set":     "To: =?x-unknown?q?vp=40school=2Eexample?=",
		"encoded in quotes":      "To: \"=?iso-8859-1?q?vp=40school=2Eexample?=\" <x@y.example>",
		"encoded in brackets":    "To: <=?us-ascii?q?vp=40school.example?=>",
		"wide at sign":           "To: vp\uff20school.example",
		"international":          "To: vp@größe.example",
		"a-labels":               "To: vp@xn--gre-6ka8l.example",
		"latin-1 beside":         "To: Andr\xe9 <vp@school.example>",
		"the second of two":      "To: juf@school.example\nSubject: x\nTo: vp@school.example",
		"after a long list":      "To: " + long + "vp@school.example",
		"after a long fold":      "To: " + strings.ReplaceAll(long, ", ", ",\n ") + "vp@school.example",
		"after a long field":     "X-Lang: " + strings.Repeat("x", 3<<20) + "\nTo: vp@school.example",
		"after many fields":      strings.Repeat("X-Veld: waarde\n", 50000) + "To: vp@school.example",
		"across pieces":          "To: " + strings.Repeat(" ", maxPiece-8) + "vp@school.example",
		"outside the school":     "From: arts@dienst.example",
	} {
		want := vp
		switch name {
		case "international", "a-labels":
			want = "vp@xn--gre-6ka8l.example"
		case "fold at a dot":
			want = "mr.x@school.example"
		case "outside the school":
			want = arts
		}
		if got := claims(header, Sender{Trusted: true}); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// What names nobody with a role as a party exempts nothing (C3.2g).
func TestOrdinaryHeadersNameNoRole(t *testing.T) {
	for name, header := range map[string]string{
		"nothing":               "",
		"others":                "From: juf@school.example\nTo: ouder@gezin.example\nCc: directie@school.example",
		"in the subject":        "From: juf@school.example\nSubject: mail vp@school.example",
		"in another field":      "From: juf@school.example\nX-To: vp@school.example\nReferences: <vp@school.example>",
		"longer name":           "To: svp@school.example, mvp@school.example",
		"longer domain":         "To: vp@school.example.elders.example",
		"shorter domain":        "To: vp@school",
		"part of a list":        "To: vp, school.example",
		"resent date":           "Resent-Date: vp@school.example\nResent-Message-Id: <vp@school.example>",
		"a receipt":             "Disposition-Notification-To: vp@school.example",
		"an identity":           "Message-ID: <vp@school.example>\nIn-Reply-To: <vp@school.example>",
		"a name that is longer": "To: \"vp at school.example\" <juf@school.example>",
	} {
		if got := claims(header, Sender{Trusted: true}); len(got) > 0 {
			t.Errorf("%s: got %q, want none", name, got)
		}
	}
	// The body is no header, also behind a header without lines.
	if got := Claims(strings.NewReader("\r\nTo: "+vp+"\r\n"), book{}, Sender{Trusted: true}); len(got) > 0 {
		t.Errorf("got %q of a body, want none", got)
	}
}

// A stranger can write any sender. Whom a stranger writes to counts at own domains (C3.2g).
func TestAStrangersSenderIsNoParty(t *testing.T) {
	stranger := Sender{}
	for header, want := range map[string]bool{
		"From: vp@school.example":                               false,
		"Sender: vp@school.example":                             false,
		"Reply-To: vp@school.example":                           false,
		"Resent-From: vp@school.example":                        false,
		"Resent-Sender: vp@school.example":                      false,
		"Delivered-To: vp@school.example":                       false,
		"X-Original-To: vp@school.example":                      false,
		"Return-Path: <vp@school.example>":                      false,
		"From: arts@dienst.example":                             false,
		"To: arts@dienst.example":                               false,
		"Cc: arts@dienst.example":                               false,
		"Bcc: vp@school.example":                                false,
		"X-Forwarded-To: vp@school.example":                     false,
		"From: juf@school.example\nTo: juf@school.example":      false,
		"To: vp@school.example":                                 true,
		"Cc: juf@school.example,\n vp@school.example":           true,
		"Resent-To: vp@school.example":                          true,
		"Resent-Cc: vp@school.example":                          true,
		"To: arts@dienst.example\nCc: vp@school.example":        true,
		"From: vp@school.example\nTo: Vera <VP@school.example>": true,
	} {
		if got := claims(header, stranger); (len(got) > 0) != want {
			t.Errorf("%q: got %q, want a party: %v", header, got, want)
		}
	}
	vouched := Sender{Vouched: []string{"school.example"}}
	for header, want := range map[string]bool{
		"From: vp@school.example":        true,
		"From: Vera <VP@School.Example>": true,
		"Reply-To: vp@school.example":    false,
		"Sender: vp@school.example":      false,
		"From: arts@dienst.example":      false,
	} {
		if got := claims(header, vouched); (len(got) > 0) != want {
			t.Errorf("vouched for, %q: got %q, want a party: %v", header, got, want)
		}
	}
}

// Time is linear and memory bounded, whatever a header holds.
func TestAHeaderOfAnyLengthIsReadInTime(t *testing.T) {
	for name, header := range map[string]string{
		"at signs":   "To: " + strings.Repeat("@", 8<<20),
		"addresses":  "To: " + strings.Repeat("a@b,", 2<<20),
		"open quote": "To: \"" + strings.Repeat("a", 8<<20) + "@b.c",
		"comments":   "To: " + strings.Repeat("(", 8<<20) + "vp@x",
		"words":      "To: " + strings.Repeat("=?utf-8?q?a=40b?= ", 400000),
		"no end":     "To: " + strings.Repeat("\r\n a", 2<<20),
	} {
		start := time.Now()
		if got := Claims(strings.NewReader(header), book{}, Sender{Trusted: true}); len(got) > 0 {
			t.Errorf("%s: got %q", name, got)
		}
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%s took %v", name, d)
		}
	}
}

// everybody has a role, so that each address of a header is a claim.
type everybody map[string]bool

func (e everybody) Confidants(address string) []string {
	e[strings.ToLower(address)] = true
	return nil
}
func (everybody) Within(string) bool { return true }

// Whatever the standard library reads as an address of a field is found here as well.
func FuzzClaims(f *testing.F) {
	for _, s := range []string{
		"vp@school.example", "\"a b\" <c@d.example>, e@f.example", "g: h@i.example;", "(c) a@b.c (d)",
		"=?utf-8?q?a?= <b@c.d>", "\"a.b\"@c.d", "a . b @ c . d", "<a@b.c>", "a@b.c\r\n\tb@c.d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		seen := everybody{}
		Claims(strings.NewReader("To: "+value+"\r\n\r\n"), seen, Sender{Trusted: true})
		m, err := mail.ReadMessage(strings.NewReader("To: " + value + "\r\n\r\n"))
		if err != nil {
			return
		}
		all, err := m.Header.AddressList("To")
		if err != nil {
			return
		}
		for _, a := range all {
			local, domain, _ := strings.Cut(a.Address, "@")
			simple := !strings.ContainsAny(local, "\\\"@ \t'.(),:;<>[]") && !strings.ContainsAny(domain, "@[]'\\") &&
				host(domain) == domain && len(a.Address) < 200 && !strings.ContainsAny(value, "\\")
			if simple && !seen[strings.ToLower(a.Address)] {
				t.Errorf("%q: %q is not found in %v", value, a.Address, seen)
			}
		}
	})
}

func BenchmarkClaims(b *testing.B) {
	long := "To: " + strings.Repeat("Ouder van groep 5 <ouder@gezin.example>,\r\n ", 200) +
		"juf@school.example\r\n\r\n"
	usual := strings.Repeat("Received: from a by b\r\n\twith ESMTP id 1\r\n", 5) +
		"From: Juf <juf@school.example>\r\n" +
		"To: \"Ouder, V.\" <ouder@gezin.example>\r\nSubject: =?utf-8?q?a?=\r\n" +
		"DKIM-Signature: " + strings.Repeat("x", 800) + "\r\n\r\n"
	for name, header := range map[string]string{"usual": usual, "200 recipients": long} {
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(header)))
			for b.Loop() {
				Claims(strings.NewReader(header), book{}, Sender{Trusted: true})
			}
		})
	}
}
