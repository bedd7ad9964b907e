package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	cdppage "github.com/chromedp/cdproto/page"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/testenv"
	"sluis/rules"
)

// beacon is a server that nobody should ever ask anything.
type beacon struct {
	*httptest.Server
	asked atomic.Int32
}

func newBeacon(t *testing.T) *beacon {
	t.Helper()
	b := &beacon{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/favicon.ico" {
			b.asked.Add(1)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

// attacks are what a sender would write to be run, or to learn that a message is read.
func attacks(beacon string) []string {
	run := "fetch('" + beacon + "/run');window.taken=1;alert(1)"
	return []string{
		`<script>` + run + `</script>`,
		`"><img src=` + beacon + `/img onerror="` + run + `">`,
		`'"><svg/onload="` + run + `">`,
		`</textarea></title></style></script><script>` + run + `</script>`,
		`--><iframe src="` + beacon + `/frame" srcdoc="<script>` + run + `</script>"></iframe>`,
		`" autofocus onfocus="` + run + `" x="`,
		`<base href="` + beacon + `/"><link rel=stylesheet href="` + beacon + `/css"><style>@import "` + beacon + `/import"; *{background:url(` + beacon + `/bg)}</style>`,
		`<meta http-equiv="refresh" content="0;url=` + beacon + `/refresh">`,
		`<form action="` + beacon + `/form" id=f><input name=q value=1></form><script>f.submit()</script>`,
		`{{.Account.Name}}{{template "x"}}${` + run + `}`,
		`javascript:` + run,
		`<details open ontoggle="` + run + `"><video autoplay src="` + beacon + `/video" onerror="` + run + `"></video><audio src="` + beacon + `/audio" autoplay></audio></details>`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=` + run + `&gt;">`,
		`<noscript><p title="</noscript><img src=` + beacon + `/ns onerror=` + run + `>"></noscript>`,
		`<object data="` + beacon + `/object"></object><embed src="` + beacon + `/embed"><applet code="` + beacon + `/applet"></applet>`,
		`<div hx-get="` + beacon + `/hx" hx-trigger="load" hx-on::load="` + run + `" data-passkey="show"></div>`,
		`<a href="` + beacon + `/a" ping="` + beacon + `/ping">a</a><link rel="dns-prefetch preconnect prefetch" href="` + beacon + `/pre">`,
		`<input autofocus onfocus="` + run + `"><select autofocus onfocus="` + run + `"></select>`,
		"\u202e<img src=x onerror=" + run + ">\u2028\u0000<scr\u0000ipt>" + run + "</script>",
		`+ADw-script+AD4-` + run + `+ADw-/script+AD4-`,
		`<image xlink:href="` + beacon + `/xlink"/><svg><use href="` + beacon + `/use#x"/><animate onbegin="` + run + `" attributeName=x dur=1s></svg>`,
		`<body background="` + beacon + `/body" onload="` + run + `"><table background="` + beacon + `/table"><tr><td style="background-image:url(` + beacon + `/td)">x</td></tr></table>`,
	}
}

// hostileMail is a message with one attack in each of its fields and parts, as it is and as
// its encodings have it.
func hostileMail(attack string) string {
	oneLine := strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(attack)
	word, b64 := mime.BEncoding.Encode("utf-8", attack), base64.StdEncoding.EncodeToString([]byte(attack))
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(oneLine)
	extended := "utf-8''" + url.PathEscape(attack)
	var m strings.Builder
	for _, f := range []string{
		"From: \"" + quoted + "\" <\"" + quoted + "\"@school.example>", "From: " + word + " <a@school.example>",
		"To: \"" + quoted + "\" <b@elders.example>",
		"Cc: " + oneLine,
		"Reply-To: " + word + " <c@elders.example>",
		"Sender: " + oneLine,
		"Subject: " + word,
		"Subject: " + oneLine,
		"Date: " + oneLine,
		"Message-ID: <" + oneLine + "@x>",
		"In-Reply-To: " + oneLine,
		"References: <" + oneLine + ">",
		"X-" + strings.NewReplacer(" ", "", ":", "").Replace(oneLine) + ": " + oneLine, oneLine,
		"List-Unsubscribe: <" + oneLine + ">",
		"Received: from " + oneLine + " by x",
		"DKIM-Signature: v=1; d=" + oneLine,
		"Content-Description: " + oneLine,
		"Mime-Version: 1.0", "Content-Type: multipart/mixed; boundary=b; x=\"" + quoted + "\"",
	} {
		m.WriteString(f + "\r\n")
	}
	m.WriteString("\r\n" + attack + "\r\n")
	part := func(header, body string) { m.WriteString("--b\r\n" + header + "\r\n\r\n" + body + "\r\n") }
	part("Content-Type: text/plain; charset=utf-8", attack)
	part("Content-Type: text/plain; charset=\""+quoted+"\"\r\nContent-Transfer-Encoding: "+oneLine, attack)
	part(
		"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64",
		base64.StdEncoding.EncodeToString([]byte("<html><body><p>Beste ouder</p>"+attack+"</body></html>")),
	)
	part("Content-Type: text/html; charset=utf-7", attack)
	part(
		"Content-Type: text/csv; name=\""+quoted+".csv\"\r\n"+
			"Content-Disposition: attachment; filename=\""+quoted+".csv\"",
		"naam\r\n"+attack,
	)
	part(
		"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*="+extended+".txt",
		attack,
	)
	part(
		"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=\""+word+".txt\"\r\n"+
			"Content-Transfer-Encoding: base64",
		b64,
	)
	part(
		"Content-Type: image/svg+xml\r\nContent-Disposition: attachment; filename=x.svg",
		`<svg xmlns="http://www.w3.org/2000/svg"><text>`+attack+`</text></svg>`,
	)
	part("Content-Type: text/html\r\nContent-Disposition: attachment; filename=x.html", "<p>bijlage</p>"+attack)
	part(
		"Content-Type: text/calendar; method=REQUEST; charset=utf-8",
		"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:"+oneLine+"\r\nLOCATION:"+oneLine+
			"\r\nATTENDEE;CN=\""+oneLine+"\":mailto:a@x.example\r\nURL:"+oneLine+
			"\r\nX-ALT-DESC;FMTTYPE=text/html:"+oneLine+"\r\nEND:VEVENT\r\nEND:VCALENDAR",
	)
	part(
		"Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\""+quoted+".eml\"",
		"From: "+word+" <d@x.example>\r\nSubject: "+word+"\r\nContent-Type: text/html\r\n\r\n"+attack,
	)
	part("Content-Type: "+oneLine+"\r\nContent-ID: <"+oneLine+">\r\nContent-Location: "+oneLine, attack)
	m.WriteString("--b--\r\n" + attack)
	return m.String()
}

// setAsideFrom is seal with an envelope that is hostile as well.
func (h *house) setAsideFrom(attack, content string) quarantine.Entry {
	h.t.Helper()
	e := h.seal("Subject: voorbeeld\r\n\r\nvoorbeeld")
	e.ID, e.State = filter.NewID(), ""
	env := quarantine.Envelope{
		From: `"` + attack + `"@school.example`,
		To:   []quarantine.Recipient{{Path: attack + "@elders.example", Direction: rules.Out}},
	}
	if err := h.sealed.Seal(h.t.Context(), e, env, nil, strings.NewReader(content)); err != nil {
		h.t.Fatal(err)
	}
	e, err := h.sealed.Get(h.t.Context(), e.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// rude is a next hop whose refusal is an attack.
type rude struct{ words string }

func (r rude) Deliver(
	_ context.Context,
	_ quarantine.Envelope,
	_ int64,
	content io.Reader,
) (quarantine.Reply, error) {
	_, err := io.Copy(io.Discard, content)
	return quarantine.Reply{Permanent: true, Codes: "550 5.7.1", Text: r.words}, err
}

func (rude) Notify(context.Context, quarantine.Envelope, string) error { return nil }

// TestNothingOfAHostileMailRuns: a browser shows every stage of messages that attack in every field.
// No script runs, no dialog comes, no other host is asked; and the same HTML without Sluis in between
// does ask, so that the test can fail (C3.3e).
func TestNothingOfAHostileMailRuns(t *testing.T) {
	to := newBeacon(t)
	all := attacks(to.URL)
	h := newHouse(t, func(o *setup) { o.Quarantine.Deliver = rude{strings.Join(all, " ")} })
	b := h.browse()
	b.be(h.reviewer("ict"))
	var dialogs atomic.Int32
	if err := chromedp.Listen(b.ctx, func(ev any) {
		if _, ok := ev.(*cdppage.EventJavascriptDialogOpening); ok {
			dialogs.Add(1)
		}
	}); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.EmulateViewport(1280, 900))
	for i, attack := range append(all, strings.Join(all, "\r\n")) {
		e := h.setAsideFrom(strings.NewReplacer("\r\n", " ", "\x00", "").Replace(attack), hostileMail(attack))
		where := func(stage string) string { return fmt.Sprintf("attack %d, %s", i, stage) }
		at := b.config.Address + "/quarantine/" + e.ID.String()
		visit := func(stage string) {
			t.Helper()
			b.calm(where(stage), to, &dialogs)
		}
		first := i == 0 || i == len(all)
		if first { // refused, so that what the next hop said is there as well
			b.do(chromedp.Navigate(at))
			b.insert("reason", evilReason)
			b.leads("release", chromedp.Click(chromedp.CSS("button[formaction='/quarantine/release']")))
			visit("refused")
		}
		open := func(at, stage string) {
			t.Helper()
			b.do(chromedp.Navigate(at))
			b.insert("open-reason", evilReason)
			b.leads(stage, chromedp.Click(chromedp.CSS("button[name=stage][value="+stage+"]")))
			visit(stage)
		}
		if first {
			open(at, "findings")
		}
		open(at, "text")
		html := h.seal(
			"Mime-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>Beste ouder</p>" +
				attack + "</body></html>",
		)
		open(b.config.Address+"/quarantine/"+html.ID.String(), "html")
		if !of[bool](b, "!!document.querySelector('iframe.mail[sandbox=\"\"]')") {
			t.Errorf("%s: there is no frame, want one", where("html"))
		}
		open(at, "headers")
		parts := of[int](b, "document.querySelectorAll('button[name=part]').length")
		if parts < 4 {
			t.Errorf("%s: %d attachments are listed, want 4 or more", where("headers"), parts)
		}
		for n := range parts {
			if i < len(all) && n != i%parts { // one of each, and all of the last
				continue
			}
			open(at, "headers")
			b.leads(
				"attachment",
				chromedp.Evaluate[chromedp.Void](
					fmt.Sprintf("document.querySelectorAll('button[name=part]')[%d].click()", n),
				),
			)
			visit(fmt.Sprintf("attachment %d", n))
			if of[bool](b, "!!document.querySelector('button.mask')") {
				b.leads("reveal", chromedp.Evaluate[chromedp.Void]("document.querySelector('button.mask').click()"))
				visit(fmt.Sprintf("attachment %d, revealed", n))
			}
		}
	}
	// Those who check what was opened read what reviewers wrote.
	b.be(h.named("privacy", ledger.Privacy))
	for _, path := range []string{"/", "/ledger"} {
		b.do(chromedp.Navigate(b.config.Address + path))
		b.calm(path, to, &dialogs)
	}
	if !b.shows(evilReason) {
		t.Error("the ledger does not show the reason, want it as it was given")
	}
	for _, problem := range b.takeProblems() {
		t.Errorf("the browser has a problem, want none: %.300s", problem)
	}
	if strings.Contains(h.log.String(), "taken") || strings.Contains(h.log.String(), to.URL) {
		t.Error("content of a message is in the log, want none")
	}

	raw := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		io.WriteString(w, strings.ReplaceAll(all[1], "alert(1)", "0"))
	}))
	defer raw.Close()
	b.do(chromedp.Navigate(raw.URL))
	testenv.Eventually(
		t,
		"the attack works without Sluis, or this test shows nothing",
		func() bool { return to.asked.Load() > 0 },
	)
}

// evilReason is what a reviewer writes who attacks those who check.
const evilReason = `"><img src=x onerror=window.taken=1><script>window.taken=1</script>`

const attackReason = "beoordelen of de regel gelijk heeft"

// calm tells what a page should not have done.
func (b *browser) calm(where string, to *beacon, dialogs *atomic.Int32) {
	b.t.Helper()
	if of[bool](b, "!!window.taken") || dialogs.Load() != 0 || to.asked.Load() != 0 {
		b.t.Fatalf(
			"%s: a script ran, or %d dialogs came, or %d requests left; want none",
			where,
			dialogs.Load(),
			to.asked.Load(),
		)
	}
	strange := of[[]string](
		b,
		`[...document.querySelectorAll("*")].flatMap(e => [...e.attributes].filter(a =>
			a.name.startsWith("on") || a.name.startsWith("hx-") ||
			/^\s*javascript:/i.test(a.value) && a.name != "value" ||
			/^(src|href|action|formaction|data|srcset|poster|background)$/.test(a.name) &&
				!a.value.startsWith("/") && !a.value.startsWith("#") && e.closest("footer") == null
		).map(a => e.tagName + " " + a.name))`,
	)
	strange = append(
		strange,
		of[[]string](
			b,
			`[...document.querySelectorAll("main script:not([src^='/static/']), form form, main :is(style, link, " +
				"base, meta, object, embed, svg, img, video, audio, math)")].map(e => e.tagName)`,
		)...)
	if len(strange) != 0 {
		b.t.Errorf("%s: the page has %q, want none of it", where, strange)
	}
}

// TestAnAddressIsNotEnoughToOpen: an id, a token or a part is no right. Every other role, another
// reviewer and a stranger get nothing of a message by any address of it (C3.3e).
func TestAnAddressIsNotEnoughToOpen(t *testing.T) {
	h := newHouse(t)
	mine, other := h.seal(hostile), h.seal("Subject: b\r\n\r\nander bericht")
	p := h.reviewer("ict")
	at := "/quarantine/" + mine.ID.String()
	opened := p.post(at+"/open", url.Values{"stage": {"html"}, "reason": {attackReason}})
	frame := regexp.MustCompile(`sandbox src="([^"]+)"`).FindStringSubmatch(opened.body)
	text := p.post(at+"/open", url.Values{"stage": {"text"}, "reason": {attackReason}})
	token := tokenField.FindStringSubmatch(text.body)
	if frame == nil || token == nil {
		t.Fatalf("status %d and %d, want a frame and an opening", opened.status, text.status)
	}
	before := h.size()
	tries := func(who string, q *person, same bool) {
		t.Helper()
		for path, form := range map[string]url.Values{
			at + "/open":    {"stage": {"text"}, "reason": {attackReason}},
			at + "/reveal":  {"opening": {token[1]}, "n": {"1"}},
			at + "/confirm": {"seen": {"1"}, "reason": {attackReason}, "breach": {"yes"}},
			at + "/wrong":   {"seen": {"1"}, "reason": {attackReason}},
			at + "/agree":   nil, at + "/refuse": {"reason": {attackReason}},
			"/quarantine/release": {"message": {value(mine)}, "reason": {attackReason}},
			"/quarantine/destroy": {"message": {value(mine)}, "reason": {attackReason}},
			"/quarantine/keep":    {"message": {value(mine)}, "reason": {attackReason}},
		} {
			if same && !strings.HasSuffix(path, "/reveal") {
				continue // a reviewer may
			}
			if a := q.post(path, form); a.status == http.StatusOK ||
				a.status == http.StatusSeeOther && !strings.HasPrefix(a.to, "/sign-in") ||
				strings.Contains(a.body, "geheim") ||
				strings.Contains(a.body, "111222333") {
				t.Errorf("%s posts to %.50s: status %d to %q, want it refused", who, path, a.status, a.to)
			}
		}
		q.get(frame[1]).check(fmt.Sprintf("%s sees the frame", who), not(http.StatusOK), lacks("geheim"))
	}
	for _, r := range ledger.Roles {
		if r != ledger.ICT {
			tries(string(r), h.named("a-"+string(r), r), false)
		}
	}
	tries("a stranger", h.stranger(), false)
	tries("another reviewer", h.reviewer("ict-2"), true)
	for _, kind := range []ledger.Kind{
		ledger.QuarantineReleased, ledger.QuarantineDeleted, ledger.QuarantineKept, ledger.QuarantineConfirmed,
		ledger.QuarantineWrong, ledger.QuarantineRevealed, ledger.BreachOpened,
	} {
		if n := len(h.entries(kind)); n != 0 {
			t.Errorf("%d entries of %s in the ledger, want none", n, kind)
		}
	}
	if n := len(h.entries(ledger.QuarantineOpened)); n != 2 || h.size() <= before {
		t.Errorf("%d openings in the ledger, want 2", n)
	}
	// What is open of one message is no key to another.
	elsewhere := "/quarantine/" + other.ID.String()
	p.post(elsewhere+"/reveal", url.Values{"opening": {token[1]}, "n": {"1"}}).check("the opening of another message",
		status(http.StatusUnprocessableEntity),
		lacks("111222333"))
	p.get(strings.Replace(frame[1], mine.ID.String(), other.ID.String(), 1)).check("its frame",
		status(http.StatusNotFound))
	for _, part := range []string{
		"-1", "0", "99999", "9223372036854775807", "9223372036854775808", "1e3", "0x1", " 1",
	} {
		form := url.Values{"stage": {"attachment"}, "part": {part}, "reason": {attackReason}}
		if a := p.post(at+"/open", form); a.status != http.StatusUnprocessableEntity &&
			a.status != http.StatusBadRequest {
			t.Errorf("part %s: status %d, want 400 or 422", part, a.status)
		}
	}
	for _, n := range []string{"0", "-1", "x", "99999999999999999999"} {
		p.post(at+"/reveal", url.Values{"opening": {token[1]}, "n": {n}}).check(fmt.Sprintf("identifier %s", n),
			status(http.StatusBadRequest))
	}
}

// size returns how many entries the ledger has.
func (h *house) size() int {
	h.t.Helper()
	n, err := h.ledger.Count(ledger.Query{})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// TestHugeMessagesMakeSmallPages: a message without end is cut off, and the page says so.
func TestHugeMessagesMakeSmallPages(t *testing.T) {
	h := newHouse(t)
	p := h.reviewer("ict")
	const most = 2 << 20 // bytes of a page
	parts := "Mime-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat(
		"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=\"a.csv\"\r\n\r\nnaam\r\n",
		10_000,
	) + "--b--\r\n"
	var nested bytes.Buffer
	for range 500 {
		nested.WriteString("Content-Type: message/rfc822\r\n\r\n")
	}
	for name, content := range map[string]string{
		"100,000 header fields":     strings.Repeat("X-A: waarde\r\n", 100_000) + "\r\ntekst",
		"a field of 10 MB":          "Subject: " + strings.Repeat("a", 10<<20) + "\r\n\r\ntekst",
		"a folded field of 10 MB":   "Subject: a\r\n" + strings.Repeat(" bbbbbbbb\r\n", 1<<20) + "\r\ntekst",
		"a header without an end":   strings.Repeat("a", 10<<20),
		"10,000 parts":              parts,
		"500 messages in messages":  nested.String() + "Subject: a\r\n\r\ntekst",
		"30 MB of text":             "Content-Type: text/plain\r\n\r\n" + strings.Repeat("regel met tekst van een school\r\n", 30<<20/32),
		"30 MB of HTML":             "Content-Type: text/html\r\n\r\n" + strings.Repeat("<p>regel met <b>tekst</b></p>\r\n", 30<<20/32),
		"HTML that nests for ever":  "Content-Type: text/html\r\n\r\n" + strings.Repeat("<div><blockquote><table><tr><td>", 100_000),
		"100,000 identifiers":       "Content-Type: text/plain\r\n\r\n" + strings.Repeat("111222333 ", 100_000),
		"identifiers without space": "Content-Type: text/plain\r\n\r\n" + strings.Repeat("a@b.nl,NL91ABNA0417164300,", 40_000),
	} {
		e := h.seal(content)
		for _, stage := range []string{"findings", "headers", "text", "html"} {
			start := time.Now()
			a := p.post("/quarantine/"+e.ID.String()+"/open", url.Values{"stage": {stage}, "reason": {attackReason}})
			if a.status != http.StatusOK || len(a.body) > most {
				t.Errorf(
					"%s, %s: status %d, %d bytes; want 200 and at most %d",
					name,
					stage,
					a.status,
					len(a.body),
					most,
				)
			}
			t.Logf("%s, %s: %d bytes in %v", name, stage, len(a.body), time.Since(start).Round(time.Millisecond))
			cut := strings.Contains(a.body, h.pages.texts.In("nl").Text("sheet-cut"))
			tells := map[string][]string{
				"headers": {"100,000 header fields", "a field of 10 MB", "10,000 parts"},
				"text":    {"30 MB of text", "100,000 identifiers"},
				"html":    {"30 MB of HTML"},
			}
			if slices.Contains(tells[stage], name) && !cut {
				t.Errorf("%s, %s: the page does not say that there is more, want it to", name, stage)
			}
		}
	}
	e := h.seal("Subject: a\r\n\r\na")
	for _, form := range []url.Values{
		{"message": {value(e)}, "reason": {strings.Repeat("reden ", 1<<20)}},
		{"message": slices.Repeat([]string{value(e)}, 100_000), "reason": {"x"}},
	} {
		if a := p.post("/quarantine/destroy", form); a.status < 400 && a.status != http.StatusSeeOther {
			t.Errorf("an oversized form: status %d, want it refused", a.status)
		}
		if got, err := h.sealed.Get(t.Context(), e.ID); err != nil || got.State != quarantine.Quarantined {
			t.Errorf("after an oversized form the message is %s, %v; want it quarantined", got.State, err)
		}
	}
}
