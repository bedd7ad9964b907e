package main_test

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// texts returns the bodies of the messages that an address got at a sink that records them whole.
func texts(t *testing.T, hop *testenv.Sink, to string) []string {
	t.Helper()
	var all []string
	for _, m := range hop.Messages() {
		if !slices.ContainsFunc(m.To, func(rcpt string) bool { return strings.HasPrefix(rcpt, "RCPT TO:<"+to+">") }) {
			continue
		}
		msg, err := mail.ReadMessage(bytes.NewReader(m.Data))
		if err != nil {
			t.Fatal(err)
		}
		body := msg.Body
		if msg.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, strings.ReplaceAll(string(text), "\r\n", "\n"))
	}
	return all
}

// startMailbox starts a next hop that records messages whole.
func startMailbox(t *testing.T) *testenv.Sink {
	s := testenv.NewSink(t)
	s.Detail = testenv.Whole
	return s.Start()
}

const officeSettings = `notices: {from: sluis@school.example, board: [bestuur@school.example], council: [mr@gezin.example], privacy: [fg@school.example], ict: [ict@school.example], digest: daily}
`

// The board, the council and the privacy officer get the signed state of the ledger, and
// are witnesses with what stands in the mail; the ICT service gets counts.
func TestTheWitnessesOfTheLedgerGetItsState(t *testing.T) {
	t.Parallel()
	box := startMailbox(t)
	g := newGateway(t, settings{nextHop: box.Addr(), rest: officeSettings})
	for _, to := range []string{"bestuur@school.example", "mr@gezin.example", "fg@school.example", "ict@school.example"} {
		g.eventually("send notices", func() bool { return len(texts(t, box, to)) == 1 })
	}
	if text := texts(t, box, "ict@school.example")[0]; !strings.Contains(text, "Er wachten 0 berichten") {
		t.Errorf("the digest says %s", text)
	}
	text := texts(t, box, "mr@gezin.example")[0]
	_, checkpoint, found := strings.Cut(text, "go.sum database tree\n")
	if !found {
		t.Fatalf("no checkpoint in\n%s", text)
	}
	witness := write(t, "witness", "go.sum database tree\n"+checkpoint)
	g.try(teacher, []string{parent}, letter(secret))
	g.records(1)
	g.exported("quarantine", "delete", g.held()[0].ID, "--reason", "getest")
	if out, errs, code := run(t, "", "ledger", "verify", "--checkpoint", witness,
		write(t, "export", g.exported("ledger", "export"))); code != 0 {
		t.Errorf("the ledger does not go on from the mail: %s%s", out, errs)
	}
	g.stop()
	g.start() // and not again after a restart
	g.try(teacher, []string{parent}, letter(harmless))
	g.records(2)
	if n := len(texts(t, box, "mr@gezin.example")); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestABreachFileByCommands(t *testing.T) { // C2.12a
	t.Parallel()
	box := startMailbox(t)
	g := newGateway(t, settings{nextHop: box.Addr(), rest: officeSettings})
	do := func(args ...string) string {
		t.Helper()
		out, errs, code := run(t, "", append(append([]string{"breach"}, args...), "--config", g.config())...)
		if code != 0 {
			t.Fatalf("%v: %s", args, errs)
		}
		return out
	}
	id := strings.TrimSpace(do("open", "--as", "beheerder", "--role", "ict", "--file",
		write(t, "found", "Lijst met BSN naar buiten")))
	g.eventually("notify the privacy officer", func() bool {
		return strings.Contains(strings.Join(texts(t, box, "fg@school.example"), " "), id)
	})
	do("fill", id, write(t, "facts", `{"happened": "lijst verstuurd", "number": 28, "data": "BSN"}`), "--as", "fg",
		"--role", "privacy")
	do("add", id, "reported", "--text", "gemeld", "--as", "fg", "--role", "privacy")
	do("add", id, "closed", "--text", "klaar", "--as", "fg", "--role", "privacy")
	if form := do("form", id); !strings.Contains(form, "28") || !strings.Contains(form, "gemeld") {
		t.Errorf("the form is\n%s", form)
	}
	if list := do("list"); !strings.Contains(list, id) || !strings.Contains(list, "done") {
		t.Errorf("the list is\n%s", list)
	}
	if out := g.exported("ledger", "export"); strings.Contains(out, "naar buiten") ||
		strings.Contains(out, "verstuurd") || !strings.Contains(out, `"breach-closed"`) {
		t.Error("the ledger is not as it should be")
	}
}
