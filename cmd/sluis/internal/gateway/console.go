package gateway

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
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/netutil"

	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/console"
	"sluis/internal/setting"
)

// consoleServer is the console with its port.
type consoleServer struct {
	accounts    *accounts.Store
	server      *http.Server
	listener    net.Listener
	certificate atomic.Pointer[tls.Certificate] // nil: no TLS here
}

// maxConsole is how many connections the console takes at once.
const maxConsole = 512

// openConsole opens the console and its port, unless it is switched off.
func (g *Gateway) openConsole(ctx context.Context) (err error) {
	c := g.started.Console
	if !c.On() {
		return nil
	}
	w := &consoleServer{}
	if w.accounts, err = g.data.Accounts(); err != nil {
		g.log.Error("console: it stays closed until its accounts can be opened; mail goes on", "error", err)
		return nil
	}
	g.console = w
	g.connectAccounts(w.accounts)
	handler, err := g.consoleHandler(w.accounts)
	if err != nil {
		return err
	}
	if err := w.certify(c.TLS); err != nil {
		return err
	}
	w.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          log.New(io.Discard, "", 0), // it would have clients' addresses
	}
	if err := w.listen(c.Listen); err != nil {
		return err
	}
	g.hintFirstAccount(ctx)
	return nil
}

// listen opens the console's port.
func (w *consoleServer) listen(address string) (err error) {
	if w.listener, err = listenTCP("console.listen", address); err != nil {
		return err
	}
	w.listener = netutil.LimitListener(w.listener, maxConsole)
	if w.certificate.Load() != nil {
		w.listener = tls.NewListener(w.listener, &tls.Config{
			MinVersion: tls.VersionTLS12,
			NextProtos: []string{"http/1.1"},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return w.certificate.Load(), nil
			},
		})
	}
	return nil
}

// hintFirstAccount says how to begin where there is no account, and no other way to get one.
func (g *Gateway) hintFirstAccount(ctx context.Context) {
	empty, err := g.console.accounts.Empty(ctx)
	if err != nil {
		g.log.Error("console: nobody can sign in", "error", err)
	}
	if err == nil && empty && len(g.started.Console.Providers) == 0 && !g.observer.Demo {
		g.log.Warn("console: there is no account yet: make the first with sluis accounts invite NAME --role admin")
	}
}

// certify reads the certificate, at the start and at each reload.
func (w *consoleServer) certify(c setting.KeyPair) error {
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
func (g *Gateway) consoleHandler(store *accounts.Store) (http.Handler, error) {
	c := g.started.Console
	s, err := g.consoleServices(store)
	if err != nil {
		return nil, err
	}
	for _, p := range c.Providers {
		at, err := signInProvider(c.Address, p)
		if err != nil {
			return nil, err
		}
		s.Providers = append(s.Providers, at)
	}
	return console.New(c, console.Site{
		Organisation: g.started.Organisation.Name,
		CodeURL:      g.started.Organisation.CodeURL,
		Demo:         g.observer.Demo,
		Zone:         schoolTime(),
	}, s, g.log)
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
func (w *consoleServer) serve(log *slog.Logger) error {
	log.Info("shows the console", "address", w.listener.Addr().String(), "tls", w.certificate.Load() != nil)
	if err := w.server.Serve(w.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// shut lets requests finish, for a short while.
func (w *consoleServer) shut() error {
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

// close lets go of the port; the accounts are the data directory's.
func (w *consoleServer) close() {
	if w != nil && w.listener != nil {
		w.listener.Close() // closed already if it was served
	}
}
