package health

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/internal/clamd"
	"sluis/internal/lang"
	"sluis/internal/lang/langtest"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
	"sluis/internal/testenv"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.Local)

// canary is what a peer says; no result may quote it.
const canary = "kanarie"

// expect compares what a check found: in all languages, with an advice if and only if something is to be done, and
// nothing of what a peer said.
func expect(t *testing.T, name string, check Check, want State) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	r := check(ctx, now)
	if r.State != want {
		t.Errorf("%s: %s (%s), want %s", name, r.State, r.Found.In("en"), want)
	}
	for _, l := range lang.Languages() {
		if r.Name.In(l) == "" || r.Found.In(l) == "" {
			t.Errorf("%s: name %q and result %q in %s, want both", name, r.Name.In(l), r.Found.In(l), l)
		}
	}
	if r.Advice.IsZero() != (want == OK) {
		t.Errorf("%s: advice %q with state %s", name, r.Advice.In("en"), r.State)
	}
	all, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	advice, _ := json.Marshal(r.Advice)
	for _, never := range []string{canary, "%!", "⟦"} {
		if strings.Contains(string(all), never) || strings.Contains(string(advice), "@") {
			t.Errorf("%s: the result has %q or an address: %s", name, never, all)
		}
	}
}

func TestReadersOfDocumentsAreConfined(t *testing.T) {
	expect(t, "confined", Readers([]string{}), OK)
	expect(t, "not confined", Readers([]string{"landlock", "seccomp"}), Attention)
}

// TestTheProxyRuns or not.
func TestTheProxyRuns(t *testing.T) {
	expect(t, "running", Proxy(func() bool { return true }), OK)
	expect(t, "ended", Proxy(func() bool { return false }), Broken)
}

func TestASampleThatIsHardlyOneNeedsAReason(t *testing.T) {
	expect(t, "ordinary", Sample(0.05, false), OK)
	expect(t, "all, and nobody said why", Sample(1, true), Attention)
}

func TestAnAgreementThatEndedIsNamed(t *testing.T) {
	expect(t, "all hold", Agreements(func(time.Time) []string { return nil }), OK)
	expect(t, "one ended", Agreements(func(time.Time) []string { return []string{"DUO"} }), Attention)
}

func TestNetworksThatPointAtSomebodyAreNamed(t *testing.T) {
	expect(t, "large", Groups(nil), OK)
	expect(t, "one address", Groups([]string{"10.1.2.3/32 (directie)"}), Attention)
}

func TestChangesOfTheRosterNeedAttention(t *testing.T) {
	kept := func(time.Time) (bool, error) { return false, nil }
	lost := func(time.Time) (bool, error) { return true, nil }
	expect(t, "none", Roster(func() int { return 0 }, kept), OK)
	expect(t, "two", Roster(func() int { return 2 }, kept), Attention)
	expect(t, "none, and the memory was lost", Roster(func() int { return 0 }, lost), Attention)
}

func TestTexts(t *testing.T) {
	langtest.Package(t, langtest.Families{
		"certificate-": langtest.Words([]Owner{Mail, Web, Console, Authority}),
	})
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

func closedPort(t *testing.T) string {
	t.Helper()
	a, err := testenv.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// hop is a next hop where something fails.
type hop struct{ stage string }

func (hop) Address() string { return "mail.school.example:25" }

func (h hop) Ask(context.Context) error {
	if h.stage == "" {
		return nil
	}
	return fmt.Errorf("%s: %w", canary, h)
}

func (h hop) Error() string { return canary }
func (h hop) Stage() string { return h.stage }

// Package smtpd tests the same with servers that are well, ill and silent.
func TestTheNextMailServer(t *testing.T) {
	for stage, want := range map[string]struct {
		state State
		found string
	}{
		"":         {OK, "answers"},
		"dial":     {Broken, "cannot be reached"},
		"greeting": {Broken, "does not answer as a mail server does"},
		"tls":      {Broken, "no encrypted connection as its route demands"},
		"auth":     {Broken, "refuses the name or the password of Sluis"},
		"other":    {Broken, "does not answer as a mail server does"},
	} {
		check := MailServer(hop{stage})
		expect(t, "stage "+stage, check, want.state)
		if r := check(t.Context(), now); r.Found.In("en") != want.found {
			t.Errorf("stage %q: %q, want %q", stage, r.Found.In("en"), want.found)
		}
	}
}

func TestTheVirusScanner(t *testing.T) {
	for name, tc := range map[string]struct {
		reply string
		want  State
	}{
		"with signatures of today":     {"ClamAV 1.4.2/27456/" + now.Add(-time.Hour).Format(time.ANSIC) + "\x00", OK},
		"with old signatures":          {"ClamAV 1.4.2/27456/" + now.Add(-96*time.Hour).Format(time.ANSIC) + "\x00", Attention},
		"with signatures of its own":   {"ClamAV 1.4.2\x00", Attention},
		"with an age that is none":     {"ClamAV 1.4.2/1/" + canary + "\x00", Attention},
		"that does not know the words": {"UNKNOWN COMMAND " + canary + "\x00", Broken},
		"that hangs up":                {"", Broken},
		"that goes on without an end":  {strings.Repeat(canary, 100_000), Broken},
	} {
		expect(t, name, Clamd(clamd.New(replies(t, tc.reply))), tc.want)
	}
	expect(t, "that is silent", Clamd(clamd.New(silent(t))), Broken)
	expect(t, "that is not there", Clamd(clamd.New(closedPort(t))), Broken)
	expect(t, "without a socket", Clamd(clamd.New(filepath.Join(t.TempDir(), "none"))), Broken)
}

// replies is a daemon that answers the first question.
func replies(t *testing.T, answer string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(testenv.Patience))
		io.ReadFull(c, make([]byte, len("zVERSION\x00")))
		io.WriteString(c, answer)
	}()
	return ln.Addr().String()
}

func TestARealVirusScanner(t *testing.T) {
	testenv.Need(t, "clamd")
	c, err := testenv.StartClamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	expect(t, "without dated signatures", Clamd(clamd.New(c.Socket())), Attention)
	c.Stop()
	expect(t, "stopped", Clamd(clamd.New(c.Socket())), Broken)
}

// aged writes a file of an age.
func aged(t *testing.T, size int, age time.Duration) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, canary)
	if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestJournalAndSpool(t *testing.T) {
	file := filepath.Join(aged(t, 1, 0), canary) // no directory
	for name, tc := range map[string]struct {
		dir     string
		dropped int64
		journal State
		spool   State
	}{
		"nothing":                 {t.TempDir(), 0, OK, OK},
		"nothing was ever there":  {filepath.Join(t.TempDir(), "none"), 0, OK, OK},
		"something of just now":   {aged(t, 1, time.Minute), 0, OK, OK},
		"something of an hour":    {aged(t, 1, time.Hour), 0, Attention, OK},
		"something of two days":   {aged(t, 1, 48*time.Hour), 0, Broken, Attention},
		"an old file, empty":      {aged(t, 0, 48*time.Hour), 0, OK, OK},
		"records that were lost":  {t.TempDir(), 3, Broken, OK},
		"no directory but a file": {file, 0, Broken, Broken},
	} {
		expect(t, name+", journal", Journal(tc.dir, func() int64 { return tc.dropped }), tc.journal)
		expect(t, name+", spool", Spool(tc.dir), tc.spool)
	}
}

func TestLimitsNeedAttentionWhenOwnMailReachesThem(t *testing.T) {
	for name, tc := range map[string]struct {
		strangers, known int64
		want             State
	}{
		"nobody":      {0, 0, OK},
		"strangers":   {5000, 0, OK},
		"own servers": {0, 1, Attention},
		"both":        {12, 3, Attention},
	} {
		expect(t, name, Limits(func() (int64, int64) { return tc.strangers, tc.known }), tc.want)
	}
}

func TestTheQuarantine(t *testing.T) {
	counts := func(held, failed int, age time.Duration) quarantine.Counts {
		of := map[quarantine.State]int{quarantine.Quarantined: held, quarantine.Failed: failed}
		return quarantine.Counts{Of: of, Oldest: now.Add(-age)}
	}
	for name, tc := range map[string]struct {
		counts quarantine.Counts
		err    error
		want   State
	}{
		"nothing":               {quarantine.Counts{}, nil, OK},
		"a few of today":        {counts(3, 0, time.Hour), nil, OK},
		"one of two weeks":      {counts(1, 0, 14*24*time.Hour), nil, Attention},
		"a release that failed": {counts(0, 1, time.Hour), nil, Attention},
		"no quarantine":         {quarantine.Counts{}, errors.New(canary), Broken},
	} {
		counts := func(context.Context) (quarantine.Counts, error) { return tc.counts, tc.err }
		expect(t, name, Quarantine(counts), tc.want)
	}
}

func TestTheListsOfSites(t *testing.T) {
	for name, tc := range map[string]struct {
		state sitelists.State
		want  State
	}{
		"fresh":                 {sitelists.State{Name: "gambling", Sum: "x", Names: 10, Checked: now.Add(-time.Hour)}, OK},
		"never fetched":         {sitelists.State{Name: "gambling", Error: canary}, Broken},
		"not fetched last time": {sitelists.State{Name: "gambling", Sum: "x", Checked: now, Error: canary}, Attention},
		"not checked for long":  {sitelists.State{Name: "gambling", Sum: "x", Checked: now.AddDate(0, 0, -30)}, Attention},
		"mistaken": {sitelists.State{Name: "gambling", Sum: "x", Checked: now,
			Report: sitelists.Report{WellKnown: []string{"google.com"}, Withheld: 1}}, Attention},
	} {
		checks := Lists([]sitelists.State{tc.state})
		if len(checks) != 1 {
			t.Fatal(len(checks))
		}
		expect(t, name, checks[0], tc.want)
	}
}

// certificate writes one that is valid between two times.
func certificate(t *testing.T, from, to time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: to}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRefusedInspections(t *testing.T) {
	for n, want := range map[int]State{0: OK, 1: Attention, 12: Attention} {
		expect(t, fmt.Sprintf("%d sites", n), Inspection(func() int { return n }), want)
	}
}

func TestCertificates(t *testing.T) {
	for name, tc := range map[string]struct {
		path string
		want State
	}{
		"for a year yet":    {certificate(t, now.AddDate(0, -1, 0), now.AddDate(1, 0, 0)), OK},
		"for a week yet":    {certificate(t, now.AddDate(0, -1, 0), now.AddDate(0, 0, 7)), Attention},
		"over":              {certificate(t, now.AddDate(0, -2, 0), now.AddDate(0, 0, -1)), Broken},
		"not yet":           {certificate(t, now.AddDate(0, 0, 1), now.AddDate(1, 0, 0)), Broken},
		"no PEM":            {written(t, canary), Broken},
		"PEM of no meaning": {written(t, "-----BEGIN CERTIFICATE-----\na2FuYXJpZQ==\n-----END CERTIFICATE-----\n"), Broken},
		"not there":         {filepath.Join(t.TempDir(), canary), Broken},
	} {
		expect(t, name, Certificate(Mail, tc.path, 21*24*time.Hour), tc.want)
	}
}

func TestTheMachine(t *testing.T) {
	expect(t, "a disk that is not there", Disk(filepath.Join(t.TempDir(), "none")), Broken)
	r := Disk(t.TempDir())(t.Context(), now)
	if found := r.Found.In("en"); !strings.Contains(found, "MB free") || (r.State == OK) != r.Advice.IsZero() {
		t.Errorf("the state is %s, %q, advice %q", r.State, r.Found.In("en"), r.Advice.In("en"))
	}
	r = Clock(t.Context(), now)
	if kept, known := synchronised(); (r.State == OK) != (kept || !known) || (r.State == OK) != r.Advice.IsZero() {
		t.Errorf("the state is %s, %q, advice %q", r.State, r.Found.In("en"), r.Advice.In("en"))
	}
}

func TestAllAreMadeAtOnceAndInOrder(t *testing.T) {
	met := make(chan bool)
	meet := func(name string, send bool, s State) Check {
		return func(ctx context.Context, _ time.Time) Result {
			r := Result{Name: texts.Message("list", name), State: s}
			if send {
				select {
				case met <- true:
				case <-ctx.Done():
					r.State = "alone"
				}
				return r
			}
			select {
			case <-met:
			case <-ctx.Done():
				r.State = "alone"
			}
			return r
		}
	}
	all := Run(t.Context(), now, meet("a", true, OK), meet("b", false, Attention))
	if len(all) != 2 || all[0].Name.In("nl") != "Lijst a" || all[0].State != OK || all[1].State != Attention {
		t.Errorf("results %+v, want those of a and b", all)
	}
	for want, states := range map[State][]State{OK: {OK}, Attention: {Attention, OK}, Broken: {OK, Broken, Attention}} {
		var rs []Result
		for _, s := range states {
			rs = append(rs, Result{State: s})
		}
		if got := Worst(rs); got != want {
			t.Errorf("%v: %s, want %s", states, got, want)
		}
	}
	if Worst(nil) != OK {
		t.Error("without a check the state is not OK")
	}
}
