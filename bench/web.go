package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sluis/internal/testenv"
)

// The work: pages of the size of an ordinary one, from a class of browsers.
const (
	pageSize       = 40 << 10
	pageBrowsers   = 30
	pageTime       = 4 * time.Second // a round
	pageRounds     = 3               // interleaved; the median counts
	tunnelBytes    = 4 << 30         // through one tunnel
	tunnelsAtOnce  = 2000
	hostThatScores = "127.0.0.1" // in no category: its pages are weighed
	hostThatDoes   = "localhost" // allowed by name: its pages are not
)

// webSystem is a way to a site.
type webSystem struct {
	name     string
	proxy    string // empty: none
	host     string
	pid      int
	stop     func()
	rates    []float64
	lat      []time.Duration
	tunnel   []float64 // bytes a second
	noTunnel bool
}

// benchWeb compares Sluis, with page scoring and without, with e2guardian and its phrase
// filter, with squid and no filter at all, and with nothing in between.
func benchWeb(ctx context.Context, o options, res *Result) error {
	dir, err := os.MkdirTemp("", "sluis-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	site, err := testenv.StartNginx(ctx, filepath.Join(dir, "site"), "", "")
	if err != nil {
		return fmt.Errorf("nginx: %w", err)
	}
	defer site.Stop()
	if err := os.WriteFile(filepath.Join(site.Root(), "page.html"), lessonPage(), 0o644); err != nil {
		return err
	}
	stream, err := startStream()
	if err != nil {
		return err
	}
	defer stream.Close()
	_, port, _ := net.SplitHostPort(site.Addr())
	systems, err := startWeb(ctx, o, res, dir, site.Addr(), stream.Addr().String())
	defer func() {
		for _, s := range systems {
			s.stop()
		}
	}()
	if err != nil {
		return err
	}
	for round := range pageRounds {
		for _, s := range systems {
			fmt.Fprintf(o.log, "round %d of %d: %s\n", round+1, pageRounds, s.name)
			if err := s.pages(ctx, port); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			if s.noTunnel {
				continue
			}
			if err := s.stream(stream.Addr().String()); err != nil {
				return fmt.Errorf("%s: tunnel: %w", s.name, err)
			}
		}
	}
	by := map[string]*webSystem{}
	for _, s := range systems {
		by[s.name] = s
		if err := s.report(o, res, stream.Addr().String()); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	ratio := func(name, of, to string, figure func(*webSystem) float64) {
		if a, b := by[of], by[to]; a != nil && b != nil {
			res.Ratios[name] = figure(a) / figure(b)
		}
	}
	rate := func(s *webSystem) float64 { return median(s.rates) }
	through := func(s *webSystem) float64 { return median(s.tunnel) }
	ratio("e2guardian", "sluis_scoring", "e2guardian", rate)
	ratio("squid", "sluis", "squid", rate)
	ratio("squid_scoring", "sluis_scoring", "squid", rate)
	ratio("tunnel_bare", "sluis", "bare", through)
	ratio("tunnel_squid", "sluis", "squid", through)
	return nil
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

// lessonPage is a page of words and links about windmills and water.
func lessonPage() []byte {
	words := strings.Fields(
		"De molen maalt water uit de polder naar de boezem en zo blijft het land droog terwijl de dijk het hoge " +
			"water van de rivier keert en de sluis schepen doorlaat in de klas bouwen kinderen een model met " +
			"karton en lijm en meten hoeveel water er stroomt",
	)
	var b strings.Builder
	b.WriteString(
		"<!doctype html><html lang=\"nl\"><head><meta charset=\"utf-8\"><title>Molens en water</title><link " +
			"rel=\"stylesheet\" href=\"/s.css\"></head><body><nav>",
	)
	for i := range 20 {
		fmt.Fprintf(&b, "<a class=\"menu item-%d\" href=\"/les/%d\">Les %d</a>", i, i, i)
	}
	b.WriteString("</nav>")
	for i := 0; b.Len() < pageSize; i++ {
		fmt.Fprintf(&b, "<section id=\"s%d\"><h2>Hoofdstuk %d</h2><p class=\"text\">", i, i)
		for j := range 60 {
			fmt.Fprintf(&b, "%s%s ", words[(i*17+j*7)%len(words)], []string{"", "", "", ",", "."}[(i+j)%5])
		}
		b.WriteString("</p></section>\n")
	}
	return []byte(b.String() + "</body></html>\n")
}

func startWeb(ctx context.Context, o options, res *Result, dir, site, stream string) ([]*webSystem, error) {
	none := func() {}
	systems := []*webSystem{{name: "bare", host: hostThatScores, stop: none}}
	_, sitePort, _ := net.SplitHostPort(site)
	_, streamPort, _ := net.SplitHostPort(stream)
	proxy, err := testenv.FreeAddress()
	if err != nil {
		return systems, err
	}
	g, err := startGateway(
		ctx,
		"127.0.0.1:26",
		filepath.Join(dir, "sluis"),
		fmt.Sprintf(sluisWeb, proxy, streamPort, sitePort),
	)
	if err != nil {
		return systems, err
	}
	if err := reachable(proxy); err != nil {
		g.stop()
		return systems, err
	}
	systems = append(systems,
		&webSystem{name: "sluis", proxy: proxy, host: hostThatDoes, pid: g.cmd.Process.Pid, stop: g.stop},
		&webSystem{name: "sluis_scoring", proxy: proxy, host: hostThatScores, stop: none, noTunnel: true})
	for _, p := range []struct {
		name, program string
		start         func(context.Context, string) (*testenv.WebProxy, error)
		noTunnel      bool
	}{{"squid", "squid", testenv.StartSquid, false}, {"e2guardian", "e2guardian", testenv.StartE2guardian, true}} {
		if o.install {
			if err := testenv.Install(ctx, p.program); err != nil {
				return systems, err
			}
		}
		if len(testenv.Missing(p.program)) > 0 {
			res.Missing = append(res.Missing, p.program)
			continue
		}
		d := filepath.Join(dir, p.name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			return systems, err
		}
		w, err := p.start(ctx, d)
		if err != nil {
			return systems, err
		}
		systems = append(
			systems,
			&webSystem{
				name:     p.name,
				proxy:    w.Addr(),
				host:     hostThatScores,
				pid:      w.PID(),
				stop:     w.Stop,
				noTunnel: p.noTunnel,
			},
		)
	}
	return systems, nil
}

func reachable(address string) error {
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			return c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("sluis takes no web traffic after 10 s")
}

const sluisWeb = `web:
  listen: [{address: %q}]
  clients: [127.0.0.0/8]
  inner: [127.0.0.0/8]
  opaque: true
  ports: [443, %s]
  plain-ports: [80, %s]
  sites: {own: [{host: localhost, action: allow, locked: true, reason: without scoring, author: bench}]}
  content: {pages: true}
  limits: {connections: 10000, connections-per-client: 10000}
`

func (s *webSystem) report(o options, res *Result, stream string) error {
	res.add(s.name, "pages", median(s.rates), "req/s")
	slices.Sort(s.lat)
	res.add(s.name, "p50", float64(s.lat[len(s.lat)/2].Microseconds())/1000, "ms")
	res.add(s.name, "p99", float64(s.lat[len(s.lat)*99/100].Microseconds())/1000, "ms")
	if s.noTunnel {
		return nil
	}
	res.add(s.name, "tunnel", median(s.tunnel)/(1<<20), "MB/s")
	if s.pid == 0 {
		return nil
	}
	fmt.Fprintf(o.log, "%d idle tunnels: %s\n", tunnelsAtOnce, s.name)
	each, most, err := s.idle(stream)
	if err != nil {
		return err
	}
	res.add(s.name, "memory of a tunnel", each/1024, "KB")
	res.add(s.name, "memory with 2,000", most/(1<<20), "MB")
	return nil
}

// idle makes tunnels that say nothing, and returns how much memory each takes.
func (s *webSystem) idle(stream string) (each, most float64, err error) {
	before := pss(s.pid)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	for range tunnelsAtOnce {
		c, err := s.connect(stream)
		if err != nil {
			return 0, 0, fmt.Errorf("tunnel %d: %w", len(open)+1, err)
		}
		open = append(open, c)
		if _, err := io.WriteString(c, "wait"); err != nil { // so that its hello is there
			return 0, 0, err
		}
	}
	time.Sleep(3 * time.Second)
	after := pss(s.pid)
	return float64(after-before) / tunnelsAtOnce, float64(after), nil
}
