package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// webProcess returns the process id of the proxy; 0 if there is none.
func (g *gateway) webProcess() int {
	g.t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", g.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		g.t.Fatalf("the threads of the gateway: got %v and %d, want some", err, len(tasks))
	}
	for _, file := range tasks {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended
		}
		for _, pid := range strings.Fields(string(text)) {
			command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			if strings.Contains(string(command), "web-worker") {
				n, _ := strconv.Atoi(pid)
				return n
			}
		}
	}
	return 0
}

// TestMailGoesOnWhenTheProxyEnds, however it ends: a new process takes its place on the same
// ports, no client is refused meanwhile, and each request of the old one has its record.
func TestMailGoesOnWhenTheProxyEnds(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, "")
	page := "http://" + w.plain.Addr() + "/"
	if status, body := w.curl(page); status != "200" || !strings.Contains(body, "molen") {
		t.Fatalf("got %s %q, want the page of the site", status, body)
	}
	w.visits(1)
	mail := dialRaw(t, w.gateway)
	mail.say("EHLO a\r\n", "250")
	for i, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGABRT, syscall.SIGSEGV} {
		before := w.webProcess()
		if before == 0 {
			t.Fatal("got no process of the proxy, want one")
		}
		if err := syscall.Kill(before, signal); err != nil {
			t.Fatal(err)
		}
		mail.say("NOOP\r\n", "250")
		out := swaks(t, w.gateway, "--from", teacher, "--to", parent, "--body", "De les begint.")
		if !strings.Contains(out, "<-  250 2.0.0") {
			t.Errorf("%v: got %s, want that mail is accepted", signal, out)
		}
		if status, _ := w.curl(page); status != "200" {
			t.Errorf("%v: got %s for a page, want 200 from the next process", signal, status)
		}
		w.eventually("have another process for the proxy", func() bool {
			pid := w.webProcess()
			return pid != 0 && pid != before
		})
		w.eventually("count that, and be healthy", func() bool {
			res, err := http.Get("http://" + w.status + "/healthz")
			if err != nil {
				return false
			}
			res.Body.Close()
			want := fmt.Sprintf("sluis_web_restarts_total %d\n", i+1)
			return res.StatusCode == http.StatusOK && strings.Contains(string(w.page("metrics")), want)
		})
	}
	w.records(1 + 3 + 3) // of three more pages, and three messages
	w.stop()
	if n := strings.Count(w.log.String(), "ended by itself"); n != 3 {
		t.Errorf("got %d lines of a proxy that ended by itself, want 3; the stop is none:\n%s", n, w.log)
	}
}

// TestTheProxyEndsWithItsGateway, so that its ports are free for the next one.
func TestTheProxyEndsWithItsGateway(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, "")
	for range 3 {
		w.kill()
		w.start()
		if status, _ := w.curl("http://" + w.plain.Addr() + "/"); status != "200" {
			t.Errorf("got %s for a page after a restart, want 200", status)
		}
	}
}

// TestTheProxyHasNoSecretsOfTheGateway: its process has no file open of the ledger, the draw, the
// keys, the accounts or the orders. It seals with public keys, and asks for the rest.
func TestTheProxyHasNoSecretsOfTheGateway(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, "")
	pid := w.webProcess()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil || len(fds) == 0 {
		t.Fatalf("files of the process: got %v and %d, want some", err, len(fds))
	}
	for _, fd := range fds {
		name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name()))
		rest, ours := strings.CutPrefix(name, w.data()+"/")
		if ours && !strings.HasPrefix(rest, "quarantine/index.db") && !strings.HasPrefix(rest, "sites/") &&
			!strings.HasPrefix(rest, "spool/") {
			t.Errorf("the process of the proxy has %s open", rest)
		}
	}
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid))
	if err != nil || strings.TrimSpace(string(score)) != "500" {
		t.Errorf("got %q, %v, want 500: when memory is short the proxy ends before mail does", score, err)
	}
}
