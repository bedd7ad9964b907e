package proxy

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/internal/sitepolicy"
)

// targets are paths and queries that sites understand and that programs between like to spell anew.
var targets = []string{
	"/", "/a", "//", "//a//b", "//%zz", "//50%?", "///", "/a/../b", "/a/./b", "/../..", "/.", "/a;b=1,c", "/a%2Fb", "/a%2fb",
	"/%", "/%%", "/%4", "/%zz", "/korting-50%-op-boeken", "/%41%7e%61", "/a%00b", "/caf\xc3\xa9", "/\xff", "/\xff%ff%", "/%FF",
	"/a|b", "/{a}", "/\"a\"", "/<a>", "/a\\b", "/a^b`c", "/a+b%20c", "/http://a.example/b", "/a:b@c", "/*", "/?", "/a?", "/a??b?",
	"/gitweb?p=molen.git;a=summary&z=1&flag&a=2", "/a?b=%zz&c=%", "/a?b=1;c=2&&d", "/a?b=[1]&c={2}|3", "/a?q=\xe9\xff", "/a?/../b//c",
	"/a?http://b.example/?c=d",
}

// manyTargets returns targets, and others that a generator makes of the bytes that may stand in one.
func manyTargets() []string {
	all := slices.Clone(targets)
	g := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"%", "%2", "%2e", "%41", "%FF", "/", "//", ".", "..", ";", "?", "&", "=", "a", "Z", "~", "\\", "|", "\"", "\xff", "\xc3\xa9"}
	for range 200 {
		b := "/"
		for range g.IntN(8) {
			b += pieces[g.IntN(len(pieces))]
		}
		if g.IntN(3) == 0 {
			b += string(rune('!' + g.IntN(94)))
		}
		b, _, _ = strings.Cut(b, "#")
		all = append(all, b)
	}
	return all
}

// TestTargetsArriveByteForByte: the site gets the target that was sent, whichever way it came by.
func TestTargetsArriveByteForByte(t *testing.T) {
	for _, w := range newRig(t).ways(fine) {
		c := w.keep(t)
		for _, target := range manyTargets() {
			status := c.ask("GET " + w.before + target + " HTTP/1.1\r\nHost: " + w.host + "\r\n\r\n")
			if status != 200 {
				t.Fatalf("%s: %q: got %d, want 200", w.name, target, status)
			}
			got := targetOf(<-w.site.seen)
			if rest, ok := strings.CutPrefix(got, "http://"+w.host+"//"); ok { // the only way that net/http has
				got = "//" + rest
			} else if rest, ok := strings.CutPrefix(got, "https://"+w.host+"//"); ok {
				got = "//" + rest
			}
			if got != target {
				t.Errorf("%s: the site is asked for %q, want %q", w.name, got, target)
			}
		}
	}
}

// TestFormsOfTargets: what has no place in a target does not become part of it (RFC 9112, section 3.2).
func TestFormsOfTargets(t *testing.T) {
	for _, w := range newRig(t).ways(fine) {
		for _, tt := range []struct {
			method, target string
			status         int
			want           string
		}{
			{"GET", "/les#deel2", 200, "/les"},
			{"GET", "/les?a=1#deel2?b", 200, "/les?a=1"},
			{"GET", "/#", 200, "/"},
			{"GET", "les", 400, ""},
			{"GET", "*", 400, ""},
			{"GET", "mailto:a@b.example", 400, ""},
			{"GET", "http:///a", 400, ""},
			{"GET", "http://", 400, ""},
			{"GET", "http://u:p@" + w.host + "/", 400, ""},
			{"GET", "http://u@" + w.host + "/", 400, ""},
			{"GET", "http://u:p@ander.example@" + w.host + "/", 400, ""},
			{"GET", "http://" + w.host + "\\@ander.example/", 400, ""},
			{"GET", "/a\tb", 400, ""},
			{"GET", "/a b", 400, ""},
			{"GET", "/a\x7fb", 400, ""},
			{"GET", "HTTP://" + w.host + "/a", 200, "/a"},
			{"GET", "http://" + w.host, 200, "/"},
			{"GET", "http://" + w.host + "?a=1", 200, "/?a=1"},
			{"GET", "http://" + w.host + "#a", 200, "/"},
			{"GET", "http://SITE.Example.:" + w.site.port + "/a", 200, "/a"},
			{"OPTIONS", "http://" + w.host, 200, "*"},
			{"OPTIONS", "http://" + w.host + "#a", 200, "*"},
			{"OPTIONS", "http://" + w.host + "/", 200, "/"},
			{"OPTIONS", "http://" + w.host + "?", 200, "/?"},
			{"OPTIONS", "*", 200, "*"},
		} {
			target := tt.target
			switch {
			case w.before != "" && strings.HasPrefix(target, "/"):
				target = w.before + target
			case w.before != "" && target == "*": // the gateway's own
				continue
			case strings.HasPrefix(w.name, "within"):
				target = strings.Replace(target, "http:", "https:", 1)
				target = strings.Replace(target, "HTTP:", "HTTPS:", 1)
			}
			resp, _ := w.ask(t, tt.method+" "+target+" HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			got := ""
			select {
			case head := <-w.site.seen:
				got = targetOf(head)
			default:
			}
			misdirected := tt.status == 400 && resp.StatusCode == http.StatusMisdirectedRequest
			if resp.StatusCode != tt.status && !misdirected || got != tt.want {
				t.Errorf("%s: %s %q: got %d and the site is asked for %q, want %d and %q",
					w.name, tt.method, target, resp.StatusCode, got, tt.status, tt.want)
			}
		}
	}
}

// TestHostOfTheTargetCounts: the host of a target in absolute form replaces that of the Host field (RFC 9112, section
// 3.2.2), for the policy as for the site.
func TestHostOfTheTargetCounts(t *testing.T) {
	r := newRig(t)
	for _, w := range r.ways(fine)[:2] {
		r.decide = blocking("casino.example", false)
		for _, host := range []string{"proxy.example:3128", "casino.example", "", "127.0.0.1", w.host, "SITE.EXAMPLE"} {
			resp, _ := w.ask(t, "GET http://"+w.host+"/x HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != 200 {
				t.Fatalf("%s: Host %q: got %s, want 200", w.name, host, resp.Status)
			}
			if head := <-w.site.seen; !strings.Contains(head, "\r\nHost: "+w.host+"\r\n") ||
				strings.Count(strings.ToLower(head), "\r\nhost:") != 1 {
				t.Errorf("%s: Host %q: the site gets %q, want its own name once", w.name, host, head)
			}
		}
		resp, _ := w.ask(t, "GET http://casino.example:"+w.site.port+"/ HTTP/1.1\r\nHost: "+w.host+"\r\n\r\n")
		if resp.StatusCode != 403 || len(w.site.seen) > 0 {
			t.Errorf("%s: a blocked target under another Host: got %s, want 403", w.name, resp.Status)
		}
	}
}

// TestNoSpellingLeadsAround: a site or page that is blocked is blocked however it is written: what the policy decides
// on is what is sent.
func TestNoSpellingLeadsAround(t *testing.T) {
	policy, err := sitepolicy.New(sitepolicy.Options{Sites: sitepolicy.Sites{Own: []sitepolicy.Entry{
		{Host: "site.example", Path: "/spel", Block: true, Clause: "art. 1", Reason: "proef", Author: "proef"},
		{Host: "kroeg.example", Block: true, Clause: "art. 1", Reason: "proef", Author: "proef"},
		{Host: "xn--caf-dma.example", Block: true, Clause: "art. 1", Reason: "proef", Author: "proef"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t)
	for _, w := range r.ways(fine) {
		r.decide = func(q sitepolicy.Request) sitepolicy.Decision {
			d := policy.Decide(q)
			if d.Action != sitepolicy.Block && q.TLS {
				d.Action = sitepolicy.Inspect
			}
			return d
		}
		for _, target := range []string{
			"/spel", "/spel/a", "/spel?a", "/%73pel", "/sp%65l", "/%73%70%65%6c", "/%73%70%65%6C?%", "/./spel", "//spel", "///spel", "/a/../spel",
			"/a/%2e%2e/spel", "/a/%2E./spel", "/.//spel", "/%2e/spel", "/../spel", "/spel/../spel", "/spel#x", "/spel/%zz", "//./spel?b",
		} {
			resp, _ := w.ask(t, "GET "+w.before+target+" HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != 403 {
				t.Errorf("%s: %q: got %s, want 403", w.name, target, resp.Status)
			}
		}
		for _, target := range []string{"/", "/a", "/gast/spel", "/spe%6", "/?/spel", "/SPE"} {
			resp, _ := w.ask(t, "GET "+w.before+target+" HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != 200 {
				t.Errorf("%s: %q: got %s, want 200", w.name, target, resp.Status)
			}
		}
		if w.before == "" && w.name != "put in between" {
			continue
		}
		for _, host := range []string{
			"kroeg.example", "KROEG.example", "kroeg.example.", "www.kroeg.example", "u:p@kroeg.example", "kr%6Feg.example", "kroeg.example%00.nl",
			"xn--caf-dma.example", "XN--CAF-DMA.example", "caf\xc3\xa9.example", "CAF\xc3\x89.example", "caf%C3%A9.example", "site.example@kroeg.example",
			"kroeg\xe3\x80\x82example", "\xef\xbd\x8broeg.example", "kroeg.example..",
		} {
			at := host + ":" + w.site.port
			sent := fmt.Sprintf("GET http://%s/ HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n", at)
			if resp, _ := w.ask(t, sent); resp.StatusCode != 403 && resp.StatusCode != 400 {
				t.Errorf("%s: %q: got %s, want 403 or 400", w.name, host, resp.Status)
			}
			sent = fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", at)
			if w.before == "" {
				if resp, _ := w.ask(t, sent); resp.StatusCode != 403 && resp.StatusCode != 400 {
					t.Errorf("%s: Host %q: got %s, want 403 or 400", w.name, host, resp.Status)
				}
			}
		}
		w.site.forget()
	}
}

// FuzzCarry: a target passes net/http unchanged.
func FuzzCarry(f *testing.F) {
	for _, s := range targets {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		form := carry(target)
		if got := carried.Replace(strings.TrimPrefix(form, "/")); got != target {
			t.Errorf("got %q, want %q", got, target)
		}
		r := &http.Request{Method: http.MethodGet, ProtoMajor: 1, RequestURI: form}
		if strings.HasPrefix(target, "/") && arrive(r) == nil {
			path, _, _ := strings.Cut(target, "#")
			if out := departing(r).RequestURI(); r.RequestURI != path || !strings.HasSuffix(out, path) {
				t.Errorf("got %q and %q, want %q", r.RequestURI, out, path)
			}
		}
	})
}
