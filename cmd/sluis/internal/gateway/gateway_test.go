package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"path/filepath"
	"strings"
	"testing"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/testenv"
)

// settings is a configuration with one next hop, on ports that the system chooses.
func settings(t *testing.T, nextHop string) *config.Config {
	t.Helper()
	dir := t.TempDir()
	cfg, err := config.Parse(filepath.Join(dir, "sluis.yaml"), fmt.Appendf(nil, `
organisation: {domains: [school.example]}
data: data
mail:
  hostname: sluis.school.example
  listen: [{address: "127.0.0.1:0"}]
  trusted: [127.0.0.0/8]
  routes: [{to: ["*"], hosts: [%q], tls: none}]
console: {listen: none}
`, nextHop))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestAGatewayInFiveLines: a running gateway is a value that a test can have.
func TestAGatewayInFiveLines(t *testing.T) {
	hop := testenv.StartSink(t)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	g, err := gateway.New(ctx, settings(t, hop.Addr()), slog.New(slog.DiscardHandler), gateway.Observer{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { ended <- g.Run(ctx, nil) }()
	letter := []byte("Subject: les\r\n\r\nDe les begint om negen uur.\r\n")
	err = smtp.SendMail(g.MailAddress().String(), nil, "juf@school.example", []string{"ouder@gezin.example"}, letter)
	if err != nil || hop.Arrivals()[""].Times != 1 {
		t.Errorf("got %v and %d messages at the next hop, want one", err, hop.Arrivals()[""].Times)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("got %v at the end, want none", err)
	}
}

// TestMailComesLast: no port takes mail before all others are open, and where one is taken
// already, the error says which key of the configuration asked for it.
func TestMailComesLast(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for key, set := range map[string]func(*config.Config, string){
		"mail.listen": func(c *config.Config, a string) { c.Mail.Listen[0].Address = a },
		"web.listen": func(c *config.Config, a string) {
			c.Web.Listen = []config.WebListener{{Mode: "proxy", Address: a}}
			c.Web.Clients = c.Mail.Trusted
		},
		"console.listen": func(c *config.Config, a string) {
			c.Console.Listen, c.Console.Address = a, "http://"+a
		},
		"metrics.listen": func(c *config.Config, a string) { c.Metrics.Listen = a },
	} {
		cfg := settings(t, "127.0.0.1:1")
		mail := testenv.FreeAddr(t)
		cfg.Mail.Listen[0].Address = mail
		set(cfg, taken.Addr().String())
		g, err := gateway.New(t.Context(), cfg, slog.New(slog.DiscardHandler), gateway.Observer{})
		want := key + ": another program has " + taken.Addr().String()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v and the gateway %v, want an error with %q", err, g, want)
		}
		if c, err := net.Dial("tcp", mail); err == nil {
			c.Close()
			t.Errorf("%s: mail was taken by a gateway that did not start", key)
		}
	}
	cfg := settings(t, "127.0.0.1:1")
	cfg.Metrics.Listen = testenv.FreeAddr(t)
	g, err := gateway.New(t.Context(), cfg, slog.New(slog.DiscardHandler), gateway.Observer{})
	if err != nil {
		t.Fatal(err)
	}
	status, err := net.Dial("tcp", cfg.Metrics.Listen)
	if err != nil {
		t.Errorf("mail is taken at %v, and the status page is not there: %v", g.MailAddress(), err)
	} else {
		status.Close()
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := g.Run(ended, nil); err != nil {
		t.Error(err)
	}
}

// TestASecondGatewayIsKeptAway from the data directory of the first.
func TestASecondGatewayIsKeptAway(t *testing.T) {
	cfg := settings(t, "127.0.0.1:1")
	first := gateway.NewData(cfg)
	if err := first.Lock(); err != nil {
		t.Fatal(err)
	}
	if !gateway.NewData(cfg).Locked() {
		t.Error("the directory is free, want that the first gateway has it")
	}
	if g, err := gateway.New(t.Context(), cfg, slog.New(slog.DiscardHandler), gateway.Observer{}); err == nil {
		t.Errorf("got a second gateway %v, want an error", g)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if gateway.NewData(cfg).Locked() {
		t.Error("the directory is taken after the first gateway closed it")
	}
}

// TestAStoreIsOpenedOnce, whoever asks for it.
func TestAStoreIsOpenedOnce(t *testing.T) {
	d := gateway.NewData(settings(t, "127.0.0.1:1"))
	if err := d.Lock(); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a, err := d.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Orders(); err != nil { // which needs the ledger
		t.Fatal(err)
	}
	if b, err := d.Ledger(); err != nil || a != b {
		t.Errorf("got another ledger, %v, want the same", err)
	}
}

// TestCheckingWritesNothing: a configuration can be checked on another machine.
func TestCheckingWritesNothing(t *testing.T) {
	cfg := settings(t, "127.0.0.1:1")
	gen, err := gateway.Check(cfg)
	if err != nil || len(gen.Rules.Rules()) == 0 {
		t.Fatalf("got %v, want a generation with rules", err)
	}
	if files, err := filepath.Glob(filepath.Join(cfg.Data, "*")); err != nil || len(files) > 0 {
		t.Errorf("got files %v, %v, want none", files, err)
	}
}
