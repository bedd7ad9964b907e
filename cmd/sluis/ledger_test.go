package main_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// TestAGatewayThatWasPutBackSaysSo: a ledger that lacks what a witness was mailed does not go on by itself; after
// `sluis ledger restored` it does, and the witness sees it (C3.3g).
func TestAGatewayThatWasPutBackSaysSo(t *testing.T) {
	t.Parallel()
	box := startMailbox(t)
	s := settings{nextHop: box.Addr()}
	g := newGateway(t, s)
	g.stop()
	backup := filepath.Join(g.dir, "backup")
	if err := os.CopyFS(backup, os.DirFS(filepath.Join(g.data(), "ledger"))); err != nil {
		t.Fatal(err)
	}
	s.rest = "notices: {from: sluis@school.example, witnesses: [mr@gezin.example, notaris@elders.example]}\n"
	g.configure(s)
	g.start()
	for _, to := range []string{"mr@gezin.example", "notaris@elders.example"} {
		g.eventually("send checkpoints", func() bool { return len(texts(t, box, to)) == 1 })
	}
	mailed := write(t, "mail.txt", texts(t, box, "mr@gezin.example")[0])
	g.eventually("know the witnesses", func() bool {
		out, _, _ := run(t, "", "health", "--config", g.config())
		return strings.Contains(out, "2 of 2 addresses outside")
	})
	if _, errs, code := run(t, "", "ledger", "restored", mailed, "--reason", "x", "--config", g.config()); code == 0 ||
		!strings.Contains(errs, "another gateway runs") {
		t.Errorf("restored while the gateway runs: %d %s", code, errs)
	}
	g.stop()
	where := filepath.Join(g.data(), "ledger")
	if err := errors.Join(os.RemoveAll(where), os.CopyFS(where, os.DirFS(backup))); err != nil {
		t.Fatal(err)
	}
	_, errs, code := run(t, "", "ledger", "export", "--config", g.config())
	if code == 0 || !strings.Contains(errs, "sluis ledger restored") {
		t.Fatalf("a ledger that was put back: %d %s, want the advice to say so", code, errs)
	}
	out, errs, code := run(t, "", "ledger", "restored", mailed, "--reason", "schijf stuk", "--config", g.config())
	if code != 0 {
		t.Fatalf("restored: %d %s%s", code, out, errs)
	}
	g.start()
	export := write(t, "export", g.exported("ledger", "export"))
	if out, errs, code := run(t, "", "ledger", "verify", "--checkpoint", mailed, export); code != 0 ||
		!strings.Contains(out, "RESTORED from a backup") || !strings.Contains(out, "0 texts erased") {
		t.Errorf("the witness sees: %d %s%s", code, out, errs)
	}
}

// TestTheCommandLineErasesNothing: `sluis ledger erase` is gone (GDPR art. 5(2)).
func TestTheCommandLineErasesNothing(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	before := g.exported("ledger", "export")
	if _, _, code := run(t, "", "ledger", "erase", "0", "--reason", "x", "--config", g.config()); code == 0 {
		t.Error("a command erased from the ledger")
	}
	first, _, _ := strings.Cut(before, "\n")
	after := g.exported("ledger", "export")
	if !strings.HasPrefix(after, first) || strings.Contains(after, "payload-erased") {
		t.Error("the ledger is another one")
	}
}
