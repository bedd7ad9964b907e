package content

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"sluis/filter"
	"sluis/rules"
)

// page scores a page while it is sent: its first window before anything is, so that a page
// that explains can be shown in its place.
func (e *Examiner) page(ctx context.Context, x *Exchange, r *http.Response) (blocked bool, err error) {
	src := io.Reader(r.Body)
	if c := r.Header.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		if src, err = decode(c, r.Body); err != nil {
			x.Note(Found{Uninspectable: true})
			return false, nil
		}
		r.Header.Del("Content-Encoding")
		r.Header.Del("Content-Length")
		r.ContentLength = -1
	}
	score := &score{}
	w := &windows{
		exchange: x, src: src, size: e.o.Limits.Head, most: e.o.Limits.Page,
		judge: func(window []byte) (filter.Verdict, error) {
			exam, err := e.examine(ctx, filter.Item{Kind: filter.Document, Directions: rules.DirectionsOf(rules.In), Name: "page.html",
				Content: bytes.NewReader(window), Size: int64(len(window))}, x.Grounds.Purposes&^leak)
			if err != nil || exam == nil {
				return filter.Verdict{}, err
			}
			return score.add(exam, len(window)), nil
		},
	}
	w.next()
	switch {
	case errors.Is(w.err, errStopped):
		return true, nil
	case w.err != nil && w.err != io.EOF:
		return false, w.err
	}
	w.size = e.o.Limits.Window
	if w.err == io.EOF {
		r.ContentLength = int64(len(w.ready))
		r.Header.Set("Content-Length", fmt.Sprint(len(w.ready)))
	}
	r.Body = &release{Reader: w, done: []io.Closer{r.Body}}
	return false, nil
}

var leak = rules.SetOf(rules.Leak)

// decode undoes a content coding (RFC 9110, section 8.4.1).
func decode(coding string, r io.Reader) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "gzip", "x-gzip":
		return gzip.NewReader(r)
	case "br":
		return brotli.NewReader(r), nil
	case "zstd":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(16<<20))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return nil, errors.New("an unknown coding")
}

// score adds up what a page says. A page is not stopped for a word, as a message can be:
// people write about things, teach about them and report them. It takes several, the more
// the longer the page is.
type score struct {
	bytes int
	sums  map[rules.Category]int
}

const (
	pageBase = 300 // points that a page may have: three of the heaviest words
	perKB    = 6   // and more for each KB of it
	maxHits  = 8   // of a rule that count
)

// add adds what a window holds, and decides.
func (s *score) add(x *filter.Examination, size int) filter.Verdict {
	s.bytes += size
	if s.sums == nil {
		s.sums = map[rules.Category]int{}
	}
	var best filter.Finding
	for _, f := range x.Findings {
		if f.Purpose != rules.Conduct {
			continue
		}
		s.sums[f.Category] += f.Score * min(f.Count, maxHits)
		if s.sums[f.Category] >= pageBase+perKB*s.bytes/1024 && f.Score > best.Score {
			best = f
		}
	}
	if best.Score == 0 {
		return filter.Verdict{}
	}
	return filter.Verdict{Action: filter.Reject, Purpose: best.Purpose, Category: best.Category, Clause: best.Clause, Rule: best.Rule}
}
