package main_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sluis/internal/testenv"
)

// try sends a message and returns the first reply that is no success; the last one else.
func (g *gateway) try(from string, to []string, data string) string {
	g.t.Helper()
	c := dialRaw(g.t, g)
	lines := []string{"EHLO client.example", "MAIL FROM:<" + from + ">"}
	for _, r := range to {
		lines = append(lines, "RCPT TO:<"+r+">")
	}
	for _, l := range append(lines, "DATA") {
		if reply := c.say(l+"\r\n", ""); reply[0] != '2' && reply[0] != '3' {
			return reply
		}
	}
	return c.say(strings.ReplaceAll(data, "\n", "\r\n")+".\r\n", "")
}

func (g *gateway) healthz() (code int, text string) {
	g.t.Helper()
	res, err := http.Get("http://" + g.status + "/healthz")
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// Whatever the next hop does, the client gets a proper reply, and a message that was not
// accepted is nowhere: not at the next hop, and not in quarantine for the other recipient.
func TestTheNextHopFails(t *testing.T) {
	stages := map[string]testenv.Stage{"connecting": testenv.OnConnect, "EHLO": testenv.OnHello, "MAIL": testenv.OnMail,
		"RCPT": testenv.OnRcpt, "DATA": testenv.OnData, "the message": testenv.OnBody}
	for when, stage := range stages {
		for how, fault := range map[string]testenv.Fault{
			"stalls":           {Delay: testenv.Patience, Drop: true},
			"drops":            {Drop: true},
			"refuses":          {Reply: "554 5.3.0 Nee"},
			"refuses for now":  {Reply: "451 4.3.0 Straks"},
			"talks nonsense":   {Reply: "hallo"},
			"is shutting down": {Reply: "421 4.3.2 Tot ziens"},
		} {
			t.Run(how+" at "+when, func(t *testing.T) {
				t.Parallel()
				sink := testenv.StartSink(t)
				sink.Misbehave(fault.At(stage))
				hopTime := ""
				if fault.Delay > 0 {
					hopTime = "1s"
				}
				g := newGateway(t, settings{nextHop: sink.Addr(), hopTime: hopTime})
				reply := g.try(teacher, []string{parent, head}, "X-Token: t\n"+letter(secret))
				if len(reply) < 4 || reply[0] != '4' && reply[0] != '5' {
					t.Errorf("reply %q", reply)
				}
				// Set aside for one, refused for the other: a refusal for good would lose the first.
				if reply[0] == '5' && (stage == testenv.OnData || stage == testenv.OnBody) {
					t.Errorf("reply %q", reply)
				}
				if len(sink.Arrivals()) > 0 || len(g.held()) > 0 {
					t.Errorf("not accepted, and yet %v at the next hop, %v in quarantine", sink.Arrivals(), g.held())
				}
				sink.Misbehave(nil)
				if reply := g.try(teacher, []string{parent, head}, "X-Token: t\n"+letter(secret)); reply[0] != '2' {
					t.Errorf("again, all being well: %q", reply)
				}
				if sink.Arrivals()["t"].Times != 1 || len(g.held()) != 1 {
					t.Errorf("%v at the next hop, %v in quarantine", sink.Arrivals(), g.held())
				}
			})
		}
	}
}

// A next hop that fails with half of a large message in its hands has accepted nothing,
// and so have we: not even for the recipient for whom it was quarantined.
func TestTheNextHopFailsHalfway(t *testing.T) {
	t.Parallel()
	large := letter(secret + strings.Repeat("\nNog een regel van een lang verhaal.", 400_000))
	for how, half := range map[string]testenv.Fault{
		"hangs up":          {Drop: true},
		"stops reading":     {Delay: testenv.Patience, Drop: true},
		"refuses and goes":  {Reply: "552 5.3.4 Te groot", Drop: true},
		"defers and goes":   {Reply: "452 4.3.1 Vol", Drop: true},
		"accepts too early": {Reply: "250 2.0.0 Vast goed", Drop: true},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			sink := testenv.StartSink(t)
			sink.Misbehave(half.At(testenv.InBody))
			hopTime := ""
			if half.Delay > 0 {
				hopTime = "1s"
			}
			g := newGateway(t, settings{nextHop: sink.Addr(), hopTime: hopTime})
			reply := g.try(teacher, []string{parent, head}, large)
			if reply[0] != '4' {
				t.Errorf("reply %q", reply)
			}
			if held := g.held(); len(held) > 0 {
				t.Errorf("not accepted, and yet in quarantine: %+v", held)
			}
			if files, err := os.ReadDir(filepath.Join(g.data(), "quarantine", "sealed")); err != nil || len(files) > 0 {
				t.Errorf("%d sealed files, %v", len(files), err)
			}
			if r := g.records(1)[0]; r.Reply/100 != 4 {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestTheNextHopIsAway(t *testing.T) {
	g := newGateway(t, settings{nextHop: testenv.FreeAddr(t)})
	if reply := g.try(teacher, []string{parent}, letter(harmless)); !strings.HasPrefix(reply, "451 4.4.1") {
		t.Errorf("%q", reply)
	}
}

// If the reply of the next hop got lost, its outcome is unknown. The sender
// tries again: better twice than not at all.
func TestALostReplyMeansTwiceRatherThanNever(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	sink.Misbehave(testenv.Fault{Drop: true, Keep: true}.At(testenv.OnBody))
	if reply := g.try(teacher, []string{parent}, "X-Token: t\n"+letter(harmless)); !strings.HasPrefix(reply,
		"451 4.4.2") {
		t.Errorf("%q", reply)
	}
	sink.Misbehave(nil)
	if reply := g.try(teacher, []string{parent}, "X-Token: t\n"+letter(harmless)); reply[0] != '2' {
		t.Errorf("%q", reply)
	}
	if a := sink.Arrivals()["t"]; a.Times != 2 || a.Differs {
		t.Errorf("%+v", a)
	}
}

// mount mounts something for the time of a test, which needs the right to.
func mount(t *testing.T, source, target, kind string, flags uintptr, data string) {
	t.Helper()
	err := unix.Mount(source, target, kind, flags, data)
	if errors.Is(err, unix.EPERM) {
		testenv.Lack(t, "needs the right to mount (CAP_SYS_ADMIN)")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(target, unix.MNT_DETACH) })
}

// With no room on the disk mail that needs none flows, other mail stays with its sender,
// and when there is room again all is as before.
func TestTheDiskIsFull(t *testing.T) {
	sink := testenv.StartSink(t)
	g := prepareGateway(t, settings{nextHop: sink.Addr()})
	if err := os.Mkdir(g.data(), 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, "tmpfs", g.data(), "tmpfs", 0, "size=8m")
	g.start()
	t.Cleanup(g.kill)
	ballast := filepath.Join(g.data(), "ballast")
	fill(t, ballast)

	if reply := g.try(teacher, []string{parent}, "X-Token: leak\n"+letter(secret)); !strings.HasPrefix(reply,
		"452 4.3.1") && !strings.HasPrefix(reply, "451 4.3.0") {
		t.Errorf("quarantined on a full disk: %q", reply)
	}
	if reply := g.try(teacher, []string{parent, head}, "X-Token: both\n"+letter(secret)); reply[0] != '4' {
		t.Errorf("quarantined for one and passed on to the other, on a full disk: %q", reply)
	}
	if reply := g.try(teacher, []string{parent}, "X-Token: large\n"+letter(strings.Repeat(harmless+"\n",
		10_000))); !strings.HasPrefix(reply, "452 4.3.1") {
		t.Errorf("a large message on a full disk: %q", reply)
	}
	if reply := g.try(teacher, []string{parent}, "X-Token: small\n"+letter(harmless)); reply[0] != '2' {
		t.Errorf("a small message: %q", reply)
	}
	g.eventually("be unhealthy", func() bool {
		code, text := g.healthz()
		return code == 503 &&
			strings.Contains(text, "journal")
	})
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"X-Token: leak\n" + letter(secret), "X-Token: large\n" + letter(strings.Repeat(harmless+"\n", 10_000))} {
		if reply := g.try(teacher, []string{parent}, m); reply[0] != '2' {
			t.Errorf("with room again: %q", reply)
		}
	}
	g.eventually("be healthy", func() bool { code, _ := g.healthz(); return code == 200 })
	a := sink.Arrivals()
	if len(a) != 2 || a["large"].Times != 1 || a["small"].Times != 1 || len(g.held()) != 1 {
		t.Errorf("%+v at the next hop, %+v in quarantine", a, g.held())
	}
	g.records(6) // also of what was tried while the disk was full
	g.stop()
	if files, err := os.ReadDir(filepath.Join(g.data(), "quarantine", "sealed")); err != nil || len(files) != 1 {
		t.Errorf("%d sealed files, %v", len(files), err)
	}
}

// fill takes all the room that there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{64 << 10, 1 << 10, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Fatal(err)
		}
	}
}

func TestTheQuarantineIsReadOnly(t *testing.T) {
	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	sealed := filepath.Join(g.data(), "quarantine", "sealed")
	mount(t, sealed, sealed, "", unix.MS_BIND, "")
	if err := unix.Mount("", sealed, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if reply := g.try(teacher, []string{parent, head}, "X-Token: t\n"+letter(secret)); !strings.HasPrefix(reply,
		"451 4.3.0") {
		t.Errorf("%q", reply)
	}
	if reply := g.try(teacher, []string{parent}, "X-Token: harmless\n"+letter(harmless)); reply[0] != '2' {
		t.Errorf("harmless: %q", reply)
	}
	if a := sink.Arrivals(); len(a) != 1 || len(g.held()) != 0 {
		t.Errorf("%+v at the next hop, %+v in quarantine", a, g.held())
	}
	if err := unix.Unmount(sealed, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	if reply := g.try(teacher, []string{parent, head}, "X-Token: t\n"+letter(secret)); reply[0] != '2' {
		t.Errorf("writable again: %q", reply)
	}
	if len(g.held()) != 1 || sink.Arrivals()["t"].Times != 1 {
		t.Errorf("%+v at the next hop, %+v in quarantine", sink.Arrivals(), g.held())
	}
}

// A gateway that cannot keep what it has to keep does not start, and says why.
func TestAGatewayWithoutADiskDoesNotStart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spoil func(g *gateway) error
		want  string
	}{
		"the data directory is a file": {func(g *gateway) error { return os.WriteFile(g.data(), nil, 0o600) }, "make data directory"},
		"the quarantine is a file": {func(g *gateway) error {
			return errors.Join(os.Mkdir(g.data(), 0o700), os.WriteFile(filepath.Join(g.data(), "quarantine"), nil, 0o600))
		}, "quarantine"},
		"the journal is a file": {func(g *gateway) error {
			return errors.Join(os.Mkdir(g.data(), 0o700), os.WriteFile(filepath.Join(g.data(), "journal"), nil, 0o600))
		}, "journal"},
		"the ledger was changed": {func(g *gateway) error {
			return errors.Join(os.MkdirAll(filepath.Join(g.data(), "ledger"), 0o700),
				os.WriteFile(filepath.Join(g.data(), "ledger", "ledger.jsonl"), []byte("{}\n"), 0o600))
		}, "ledger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := prepareGateway(t, settings{nextHop: "127.0.0.1:1"})
			if err := tc.spoil(g); err != nil {
				t.Fatal(err)
			}
			_, errs, code := run(t, "", "serve", "--config", g.config())
			if code != 1 || !strings.Contains(errs, tc.want) || strings.Contains(errs, "panic") {
				t.Errorf("%d %s", code, errs)
			}
		})
	}
}

// More connections than there may be get a proper reply, and then again a place.
func TestTooManyConnections(t *testing.T) {
	g := newGateway(t, settings{nextHop: testenv.StartSink(t).Addr(), mail: "  limits: {connections: 2}"})
	accepted := func() (c raw) { // as soon as the connection that start made is forgotten
		g.eventually("take a client", func() bool {
			c = connect(t, g.addr, "127.0.0.1")
			reply, err := c.r.ReadString('\n')
			return err == nil && strings.HasPrefix(reply, "220 ")
		})
		return c
	}
	first, second := accepted(), accepted()
	for _, c := range []raw{first, second} {
		c.say("EHLO c\r\n", "250")
	}
	g.eventually("refuse a third", func() bool {
		reply, err := greeting(g.addr)
		return err == nil && strings.HasPrefix(reply, "421 ")
	})
	first.say("QUIT\r\n", "221")
	g.eventually("take another", func() bool {
		reply, err := greeting(g.addr)
		return err == nil && strings.HasPrefix(reply, "220 ")
	})
}

func greeting(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(testenv.Patience))
	b := make([]byte, 512)
	n, err := c.Read(b)
	if err != nil {
		return "", fmt.Errorf("greeting: %w", err)
	}
	return string(b[:n]), nil
}
