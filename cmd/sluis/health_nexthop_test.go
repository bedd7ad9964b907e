package main_test

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"sluis/internal/testenv"
)

// guardedHop is a mail server over TLS that takes mail with the right password only. It returns its
// address, a file with its authority, and how often it was logged in to in vain.
func guardedHop(t *testing.T, password string) (address, authority string, refused *atomic.Int32) {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certified.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	authority = filepath.Join(t.TempDir(), "authority.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: certified.Certificate().Raw}
	if err := os.WriteFile(authority, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	refused = &atomic.Int32{}
	serve := func(c net.Conn) {
		defer c.Close()
		fmt.Fprint(c, "220 hop.example ESMTP\r\n")
		for in := bufio.NewScanner(c); in.Scan(); {
			switch verb, arg, _ := strings.Cut(in.Text(), " "); {
			case verb == "EHLO":
				fmt.Fprint(c, "250-hop.example\r\n250 AUTH PLAIN\r\n")
			case verb == "AUTH" && arg == "PLAIN "+password:
				fmt.Fprint(c, "235 2.7.0 welcome\r\n")
			case verb == "AUTH":
				refused.Add(1)
				fmt.Fprint(c, "535 5.7.8 kanarie@school.example may not\r\n")
			default:
				fmt.Fprint(c, "530 5.7.0 log in first\r\n")
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l.Addr().String(), authority, refused
}

// TestHealthReportsANextHopThatRefusesTheGateway: a next hop is well if the gateway can hand
// mail to it, and not if it only answers.
func TestHealthReportsANextHopThatRefusesTheGateway(t *testing.T) {
	t.Setenv("HOP", "secret")
	sink := testenv.StartSink(t)
	const ours = "AHNsdWlzAHNlY3JldA==" // sluis, secret
	for _, c := range []struct{ password, tls, want string }{
		{ours, "required", "ok"},
		{"AHNsdWlzAG90aGVy", "required", "broken"},
		{ours, "verified", "broken"}, // its authority is none of the system's
		{ours, "verified, ca: AUTHORITY", "ok"},
	} {
		address, authority, refused := guardedHop(t, c.password)
		g := prepareGateway(t, settings{
			nextHop: sink.Addr(),
			routes: fmt.Sprintf("    - {to: [own], hosts: [%q], implicit: true, tls: %s, timeout: 1s,\n"+
				"       auth: {username: sluis, password-env: HOP}}\n",
				address, strings.Replace(c.tls, "AUTHORITY", authority, 1)),
		})
		out, errs, _ := run(t, "", "health", "--json", "--config", g.config())
		var report struct {
			Checks []struct {
				Name, Found struct{ EN string }
				State       string
			}
		}
		if err := json.Unmarshal([]byte(out), &report); err != nil {
			t.Fatalf("%v\n%s%s", err, out, errs)
		}
		state := "not there"
		for _, r := range report.Checks {
			if r.Name.EN == "Next mail server "+address {
				state = r.State
			}
		}
		if state != c.want {
			t.Errorf("tls: %s: the next hop is %s, want %s; it refused the password %d times",
				c.tls, state, c.want, refused.Load())
		}
		if strings.Contains(out, "kanarie") {
			t.Errorf("the report quotes the next hop: %s", out)
		}
	}
}
