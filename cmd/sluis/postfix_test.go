package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/testenv"
)

func startPostfix(t *testing.T, o testenv.PostfixOptions) *testenv.Postfix {
	t.Helper()
	testenv.Need(t, "postfix")
	p, err := testenv.StartPostfix(t.Context(), t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// delivered waits until a Postfix has a message with some text and returns it.
func delivered(g *gateway, p *testenv.Postfix, text string) []byte {
	g.t.Helper()
	var found []byte
	g.eventually("deliver to Postfix", func() bool {
		ms, err := p.Delivered()
		if err != nil {
			g.t.Fatal(err)
		}
		for _, m := range ms {
			if bytes.Contains(m, []byte(text)) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// certificate makes a certificate for 127.0.0.1 in PEM files and returns their lines of
// configuration.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "sluis.school.example"},
		DNSNames:  []string{"sluis.school.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert},
		"key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return fmt.Sprintf("  tls: {certificate: %s/cert.pem, key: %s/key.pem}\n", dir, dir)
}

// certificateFiles returns the names of the files in what certificate returned.
func certificateFiles(lines string) (cert, key string) {
	f := strings.FieldsFunc(lines, func(r rune) bool { return strings.ContainsRune(" ,{}\n", r) })
	return f[2], f[4]
}

// Mail that a real mail server hands over, through Sluis, to a real mail server, with TLS
// on both sides: all that Sluis adds is one Received field.
func TestBetweenTwoPostfixes(t *testing.T) {
	testenv.Need(t, "swaks")
	back := startPostfix(t, testenv.PostfixOptions{Hostname: "back.example",
		Domains: []string{"school.example", "gezin.example"}, TLS: true})
	own := certificate(t)
	g := newGateway(t, settings{nextHop: back.Addr(), hopTLS: "verified", mail: own,
		env: []string{"SSL_CERT_FILE=" + back.CertificateFile()}})
	cert, _ := certificateFiles(own)
	front := startPostfix(t, testenv.PostfixOptions{Hostname: "front.example", Relayhost: g.addr, TLS: true, Main: map[string]string{
		"smtp_tls_security_level": "secure", "smtp_tls_secure_cert_match": "sluis.school.example",
		"smtp_tls_CAfile": cert, "smtp_tls_loglevel": "1"}})

	data := "X-Token: identity\nMessage-Id: <1@school.example>\nDate: Mon, 23 Nov 2026 08:00:00 +0100\n" +
		"From: Juf <juf@school.example>\nSubject: =?utf-8?q?Caf=C3=A9?=\n folded\nX-Odd:   blanks  \n\n" +
		"Accenten: één, ‘zo’.\n.\n..\n" + strings.Repeat("lange regel ", 80) + "\nlaatste regel zonder meer\n"
	host, port, _ := net.SplitHostPort(front.Addr())
	out, _, err := testenv.Swaks(t.Context(), "--server", host, "--port", port, "--from", teacher, "--to", parent,
		"--data", data)
	if err != nil || !strings.Contains(out, "250 2.0.0 Ok: queued") {
		t.Fatalf("%v\n%s", err, out)
	}
	m := delivered(g, back, "X-Token: identity")
	if !bytes.HasSuffix(m, []byte("\n"+data)) && !bytes.HasSuffix(m, []byte("\n"+data+"\n")) {
		t.Errorf("not byte for byte:\n%s", m)
	}
	trace, _, _ := bytes.Cut(m, []byte("X-Token"))
	if got := fieldNames(trace); got != "Return-Path X-Original-To Delivered-To Received Received Received" {
		t.Errorf("in front of the message stand %s", got)
	}
	if n := bytes.Count(trace, []byte("by sluis.school.example with ESMTPS id ")); n != 1 {
		t.Errorf("%d trace fields of Sluis:\n%s", n, trace)
	}
	if !bytes.Contains(trace, []byte("(using TLSv1.3 with cipher TLS_")) ||
		!bytes.Contains(trace, []byte("from front.example ([127.0.0.1])")) {
		t.Errorf("trace field:\n%s", trace)
	}
	if r := g.records(1)[0]; !r.TLS || r.Action != "pass" || r.Direction != "out" {
		t.Errorf("record %+v", r)
	}
	if !strings.Contains(back.Log(), "TLS connection established from") {
		t.Error("no TLS to the next hop")
	}
	if !strings.Contains(front.Log(), "Verified TLS connection established to") {
		t.Errorf("Postfix did not verify Sluis:\n%s", front.Log())
	}
}

// fieldNames returns the names of header fields in their order.
func fieldNames(header []byte) string {
	var names []string
	for line := range bytes.Lines(header) {
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && line[0] != ' ' && line[0] != '\t' {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, " ")
}

// Mail does not go to whoever answers in the place of the next hop.
func TestANextHopThatCannotProveItselfGetsNothing(t *testing.T) {
	t.Parallel()
	back := startPostfix(t, testenv.PostfixOptions{Hostname: "back.example", Domains: []string{"gezin.example"}, TLS: true})
	g := newGateway(t, settings{nextHop: back.Addr(), hopTLS: "verified"})
	if reply := g.try(teacher, []string{parent}, letter(harmless)); !strings.HasPrefix(reply, "451 4.4.1") {
		t.Errorf("%q", reply)
	}
	if strings.Contains(back.Log(), "from=<") {
		t.Errorf("the wrong server got the message:\n%s", back.Log())
	}
}

// Whatever Postfix refuses, the client of Sluis hears it as the client of Postfix does:
// the same code, enhanced code and text.
func TestRefusalsOfPostfixReachTheClientWordForWord(t *testing.T) {
	t.Parallel()
	back := startPostfix(t, testenv.PostfixOptions{Hostname: "back.example",
		Domains: []string{"school.example", "gezin.example"}, Main: map[string]string{
			"smtpd_delay_reject":           "no",
			"smtpd_sender_restrictions":    "check_sender_access inline:{{boos@school.example=553 5.1.8 Deze afzender niet}, {traag@school.example=450 4.7.1 Straks}}",
			"smtpd_recipient_restrictions": "check_recipient_access inline:{{weg@gezin.example=550 5.1.1 Vertrokken}, {vol@gezin.example=452 4.2.2 Postbus vol}, {zonder@gezin.example=554 Zonder kenmerk}}, permit_mynetworks, reject",
			"header_checks":                "regexp:{{/^Subject: verboden/ REJECT 5.7.9 Dat onderwerp niet}}", "message_size_limit": "70000"}})
	g := newGateway(t, settings{nextHop: back.Addr()})
	for name, lines := range map[string][]string{
		"sender refused":                    {"MAIL FROM:<boos@school.example>\r\n"},
		"sender deferred":                   {"MAIL FROM:<traag@school.example>\r\n"},
		"too large":                         {"MAIL FROM:<juf@school.example> SIZE=80000\r\n"},
		"recipient unknown":                 {"MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<weg@gezin.example>\r\n"},
		"recipient deferred":                {"MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<vol@gezin.example>\r\n"},
		"recipient refused without a class": {"MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<zonder@gezin.example>\r\n"},
		"not its domain":                    {"MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<x@elders.example>\r\n"},
		"content refused": {"MAIL FROM:<juf@school.example>\r\n", "RCPT TO:<ouder@gezin.example>\r\n",
			"DATA\r\n", "Subject: verboden\r\n\r\nx\r\n.\r\n"},
	} {
		last := func(addr string) string {
			c := connect(t, addr, "127.0.0.1")
			c.want("220")
			reply := c.say("EHLO client.example\r\n", "250")
			for _, l := range lines {
				reply = c.say(l, "")
			}
			return reply
		}
		direct, through := last(back.Addr()), last(g.addr)
		if direct[0] != '4' && direct[0] != '5' {
			t.Errorf("%s: Postfix says %q", name, direct)
		}
		if direct != through {
			t.Errorf("%s: Postfix says %q, through Sluis %q", name, direct, through)
		}
	}
}

// As a before-queue filter of a Postfix, Sluis answers that Postfix's own client.
func TestBeforeQueueFilterOfPostfix(t *testing.T) {
	testenv.Need(t, "swaks")
	back := startPostfix(t, testenv.PostfixOptions{Hostname: "back.example", Domains: []string{"school.example", "gezin.example"},
		Main: map[string]string{"smtpd_recipient_restrictions": "check_recipient_access inline:{{weg@school.example=550 5.1.1 Vertrokken}}, permit_mynetworks, reject"}})
	g := newGateway(t, settings{nextHop: back.Addr(), policy: "  actions: {conduct: {out: reject}}"})
	front := startPostfix(t, testenv.PostfixOptions{Hostname: "front.example", Domains: []string{"school.example", "gezin.example"},
		Main: map[string]string{"smtpd_proxy_filter": g.addr}})
	host, port, _ := net.SplitHostPort(front.Addr())
	send := func(to, data string) string {
		out, _, err := testenv.Swaks(t.Context(), "--server", host, "--port", port, "--from", teacher, "--to", to,
			"--data", data)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := send(parent, letter("X-proxy "+harmless)); !strings.Contains(out, "250 2.0.0 Ok: queued as") {
		t.Errorf("harmless:\n%s", out)
	}
	delivered(g, back, "X-proxy")
	if out := send(parent, letter(threat)); !strings.Contains(out,
		"550 5.7.1 Refused under the code of conduct, clause C2.2a") {
		t.Errorf("threat:\n%s", out)
	}
	if out := send(parent, letter(secret)); !strings.Contains(out, "250 2.0.0 Ok: queued as") || len(g.held()) != 1 {
		t.Errorf("secret:\n%s", out)
	}
	if out := send("weg@school.example", letter(harmless)); !strings.Contains(out, "550 5.1.1") ||
		!strings.Contains(out, "Vertrokken") {
		t.Errorf("unknown recipient:\n%s", out)
	}
}

// What a client says of its message reaches the next hop, a real one (RFC 3461, RFC 6531,
// RFC 6152, RFC 1870), and addresses stay exactly as they are.
func TestParametersAndPathsReachPostfix(t *testing.T) {
	back := startPostfix(t, testenv.PostfixOptions{Hostname: "back.example", Domains: []string{"school.example", "gezin.example"}})
	g := newGateway(t, settings{nextHop: back.Addr()})
	c := dialRaw(t, g)
	offered := c.say("EHLO client.example\r\n", "250")
	for _, k := range []string{"SIZE ", "8BITMIME", "SMTPUTF8", "DSN", "PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING"} {
		if !strings.Contains(offered, k) {
			t.Errorf("%s is not offered:\n%s", k, offered)
		}
	}
	send := func(mail, rcpt, data string) {
		t.Helper()
		c.say("MAIL FROM:"+mail+"\r\nRCPT TO:"+rcpt+"\r\nDATA\r\n", "250", "250", "354")
		c.say(data+".\r\n", "250")
	}
	send("<juf@school.example> SIZE=60 BODY=8BITMIME RET=HDRS ENVID=envelop+2B1",
		"<ouder@gezin.example> NOTIFY=SUCCESS ORCPT=rfc822;ouder@oud.example",
		"X-Token: dsn\r\nSubject: a\r\n\r\nœuvre\r\n")
	report := delivered(g, back, "Content-Type: multipart/report")
	for _, want := range []string{"Original-Envelope-Id: envelop+1", "Original-Recipient: rfc822;ouder@oud.example", "Action: delivered"} {
		if !bytes.Contains(report, []byte(want)) {
			t.Errorf("the report lacks %q:\n%s", want, report)
		}
	}
	send("<jürgen@school.example> SMTPUTF8 BODY=8BITMIME", "<öuder@gezin.example>",
		"X-Token: utf8\r\nSubject: één\r\n\r\nx\r\n")
	if m := delivered(g, back, "X-Token: utf8"); !bytes.Contains(m, []byte("Return-Path: <jürgen@school.example>")) ||
		!bytes.Contains(m, []byte("with UTF8SMTP id ")) {
		t.Errorf("%s", m)
	}
	send("<>", `<"oud er"@gezin.example>`, "X-Token: null\r\nSubject: a\r\n\r\nx\r\n")
	if m := delivered(g, back, "X-Token: null"); !bytes.Contains(m, []byte("Return-Path: <>")) ||
		!bytes.Contains(m, []byte(`for <"oud er"@gezin.example>`)) {
		t.Errorf("%s", m)
	}
	c.say("MAIL FROM:<juf@school.example>\r\nRCPT TO:<postmaster>\r\n", "250", "250")
}

// To the last character the next hop gets what the client said: also by one that would
// rather have said something else.
func TestEnvelopesAreExact(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	c := dialRaw(t, g)
	c.say("EHLO client.example\r\n", "250")
	for i, e := range []struct{ from, to string }{
		{"<>", "<postmaster>"},
		{"<juf@school.example>", "<postmaster>"},
		{"<juf@school.example>", "<Postmaster@School.Example>"},
		{"<juf@school.example> SIZE=60 BODY=8BITMIME RET=HDRS ENVID=envelop+2B1", "<ouder@gezin.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;ouder+2Bx@oud.example"},
		{"<jürgen@school.example> SMTPUTF8 BODY=8BITMIME", "<öuder@gezin.example> NOTIFY=NEVER ORCPT=utf-8;\\x{F6}uder@gezin.example"},
		{`<"een \"twee\" @>drie"@school.example>`, `<"oud er> SIZE=1"@gezin.example>`},
		{"<juf=x+y/z{}~@school.example>", "<ouder!#$%&'*@[127.0.0.1]>"},
	} {
		token := fmt.Sprint("envelope", i)
		c.say("MAIL FROM:"+e.from+"\r\nRCPT TO:"+e.to+"\r\nDATA\r\n", "250", "250", "354")
		c.say("X-Token: "+token+"\r\n\r\nx\r\n.\r\n", "250")
		a := sink.Arrivals()[token]
		if a.From != e.from || len(a.To) != 1 || a.To[0] != e.to {
			t.Errorf("%q, %q became %q, %q", e.from, e.to, a.From, a.To)
		}
	}
	if b := sink.Breaches(); len(b) > 0 {
		t.Errorf("%q", b)
	}
}

// Clients by TLS, from the first byte and by STARTTLS.
func TestSwaksOverTLS(t *testing.T) {
	testenv.Need(t, "swaks", testenv.SwaksTLS)
	sink := testenv.StartSink(t)
	implicit := testenv.FreeAddr(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), mail: certificate(t),
		policy: "  actions: {conduct: {out: reject}}",
		more:   fmt.Sprintf("    - {address: %q, tls: implicit}\n", implicit)})
	if out := swaks(t, g, "--tls", "--from", teacher, "--to", parent, "--data",
		"X-Token: start\n"+letter(harmless)); !strings.Contains(out, "TLS started with cipher TLSv1.3") {
		t.Errorf("STARTTLS:\n%s", out)
	}
	_, port, _ := net.SplitHostPort(implicit)
	if out := swaks(t, g, "--port", port, "--tls-on-connect", "--from", teacher, "--to", parent, "--data",
		"X-Token: implicit\n"+letter(harmless)); !strings.Contains(out, "TLS started with cipher TLSv1.3") {
		t.Errorf("implicit:\n%s", out)
	}
	if a := sink.Arrivals(); a["start"].Times != 1 || a["implicit"].Times != 1 {
		t.Errorf("%+v", a)
	}
	// Verdicts are the same as in clear, and a client certificate of anybody proves nothing.
	if out := swaks(t, g, "--tls", "--from", teacher, "--to", parent, "--data", letter(secret)); !strings.Contains(out,
		"<~  250 2.0.0 Ok: queued as") || len(g.held()) != 1 {
		t.Errorf("secret:\n%s", out)
	}
	if out := swaks(t, g, "--tls", "--from", teacher, "--to", parent, "--data", letter(threat)); !strings.Contains(out,
		"<~* 550 5.7.1 Refused under the code of conduct, clause C2.2a") {
		t.Errorf("threat:\n%s", out)
	}
	cert, key := certificateFiles(certificate(t))
	if out := swaks(t, g, "--tls", "--tls-cert", cert, "--tls-key", key, "--local-interface", "127.0.0.2", "--from",
		teacher, "--to", parent); !strings.Contains(out, "<~* 550 5.7.1 Relaying denied") {
		t.Errorf("stranger with a certificate:\n%s", out)
	}
	for _, r := range g.records(4) {
		if !r.TLS {
			t.Errorf("record %+v", r)
		}
	}
}
