package content

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"sluis/filter"
	"sluis/internal/setting"
	"sluis/internal/store/disk"
	"sluis/rules"
)

// ErrBlocked ends a body in which something was caught while it passed.
var ErrBlocked = errors.New("blocked by its content")

// Engine inspects content by the rules of some purposes and no others.
type Engine interface {
	Inspect(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Inspection, error)
	Stream(ps rules.Purposes) (*filter.Stream, error)
}

// Scanner scans content for malicious software. It returns the name of the malware, or none.
type Scanner interface {
	Scan(ctx context.Context, content io.Reader) (signature string, err error)
}

// Sealer puts a sealed copy of an upload that was stopped into the quarantine (C3.3b).
type Sealer interface {
	SealUpload(ctx context.Context, x *Exchange, v filter.Verdict, e *filter.Inspection, r io.Reader, size int64) error
}

// Options are what an Inspector is made of.
type Options struct {
	Settings

	Engine  Engine
	Sealer  Sealer    // nil: only metadata is kept of an upload that was stopped
	Scanner Scanner   // nil: downloads are not scanned
	Dir     string    // of temporary files
	Room    disk.Room // for them; nil: without bounds but Limits.Total
}

// Inspector inspects requests and responses. It is safe for concurrent use.
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
	setting.Fill(&o.Settings)
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
	o.Downloads = slices.Clone(o.Downloads)
	for i := range o.Downloads {
		if err := o.Downloads[i].check(); err != nil {
			return nil, fmt.Errorf("content: download %d: %w", i+1, err)
		}
	}
	e.o = o
	// Compiled now, so that no request waits for it. The failure of an engine counts where it is used.
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

// failure settles what becomes of content that could not be inspected for some purposes. It returns nil if it may pass.
func (e *Inspector) failure(x *Exchange, ps rules.Purposes, err error) error {
	if !e.o.OnFailure.opens(ps) {
		return fmt.Errorf("inspect content for %s: %w", ps, err)
	}
	x.Note(Found{Incomplete: true})
	return nil
}

// doubt returns the verdict on content that could not be inspected, or only in part, and notes it.
func (e *Inspector) doubt(x *Exchange, f Found) filter.Verdict {
	var a filter.Action
	if f.Uninspectable {
		a = e.o.Uninspectable.action()
	}
	if f.Incomplete {
		a = max(a, e.o.Incomplete.action())
	}
	if a > filter.Pass {
		f.Verdict = e.uninspected(a)
	}
	x.Note(f)
	return f.Verdict
}

// uninspected is the verdict on content that was not wholly inspected.
func (e *Inspector) uninspected(a filter.Action) filter.Verdict {
	return filter.Verdict{
		Action:   a,
		Purpose:  rules.Security,
		Category: rules.Attachment,
		Clause:   e.fileClause,
		Rule:     uninspectedRule,
	}
}

// stops reports whether a verdict keeps content from going on.
func stops(v filter.Verdict) bool { return v.Action >= filter.Quarantine }
