package main_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// A virus that ClamAV knows is quarantined as malware, for the confidential as well, and
// without its answer nothing passes (C2.9a).
func TestClamAVIsAsked(t *testing.T) {
	testenv.Need(t, "clamd")
	c, err := testenv.StartClamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	sink := testenv.StartSink(t)
	s := settings{nextHop: sink.Addr(), policy: "  malware: {clamd: " + c.Socket() + "}"}
	g := newGateway(t, s)
	eicar := base64.StdEncoding.EncodeToString([]byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD` +
		`-ANTIVIRUS-TEST-FILE!$H+H*`))
	infected := "Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nZie bijlage.\n" +
		"--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=rapport.dat\n" +
		"Content-Transfer-Encoding: base64\n\n" + eicar + "\n--b--\n"
	for _, to := range []string{teacher, counsellor} {
		if reply := g.try(parent, []string{to}, infected); reply[0] != '2' {
			t.Errorf("%q", reply)
		}
	}
	held := g.held()
	if len(held) != 2 || held[0].Rule != "security.malware.signature" || held[1].Purpose != "security" {
		t.Fatalf("%+v", held)
	}
	for i, named := range []bool{false, true} { // the newest, the counsellor's, shows no more than the rule (C3.2g)
		out := g.exported("quarantine", "show", held[i].ID, "--reason", "virus?")
		if strings.Contains(out, "Eicar-Test-Signature") != named {
			t.Errorf("the signature is named in message %d: %v, want %v: %s", i, !named, named, out)
		}
	}
	if reply := g.try(parent, []string{teacher}, letter(harmless)); reply[0] != '2' || len(sink.Arrivals()) != 1 {
		t.Errorf("harmless: %q", reply)
	}
	c.Stop()
	if reply := g.try(parent, []string{teacher}, letter(harmless)); !strings.HasPrefix(reply, "451 4.3.0") {
		t.Errorf("without an answer: %q", reply)
	}
}
