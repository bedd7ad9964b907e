package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"sluis/internal/console"
	"sluis/internal/control"
)

// controlServer is the socket for commands that go through the gateway.
type controlServer struct {
	server   *http.Server
	listener net.Listener
	forget   func() // where it was
}

// maxCommands is how many commands the socket takes at once.
const maxCommands = 32

// openControl opens the socket for commands. Mail goes on without it.
func (g *Gateway) openControl() {
	err := g.tryControl()
	if err != nil {
		g.log.Error("control: commands that open, release or destroy do not work; mail goes on", "error", err)
	}
}

func (g *Gateway) tryControl() error {
	store, err := g.data.Accounts()
	if err != nil {
		return err
	}
	services, err := g.consoleServices(store)
	if err != nil {
		return err
	}
	path, err := g.data.placeControl()
	if err != nil {
		return err
	}
	l, err := control.Listen(path)
	if err != nil {
		return err
	}
	g.control = &controlServer{
		listener: l,
		forget:   g.data.dropControl,
		server: &http.Server{
			Handler:           atOnce(maxCommands, console.NewControl(services, g.log)),
			ConnContext:       control.WithPeer,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       time.Minute,
			WriteTimeout:      5 * time.Minute,
			IdleTimeout:       time.Minute,
			MaxHeaderBytes:    8 << 10,
			ErrorLog:          log.New(io.Discard, "", 0),
		},
	}
	return nil
}

// atOnce serves so many requests at once, and refuses others.
func atOnce(n int, h http.Handler) http.Handler {
	places := make(chan struct{}, n)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
			h.ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
}

// serve serves commands until shut.
func (c *controlServer) serve() error {
	if err := c.server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("control: %w", err)
	}
	return nil
}

// shut lets commands finish, for a short while.
func (c *controlServer) shut() error {
	if c == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.server.Shutdown(ctx); err != nil {
		return c.server.Close()
	}
	return nil
}

// close lets go of the socket.
func (c *controlServer) close() {
	if c != nil {
		c.listener.Close() // closed already if it was served
		c.forget()
	}
}
