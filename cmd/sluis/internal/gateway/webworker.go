package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/webcalls"
	"sluis/filter/text"
	"sluis/internal/ledger"
	"sluis/internal/quarantine"
	"sluis/internal/sitelists"
	"sluis/proxy"
)

// The files that a web process begins with: two sockets, and the ports of the proxy in the
// order of the configuration.
const (
	asksOnFile    = 3 // it asks the gateway
	answersOnFile = 4 // the gateway asks it
	portsFromFile = 5
)

// ServeWeb runs the proxy for the gateway that started this process, until that ends. The log
// is made of the first configuration.
func ServeWeb(log func(config.Log) *slog.Logger) error {
	yieldMemory()
	asks, err := inherited(asksOnFile)
	if err != nil {
		return err
	}
	answers, err := inherited(answersOnFile)
	if err != nil {
		return err
	}
	extractor, err := NewExtractor()
	if err != nil {
		return err
	}
	defer extractor.Close()
	w := &webWorker{
		gateway:   webcalls.NewClient(asks),
		extractor: extractor,
		newLog:    log,
		metrics:   prometheus.NewRegistry(),
		failed:    make(chan error, 1),
	}
	ended := make(chan struct{})
	go func() {
		webcalls.ServeWeb(answers, w)
		close(ended)
	}()
	select {
	case <-ended: // the gateway has ended, and with it whoever could record a request
		return nil
	case err := <-w.failed:
		return err
	}
}

// yieldMemory lets the kernel end this process before the gateway where memory is short. Where that
// cannot be asked for it is not.
func yieldMemory() { _ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0) }

// inherited returns the connection that a file of this process is.
func inherited(file uintptr) (net.Conn, error) {
	f := os.NewFile(file, "")
	if f == nil {
		return nil, errors.New("this command is for the gateway alone")
	}
	defer f.Close()
	conn, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("this command is for the gateway alone: %w", err)
	}
	return conn, nil
}

// webWorker is the web process, as the gateway sees it. The gateway makes one call at a time,
// but for Metrics.
type webWorker struct {
	gateway   *webcalls.Client
	extractor *Extractor
	newLog    func(config.Log) *slog.Logger
	metrics   *prometheus.Registry
	failed    chan error

	log        *slog.Logger
	quarantine *quarantine.Store
	proxy      *proxy.Proxy // nil: it does not serve yet
	cfg        *config.Config
	prepared   proxy.Config
}

// Prepare implements webcalls.Web.
func (w *webWorker) Prepare(s webcalls.Settings) error {
	cfg, err := config.Parse(s.Path, s.Text)
	if err != nil {
		return err
	}
	cfg.Quarantine.Recipients = s.Recipients // no private key comes near this process
	if w.log == nil {
		w.log = w.newLog(cfg.Log)
	}
	d := NewData(cfg)
	if w.quarantine == nil {
		if w.quarantine, err = d.sealOnly(); err != nil {
			return err
		}
	}
	gen, err := NewGeneration(cfg, text.Limits{Apart: w.extractor, Dir: d.spool(), Room: d.room()})
	if err != nil {
		return err
	}
	lists, err := d.Lists()
	if err != nil {
		return err
	}
	w.prepared, err = w.config(gen, lists, s.Ordered)
	if err == nil {
		err = w.prepared.Check()
	}
	w.cfg = cfg
	return err
}

func (w *webWorker) config(gen *Generation, lists *sitelists.Store, ordered []string) (proxy.Config, error) {
	return gen.webConfig(webServices{
		lists:   lists,
		grounds: w.gateway,
		sealer:  uploads{w.quarantine},
		journal: w.gateway,
		appeals: w.gateway,
		log:     w.log,
		ordered: ordered,
	})
}

// Commit implements webcalls.Web.
func (w *webWorker) Commit() (err error) {
	if w.proxy != nil {
		return w.proxy.Reload(w.prepared)
	}
	if w.proxy, err = proxy.New(w.prepared, w.metrics); err != nil {
		return err
	}
	var listeners []proxy.Listener
	for i, l := range w.cfg.Web.Listen {
		f := os.NewFile(portsFromFile+uintptr(i), "")
		port, err := net.FileListener(f)
		if err != nil {
			return fmt.Errorf("take over the port of web.listen %s: %w", l.Address, err)
		}
		f.Close()
		listeners = append(listeners, webListener(l, port))
	}
	serveAll(w.proxy, listeners, w.log, w.failed)
	return nil
}

// serveAll takes web traffic on all ports. An error that ends the proxy goes to failed.
func serveAll(p *proxy.Proxy, listeners []proxy.Listener, log *slog.Logger, failed chan<- error) {
	for _, l := range listeners {
		log.Info("takes web traffic", "address", l.Addr().String(), "mode", l.Mode.String(), "tls", l.TLS)
		go func() {
			if err := p.Serve(l); err != nil {
				failed <- err
			}
		}()
	}
}

// Metrics implements webcalls.Web.
func (w *webWorker) Metrics() ([]byte, error) {
	families, err := w.metrics.Gather()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

// Shutdown implements webcalls.Web.
func (w *webWorker) Shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), webDrainTime)
	defer cancel()
	if err := w.proxy.Shutdown(ctx); err != nil {
		w.log.Info("web connections that did not end by themselves were cut")
	}
	return errors.Join(w.gateway.Close(), w.quarantine.Close())
}

// sealOnly returns the quarantine for a process that seals and does no more.
func (d *Data) sealOnly() (*quarantine.Store, error) {
	to, err := recipients(d.cfg)
	if err != nil {
		return nil, err
	}
	return quarantine.Open(d.path("quarantine"), noLedger{}, to...)
}

// noLedger is the ledger of a process that may write nothing in it.
type noLedger struct{}

// Append implements ledger.Appender.
func (noLedger) Append(context.Context, ledger.Kind, ledger.Data) (ledger.Receipt, error) {
	return ledger.Receipt{}, errNoLedger
}

// Find implements ledger.Finder.
func (noLedger) Find(ledger.Query) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) { yield(ledger.Entry{}, errNoLedger) }
}

var errNoLedger = errors.New("the web process has no ledger")
