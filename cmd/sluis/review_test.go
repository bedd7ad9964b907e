package main_test

import (
	"bufio"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"filippo.io/age"

	"sluis/internal/control"
	"sluis/internal/testenv"
)

// refusal runs a command that has to fail, and returns what it says.
func (g *gateway) refusal(args ...string) string {
	g.t.Helper()
	g.signs(args)
	out, errs, code := run(g.t, "", append(args, "--config", g.config())...)
	if code == 0 || out != "" {
		g.t.Errorf("%v: exit code %d, %s", args, code, out)
	}
	return errs
}

// A gateway that holds public keys only cannot open what it sets aside; who has the
// private key can (C3.3e).
func TestOnlyTheReviewersKeyOpens(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	other, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	mine, theirs := write(t, "mine.key", key.String()+"\n"), write(t, "theirs.key", other.String()+"\n")
	g := newGateway(t, settings{nextHop: sink.Addr(), rest: "quarantine: {recipients: [" + key.Recipient().String() + "]}\n"})
	data := "X-Token: t\nSubject: a\n\n" + secret + "\n"
	g.try(teacher, []string{parent}, data)
	id := g.held()[0].ID

	if errs := g.refusal("quarantine", "show", id, "--reason", "test"); !strings.Contains(errs, "--identity") {
		t.Errorf("%s", errs)
	}
	if errs := g.refusal("quarantine", "show", id, "--reason", "test", "--identity",
		theirs); !strings.Contains(errs, "identity did not match") {
		t.Errorf("with another key: %s", errs)
	}
	if out := g.exported("quarantine", "show", id, "--stage", "text", "--reason", "test", "--identity",
		mine); !strings.Contains(out, "Zomer!Regen84kast") {
		t.Errorf("%s", out)
	}
	out := g.exported("quarantine", "show", id, "--reason", "test", "--identity", mine, "--json")
	var shown struct {
		Findings []struct{ Rule, Clause string }
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil ||
		len(shown.Findings) != 1 || shown.Findings[0].Rule != "leak.credentials.secret" ||
		shown.Findings[0].Clause != "C2.1b" || strings.Contains(out, "Zomer!Regen84kast") {
		t.Errorf("%v %s", err, out)
	}
	if out := g.exported("quarantine", "release", id, "--reason", "test", "--identity", mine,
		"--json"); !strings.Contains(out, `"released"`) {
		t.Errorf("%s", out)
	}
	if a := sink.Arrivals()["t"]; a.Times != 1 || a.Sum != testenv.TokenSum([]byte(strings.ReplaceAll(data, "\n",
		"\r\n"))) || !strings.HasPrefix(a.From, "<"+teacher+"> SIZE=") {
		t.Errorf("%+v", a)
	}
}

// A release that the next hop put off is finished by the gateway, once; one that it
// refuses for good stays in quarantine and says so.
func TestAReleaseThatIsPutOff(t *testing.T) {
	t.Parallel()
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	for _, token := range []string{"later", "never"} {
		g.try(teacher, []string{parent}, "X-Token: "+token+"\n"+letter(secret))
	}
	held := g.held()
	never, later := held[0].ID, held[1].ID
	sink.Misbehave(on(testenv.OnRcpt, "550 5.1.1 Onbekend"))
	g.reviews()
	if out, _, code := run(t, "", "quarantine", "release", never, "--reason", "test", "--json", "--config",
		g.config()); code != 1 || !strings.Contains(out, `"failed"`) || !strings.Contains(out, "550 5.1.1") {
		t.Errorf("%d %s", code, out)
	}
	sink.Misbehave(on(testenv.OnBody, "451 4.3.0 Straks"))
	if out := g.exported("quarantine", "release", later, "--reason", "test"); !strings.HasPrefix(out,
		"releasing: the next mail server said 451 4.3.0") {
		t.Errorf("%s", out)
	}
	sink.Misbehave(nil)
	g.stop()
	g.passTime()
	g.start()
	state := func(id string) string {
		for _, e := range g.held() {
			if e.ID == id {
				return e.State
			}
		}
		return ""
	}
	g.eventually("deliver what was put off", func() bool { return state(later) == "released" })
	if a := sink.Arrivals(); a["later"].Times != 1 || a["never"].Times != 0 {
		t.Errorf("%+v", a)
	}
	if s := state(never); s != "failed" {
		t.Errorf("refused for good: %s", s)
	}
	for _, s := range []string{"quarantined", "releasing", "released", "failed", "destroyed"} {
		want := 0
		for _, e := range g.held() {
			if e.State == s {
				want++
			}
		}
		if out := g.exported("quarantine", "list", "--json", "--state", s); strings.Count(out, "\n") != want {
			t.Errorf("quarantine list --state %s: got\n%s\nwant %d messages", s, out, want)
		}
	}
	if out := g.exported("quarantine", "list", "--json", "--state", "failed"); !strings.Contains(out, never) {
		t.Errorf("quarantine list --state failed: got\n%s\nwant %s among them", out, never)
	}
	if out := g.exported("quarantine", "show", never, "--stage", "text", "--reason",
		"test"); !strings.Contains(out, "Zomer!Regen84kast") {
		t.Errorf("lost: %s", out)
	}
	if out := g.exported("quarantine", "release", never, "--reason", "test"); !strings.HasPrefix(out, "released") {
		t.Errorf("again: %s", out)
	}
	if sink.Arrivals()["never"].Times != 1 {
		t.Error("released and not delivered")
	}
}

// Commands that cannot be carried out change nothing and say why.
func TestReviewOfWhatIsNotThere(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(secret))
	id := g.held()[0].ID
	const missing = "00000000000000000000000000000000"
	for _, args := range [][]string{
		{"show", missing, "--reason", "x"}, {"release", missing, "--reason", "x"}, {"delete", missing, "--reason", "x"},
		{"show", "../../etc/passwd", "--reason", "x"}, {"release", id}, {"delete", id}, {"delete", id, "--reason", ""},
		{"show", id, "--reason", ""},
	} {
		if errs := g.refusal(append([]string{"quarantine"}, args...)...); errs == "" || strings.Contains(errs, "panic") {
			t.Errorf("%v: %q", args, errs)
		}
	}
	if held := g.held(); len(held) != 1 || held[0].State != "quarantined" {
		t.Errorf("%+v", held)
	}
	if acts := g.exported("ledger", "export"); strings.Contains(acts, "quarantine-") {
		t.Errorf("the ledger has what was not done:\n%s", acts)
	}
	g.exported("quarantine", "delete", id, "--reason", "x")
	if files, err := os.ReadDir(filepath.Join(g.data(), "quarantine", "sealed")); err != nil || len(files) != 0 {
		t.Errorf("%d sealed files after the deletion, %v", len(files), err)
	}
	if errs := g.refusal("quarantine", "release", id, "--reason", "x"); !strings.Contains(errs, "gone") {
		t.Errorf("%s", errs)
	}
}

// What is kept of the traffic can be followed while it flows, and taken out by day.
func TestTheJournalIsFollowed(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	g.try(teacher, []string{parent}, letter(harmless))
	g.records(1)
	tail := exec.CommandContext(t.Context(), program, "journal", "tail", "-f", "-n", "1", "--json", "--data", g.data())
	out, err := tail.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tail.Start(); err != nil {
		t.Fatal(err)
	}
	defer tail.Wait()
	defer tail.Process.Kill()
	lines := bufio.NewScanner(out)
	for _, want := range []string{"pass", "quarantine", "pass"} {
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		if r := decodeLines[record](t, lines.Text()); r[0].Action != want {
			t.Errorf("%+v, want %s", r, want)
		}
		g.try(teacher, []string{parent}, letter(map[string]string{"pass": secret, "quarantine": harmless}[want]))
	}
	g.records(4)
	today, tomorrow := time.Now().Format("2006-01-02"), time.Now().AddDate(0, 0, 1).Format("2006-01-02")
	for _, tc := range []struct {
		want int
		args []string
	}{{4, []string{"--since", today}}, {0, []string{"--since", tomorrow}}, {0, []string{"--until", today}},
		{4, []string{"--until", tomorrow}}} {
		if n := strings.Count(g.exported(append([]string{"journal", "export"}, tc.args...)...), "\n"); n != tc.want {
			t.Errorf("%v: %d records, want %d", tc.args, n, tc.want)
		}
	}
	if out := g.exported("ledger", "export"); !strings.Contains(out, `"kind":"export-made"`) ||
		!strings.Contains(out, `"actor":"command line","ref":"`+control.SystemUser()+`","since":`) {
		t.Error("the exports are not in the ledger")
	}
	if errs := g.refusal("journal", "export", "--since", "gisteren"); !strings.Contains(errs, "2026-11-23") {
		t.Errorf("%s", errs)
	}
}

// A kept checkpoint shows that the end of the ledger is gone.
func TestALedgerThatWasRolledBackIsFound(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr()})
	early := g.exported("ledger", "export")
	g.try(teacher, []string{parent}, letter(secret))
	g.exported("quarantine", "delete", g.held()[0].ID, "--reason", "weg ermee")
	late := g.exported("ledger", "export")
	checkpoint := func(export string) string {
		lines := strings.Split(strings.TrimSpace(export), "\n")
		var end struct{ Checkpoint string }
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &end); err != nil || end.Checkpoint == "" {
			t.Fatalf("no checkpoint at the end: %v", err)
		}
		return write(t, "checkpoint", end.Checkpoint)
	}
	for name, tc := range map[string]struct {
		export, witness string
		code            int
	}{
		"it goes on":            {late, checkpoint(early), 0},
		"it is the same":        {late, checkpoint(late), 0},
		"its end is gone":       {early, checkpoint(late), 3},
		"cut off":               {late[:len(late)/2], checkpoint(early), 3},
		"an entry is missing":   {late[strings.Index(late, "\n")+1:], checkpoint(early), 3},
		"a reason was changed":  {strings.Replace(late, "weg ermee", "niet gedaan", 1), checkpoint(early), 3},
		"another's ledger":      {late, write(t, "other", "niets"), 3},
		"nothing is left of it": {"", checkpoint(early), 3},
	} {
		if out, errs, code := run(t, "", "ledger", "verify", "--checkpoint", tc.witness,
			write(t, "export", tc.export)); code != tc.code {
			t.Errorf("%s: exit code %d\n%s%s", name, code, out, errs)
		}
	}
}

// A draw that was tampered with is found by whoever repeats it (C3.3b).
func TestAnUnfairSampleIsFound(t *testing.T) {
	t.Parallel()
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), sample: "0.5"})
	for range 5 {
		g.try(teacher, []string{parent}, letter(harmless))
	}
	g.records(5)
	day := time.Now().UTC().Format("2006-01-02")
	var report struct {
		Eligible   int
		Deviations []string
	}
	audit := func(want int) {
		t.Helper()
		out, errs, code := run(t, "", "sampling", "audit", "--json", "--day", day, "--data", g.data())
		if code != want {
			t.Fatalf("exit code %d\n%s%s", code, out, errs)
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatal(err)
		}
	}
	if audit(0); report.Eligible != 5 || len(report.Deviations) != 0 {
		t.Errorf("%+v", report)
	}
	tamper(t, filepath.Join(g.data(), "journal"), day)
	if audit(3); len(report.Deviations) != 1 {
		t.Errorf("%+v", report)
	}
	if errs := g.refusal("sampling", "audit", "--day", "2020-01-01"); !strings.Contains(errs, "no commitment") {
		t.Errorf("%s", errs)
	}
}

// tamper turns the draw of the third record of a day over, as one could with the
// files: with all checksums right.
func tamper(t *testing.T, journal, day string) {
	t.Helper()
	file := filepath.Join(journal, "days", day+".day")
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, _ := zstd.NewReader(nil)
	defer z.Close()
	b, err := z.DecodeAll(packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	frame := b
	for range 2 {
		frame = frame[8+binary.BigEndian.Uint32(frame):]
	}
	body := frame[8:][:binary.BigEndian.Uint32(frame)]
	const flags, drawn = 1 + 8 + 16 + 16 + 6, 1 << 2
	body[flags+1] ^= drawn
	binary.BigEndian.PutUint32(frame[4:], crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)))
	w, _ := zstd.NewWriter(nil)
	packed = w.EncodeAll(b, nil)
	if err := os.WriteFile(file, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(journal, "rollups.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("DELETE FROM blocks WHERE seq > 1; UPDATE blocks SET start = 0, bytes = ?",
		len(packed)); err != nil {
		t.Fatal(err)
	}
}
