package content

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// Engine looks into content with the rules of some purposes and no others.
type Engine interface {
	Examine(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Examination, error)
}

// Malware scans content for malicious software. It returns the name of what it found.
type Malware interface {
	Scan(ctx context.Context, content io.Reader) (signature string, err error)
}

// Sealer sets a copy of an upload that was stopped aside, sealed.
type Sealer interface {
	SealUpload(ctx context.Context, x *Exchange, v filter.Verdict, e *filter.Examination, content io.Reader, size int64) error
}

// Options say what is looked into, and how far.
type Options struct {
	Engine   Engine
	Uploads  map[rules.Purpose]filter.Action // what stops an upload: reject; else it passes
	Open     map[rules.Purpose]bool          // an engine that fails lets pass what it is for
	Seal     Sealer                          // nil: of an upload that was stopped only metadata is kept
	Pages    bool                            // pages of sites that are in no category are scored
	Download []Download
	Malware  Malware // nil: downloads are not scanned
	Limits   Limits
	Dir      string // of temporary files
}

// Download is a kind of file that some groups may not fetch.
type Download struct {
	Groups     []roster.Group // none: all
	Extensions []string       // such as exe; none: any
	Executable bool           // programs, by their content, whatever they are called
	Larger     int64          // bytes; zero: of any size
}

// Limits bound memory and work. A zero field has the default.
type Limits struct {
	Held     int64         // bytes of an upload that wait until all of it is judged; default 25 MiB
	Window   int           // bytes that are judged together beyond that, and of pages; default 256 KiB
	Head     int           // bytes of a page that wait until they are judged; default 64 KiB
	Page     int64         // bytes of a page that are judged at all; default 2 MiB
	Scanned  int64         // bytes of a download that is scanned for malware; default 25 MiB
	Examine  time.Duration // for one look; default 20 s
	AtOnce   int           // looks at once; default 8
	Patience time.Duration // before a download that is scanned begins to trickle; default 10 s
}

func (l *Limits) defaults() {
	set(&l.Held, 25<<20)
	set(&l.Window, 256<<10)
	set(&l.Head, 64<<10)
	set(&l.Page, 2<<20)
	set(&l.Scanned, 25<<20)
	set(&l.Examine, 20*time.Second)
	set(&l.AtOnce, 8)
	set(&l.Patience, 10*time.Second)
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Examiner looks into requests and responses. It is safe for concurrent use.
type Examiner struct {
	o     Options
	slots chan struct{}
}

// New returns an examiner.
func New(o Options) (*Examiner, error) {
	if o.Engine == nil {
		return nil, errors.New("content: an engine is needed")
	}
	o.Limits.defaults()
	for i, d := range o.Download {
		if len(d.Extensions) == 0 && !d.Executable && d.Larger == 0 {
			return nil, fmt.Errorf("content: download %d: name extensions, executable, or a size", i+1)
		}
	}
	return &Examiner{o: o, slots: make(chan struct{}, o.Limits.AtOnce)}, nil
}

// errStopped ends a body that has begun to be sent and may not go on.
var errStopped = errors.New("the content is stopped")

// examine looks into content with the purposes of an exchange, as far as they are about
// what people say: security is for mail and downloads. It returns nil where the engine
// failed and that lets pass.
func (e *Examiner) examine(ctx context.Context, item filter.Item, ps rules.Purposes) (*filter.Examination, error) {
	ps = spoken(ps)
	if ps == 0 {
		return &filter.Examination{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.o.Limits.Examine)
	defer cancel()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return e.failed(ps, ctx.Err())
	}
	x, err := e.o.Engine.Examine(ctx, item, ps)
	if err != nil {
		return e.failed(ps, err)
	}
	return x, nil
}

// spoken are the purposes among ps that are about what people say.
func spoken(ps rules.Purposes) rules.Purposes {
	var s rules.Purposes
	for _, p := range []rules.Purpose{rules.Conduct, rules.Leak} {
		if ps.Has(p) {
			s = s.With(p)
		}
	}
	return s
}

func (e *Examiner) failed(ps rules.Purposes, err error) (*filter.Examination, error) {
	for _, p := range []rules.Purpose{rules.Conduct, rules.Leak} {
		if ps.Has(p) && !e.o.Open[p] {
			return nil, err
		}
	}
	return nil, nil
}

// verdict decides on what was found in an upload.
func (e *Examiner) verdict(x *filter.Examination) filter.Verdict {
	return filter.Decide(x, rules.Out, filter.Actions{Found: func(p rules.Purpose, _ rules.Direction) filter.Action {
		return e.o.Uploads[p]
	}})
}

// stops reports whether a verdict stops a request.
func stops(v filter.Verdict) bool { return v.Action >= filter.Quarantine }

// extension returns the extension of a file name in lower case, without the dot.
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > 12 {
		return ""
	}
	return strings.ToLower(name[i+1:])
}

// Request looks into what a client sends.
func (e *Examiner) Request(ctx context.Context, x *Exchange, r *http.Request) (blocked bool, err error) {
	if x.Score && e.o.Pages {
		limitCodings(r.Header)
		if strings.Contains(r.Header.Get("Accept"), "text/html") {
			r.Header.Del("Range") // a part of a page cannot be judged
		}
	}
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody || spoken(x.Grounds.Purposes) == 0 {
		return false, nil
	}
	return e.upload(ctx, x, r)
}

// limitCodings leaves only the codings that can be undone.
func limitCodings(h http.Header) {
	var can []string
	for _, f := range h["Accept-Encoding"] {
		for c := range strings.SplitSeq(f, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(c), ";")
			if slices.Contains([]string{"gzip", "br", "zstd", "identity"}, strings.ToLower(name)) {
				can = append(can, strings.TrimSpace(c))
			}
		}
	}
	h.Del("Accept-Encoding")
	if len(can) > 0 {
		h.Set("Accept-Encoding", strings.Join(can, ", "))
	}
}

// Response looks into what a site sends.
func (e *Examiner) Response(ctx context.Context, x *Exchange, r *http.Response) (blocked bool, err error) {
	if r.Request.Method == http.MethodHead || r.StatusCode == http.StatusNoContent || r.StatusCode == http.StatusNotModified || r.Body == nil {
		return false, nil
	}
	if kind := r.Header.Get("Content-Type"); isPage(kind) {
		if !x.Score || !e.o.Pages || !x.Grounds.Purposes.Has(rules.Conduct) || r.StatusCode == http.StatusPartialContent {
			return false, nil
		}
		return e.page(ctx, x, r)
	}
	return e.download(ctx, x, r)
}

func isPage(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "text/html", "application/xhtml+xml":
		return true
	}
	return false
}
