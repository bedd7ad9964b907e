package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"sync"
	"time"

	"filippo.io/age"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/sys/unix"

	"sluis/cmd/sluis/internal/webcalls"
	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/oversight/appeals"
	"sluis/internal/roster"
	"sluis/proxy/identify"
	"sluis/rules"
)

// webApart is a proxy in a process of its own. If that ends, a new one takes its place and
// the ports, which stay open meanwhile: browsers wait, and mail notices nothing.
type webApart struct {
	g     *Gateway
	ports []*os.File

	mu       sync.Mutex
	settings webcalls.Settings // in force
	process  *webProcess       // nil: it has ended, and the next one comes
	ended    bool              // there is to be no next one
	done     chan struct{}     // closed when watch has ended; nil: it did not begin

	restarts prometheus.Counter
}

// webProcess is one web process.
type webProcess struct {
	*webcalls.Process
	exited chan struct{} // closed when it has ended
}

// webApart starts the web process, which has everything ready and does not serve yet.
func (g *Gateway) webApart(ctx context.Context, gen *Generation, ports []net.Listener) (*webApart, error) {
	a := &webApart{g: g, restarts: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "sluis_web_restarts_total",
		Help: "Times that the process of the web proxy ended by itself and was started again.",
	})}
	defer closeAll(ports) // the files keep them open
	for _, l := range ports {
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return a, fmt.Errorf("hand over a port of the proxy: %w", err)
		}
		a.ports = append(a.ports, f)
	}
	g.metrics.MustRegister(a.restarts)
	var err error
	if a.settings, err = g.webSettings(gen); err != nil {
		return a, err
	}
	a.process, err = a.start(ctx, a.settings)
	return a, err
}

// webSettings is what the web process has to know of a generation.
func (g *Gateway) webSettings(gen *Generation) (webcalls.Settings, error) {
	s := webcalls.Settings{Path: gen.Config.Path(), Text: gen.Config.Text(), Ordered: g.orders.Shortened()}
	to, err := g.data.recipients(context.Background())
	for _, r := range to {
		s.Recipients = append(s.Recipients, r.(*age.X25519Recipient).String())
	}
	return s, err
}

// start starts a web process that has prepared these settings.
func (a *webApart) start(ctx context.Context, s webcalls.Settings) (*webProcess, error) {
	cmd, err := webCommand()
	if err != nil {
		return nil, err
	}
	answers, itAsks, err := socketPair()
	if err != nil {
		return nil, err
	}
	asks, itAnswers, err := socketPair()
	if err != nil {
		answers.Close()
		itAsks.Close()
		return nil, err
	}
	cmd.ExtraFiles = append([]*os.File{itAsks, itAnswers}, a.ports...)
	p := &webProcess{webcalls.NewProcess(asks), make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the process with the thread that started it.
		runtime.LockOSThread()
		err := cmd.Start()
		itAsks.Close()
		itAnswers.Close()
		started <- err
		if err == nil {
			cmd.Wait() // how it ended, it has written on standard error
		}
		p.Close()
		answers.Close()
		close(p.exited)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start the process of the web proxy: %w", err)
	}
	go func() {
		draws := &openDraws{ids: map[filter.ID]struct{}{}}
		webcalls.ServeGateway(answers, webGateway{webGrounds{a.g, nil}, draws})
		if err := a.g.sampler.Abandoned(context.Background(), draws.left()); err != nil {
			a.g.log.Error("draws of a web process that ended wait for the next start", "error", err)
		}
	}()
	if err := p.Prepare(ctx, s); err != nil {
		p.Close()
		<-p.exited
		return nil, err
	}
	return p, nil
}

// webCommand is this program as a web process.
func webCommand() (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(program, "web-worker")
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "GOTRACEBACK=none") // a report of a crash may hold content
	cmd.SysProcAttr = endWithParent()
	return cmd, nil
}

// socketPair returns the two ends of a connection: one for this process, one to hand over.
func socketPair() (net.Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a socket for the web process: %w", err)
	}
	own, other := os.NewFile(uintptr(fds[0]), ""), os.NewFile(uintptr(fds[1]), "")
	defer own.Close()
	conn, err := net.FileConn(own)
	if err != nil {
		other.Close()
		return nil, nil, fmt.Errorf("make a socket for the web process: %w", err)
	}
	return conn, other, nil
}

func (a *webApart) prepare(ctx context.Context, gen *Generation) (commit func() error, err error) {
	s, err := a.g.webSettings(gen)
	if err != nil {
		return nil, err
	}
	p := a.current()
	if p == nil { // the next one begins with these settings
		return func() error { a.use(s); return nil }, nil
	}
	if err := p.Prepare(ctx, s); err != nil {
		return nil, err
	}
	return func() error {
		a.use(s)
		return p.Commit(context.Background())
	}, nil
}

// use makes settings those of every web process to come.
func (a *webApart) use(s webcalls.Settings) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.settings = s
}

// current returns the web process; nil if there is none just now.
func (a *webApart) current() *webProcess {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.process
}

func (a *webApart) serve(failed chan<- error) {
	a.mu.Lock()
	a.done = make(chan struct{})
	first := a.process
	a.mu.Unlock()
	if err := first.Commit(context.Background()); err != nil {
		failed <- fmt.Errorf("the web process does not serve: %w", err)
		close(a.done)
		return
	}
	go a.watch(first)
}

// The time between a web process that ended and the next one, which doubles each time until a
// process has lasted.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 30 * time.Second
	lasted     = time.Minute
)

// watch starts a new web process when one has ended.
func (a *webApart) watch(p *webProcess) {
	defer close(a.done)
	pause := firstPause
	for {
		since := time.Now()
		if p != nil {
			<-p.exited
		}
		if !a.gone() {
			return
		}
		if time.Since(since) > lasted {
			pause = firstPause
		}
		a.restarts.Inc()
		a.g.log.Error("web: the process of the proxy ended by itself, a new one takes its place", "in", pause)
		time.Sleep(pause)
		pause = min(2*pause, longPause)
		p = a.next()
	}
}

// gone notes that the process has ended. It reports whether there is to be another one.
func (a *webApart) gone() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.process = nil
	return !a.ended
}

// next starts a process that serves; nil if that failed.
func (a *webApart) next() *webProcess {
	a.mu.Lock()
	s, ended := a.settings, a.ended
	a.mu.Unlock()
	if ended {
		return nil
	}
	p, err := a.start(context.Background(), s)
	if err == nil {
		if err = p.Commit(context.Background()); err != nil {
			p.Close()
			<-p.exited
		}
	}
	if err != nil {
		a.g.log.Error("web: the process of the proxy cannot be started", "error", err)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.process = p
	return p
}

func (a *webApart) shutdown(ctx context.Context) error {
	a.mu.Lock()
	a.ended = true
	p, done := a.process, a.done
	a.mu.Unlock()
	if p == nil || done == nil {
		return nil
	}
	err := p.Shutdown(ctx)
	p.Close()
	<-done
	return err
}

func (a *webApart) close() error {
	a.mu.Lock()
	a.ended = true
	p := a.process
	a.mu.Unlock()
	if p != nil {
		p.Close()
		<-p.exited
	}
	var errs []error
	for _, f := range a.ports {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// healthy reports whether there is a process that serves.
func (a *webApart) healthy() bool { return a.current() != nil }

// Gather implements prometheus.Gatherer: the counts of the proxy are those of its process.
func (a *webApart) Gather() ([]*dto.MetricFamily, error) {
	p := a.current()
	if p == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), gatherTime)
	defer cancel()
	text, err := p.Metrics(ctx)
	if err != nil {
		return nil, nil // it has just ended
	}
	return parseMetrics(text)
}

// gatherTime is how long the web process may take to say what it counts.
const gatherTime = 5 * time.Second

func parseMetrics(text []byte) ([]*dto.MetricFamily, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	return slices.Collect(maps.Values(families)), err
}

// webGateway answers the web process.
type webGateway struct {
	webGrounds
	draws *openDraws
}

// openDraws are the draws of a web process whose requests have not ended: if the process does, they get no record.
type openDraws struct {
	mu  sync.Mutex
	ids map[filter.ID]struct{}
}

func (d *openDraws) add(id filter.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ids[id] = struct{}{}
}

func (d *openDraws) ended(id filter.ID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.ids, id)
}

func (d *openDraws) left() []filter.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Keys(d.ids))
}

// Grounds implements webcalls.Gateway.
func (w webGateway) Grounds(
	id filter.ID, at time.Time, who identify.Identity, upload bool,
) (filter.Grounds, error) {
	grounds, err := webGrounds{w.g, w.g.inForce.Load().Roster}.Grounds(id, at, who, upload)
	if err == nil && grounds.Eligible {
		w.draws.add(id)
	}
	return grounds, err
}

// Put implements webcalls.Gateway.
func (w webGateway) Put(r journal.Record, s roster.Subject) {
	w.g.journal.Put(r, s)
	w.draws.ended(r.ID)
}

// Appeal implements webcalls.Gateway.
func (w webGateway) Appeal(
	host string, c rules.Category, rule rules.ID, group roster.Group, need appeals.Need, now time.Time,
) error {
	return w.g.web.appeals.Add(host, c, rule, group, need, now)
}

// Ordered implements webcalls.Gateway. If the orders cannot be read there are none, as
// everywhere.
func (w webGateway) Ordered() bool {
	all, err := w.g.orders.List()
	return err == nil && len(all) > 0
}
