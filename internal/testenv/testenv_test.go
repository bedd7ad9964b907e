package testenv_test

import (
	"bytes"
	"fmt"
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

func swaks(t *testing.T, want int, args ...string) string {
	t.Helper()
	testenv.Need(t, "swaks")
	out, code, err := testenv.Swaks(t.Context(), args...)
	if err != nil || code != want {
		t.Fatalf("swaks exits with %d, not %d: %v\n%s", code, want, err, out)
	}
	return out
}

func TestMailGoesThroughOnePostfixToAnotherAndIsFiled(t *testing.T) {
	testenv.Need(t, testenv.SwaksTLS)
	behind := startPostfix(t, testenv.PostfixOptions{Hostname: "behind.example", Domains: []string{"school.example"}})
	front := startPostfix(t, testenv.PostfixOptions{Hostname: "front.example", Relayhost: behind.Addr(), TLS: true})
	out := swaks(t, 0, "--server", front.Addr(), "--tls", "--from", "a@out.example", "--to", "juf@school.example",
		"--header", "X-Token: t1", "--body", "dag juf")
	if !strings.Contains(out, "CHUNKING") || !strings.Contains(out, "TLS started") {
		t.Errorf("neither CHUNKING nor TLS in the session:\n%s", out)
	}
	var got [][]byte
	testenv.Eventually(t, "delivery", func() bool {
		var err error
		if got, err = behind.Delivered(); err != nil {
			t.Fatal(err)
		}
		return len(got) == 1
	})
	for _, want := range []string{"dag juf", "by behind.example", "by front.example", "X-Token: t1"} {
		if !bytes.Contains(got[0], []byte(want)) {
			t.Errorf("no %q in what was delivered:\n%s", want, got[0])
		}
	}
	testenv.Eventually(t, "an empty queue", func() bool { return front.QueueLen() == 0 })
	if !strings.Contains(front.Log(), "status=sent") {
		t.Errorf("not in the log:\n%s", front.Log())
	}
	swaks(
		t,
		24,
		"--server",
		behind.Addr(),
		"--to",
		"x@elsewhere.example",
		"--from",
		"a@out.example",
	) // 24: refused recipient
}

func TestPostfixKeepsWhatTheNextHopPutsOff(t *testing.T) {
	sink := testenv.StartSink(t)
	sink.Misbehave(testenv.Fault{Reply: "451 4.3.0 Not now"}.At(testenv.OnBody))
	front := startPostfix(t, testenv.PostfixOptions{Relayhost: sink.Addr()})
	swaks(
		t,
		0,
		"--server",
		front.Addr(),
		"--from",
		"a@out.example",
		"--to",
		"juf@school.example",
		"--header",
		"X-Token: t2",
	)
	testenv.Eventually(t, "a deferral", func() bool { return strings.Contains(front.Log(), "status=deferred") })
	if front.QueueLen() != 1 || len(sink.Arrivals()) != 0 {
		t.Fatalf("%d in the queue, %d arrived", front.QueueLen(), len(sink.Arrivals()))
	}
	sink.Misbehave(nil)
	if err := front.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "delivery", func() bool { return sink.Arrivals()["t2"].Times == 1 })
	if a := sink.Arrivals()["t2"]; len(a.To) != 1 || !strings.HasPrefix(a.To[0], "<juf@school.example>") {
		t.Errorf("to %q, want juf alone", a.To)
	}
	if b := sink.Breaches(); len(b) > 0 {
		t.Errorf("Postfix breaks the protocol: %q", b)
	}
}

func TestSMTPSourceFillsASMTPSinkDump(t *testing.T) {
	testenv.Need(t, "smtp-sink", "smtp-source")
	s, err := testenv.StartSMTPSink(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	if err := testenv.SMTPSource(t.Context(), s.Addr(), 20, 3000, 4, "-f", "a@out.example", "-t",
		"juf@school.example"); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(s.Dump(), "*"))
	if err != nil || len(files) != 20 {
		t.Fatalf("%d files, %v; want 20", len(files), err)
	}
	if b, err := os.ReadFile(files[0]); err != nil || len(b) < 3000 ||
		!bytes.Contains(b, []byte("juf@school.example")) {
		t.Errorf("%d bytes, %v; want a whole message to juf", len(b), err)
	}
}

func TestRspamdFiltersForPostfix(t *testing.T) {
	if testing.Short() {
		t.Skip("rspamd takes seconds to start")
	}
	testenv.Need(t, "rspamd")
	r, err := testenv.StartRspamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	sink := testenv.StartSink(t)
	p := startPostfix(
		t,
		testenv.PostfixOptions{
			Relayhost: sink.Addr(),
			Main:      map[string]string{"smtpd_milters": r.Milter(), "milter_default_action": "tempfail"},
		},
	)
	swaks(
		t,
		0,
		"--server",
		p.Addr(),
		"--from",
		"a@out.example",
		"--to",
		"juf@school.example",
		"--header",
		"X-Token: ham",
	)
	testenv.Eventually(t, "delivery", func() bool { return sink.Arrivals()["ham"].Times == 1 })
	out := swaks(t, 26, "--server", p.Addr(), "--from", "a@out.example", "--to", "juf@school.example",
		"--body", "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X") // 26: refused after the data
	if !strings.Contains(out, "554 5.7.1") {
		t.Errorf("GTUBE is not refused:\n%s", out)
	}
}

func TestSinkFailsAtEveryStageAsTold(t *testing.T) {
	testenv.Need(t, "swaks")
	for _, tt := range []struct {
		name  string
		at    testenv.Stage
		fault testenv.Fault
		exit  int // of swaks: 2 connection lost, 21 banner, 22 hello, 23 MAIL, 24 RCPT, 25 DATA, 26 body
		taken int
	}{
		{"busy", testenv.OnConnect, testenv.Fault{Reply: "421 4.3.2 Busy"}, 21, 0},
		{"hello refused", testenv.OnHello, testenv.Fault{Reply: "550 5.7.1 No"}, 22, 0},
		{"sender refused", testenv.OnMail, testenv.Fault{Reply: "550 5.7.1 No"}, 23, 0},
		{"recipient put off", testenv.OnRcpt, testenv.Fault{Reply: "450 4.2.1 Later"}, 24, 0},
		{"data refused", testenv.OnData, testenv.Fault{Reply: "451 4.3.0 No"}, 25, 0},
		{"body refused", testenv.OnBody, testenv.Fault{Reply: "552 5.2.2 Full"}, 26, 0},
		{"dropped after the body", testenv.OnBody, testenv.Fault{Drop: true}, 6, 0},
		{"taken, and the reply lost", testenv.OnBody, testenv.Fault{Drop: true, Keep: true}, 6, 1},
		{"slow", testenv.OnBody, testenv.Fault{Delay: 50 * time.Millisecond}, 0, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := testenv.StartSink(t)
			s.Misbehave(tt.fault.At(tt.at))
			swaks(
				t,
				tt.exit,
				"--server",
				s.Addr(),
				"--from",
				"a@out.example",
				"--to",
				"b@school.example",
				"--header",
				"X-Token: t",
			)
			if n := s.Arrivals()["t"].Times; n != tt.taken {
				t.Errorf("taken %d times, want %d", n, tt.taken)
			}
		})
	}
}

func TestStoppingASinkEndsAStalledSession(t *testing.T) {
	s := testenv.StartSink(t)
	s.Misbehave(func(testenv.Step) testenv.Fault { return testenv.Fault{Delay: time.Hour} })
	done := make(chan struct{})
	go func() {
		defer close(done)
		testenv.Swaks(t.Context(), "--server", s.Addr(), "--to", "b@school.example", "--from", "a@out.example")
	}()
	testenv.Need(t, "swaks")
	testenv.Eventually(t, "a connection", func() bool { return s.Sessions() == 1 })
	s.Stop()
	select {
	case <-done:
	case <-time.After(testenv.Patience):
		t.Fatal("the session goes on")
	}
}

// recorder stands for a test that Need skips or fails.
type recorder struct{ skipped, failed string }

func (*recorder) Helper()                     {}
func (*recorder) Cleanup(func())              {}
func (r *recorder) Skipf(f string, a ...any)  { r.skipped = fmt.Sprintf(f, a...) }
func (r *recorder) Fatalf(f string, a ...any) { r.failed = fmt.Sprintf(f, a...) }

func TestNeedSkipsByNameAndFailsInCI(t *testing.T) {
	t.Setenv("CI", "")
	var r recorder
	testenv.Need(&r, "no-such-program")
	if !strings.Contains(r.skipped, "no-such-program") || r.failed != "" {
		t.Errorf("got %+v, want a skip that names the program", r)
	}
	t.Setenv("CI", "true")
	r = recorder{}
	testenv.Need(&r, "no-such-program")
	if !strings.Contains(r.failed, "apt-get install no-such-program") || r.skipped != "" {
		t.Errorf("got %+v, want a failure that says how to get it", r)
	}
	r = recorder{}
	testenv.Need(&r, "sh")
	if r != (recorder{}) {
		t.Errorf("got %+v, want neither a skip nor a failure", r)
	}
}
