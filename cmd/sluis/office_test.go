package main_test

import (
	"encoding/json"
	"io"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that keeps what it gets.
type mailbox struct {
	addr string
	mu   sync.Mutex
	got  map[string][]*mail.Message // by recipient
	text map[string][]string
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{got: map[string][]*mail.Message{}, text: map[string][]string{}}
	srv := smtp.NewServer(m)
	srv.Domain = "hop.example"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.addr = l.Addr().String()
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	return m
}

func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{box: m}, nil }

type delivery struct {
	box *mailbox
	to  []string
}

func (d *delivery) Reset()                                    { d.to = nil }
func (d *delivery) Logout() error                             { return nil }
func (d *delivery) Mail(string, *smtp.MailOptions) error      { return nil }
func (d *delivery) Rcpt(to string, _ *smtp.RcptOptions) error { d.to = append(d.to, to); return nil }

func (d *delivery) Data(r io.Reader) error {
	msg, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body := msg.Body
	if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	d.box.mu.Lock()
	defer d.box.mu.Unlock()
	for _, to := range d.to {
		d.box.got[to], d.box.text[to] = append(d.box.got[to], msg), append(d.box.text[to], strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	return err
}

// texts returns what somebody has got.
func (m *mailbox) texts(to string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.text[to]...)
}

const officeSettings = `notices: {from: sluis@school.example, board: [bestuur@school.example], council: [mr@gezin.example], privacy: [fg@school.example], ict: [ict@school.example], digest: daily}
`

// The board, the council and the privacy officer get the signed state of the ledger, and
// are witnesses with what stands in the mail; the ICT service gets counts.
func TestTheWitnessesOfTheLedgerGetItsState(t *testing.T) {
	t.Parallel()
	box := newMailbox(t)
	g := newGateway(t, settings{nextHop: box.addr, rest: officeSettings})
	for _, to := range []string{"bestuur@school.example", "mr@gezin.example", "fg@school.example", "ict@school.example"} {
		g.eventually("send notices", func() bool { return len(box.texts(to)) == 1 })
	}
	if text := box.texts("ict@school.example")[0]; !strings.Contains(text, "Er wachten 0 berichten") {
		t.Errorf("the digest says %s", text)
	}
	text := box.texts("mr@gezin.example")[0]
	_, checkpoint, found := strings.Cut(text, "go.sum database tree\n")
	if !found {
		t.Fatalf("no checkpoint in\n%s", text)
	}
	witness := write(t, "witness", "go.sum database tree\n"+checkpoint)
	g.try(teacher, []string{parent}, letter(secret))
	g.records(1)
	g.exported("quarantine", "delete", g.held()[0].ID, "--reason", "getest")
	if out, errs, code := run(t, "", "ledger", "verify", "--checkpoint", witness, write(t, "export", g.exported("ledger", "export"))); code != 0 {
		t.Errorf("the ledger does not go on from the mail: %s%s", out, errs)
	}
	g.stop()
	g.start() // and not again after a restart
	g.try(teacher, []string{parent}, letter(harmless))
	g.records(2)
	if n := len(box.texts("mr@gezin.example")); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestABreachFileByCommands(t *testing.T) { // C2.12a
	t.Parallel()
	box := newMailbox(t)
	g := newGateway(t, settings{nextHop: box.addr, rest: officeSettings})
	do := func(args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append(append([]string{"breach"}, args...), "--config", g.config())...)
		if code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		return out
	}
	id := strings.TrimSpace(do("open", "--as", "beheerder", "--role", "ict", "--file", write(t, "found", "Lijst met BSN naar buiten")))
	g.eventually("tell the privacy officer", func() bool {
		return strings.Contains(strings.Join(box.texts("fg@school.example"), " "), id)
	})
	do("fill", id, write(t, "facts", `{"happened": "lijst verstuurd", "number": 28, "data": "BSN"}`), "--as", "fg", "--role", "privacy")
	do("add", id, "reported", "--text", "gemeld", "--as", "fg", "--role", "privacy")
	do("add", id, "closed", "--text", "klaar", "--as", "fg", "--role", "privacy")
	if form := do("form", id); !strings.Contains(form, "28") || !strings.Contains(form, "gemeld") {
		t.Errorf("the form is\n%s", form)
	}
	if list := do("list"); !strings.Contains(list, id) || !strings.Contains(list, "done") {
		t.Errorf("the list is\n%s", list)
	}
	if out := g.exported("ledger", "export"); strings.Contains(out, "naar buiten") || strings.Contains(out, "verstuurd") || !strings.Contains(out, `"breach-closed"`) {
		t.Error("the ledger is not as it should be")
	}
}

func TestAPersonGetsWhatIsHeld(t *testing.T) { // C3.2f
	t.Parallel()
	g := newGateway(t, settings{nextHop: startSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(harmless))
	g.try(head, []string{parent}, letter(secret))
	g.records(2)
	get := func(want int, args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append([]string{"insight", "--as", "fg", "--role", "privacy", "--proof", "document", "--config", g.config()}, args...)...)
		if code != want {
			t.Fatalf("%v: %s", args, errs)
		}
		return out
	}
	var own struct {
		Records []struct{ Action, Site string }
	}
	if err := json.Unmarshal([]byte(get(0, teacher, "--form", "json")), &own); err != nil || len(own.Records) != 1 || own.Records[0].Action != "pass" {
		t.Errorf("%+v, %v", own, err)
	}
	if csv := get(0, head, "--form", "csv"); strings.Count(csv, "\n") != 2 || !strings.Contains(csv, "quarantine") || strings.Contains(csv, "gezin") {
		t.Errorf("the table is\n%s", csv)
	}
	if page := get(0, teacher); !strings.Contains(page, "<html") || !strings.Contains(page, "Wat er over u") {
		t.Error("no page")
	}
	get(1, counsellor)
	get(1, "niemand@school.example")
	if out := g.exported("ledger", "export"); strings.Count(out, `"insight-given"`) != 3 || strings.Contains(out, teacher) {
		t.Errorf("%d requests in the ledger", strings.Count(out, `"insight-given"`))
	}
}
