package webcalls

import (
	"context"
	"net"
	"net/rpc"
)

// Web answers the gateway, in the web process.
type Web interface {
	// Prepare makes everything of a configuration, and puts nothing of it in force.
	Prepare(Settings) error
	// Commit puts in force what was prepared last. The first time it begins to serve.
	Commit() error
	// Metrics returns the counts of the proxy in the text format of Prometheus.
	Metrics() ([]byte, error)
	// Shutdown lets requests finish, and hands over the last records.
	Shutdown() error
}

// ServeWeb answers calls until the connection ends.
func ServeWeb(conn net.Conn, w Web) { serve(conn, &webCalls{w}) }

// Settings are what the web process has to know.
type Settings struct {
	Path       string   // of the configuration file, for paths in it
	Text       []byte   // of the configuration file
	Recipients []string // public keys that stopped uploads are sealed to
	Ordered    []string // sites that orders of the board take off the list of those that are never inspected
}

type webCalls struct{ w Web }

// Prepare answers Process.Prepare.
func (c *webCalls) Prepare(q Settings, _ *None) error { return c.w.Prepare(q) }

// Commit answers Process.Commit.
func (c *webCalls) Commit(None, *None) error { return c.w.Commit() }

// Metrics answers Process.Metrics.
func (c *webCalls) Metrics(_ None, answer *[]byte) (err error) {
	*answer, err = c.w.Metrics()
	return err
}

// Shutdown answers Process.Shutdown.
func (c *webCalls) Shutdown(None, *None) error { return c.w.Shutdown() }

// Process asks the web process, for the gateway. It is safe for concurrent use.
type Process struct{ calls }

// NewProcess returns the other side of ServeWeb.
func NewProcess(conn net.Conn) *Process { return &Process{calls{rpc.NewClient(conn)}} }

// Close ends the connection, and with it the web process.
func (p *Process) Close() error { return p.client.Close() }

// Prepare has a configuration made, and nothing of it in force.
func (p *Process) Prepare(ctx context.Context, s Settings) error {
	return p.call(ctx, "Prepare", s, &None{})
}

// Commit puts in force what was prepared last.
func (p *Process) Commit(ctx context.Context) error { return p.call(ctx, "Commit", None{}, &None{}) }

// Metrics returns the counts of the proxy in the text format of Prometheus.
func (p *Process) Metrics(ctx context.Context) ([]byte, error) {
	var text []byte
	err := p.call(ctx, "Metrics", None{}, &text)
	return text, err
}

// Shutdown lets requests finish, and returns when the gateway has their records.
func (p *Process) Shutdown(ctx context.Context) error {
	return p.call(ctx, "Shutdown", None{}, &None{})
}
