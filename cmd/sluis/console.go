package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"
	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/console"
	"sluis/internal/ledger"
)

// webInterface is the console with its port.
type webInterface struct {
	accounts    *accounts.Store
	server      *http.Server
	listener    net.Listener
	certificate atomic.Pointer[tls.Certificate] // nil: no TLS here
}

// maxConsole is how many connections the console takes at once.
const maxConsole = 512

func openAccounts(cfg *config.Config, l *ledger.Ledger) (*accounts.Store, error) {
	return accounts.Open(filepath.Join(cfg.Data, "accounts"), filepath.Join(cfg.Data, "keys"), l)
}

// openConsole opens the console and its port, unless it is switched off.
func (g *gateway) openConsole(ctx context.Context) (err error) {
	c := g.cfg.Console
	if !c.On() {
		return nil
	}
	w := &webInterface{}
	g.console = w
	if w.accounts, err = openAccounts(g.cfg, g.ledger); err != nil {
		return err
	}
	handler, err := g.consoleHandler(w.accounts)
	if err != nil {
		return err
	}
	if err := w.certify(c.TLS); err != nil {
		return err
	}
	w.server = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 5 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: log.New(io.Discard, "", 0)} // what it would log are clients' addresses
	if w.listener, err = net.Listen("tcp", c.Listen); errors.Is(err, unix.EADDRINUSE) {
		return fmt.Errorf("console: another program has %s: choose another address with console: listen, or none", c.Listen)
	} else if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	w.listener = netutil.LimitListener(w.listener, maxConsole)
	if w.certificate.Load() != nil {
		w.listener = tls.NewListener(w.listener, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return w.certificate.Load(), nil }})
	}
	return g.hintFirstAccount(ctx)
}

// hintFirstAccount tells how to begin where nobody has an account and nobody else can make
// one.
func (g *gateway) hintFirstAccount(ctx context.Context) error {
	empty, err := g.console.accounts.Empty(ctx)
	if err == nil && empty && len(g.cfg.Console.Providers) == 0 && !g.observer.demo {
		g.log.Warn("console: nobody has an account yet: make the first with sluis accounts invite NAME --role admin")
	}
	return err
}

// certify reads the certificate, also again.
func (w *webInterface) certify(c config.KeyPair) error {
	if c.Certificate == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return fmt.Errorf("console: tls: %w", err)
	}
	w.certificate.Store(&pair)
	return nil
}

// consoleHandler puts the console together.
func (g *gateway) consoleHandler(store *accounts.Store) (http.Handler, error) {
	cfg := console.Config{
		Organisation: g.cfg.Organisation.Name,
		CodeURL:      g.cfg.Organisation.CodeURL,
		Origin:       g.cfg.Console.Address,
		BehindProxy:  g.cfg.Console.BehindProxy,
		Demo:         g.observer.demo,
		Zone:         schoolTime(),
	}
	if host, port, err := net.SplitHostPort(g.cfg.Console.Listen); err == nil && !cfg.BehindProxy {
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() && g.cfg.Console.TLS.Certificate == "" {
			cfg.Hosts = []string{net.JoinHostPort(host, port), "localhost:" + port}
		}
	}
	s, err := g.consoleServices(store)
	if err != nil {
		return nil, err
	}
	for _, p := range g.cfg.Console.Providers {
		at, err := signInProvider(g.cfg.Console.Address, p)
		if err != nil {
			return nil, err
		}
		s.Providers = append(s.Providers, at)
	}
	return console.New(cfg, s, g.log)
}

// schoolTime is the time of the Netherlands, or of the machine where that is not known.
func schoolTime() *time.Location {
	if z, err := time.LoadLocation("Europe/Amsterdam"); err == nil {
		return z
	}
	return time.Local
}

func signInProvider(address string, o provider.Options) (*provider.Provider, error) {
	secret, err := os.ReadFile(o.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("console: provider %s: secret-file: %w", o.Name, err)
	}
	o.Secret = strings.TrimSpace(string(secret))
	o.Back = address + "/sign-in/with/" + url.PathEscape(o.Name) + "/back"
	return provider.New(o), nil
}

// serve serves the console until shut.
func (w *webInterface) serve(log *slog.Logger) error {
	log.Info("shows the console", "address", w.listener.Addr().String(), "tls", w.certificate.Load() != nil)
	if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// shut lets requests finish, for a short while.
func (w *webInterface) shut() error {
	if w == nil || w.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		return w.server.Close()
	}
	return nil
}

// close closes what is kept.
func (w *webInterface) close() error {
	if w == nil {
		return nil
	}
	if w.listener != nil {
		w.listener.Close() // closed already if it was served
	}
	if w.accounts == nil {
		return nil
	}
	return w.accounts.Close()
}

// tellSignIn makes the accounts of the demonstration and prints a link for each. It works
// once: the next time the demonstration starts there are others.
func (g *gateway) tellSignIn(ctx context.Context) error {
	if g.console == nil {
		return nil
	}
	fmt.Printf("\nThe console is on %s. A link signs in once, in the role that it is for:\n\n", g.cfg.Console.Address)
	for _, who := range []struct {
		name, address, about string
		roles                []ledger.Role
	}{
		{"ict", "", "ICT service", []ledger.Role{ledger.ICT}},
		{"ict-2", "", "the second pair of eyes", []ledger.Role{ledger.ICT}},
		{"bestuur", "", "board", []ledger.Role{ledger.Board}},
		{"bestuur-2", "", "board: an order takes two", []ledger.Role{ledger.Board}},
		{"juridisch", "", "Legal Affairs", []ledger.Role{ledger.Legal}},
		{"privacy", "", "privacy officer", []ledger.Role{ledger.Privacy}},
		{"medewerker", "groep5@school.example", "employee", []ledger.Role{ledger.Employee}},
		{"beheer", "", "administrator of accounts", []ledger.Role{ledger.Admin}},
		{"beheer-2", "", "administrator: recovery takes two", []ledger.Role{ledger.Admin}},
	} {
		secret, err := g.console.accounts.Demonstrate(ctx, who.name, who.address, who.roles...)
		if err != nil {
			return err
		}
		fmt.Printf("  %-35s %s/link/%s\n", who.about, g.cfg.Console.Address, secret)
	}
	return nil
}
