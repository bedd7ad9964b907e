package content

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluis/filter"
	"sluis/rules"
)

// ErrBlocked ends a body of which something was caught while it passed.
var ErrBlocked = errors.New("blocked by what is in it")

// Engine looks into content with the rules of some purposes and no others.
type Engine interface {
	Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error)
	Stream(ps rules.Purposes) (*filter.Stream, error)
}

// Malware scans content for malicious software. It returns the name of what it found.
type Malware interface {
	Scan(ctx context.Context, content io.Reader) (signature string, err error)
}

// Sealer sets a copy of an upload that was stopped aside, sealed (C3.3b).
type Sealer interface {
	SealUpload(ctx context.Context, x *Exchange, v filter.Verdict, e *filter.Inspection, content io.Reader, size int64) error
}

// Options say what is looked into, and what is done with what is found.
type Options struct {
	Engine   Engine
	Uploads  map[rules.Purpose]filter.Action // with what is found in an upload
	Searches bool                            // what a form asks for in an address is looked at as an upload is, for conduct
	Open     map[rules.Purpose]bool          // what cannot be looked at for these passes
	Seal     Sealer                          // nil: of an upload that was stopped only metadata is kept
	Pages    bool                            // pages of sites that are in no category are weighed
	Weight   Weight
	Download []Download
	Malware  Malware // nil: downloads are not scanned
	Limits   Limits
	Dir      string // of temporary files

	Uninspectable filter.Action // of what cannot be looked into; zero: it passes, and that is said
	Incomplete    filter.Action // of what was looked into in part; zero: the same
}

// Weight is how much of a page has to be forbidden for it to be blocked. It has to reach
// both measures: what teaches says such things, and what reports them says them again, but
// not in every line.
type Weight struct {
	Points  int // of rules, for each distinct hit; default 400: four of the heaviest phrases
	Density int // of rules, for each hit, in each KB of text; default 500
}

// Limits bound memory, disk and work. A zero field has the default.
type Limits struct {
	Held     int64         // bytes of an upload that wait until all of it is judged; more is judged as it goes; default 25 MiB
	Inflated int64         // bytes out of a compressed body; default 100 MiB
	Head     int           // bytes of a page that wait until they are judged; default 64 KiB
	Page     int64         // bytes of a page that are judged at all; default 2 MiB
	Scanned  int64         // bytes of a download that are scanned for malware; default 25 MiB
	Inspect  time.Duration // for one look or scan; default 1 minute
	AtOnce   int           // uploads that are looked at, at once; default 8
	Patience time.Duration // of a browser, until a download that is scanned begins to trickle; default 5 s
	Total    int64         // bytes of all bodies that wait; default 4 GiB
}

func (l *Limits) defaults() {
	l.Held, l.Inflated, l.Scanned = cmp.Or(l.Held, 25<<20), cmp.Or(l.Inflated, 100<<20), cmp.Or(l.Scanned, 25<<20)
	l.Head, l.Page = cmp.Or(l.Head, 64<<10), cmp.Or(l.Page, 2<<20)
	l.Inspect, l.Patience = cmp.Or(l.Inspect, time.Minute), cmp.Or(l.Patience, 5*time.Second)
	l.AtOnce, l.Total = cmp.Or(l.AtOnce, 8), cmp.Or(l.Total, 4<<30)
}

// Inspector looks into requests and responses. It is safe for concurrent use.
type Inspector struct {
	o     Options
	slots chan struct{}
	total atomic.Int64 // bytes that wait
	heads sync.Pool    // of pages

	pageClause, toneClause, fileClause, ownClause rules.Clause
}

// New returns an inspector.
func New(o Options) (*Inspector, error) {
	if o.Engine == nil {
		return nil, errors.New("content: an engine is needed")
	}
	o.Limits.defaults()
	o.Weight.Points, o.Weight.Density = cmp.Or(o.Weight.Points, 400), cmp.Or(o.Weight.Density, 500)
	e := &Inspector{slots: make(chan struct{}, o.Limits.AtOnce)}
	e.heads.New = func() any { b := make([]byte, o.Limits.Head); return &b }
	for _, c := range []struct {
		to *rules.Clause
		id string
	}{{&e.pageClause, "C2.8a"}, {&e.toneClause, "C2.8d"}, {&e.fileClause, "C3.3a"}, {&e.ownClause, "C2.8e"}} {
		var err error
		if *c.to, err = rules.ParseClause(c.id); err != nil {
			return nil, fmt.Errorf("content: %w", err)
		}
	}
	o.Download = slices.Clone(o.Download)
	for i := range o.Download {
		if err := o.Download[i].check(); err != nil {
			return nil, fmt.Errorf("content: download %d: %w", i+1, err)
		}
	}
	e.o = o
	// Compiled now, so that nobody waits for it. An engine that fails is met when it matters.
	for _, ps := range []rules.Purposes{conduct, conduct | leak} {
		o.Engine.Inspect(context.Background(), filter.Item{Kind: filter.Document, Content: strings.NewReader("")}, ps)
	}
	return e, nil
}

var (
	conduct  = rules.SetOf(rules.Conduct)
	leak     = rules.SetOf(rules.Leak)
	security = rules.SetOf(rules.Security)
)

// failed says what becomes of what could not be looked at for some purposes: nothing is
// returned if it may pass.
func (e *Inspector) failed(x *Exchange, ps rules.Purposes, err error) error {
	for _, p := range ps.List() {
		if !e.o.Open[p] {
			return fmt.Errorf("look into content for %s: %w", ps, err)
		}
	}
	x.Note(Found{Incomplete: true})
	return nil
}

// doubt returns the verdict on what could not be looked into, or not wholly, and notes it.
func (e *Inspector) doubt(x *Exchange, f Found) filter.Verdict {
	var a filter.Action
	if f.Uninspectable {
		a = e.o.Uninspectable
	}
	if f.Incomplete {
		a = max(a, e.o.Incomplete)
	}
	if a > filter.Pass {
		f.Verdict = e.unseen(a)
	}
	x.Note(f)
	return f.Verdict
}

// unseen is the verdict on what was not looked into wholly.
func (e *Inspector) unseen(a filter.Action) filter.Verdict {
	return filter.Verdict{Action: a, Purpose: rules.Security, Category: rules.Attachment, Clause: e.fileClause, Rule: unseenRule}
}

// stops reports whether a verdict keeps something from going on.
func stops(v filter.Verdict) bool { return v.Action >= filter.Quarantine }
