package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sluis/internal/testenv"
)

// program is the binary that all tests of this package run: built once, as users
// get it.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sluis-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program = filepath.Join(dir, "sluis")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		os.Exit(1)
	}
	os.Setenv("XDG_RUNTIME_DIR", dir) // where sessions of the command line are
	flag.Set("test.parallel", "6")    // the tests wait more than they work; the command line still decides
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// run runs the program to its end and returns what it printed and its exit code.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testenv.Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("run %v: it did not end within %v:\n%s", args, testenv.Patience, errs.String())
	}
	if _, ok := err.(*exec.ExitError); err != nil && !ok {
		t.Fatalf("run %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// gateway is a running sluis serve.
type gateway struct {
	t      *testing.T
	dir    string // holds the configuration and, under data/, all that it keeps
	addr   string // SMTP
	status string // /metrics and /healthz
	env    []string
	cmd    *exec.Cmd
	log    *testenv.Log
	done   chan struct{} // closed when the process has ended

	ict      *reviewer // who reviews the quarantine; nil: nobody yet
	signedIn *exec.Cmd // the process that they signed in to
}

// roster is who is who in the tests.
// The team has ten people: records name no smaller group.
const roster = `groups:
  - {name: team, kind: staff}
people:
  - {address: groep1@school.example, group: team}
  - {address: groep2@school.example, group: team}
  - {address: groep3@school.example, group: team}
  - {address: groep4@school.example, group: team}
  - {address: groep6@school.example, group: team}
  - {address: groep7@school.example, group: team}
  - {address: groep8@school.example, group: team}
  - {address: juf@school.example, aliases: [groep5@school.example], group: team}
  - {address: directie@school.example, group: team}
  - {address: vertrouwenspersoon@school.example, aliases: [vp@school.example], group: team, role: confidential-counsellor}
lists:
  - {address: vertrouwen@school.example, members: [vertrouwenspersoon@school.example]}
`

// settings is the configuration of a test's gateway; zero values are usual ones.
type settings struct {
	nextHop string // host:port
	hopTLS  string // none by default
	hopTime string // within which it replies; testenv.Patience by default
	routes  string // further routes, before the one to nextHop
	sample  string // rate; "1" by default, so that every outgoing message is drawn
	more    string // further lines of mail.listen
	mail    string // further lines of the section mail, indented by two
	policy  string // further lines of the section policy, indented by two
	console string // where the console is; none by default
	rest    string // further sections
	env     []string
}

// newGateway writes a configuration and starts the gateway; it is ended with the test.
func newGateway(t *testing.T, s settings) *gateway {
	t.Helper()
	g := prepareGateway(t, s)
	g.rememberWitnessed()
	g.start()
	t.Cleanup(g.kill)
	return g
}

// prepareGateway only writes its configuration.
func prepareGateway(t *testing.T, s settings) *gateway {
	t.Helper()
	g := &gateway{t: t, dir: t.TempDir(), addr: testenv.FreeAddr(t), status: testenv.FreeAddr(t), env: s.env}
	g.configure(s)
	return g
}

// witnessed is the file in which the gateways of this run remember that search and witness
// agreed about the built-in rules: one of them has to find that out, and not every new one.
var witnessed atomic.Pointer[[]byte]

// rememberWitnessed gives a new gateway the memory of one before it, or takes its memory at
// the end of its test.
func (g *gateway) rememberWitnessed() {
	g.t.Helper()
	file := filepath.Join(g.data(), "witnessed")
	known := witnessed.Load()
	if known == nil {
		g.t.Cleanup(func() {
			if text, err := os.ReadFile(file); err == nil {
				witnessed.CompareAndSwap(nil, &text)
			}
		})
		return
	}
	if err := os.MkdirAll(g.data(), 0o700); err != nil {
		g.t.Fatal(err)
	}
	if err := os.WriteFile(file, *known, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

func (g *gateway) config() string { return filepath.Join(g.dir, "sluis.yaml") }

// startedWith is the configuration that the gateway started with, whatever a test makes of it.
func (g *gateway) startedWith() string { return filepath.Join(g.dir, "started.yaml") }

func (g *gateway) data() string { return filepath.Join(g.dir, "data") }

// configure writes the configuration and the roster.
func (g *gateway) configure(s settings) {
	g.t.Helper()
	if s.sample == "" {
		s.sample = "1"
	}
	if s.hopTLS == "" {
		s.hopTLS = "none"
	}
	if s.hopTime == "" {
		s.hopTime = testenv.Patience.String()
	}
	console := "none"
	if s.console != "" {
		console = s.console
	}
	text := fmt.Sprintf(`organisation:
  name: School
  domains: [school.example]
  code-url: https://school.example/code
data: %s
roster: %s
mail:
  hostname: sluis.school.example
  listen:
    - address: %q
%s  trusted: [127.0.0.1/32]
  routes:
%s    - {to: ["*"], hosts: [%q], tls: %s, timeout: %s}
%s
policy:
  sample-rate: %s
%s
metrics: {listen: %q}
console: {listen: %s}
%s`,
		g.data(), filepath.Join(g.dir, "roster.yaml"), g.addr, s.more, s.routes, s.nextHop, s.hopTLS, s.hopTime, s.mail,
		s.sample, s.policy, g.status, console, s.rest)
	for name, content := range map[string]string{"sluis.yaml": text, "roster.yaml": roster} {
		if err := os.WriteFile(filepath.Join(g.dir, name), []byte(content), 0o600); err != nil {
			g.t.Fatal(err)
		}
	}
}

// launch starts the process.
func (g *gateway) launch() {
	g.t.Helper()
	g.log, g.done = &testenv.Log{}, make(chan struct{})
	text, err := os.ReadFile(g.config())
	if err == nil {
		err = os.WriteFile(g.startedWith(), text, 0o600)
	}
	if err != nil {
		g.t.Fatal(err)
	}
	g.cmd = exec.Command(program, "serve", "--config", g.config())
	g.cmd.Env = append(os.Environ(), g.env...)
	g.cmd.Stdout, g.cmd.Stderr = g.log, g.log
	if err := g.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	cmd, done := g.cmd, g.done
	go func() { cmd.Wait(); close(done) }()
}

// listens reports whether the gateway greets those who connect: its port is open a moment before all
// that a start writes is on disk.
func (g *gateway) listens() bool {
	c, err := net.Dial("tcp", g.addr)
	if err != nil {
		return false
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(testenv.Patience))
	_, err = c.Read(make([]byte, 1))
	return err == nil
}

// start starts the process and waits until it takes connections.
func (g *gateway) start() {
	g.t.Helper()
	g.launch()
	g.eventually("take connections", func() bool {
		select {
		case <-g.done:
			g.t.Fatalf("gateway ended at once:\n%s", g.log)
		default:
		}
		return g.listens()
	})
}

// kill ends the process at once, as a power cut would end it.
func (g *gateway) kill() {
	g.cmd.Process.Kill()
	<-g.done
}

// stop asks the process to end and waits for it.
func (g *gateway) stop() {
	g.t.Helper()
	g.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-g.done:
	case <-time.After(testenv.Patience):
		g.t.Fatalf("did not stop within %v:\n%s", testenv.Patience, g.log)
	}
}

// eventually waits until what the gateway is to do has come about.
func (g *gateway) eventually(what string, ok func() bool) {
	g.t.Helper()
	testenv.Eventually(g.t, "the gateway should "+what, ok, g.log)
}

// record is what the tests look at of a line of journal export.
type record struct {
	ID           string
	Direction    string
	Group, Peer  string // of the own party and the other
	Action       string
	Purpose      string
	Rule         string
	Purposes     []string
	Confidential bool
	Eligible     bool
	Drawn        bool
	Ordered      bool
	TLS          bool
	Approved     bool
	Category     string
	Clause       string
	Repaired     int
	Reply        int
	Records      int // confidential messages of an hour, which have no records
}

// counted turns hourly counts of confidential messages into as many records, behind the others.
func counted(all []record) (rs []record) {
	for _, r := range all {
		for range max(r.Records, 1) {
			r.Records = 0
			rs = append(rs, r)
		}
	}
	return rs
}

// records waits until the journal has n records and returns them, oldest first; confidential ones, which are hourly
// counts, come last.
func (g *gateway) records(n int) []record {
	g.t.Helper()
	var rs []record
	seen := "nothing"
	g.eventually(fmt.Sprintf("have %d records", n), func() bool {
		now := g.journalFiles()
		if now == seen {
			return false // an export is the start of a process
		}
		seen = now
		rs = counted(decodeLines[record](g.t, g.exported("journal", "export")))
		return len(rs) >= n
	})
	if len(rs) != n {
		g.t.Fatalf("%d records, want %d", len(rs), n)
	}
	return rs
}

// journalFiles describes the files of the journal, which change whenever its records do.
func (g *gateway) journalFiles() string {
	var all strings.Builder
	filepath.WalkDir(filepath.Join(g.data(), "journal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || strings.HasSuffix(path, "-shm") { // an export changes that itself
			return nil
		}
		if info, err := d.Info(); err == nil {
			fmt.Fprintln(&all, path, info.Size(), info.ModTime())
		}
		return nil
	})
	return all.String()
}

// entry is what the tests look at of a line of quarantine list.
type entry struct {
	ID, Direction, Purpose, Rule, State string
	Recipients, Size                    int
}

// held returns what the quarantine lists, newest first.
func (g *gateway) held() []entry {
	g.t.Helper()
	return decodeLines[entry](g.t, g.exported("quarantine", "list", "--json"))
}

func decodeLines[T any](t *testing.T, out string) []T {
	t.Helper()
	var all []T
	for line := range strings.Lines(out) {
		var v T
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		all = append(all, v)
	}
	return all
}

// exported runs a command on the gateway's data and returns what it prints.
func (g *gateway) exported(args ...string) string {
	g.t.Helper()
	source := []string{"--data", g.data()}
	switch args[0] {
	case "quarantine", "break-glass", "report":
		source = []string{"--config", g.config()} // which has the recipients
	case "journal":
		source = []string{"--config", g.startedWith()} // which has the roster
	}
	g.signs(args)
	out, errs, code := run(g.t, "", append(args, source...)...)
	if code != 0 {
		g.t.Fatalf("%v: %s", args, errs)
	}
	return out
}

// signs signs a reviewer in for a command that needs it.
func (g *gateway) signs(args []string) {
	g.t.Helper()
	if args[0] == "quarantine" && args[1] != "list" {
		g.reviews()
	}
}

// swaks sends a message with swaks and returns what it printed: the whole session.
func swaks(t *testing.T, g *gateway, args ...string) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(g.addr)
	out, _, err := testenv.Swaks(t.Context(), append([]string{"--server", host, "--port", port}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
