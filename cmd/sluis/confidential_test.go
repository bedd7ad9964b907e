package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// tried is one message of a table: who sends it, by which envelope, with which fields.
type tried struct {
	stranger bool
	from     string
	to       []string
	header   string // fields, each with its line end
}

// confidentialGateway is a gateway of an organisation with two domains, which draws every message.
func confidentialGateway(t *testing.T, s settings) *gateway {
	t.Helper()
	g := prepareGateway(t, s)
	path := filepath.Join(g.dir, "sluis.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	two := strings.Replace(string(text), "domains: [school.example]", "domains: [school.example, tweede.example]", 1)
	if err := os.WriteFile(path, []byte(two), 0o600); err != nil {
		t.Fatal(err)
	}
	g.rememberWitnessed()
	g.start()
	t.Cleanup(g.kill)
	return g
}

// send sends what trips a conduct and a leak rule, with a token, and returns the reply.
func (m tried) send(t *testing.T, g *gateway, token string) string {
	t.Helper()
	c := dialRaw
	if m.stranger {
		c = dialStranger
	}
	r := c(t, g)
	r.say("EHLO c\r\n", "250")
	r.say("MAIL FROM:<"+m.from+">\r\n", "250")
	for _, to := range m.to {
		r.say("RCPT TO:<"+to+">\r\n", "")
	}
	r.say("DATA\r\n", "354")
	return r.say("X-Token: "+token+"\r\n"+strings.ReplaceAll(m.header, "\n", "\r\n")+"Subject: bericht\r\n\r\n"+
		secret+" "+threat+"\r\n.\r\n", "250")
}

// Every way of being or reaching the confidential counsellor: neither conduct nor leak rules run, and nothing
// is quarantined, although each message is drawn and trips both (C3.2g).
func TestEveryWayToReachTheCounsellorIsExempt(t *testing.T) {
	t.Parallel()
	const mailbox = "info@school.example"
	ways := map[string]tried{
		"envelope":                       {from: counsellor, to: []string{parent}},
		"in other case":                  {from: parent, to: []string{"VertrouwensPersoon@SCHOOL.example"}, stranger: true},
		"quoted":                         {from: parent, to: []string{`"vertrouwenspersoon"@school.example`}, stranger: true},
		"sub-address":                    {from: parent, to: []string{"vp+zaak7@school.example"}, stranger: true},
		"list":                           {from: parent, to: []string{"vertrouwen@school.example"}, stranger: true},
		"beside another (Bcc)":           {from: teacher, to: []string{parent, counsellor}, header: "To: ouder@gezin.example\n"},
		"prvs":                           {from: "prvs=4711ab=" + counsellor, to: []string{parent}},
		"automatic reply":                {from: "", to: []string{parent}, header: "From: Vera <" + counsellor + ">\nAuto-Submitted: auto-replied\n"},
		"forwarded, SRS of Exchange":     {from: "bounces+SRS=44ldt=IX@school.example", to: []string{"vera@thuis.example"}, header: "From: " + parent + "\nTo: vp@school.example\n"},
		"forwarded, mailbox and SRS":     {from: "vp+SRS=44ldt=IX=gezin.example=ouder@school.example", to: []string{"vera@thuis.example"}},
		"SRS0":                           {from: "SRS0=HHH=TT=school.example=vp@school.example", to: []string{parent}},
		"SRS1":                           {from: "SRS1=GGG=relay.example==HHH=TT=school.example=vp@school.example", to: []string{parent}},
		"VERP":                           {from: "vp-ouder=gezin.example@school.example", to: []string{parent}},
		"VERP of a list":                 {from: "bounces-vp=school.example@school.example", to: []string{parent}},
		"btv1":                           {from: "btv1==0123abcdef==vp@school.example", to: []string{parent}},
		"a bounce to btv1":               {from: "", to: []string{"btv1==0123abcdef==vp@school.example"}, stranger: true},
		"shared mailbox":                 {from: mailbox, to: []string{parent}, header: "From: " + mailbox + "\nSender: " + counsellor + "\n"},
		"on behalf of her":               {from: teacher, to: []string{parent}, header: "From: " + counsellor + "\nSender: " + teacher + "\n"},
		"Reply-To":                       {from: mailbox, to: []string{parent}, header: "From: " + mailbox + "\nReply-To: vp@school.example\n"},
		"Resent-From":                    {from: mailbox, to: []string{parent}, header: "From: " + parent + "\nResent-From: vp@school.example\n"},
		"Resent-To":                      {from: parent, to: []string{head}, header: "Resent-To: vp@school.example\n", stranger: true},
		"second domain":                  {from: "vp@tweede.example", to: []string{parent}},
		"second domain, incoming":        {from: parent, to: []string{"vertrouwenspersoon@tweede.example"}, stranger: true},
		"subdomain":                      {from: "vp@mail.school.example", to: []string{parent}},
		"Cc, only the outside recipient": {from: teacher, to: []string{parent}, header: "From: " + teacher + "\nTo: " + parent + "\nCc: \"Trouw, Vera\" <vp@school.example>\n"},
		"To, only the outside recipient": {from: teacher, to: []string{parent}, header: "To: =?utf-8?q?Vera_Tr=C3=B6uw?= <VP@school.example>,\n " + parent + "\n"},
		"Cc, in a group":                 {from: teacher, to: []string{parent}, header: "Cc: zorg: juf@school.example,\n\tvertrouwen@school.example;\n"},
		"Cc, broken":                     {from: teacher, to: []string{parent}, header: "Cc: \"Vera <vp (de echte) @ school . example\n"},
		"Cc, incoming":                   {from: parent, to: []string{head}, header: "Cc: vp@school.example\n", stranger: true},
		"by a Delivered-To":              {from: parent, to: []string{"vera@thuis.example"}, header: "Delivered-To: vp@school.example\nTo: contact@school.example\n"},
		"behind a long header":           {from: teacher, to: []string{parent}, header: "To: " + strings.Repeat("ouder@gezin.example,\n ", 60000) + "vp@school.example\n"},
	}
	// What says no such thing stays inspected (C3.3a), from strangers also what says it.
	ordinary := map[string]tried{
		"a teacher":                      {from: teacher, to: []string{parent}, header: "From: " + teacher + "\nTo: " + parent + "\n"},
		"a stranger":                     {from: parent, to: []string{teacher}, header: "From: " + parent + "\nTo: " + teacher + "\n", stranger: true},
		"about the counsellor":           {from: teacher, to: []string{parent}, header: "Subject: mail vp@school.example\nReferences: <vp@school.example>\n"},
		"a name like hers":               {from: teacher, to: []string{parent}, header: "Cc: svp@school.example, vp@school.example.elders.example\n"},
		"forged envelope":                {from: counsellor, to: []string{teacher}, stranger: true},
		"forged at a subdomain":          {from: "vp@mail.school.example", to: []string{teacher}, stranger: true},
		"forged at the second domain":    {from: "vp@tweede.example", to: []string{teacher}, stranger: true},
		"forged SRS":                     {from: "SRS0=HHH=TT=school.example=vp@elders.example", to: []string{teacher}, stranger: true},
		"forged prvs":                    {from: "prvs=1=vp@school.example", to: []string{teacher}, stranger: true},
		"forged VERP":                    {from: "b-vp=school.example@elders.example", to: []string{teacher}, stranger: true},
		"forged From":                    {from: parent, to: []string{teacher}, header: "From: vp@school.example\n", stranger: true},
		"forged Reply-To":                {from: parent, to: []string{teacher}, header: "Reply-To: vp@school.example\n", stranger: true},
		"forged Sender":                  {from: "", to: []string{teacher}, header: "Sender: vp@school.example\n", stranger: true},
		"forged Delivered-To":            {from: parent, to: []string{teacher}, header: "Delivered-To: vp@school.example\n", stranger: true},
		"forged Authentication-Results":  {from: counsellor, to: []string{teacher}, header: "Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example; dkim=pass header.d=school.example\nFrom: vp@school.example\n", stranger: true},
		"To at a domain that is not own": {from: parent, to: []string{teacher}, header: "To: vp@elders.example\n", stranger: true},
	}
	sink := testenv.StartSink(t)
	g := confidentialGateway(t, settings{nextHop: sink.Addr()})
	token := func(name string) string { return strings.Map(letters, name) }
	for name, m := range ways {
		m.send(t, g, token(name))
		if sink.Arrivals()[token(name)].Times != 1 {
			t.Errorf("%s: inspected and quarantined, want that it passes", name)
		}
	}
	if held := g.held(); len(held) != 0 {
		t.Errorf("in quarantine: %+v, want nothing", held)
	}
	for name, m := range ordinary {
		m.send(t, g, token(name))
		if sink.Arrivals()[token(name)].Times != 0 {
			t.Errorf("%s: passed, want that it is quarantined", name)
		}
	}
	g.eventually("quarantine the others", func() bool { return len(g.held()) == len(ordinary) })
	for _, r := range decodeLines[record](t, g.exported("journal", "export")) {
		if r.Confidential && (r.Group != "" || r.Peer != "" || strings.Join(r.Purposes, " ") != "security") {
			t.Errorf("record %+v, want one that names no one, of security alone", r)
		}
	}
	g.stop()
	byHeader := 0
	for _, m := range ways { // a dozen are exempt by their header alone
		if m.header != "" && !strings.Contains(m.from+strings.Join(m.to, " "), "ertrouwenspersoon") {
			byHeader++
		}
	}
	counted := fmt.Sprintf("at least %d times", byHeader/10*10)
	if out := g.exported("report", "--lang", "en"); byHeader < 10 || !strings.Contains(out, counted) {
		t.Errorf("the report has no %q: mail that is exempt by its header is counted, and shown in tens", counted)
	}
	for _, name := range slices.Collect(maps.Keys(ways)) {
		if strings.Contains(g.log.String(), name) {
			t.Errorf("%s is in the log", name)
		}
	}
}

// letters makes a token of a name.
func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

// A receiving server in front vouches for a sender; what a stranger writes below does not (C3.2g).
func TestAReceiverInFrontVouchesForTheCounsellor(t *testing.T) {
	t.Parallel()
	const pass = "Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=%s; " +
		"dkim=pass header.d=school.example\n"
	const hop = "Received: from x by mx.school.example\n"
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr(), mail: "  carriers: [127.0.0.2/32]\n  authserv-id: mx.school.example"})
	for name, tc := range map[string]struct {
		from, header string
		exempt       bool
	}{
		"envelope":             {counsellor, fmt.Sprintf(pass, counsellor), true},
		"author":               {"", fmt.Sprintf(pass, "") + hop + "From: vp@school.example\n", true},
		"below its Received":   {counsellor, hop + fmt.Sprintf(pass, counsellor), true},
		"failed":               {counsellor, "Authentication-Results: mx.school.example; spf=fail smtp.mailfrom=school.example\n", false},
		"forged below":         {counsellor, "Authentication-Results: mx.school.example; spf=fail smtp.mailfrom=school.example\n" + hop + fmt.Sprintf(pass, counsellor), false},
		"of an earlier hop":    {counsellor, hop + "Received: from y by z\n" + fmt.Sprintf(pass, counsellor), false},
		"of another receiver":  {counsellor, "Authentication-Results: elders.example; spf=pass smtp.mailfrom=school.example\n", false},
		"of another domain":    {counsellor, "Authentication-Results: mx.school.example; dkim=pass header.d=elders.example\nFrom: vp@school.example\n", false},
		"without any":          {counsellor, "From: vp@school.example\n", false},
		"Reply-To beside From": {parent, fmt.Sprintf(pass, parent) + "From: juf@school.example\nReply-To: vp@school.example\n", false},
	} {
		token := strings.Map(letters, name)
		tried{stranger: true, from: tc.from, to: []string{teacher}, header: tc.header}.send(t, g, token)
		if got := sink.Arrivals()[token].Times == 1; got != tc.exempt {
			t.Errorf("%s: exempt %v, want %v", name, got, tc.exempt)
		}
	}
}

// A message that the gateway itself split: what comes later without the counsellor is as confidential, also
// after a restart; another message of the same sender is not (C3.2g).
func TestTheRestOfASplitMessageStaysConfidential(t *testing.T) {
	t.Parallel()
	inside, outside := testenv.StartSink(t), testenv.StartSink(t)
	g := newGateway(t, settings{
		nextHop: outside.Addr(),
		routes:  fmt.Sprintf("    - {to: [own], hosts: [%q], tls: none}\n", inside.Addr()),
	})
	post := func(token, id string, to ...string) {
		t.Helper()
		tried{from: teacher, to: to, header: id}.send(t, g, token)
	}
	const id = "Message-ID: <een@school.example>\n"
	post("first", id, counsellor, parent) // of which the gateway takes the first
	if inside.Arrivals()["first"].Times != 1 {
		t.Fatal("the part for the counsellor did not arrive")
	}
	g.kill()
	g.start()
	post("rest", id, parent)
	if outside.Arrivals()["rest"].Times != 1 {
		t.Error("the rest was inspected, want that it is confidential")
	}
	post("other", "Message-ID: <twee@school.example>\n", parent)
	if outside.Arrivals()["other"].Times != 0 {
		t.Error("another message passed, want that it is quarantined")
	}
	post("bare", "", counsellor, parent) // without a Message-ID its header is what identifies it
	post("bare", "", parent)
	if outside.Arrivals()["bare"].Times != 1 {
		t.Error("the rest of a message without Message-ID was inspected")
	}
	if held := g.held(); len(held) != 1 {
		t.Errorf("in quarantine: %+v, want the other message", held)
	}
}
