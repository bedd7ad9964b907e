package main_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// What trips a rule of each purpose, and what trips none.
const (
	harmless = "Morgen is er luizencontrole."
	secret   = "Je kunt inloggen met wachtwoord: Zomer!Regen84kast"
	threat   = "Als u nog een keer naar de directie loopt, maak ik u af. Ik weet u te vinden."
)

// The roles in the tests' roster, and a stranger.
const (
	teacher    = "juf@school.example"
	head       = "directie@school.example"
	counsellor = "vertrouwenspersoon@school.example"
	parent     = "ouder@gezin.example"
)

// executable is a message with a program that calls itself an invoice.
const executable = "Subject: Factuur\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
	"--b\nContent-Type: text/plain\n\nZie bijlage.\n" +
	"--b\nContent-Type: application/pdf\nContent-Disposition: attachment; filename=factuur.pdf.exe\n" +
	"Content-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA//8AAA==\n--b--\n"

// twofold is a message that some mail programs take for text and some for one with parts.
const twofold = "Subject: a\nMIME-Version: 1.0\nContent-Type: text/plain\n" +
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHallo\n--b--\n"

// locked is a message with an archive that needs a password.
func locked(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "cijfers.txt", Flags: 1, CRC32: 7, CompressedSize64: 20, UncompressedSize64: 8})
	if err != nil {
		t.Fatal(err)
	}
	w.Write(bytes.Repeat([]byte{0xa7}, 20))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "Subject: a\nMIME-Version: 1.0\nContent-Type: application/zip; name=cijfers.zip\n" +
		"Content-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString(b.Bytes()) + "\n"
}

// letter is a plain message for swaks.
func letter(text string) string { return "Subject: bericht\n\n" + text + "\n" }

// Every verdict, as a client sees it, as the next hop sees it, and as the journal and the
// quarantine keep it (C3.3a, C3.3b, C3.2g, C3.2e).
func TestVerdicts(t *testing.T) {
	testenv.Need(t, "swaks")
	const refusing = "  actions: {conduct: {out: reject}, leak: {out: tag}}"
	for name, tc := range map[string]struct {
		from, to, data string
		sample, policy string
		mail           string
		reply          string // of the message, as swaks shows it
		action, rule   string
		purposes       string
		arrives        bool
		confidential   bool
	}{
		"harmless mail goes out": {from: teacher, to: parent, data: letter(harmless),
			reply: "250 ", action: "pass", purposes: "security conduct leak", arrives: true},
		"a password is quarantined if drawn": {from: teacher, to: parent, data: letter(secret),
			reply: "250 2.0.0 Ok: queued as", action: "quarantine", rule: "leak.credentials.secret", purposes: "security conduct leak"},
		"a password is not looked for if not drawn": {from: teacher, to: parent, data: letter(secret), sample: "0",
			reply: "250 ", action: "pass", purposes: "security conduct", arrives: true},
		"a password may come in": {from: parent, to: teacher, data: letter(secret),
			reply: "250 ", action: "pass", purposes: "security conduct", arrives: true},
		"a password stays inside": {from: teacher, to: head, data: letter(secret),
			reply: "250 ", action: "pass", purposes: "security conduct", arrives: true},
		"a threat is quarantined": {from: teacher, to: parent, data: letter(threat), sample: "0",
			reply: "250 ", action: "quarantine", rule: "conduct.threat.violence", purposes: "security conduct"},
		"a threat from outside is quarantined": {from: parent, to: teacher, data: letter(threat),
			reply: "250 ", action: "quarantine", rule: "conduct.threat.violence", purposes: "security conduct"},
		"a program is quarantined": {from: parent, to: teacher, data: executable,
			reply: "250 ", action: "quarantine", rule: "security.attachment.executable", purposes: "security conduct"},
		"a program to the counsellor is quarantined": {from: parent, to: counsellor, data: executable,
			reply: "250 ", action: "quarantine", rule: "security.attachment.executable", purposes: "security", confidential: true},
		"the counsellor is not inspected": {from: counsellor, to: parent, data: letter(secret + " " + threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"who writes to the counsellor is not inspected": {from: teacher, to: counsellor, data: letter(threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"not even beside another recipient": {from: teacher, to: parent + "," + counsellor, data: letter(secret + " " + threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"nor by a plus-address": {from: parent, to: "Vertrouwenspersoon+zaak7@School.Example", data: letter(threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"nor by an alias": {from: parent, to: "vp@school.example", data: letter(threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"nor by quotes": {from: parent, to: `"vertrouwenspersoon"@school.example`, data: letter(threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"nor by a list": {from: parent, to: "vertrouwen@school.example", data: letter(threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"a threat is refused with the clause": {from: teacher, to: parent, data: letter(threat), policy: refusing,
			reply: "550 5.7.1 Refused under the code of conduct, clause C2.2a (threat) https://school.example/code", action: "reject", rule: "conduct.threat.violence", purposes: "security conduct leak"},
		"a password is tagged": {from: teacher, to: parent, data: letter(secret), policy: refusing,
			reply: "250 ", action: "tag", rule: "leak.credentials.secret", purposes: "security conduct leak", arrives: true},
		"a program is refused": {from: parent, to: teacher, data: executable, policy: "  actions: {security: {in: reject}}",
			reply: "550 5.7.1 Refused under the code of conduct, clause C3.3a (attachment) https://school.example/code", action: "reject", rule: "security.attachment.executable", purposes: "security conduct"},
		"a program is refused for the counsellor, too": {from: parent, to: counsellor, data: executable, policy: "  actions: {security: {in: reject}}",
			reply: "550 5.7.1 Refused under the code of conduct, clause C3.3a", action: "reject",
			rule: "security.attachment.executable", purposes: "security", confidential: true},
		"a program is tagged": {from: parent, to: teacher, data: executable, policy: "  actions: {security: {in: tag}}",
			reply: "250 ", action: "tag", rule: "security.attachment.executable", purposes: "security conduct", arrives: true},
		"a program goes out to quarantine": {from: teacher, to: parent, data: executable, sample: "0",
			reply: "250 2.0.0 Ok: queued as", action: "quarantine", rule: "security.attachment.executable", purposes: "security conduct"},
		"a threat from outside is tagged": {from: parent, to: teacher, data: letter(threat), policy: "  actions: {conduct: {in: tag}}",
			reply: "250 ", action: "tag", rule: "conduct.threat.violence", purposes: "security conduct", arrives: true},
		"a threat from outside is refused": {from: parent, to: teacher, data: letter(threat), policy: "  actions: {conduct: {in: reject}}",
			reply: "550 5.7.1 Refused under the code of conduct, clause C2.2a", action: "reject", rule: "conduct.threat.violence", purposes: "security conduct"},
		"a threat to a colleague is quarantined": {from: teacher, to: head, data: letter(threat),
			reply: "250 2.0.0 Ok: queued as", action: "quarantine", rule: "conduct.threat.violence", purposes: "security conduct"},
		"a threat may be let pass": {from: teacher, to: parent, data: letter(threat), policy: "  actions: {conduct: {out: pass}}",
			reply: "250 ", action: "pass", rule: "conduct.threat.violence", purposes: "security conduct leak", arrives: true},
		"a password is refused": {from: teacher, to: parent, data: letter(secret), policy: "  actions: {leak: {out: reject}}",
			reply: "550 5.7.1 Refused under the code of conduct, clause C2.1b (credentials)", action: "reject", rule: "leak.credentials.secret", purposes: "security conduct leak"},
		"not what the counsellor sends by an alias": {from: "vp@school.example", to: parent, data: letter(secret + " " + threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"nor by a plus-address of it": {from: "VP+zaak7@school.example", to: parent, data: letter(secret + " " + threat),
			reply: "250 ", action: "pass", purposes: "security", arrives: true, confidential: true},
		"a locked archive may be quarantined": {from: parent, to: teacher, data: locked(t), policy: "  uninspectable: quarantine",
			reply: "250 ", action: "quarantine", purposes: "security conduct"},
		"a locked archive may pass": {from: parent, to: teacher, data: locked(t),
			reply: "250 ", action: "pass", purposes: "security conduct", arrives: true},
		"what can be read in two ways may be quarantined": {from: parent, to: teacher, data: twofold, policy: "  ambiguous: quarantine",
			reply: "250 ", action: "quarantine", purposes: "security conduct"},
		"the sender may get a notice": {from: teacher, to: parent, data: letter(threat), mail: "  notice: Uw bericht wordt bekeken door de ICT-dienst",
			reply: "250 2.0.0 Uw bericht wordt bekeken door de ICT-dienst", action: "quarantine", rule: "conduct.threat.violence", purposes: "security conduct leak"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			g := newGateway(t, settings{nextHop: sink.Addr(), sample: tc.sample, policy: tc.policy, mail: tc.mail})
			out := swaks(t, g, "--from", tc.from, "--to", tc.to, "--data", "X-Token: t\n"+tc.data)
			if !strings.Contains(out, tc.reply) {
				t.Errorf("swaks saw\n%s\nwant %q", out, tc.reply)
			}
			r := g.records(1)[0]
			if (r.Group == "" && r.Peer == "") != tc.confidential {
				t.Errorf("got %+v, want a record that names no one", r)
			}
			action, rule, tailed := tc.action, tc.rule, []record{r}
			if tc.confidential { // it is in an hourly count, and nothing else of it is
				action, rule, tailed = "", "", nil
			}
			if r.Action != action || r.Rule != rule || strings.Join(r.Purposes, " ") != tc.purposes ||
				r.Confidential != tc.confidential || tc.confidential && r.ID != "" {
				t.Errorf("record %+v", r)
			}
			a := sink.Arrivals()["t"]
			if (a.Times == 1) != tc.arrives {
				t.Errorf("arrived %d times", a.Times)
			}
			tail := decodeLines[record](t, g.exported("journal", "tail", "--json"))
			if !reflect.DeepEqual(tail, tailed) {
				t.Errorf("tail shows %+v, want %+v", tail, tailed)
			}
			held := g.held()
			if (tc.action == "quarantine") != (len(held) == 1) || len(held) == 1 &&
				(held[0].Rule != tc.rule || held[0].State != "quarantined") {
				t.Errorf("in quarantine: %+v", held)
			}
		})
	}
}

// Who was named as a recipient is one, also if the next hop does not take the message for
// them now, or if they are to get it by another way: the sender tries again with the same
// content (C3.2g).
func TestACounsellorWhoGetsItLaterIsARecipientNow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		routes string
		first  string // to be refused, or the second one
		limits string
		reply  string
	}{
		"greylisted, first":    {first: counsellor, reply: "450 4.2.0"},
		"greylisted, second":   {first: parent, reply: "450 4.2.0"},
		"by another route":     {first: parent, routes: "    - {to: [own], hosts: [%q], tls: none}\n", reply: "451 4.5.3 Recipient goes another way"},
		"one recipient a time": {first: parent, limits: "  limits: {recipients: 1}", reply: "452 4.5.3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			if tc.routes != "" {
				tc.routes = fmt.Sprintf(tc.routes, testenv.StartSink(t).Addr())
			}
			g := newGateway(t, settings{nextHop: sink.Addr(), routes: tc.routes, mail: tc.limits})
			c := dialRaw(t, g)
			c.say("EHLO c\r\n", "250")
			c.say("MAIL FROM:<"+teacher+">\r\n", "250")
			for _, to := range []string{tc.first, map[string]string{parent: counsellor, counsellor: parent}[tc.first]} {
				want := "250"
				if to == counsellor {
					want = tc.reply
					if tc.routes == "" && tc.limits == "" {
						sink.Misbehave(on(testenv.OnRcpt, "450 4.2.0 Straks"))
					}
				}
				c.say("RCPT TO:<"+to+">\r\n", want)
				sink.Misbehave(nil)
			}
			c.say("DATA\r\n", "354")
			c.say("X-Token: t\r\nSubject: a\r\n\r\n"+secret+" "+threat+"\r\n.\r\n", "250")
			r := g.records(1)[0]
			if !r.Confidential || strings.Join(r.Purposes, " ") != "security" || r.Group != "" || r.Peer != "" ||
				r.Eligible {
				t.Errorf("record %+v", r)
			}
			if sink.Arrivals()["t"].Times != 1 || len(g.held()) != 0 {
				t.Error("the message was inspected, want that it was not")
			}
		})
	}
}

// A tag is one field, that names category and clause and quotes nothing; all the rest
// arrives as it was sent. The next hop here is Postfix's.
func TestATagIsAllThatIsAdded(t *testing.T) {
	t.Parallel()
	testenv.Need(t, "smtp-sink")
	sink, err := testenv.StartSMTPSink(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sink.Stop)
	g := newGateway(t, settings{nextHop: sink.Addr(), policy: "  actions: {leak: {out: tag}}"})
	data := "From: x\nX-Sluis: forged\n" + letter(secret)
	if reply := g.try(teacher, []string{parent}, data); !strings.HasPrefix(reply, "250 2.0.0 ") {
		t.Fatal(reply)
	}
	files, err := filepath.Glob(filepath.Join(sink.Dump(), "m.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	b, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	head, ok := strings.CutSuffix(strings.TrimRight(string(b), "\n")+"\n", data)
	if !ok {
		t.Errorf("altered:\n%s", b)
	}
	if !strings.HasSuffix(head, "\nX-Sluis: credentials; C2.1b\n") || strings.Count(head, "X-Sluis:") != 1 ||
		strings.Count(head, "by sluis.school.example") != 1 {
		t.Errorf("prepended:\n%s", head)
	}
}

// One message, two recipients, two outcomes: what may stay inside does not leave (C3.3b).
func TestRecipientsMayDiffer(t *testing.T) {
	testenv.Need(t, "swaks")
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	swaks(t, g, "--from", teacher, "--to", parent+","+head, "--data", "X-Token: t\n"+letter(secret))
	if a := sink.Arrivals()["t"]; a.Times != 1 || !slices.Equal(a.To, []string{"<" + head + ">"}) {
		t.Errorf("arrived %d times, for %q", a.Times, a.To)
	}
	if held := g.held(); len(held) != 1 || held[0].Recipients != 1 {
		t.Errorf("in quarantine: %+v", held)
	}
}

// raw is a client that says exactly what the test wants.
type raw struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

// dialRaw connects from a trusted address.
func dialRaw(t *testing.T, g *gateway) raw {
	t.Helper()
	r := connect(t, g.addr, "127.0.0.1")
	r.want("220")
	return r
}

// dialStranger connects from an address that is not trusted.
func dialStranger(t *testing.T, g *gateway) raw {
	t.Helper()
	r := connect(t, g.addr, "127.0.0.2")
	r.want("220")
	return r
}

func connect(t *testing.T, addr, from string) raw {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(testenv.Patience))
	return raw{t, c, bufio.NewReader(c)}
}

// say sends text as it is and reads a reply for each of the prefixes.
func (r raw) say(text string, prefixes ...string) string {
	r.t.Helper()
	if _, err := io.WriteString(r, text); err != nil {
		r.t.Fatal(err)
	}
	all := ""
	for _, p := range prefixes {
		all += r.want(p)
	}
	return all
}

func (r raw) want(prefix string) string {
	r.t.Helper()
	all := ""
	for {
		line, err := r.r.ReadString('\n')
		if err != nil {
			r.t.Fatalf("after %q: %v", all, err)
		}
		all += line
		if len(line) < 4 || line[3] == ' ' {
			if !strings.HasPrefix(line, prefix) {
				r.t.Fatalf("reply %q, want %q", all, prefix)
			}
			return all
		}
	}
}

// Many clients at once, with real software.
func TestSMTPSourceGetsAllThrough(t *testing.T) {
	testenv.Need(t, "smtp-source")
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	const n = 500
	if err := testenv.SMTPSource(t.Context(), g.addr, n, 5000, 20, "-f", teacher, "-t", parent); err != nil {
		t.Fatal(err)
	}
	if a := sink.Arrivals()[""]; a.Times != n {
		t.Errorf("%d of %d arrived", a.Times, n)
	}
	g.records(n)
}
