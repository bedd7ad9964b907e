package console

import (
	"context"
	"encoding"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/rules"
)

// hop is the next hop of what is released.
type hop struct {
	mu    sync.Mutex
	got   []string
	notes []string
}

func (h *hop) Deliver(
	_ context.Context,
	env quarantine.Envelope,
	_ int64,
	content io.Reader,
) (quarantine.Reply, error) {
	b, err := io.ReadAll(content)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, env.To[0].Path+": "+string(b))
	return quarantine.Reply{OK: true, Codes: "250 2.0.0"}, err
}

func (h *hop) Notify(_ context.Context, _ quarantine.Envelope, note string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, note)
	return nil
}

// quarantine makes what the ICT service works with.
func (h *house) quarantine(dir string) Quarantine {
	h.t.Helper()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		h.t.Fatal(err)
	}
	if h.sealed, err = quarantine.Open(filepath.Join(dir, "quarantine"), h.ledger, key.Recipient()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { h.sealed.Close() })
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		h.t.Fatal(err)
	}
	h.hop, h.key = &hop{}, key
	return Quarantine{
		Store:   h.sealed,
		Keys:    func() ([]age.Identity, error) { return []age.Identity{key}, nil },
		Deliver: h.hop,
		Setting: func() QuarantineSetting {
			return QuarantineSetting{Rules: set, Retention: 30 * 24 * time.Hour, Second: h.second, Notes: true}
		},
	}
}

// hostile is a message that tries whatever a page could get wrong.
const hostile = "From: \"<script>alert(1)</script>\" <a@school.example>\r\n" +
	"To: b@elders.example\r\nSubject: =?utf-8?q?=3Cimg_src=3Dx_onerror=3Dalert=282=29=3E?=\r\n" +
	"X-<b>: \"><svg onload=alert(3)>\r\nMessage-ID: <\"onmouseover=alert(4)@x>\r\n" +
	"Mime-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain\r\n\r\n</div></form><script>alert(5)</script> BSN 111222333 {{.Account}}\r\n" +
	"--b\r\nContent-Type: text/html\r\n\r\n<base href=http://beacon.example/>" +
	"<meta http-equiv=refresh content='0;url=http://beacon.example/'>" +
	"<p style=\"background:url('http://beacon.example/s')\">geheim <b>BSN 111222333</b></p>" +
	"<img src=http://beacon.example/i><iframe src=http://beacon.example/f></iframe>" +
	"<link rel=stylesheet href=http://beacon.example/c><script>alert(6)</script>" +
	"<form action=/quarantine/destroy method=post><button>x</button></form>\r\n" +
	"--b\r\nContent-Type: text/csv\r\n" +
	"Content-Disposition: attachment; filename=\"<script>alert(7)</script>.csv\"\r\n\r\n" +
	"naam,bsn\r\n<script>alert(8)</script>,111222333\r\n--b--\r\n"

// seal puts a message in the quarantine.
func (h *house) seal(content string) quarantine.Entry {
	h.t.Helper()
	e := quarantine.Entry{
		ID:        filter.NewID(),
		Time:      time.Now(),
		Direction: rules.Out,
		Purpose:   rules.Leak,
		Category:  rules.Identity,
	}
	for text, into := range map[string]encoding.TextUnmarshaler{"C3.3b": &e.Clause, "leak.identity.bsn": &e.Rule} {
		if err := into.UnmarshalText([]byte(text)); err != nil {
			h.t.Fatal(err)
		}
	}
	env := quarantine.Envelope{
		From: "a@school.example",
		To:   []quarantine.Recipient{{Path: "b@elders.example", Direction: rules.Out}},
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

// reviewer is a member of the ICT service who accepted the statement of secrecy and has just
// shown a code.
func (h *house) reviewer(name string) *person {
	h.t.Helper()
	p := h.named(name, ledger.ICT).proves(name)
	p.post("/secrecy", url.Values{"accept": {"yes"}}).must("secrecy", status(http.StatusSeeOther))
	return p
}

func value(e quarantine.Entry) string { return fmt.Sprintf("%s.%d", e.ID, e.Version) }

// TestTheListShowsMetadataAlone: and no address.
func TestTheListShowsMetadataAlone(t *testing.T) { // C3.3e
	h := newHouse(t)
	e := h.seal(hostile)
	p := h.as(ledger.ICT)
	for _, path := range []string{
		"/quarantine",
		"/quarantine?state=all&purpose=leak&rule=leak.identity.bsn&direction=out" +
			"&since=2020-01-01&before=2099-01-01&sort=gravest",
		"/quarantine/" + e.ID.String(),
	} {
		a := p.get(path)
		a.must(path, status(http.StatusOK), has(e.ID.String()))
		for _, bad := range []string{"a@school", "elders.example", "111222333", "geheim", "alert"} {
			a.check(path, lacks(bad))
		}
	}
	for _, q := range []string{
		"state=x", "purpose=x", "rule=%00", "direction=x", "since=x", "sort=x", "after=x",
		"after=" + filter.NewID().String(),
	} {
		if a := p.get("/quarantine?" + q); a.status != http.StatusBadRequest && a.status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 400 or 404", q, a.status)
		}
	}
	for _, id := range []string{"x", "..%2f..%2fledger", filter.NewID().String(), strings.Repeat("a", 5000)} {
		p.get("/quarantine/"+id).check(fmt.Sprintf("%.20s", id), status(http.StatusNotFound))
	}
}

// TestNothingOpensWithoutSecrecyProofAndReason (C3.3e).
func TestNothingOpensWithoutSecrecyProofAndReason(t *testing.T) {
	h := newHouse(t)
	e := h.seal(hostile)
	open := "/quarantine/" + e.ID.String() + "/open"
	form := url.Values{"stage": {"text"}, "reason": {"judge the rule"}}
	p := h.as(ledger.ICT)
	p.post(open, form).check("without the statement", toward("/secrecy"))
	p.post("/secrecy", url.Values{"accept": {"yes"}})
	p.post(open, form).check("without proof", toward("/proof"))
	p.proves(string(ledger.ICT))
	p.post(open, url.Values{"stage": {"text"}}).check("without a reason",
		status(http.StatusUnprocessableEntity),
		lacks("alert(5)"))
	if n := len(h.entries(ledger.QuarantineOpened)); n != 0 {
		t.Errorf("%d openings in the ledger, want 0", n)
	}
	a := p.post(open, form)
	a.must("", status(http.StatusOK), has("&lt;script&gt;alert(5)&lt;/script&gt;"))
	got := h.entries(ledger.QuarantineOpened)
	if len(got) != 1 || got[0].Data.Step != "text" || got[0].Data.Reason != "judge the rule" ||
		got[0].Data.Actor.Name != "ict" {
		t.Errorf("the ledger has %+v, want one opening of the text by ict with its reason", got)
	}
}

var tokenField = regexp.MustCompile(`name="opening" value="([A-Z0-9]+)"`)

// TestStagesOfAHostileMessage: in no stage a part of it becomes part of the page, identifiers are
// masked until one is revealed, and each step is in the ledger.
func TestStagesOfAHostileMessage(t *testing.T) {
	h := newHouse(t)
	e := h.seal(hostile)
	p, other := h.reviewer("ict"), h.reviewer("ict-2")
	at := "/quarantine/" + e.ID.String()
	open := func(form url.Values) answer {
		t.Helper()
		form.Set("reason", "judge the rule")
		a := p.post(at+"/open", form)
		a.must(fmt.Sprintf("%v", form), status(http.StatusOK))
		for _, bad := range []string{
			"<script>", "<svg", "<img", "onmouseover=alert(4)@x\"", "beacon.example", "111222333",
		} {
			if strings.Contains(a.body, bad) && bad != "beacon.example" {
				t.Errorf("%v: %q is in the page, want it not there", form, bad)
			}
		}
		return a
	}
	headers := open(url.Values{"stage": {"headers"}})
	part := regexp.MustCompile(`name="part" value="([0-9]+)"`).FindStringSubmatch(headers.body)
	if part == nil {
		t.Fatalf("no attachment in %s, want one", headers.body)
	}
	open(url.Values{"stage": {"attachment"}, "part": {part[1]}}).check("attachment", has("naam,bsn"))
	text := open(url.Values{"stage": {"text"}})
	token := tokenField.FindStringSubmatch(text.body)[1]
	other.post(
		at+"/reveal",
		url.Values{"opening": {token}, "n": {"1"}},
	).check(
		"another reviewer reveals in this opening",
		status(http.StatusUnprocessableEntity),
	)
	p.post(at+"/reveal", url.Values{"opening": {token}, "n": {"1"}}).check("revealed",
		status(http.StatusOK),
		has("111222333"))
	if got := h.entries(ledger.QuarantineRevealed); len(got) != 1 || got[0].Data.ID != e.ID.String() {
		t.Errorf("the ledger has %+v, want one identifier revealed", got)
	}
	page := open(url.Values{"stage": {"html"}})
	src := regexp.MustCompile(`<iframe class="mail" sandbox src="([^"]+)"`).FindStringSubmatch(page.body)
	if src == nil {
		t.Fatalf("no frame in %s, want one", page.body)
	}
	doc := p.get(src[1])
	if doc.status != http.StatusOK || !strings.Contains(doc.body, "geheim") ||
		doc.header.Get("Content-Security-Policy") != framed {
		t.Errorf("the frame has status %d and header %v, want 200 and its policy", doc.status, doc.header)
	}
	for _, bad := range []string{"beacon", "alert", "<form", "111222333", "<base", "<meta http", "style="} {
		doc.check("the frame", lacks(bad))
	}
	other.get(src[1]).check("another reviewer sees the frame", status(http.StatusNotFound))
	if n := len(h.entries(ledger.QuarantineOpened)); n != 4 {
		t.Errorf("%d openings in the ledger, want 4", n)
	}
}

func TestDecisionsOnSeveralAtOnce(t *testing.T) {
	h := newHouse(t)
	a, b, c := h.seal("Subject: a\r\n\r\na"), h.seal("Subject: b\r\n\r\nb"), h.seal("Subject: c\r\n\r\nc")
	p := h.reviewer("ict")
	p.post("/quarantine/keep", url.Values{"message": {value(a), value(b)}}).check("without a reason",
		status(http.StatusSeeOther),
		recorded(ledger.QuarantineKept, 0))
	form := url.Values{"message": {value(a), value(b)}, "reason": {"harmless"}, "note": {"Sorry."}}
	p.post("/quarantine/release", form).must("", status(http.StatusSeeOther))
	if len(h.hop.got) != 2 || !slices.Equal(h.hop.notes, []string{"Sorry.", "Sorry."}) ||
		len(h.entries(ledger.QuarantineReleased)) != 2 {
		t.Errorf("released %q with notes %q, want both messages with a note", h.hop.got, h.hop.notes)
	}
	p.get("/quarantine").check("after the release", has("2 vrijgegeven."))
	stale := value(c)
	p.post("/quarantine/keep", url.Values{"message": {stale}, "reason": {"for later"}})
	p.get("/quarantine")
	p.post("/quarantine/destroy", url.Values{"message": {stale}, "reason": {"bad"}})
	p.get("/quarantine").check("a decision on a message that another changed",
		has(h.pages.texts.In("nl").Text("review-message-changed")))
	for _, bad := range []string{"x", "x.1", a.ID.String(), a.ID.String() + ".0"} {
		r := p.post("/quarantine/keep", url.Values{"message": {bad}, "reason": {"x"}})
		r.check(bad, status(http.StatusBadRequest))
	}
}

func TestASecondPairOfEyesInTheConsole(t *testing.T) {
	h := newHouse(t)
	h.second = true
	e := h.seal("Subject: a\r\n\r\na")
	first, second := h.reviewer("ict"), h.reviewer("ict-2")
	at := "/quarantine/" + e.ID.String()
	first.post("/quarantine/release", url.Values{"message": {value(e)}, "reason": {"harmless"}, "note": {"Sorry."}})
	if len(h.hop.got) != 0 {
		t.Fatal("one reviewer released it, want two")
	}
	if a := first.post(at+"/agree", nil); a.status != http.StatusUnprocessableEntity || len(h.hop.got) != 0 {
		t.Errorf("the proposer agrees: status %d, want 422 and nothing sent", a.status)
	}
	second.get(at).check("the proposal is not shown", has("harmless"))
	if a := second.post(at+"/agree", nil); a.status != http.StatusSeeOther || len(h.hop.got) != 1 ||
		len(h.hop.notes) != 1 {
		t.Errorf("the second agrees: status %d, %v; want it sent with its note", a.status, h.hop)
	}
}

func TestALeakThatIsConfirmedOpensItsFile(t *testing.T) { // C2.12a
	h := newHouse(t)
	e := h.seal(hostile)
	p := h.reviewer("ict")
	a := p.post(
		"/quarantine/"+e.ID.String()+"/confirm",
		url.Values{"seen": {"1"}, "reason": {"a list of pupils"}, "breach": {"yes"}},
	)
	files, err := h.breaches.List()
	if err != nil || len(files) != 1 || files[0].Message != e.ID.String() || a.to != "/breaches/"+files[0].ID {
		t.Errorf("files %+v, %v, status %d to %q; want one of the message, and its page", files, err, a.status, a.to)
	}
	if got := h.entries(ledger.QuarantineConfirmed); len(got) != 1 || len(h.entries(ledger.BreachOpened)) != 1 {
		t.Errorf("the ledger has %+v, want one confirmation and one breach file", got)
	}
	other := h.seal("Subject: b\r\n\r\nb")
	a = p.post("/quarantine/"+other.ID.String()+"/wrong", url.Values{"seen": {"1"}, "reason": {"a phone number"}})
	if got, _ := h.sealed.Get(t.Context(), other.ID); got.Review != quarantine.Wrong ||
		a.to != "/exceptions?rule=leak.identity.bsn" {
		t.Errorf("the message is %+v, leads to %q; want it judged wrong, and to an exception", got, a.to)
	}
}
