package content

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"sluis/filter"
	"sluis/internal/spool"
	"sluis/rules"
)

var (
	securityClause, _ = rules.ParseClause("C3.3a")
	downloadRule, _   = rules.ParseID("web.download")
	malwareRule, _    = rules.ParseID("web.malware-scan")
)

// download judges a file by what it is called, what it is, and how large; and lets it be
// scanned for malicious software.
func (e *Examiner) download(ctx context.Context, x *Exchange, r *http.Response) (blocked bool, err error) {
	if len(e.o.Download) > 0 {
		head, err := e.peek(r)
		if err != nil {
			return false, err
		}
		if e.forbidden(x, r, head) {
			x.Note(Found{Verdict: filter.Verdict{Action: filter.Reject, Purpose: rules.Security, Category: rules.Attachment, Clause: securityClause, Rule: downloadRule}})
			return true, nil
		}
	}
	if e.o.Malware == nil || r.StatusCode != http.StatusOK || !scannable(r.Header.Get("Content-Type")) {
		return false, nil
	}
	if r.ContentLength > e.o.Limits.Scanned {
		x.Note(Found{Incomplete: true})
		return false, nil
	}
	return e.scan(ctx, x, r)
}

// peek returns the first bytes of a body, which stay to be read.
func (e *Examiner) peek(r *http.Response) ([]byte, error) {
	head := make([]byte, 512)
	n, err := io.ReadFull(r.Body, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	r.Body = &release{Reader: io.MultiReader(bytes.NewReader(head[:n]), r.Body), done: []io.Closer{r.Body}}
	return head[:n], nil
}

// forbidden reports whether the group may not fetch such a file.
func (e *Examiner) forbidden(x *Exchange, r *http.Response, head []byte) bool {
	ext := extension(path.Base(r.Request.URL.Path))
	if _, params, err := mime.ParseMediaType(r.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		ext = extension(params["filename"])
	}
	for _, d := range e.o.Download {
		if len(d.Groups) > 0 && !slices.Contains(d.Groups, x.Group) {
			continue
		}
		switch {
		case d.Larger > 0 && r.ContentLength <= d.Larger:
		case d.Executable && isProgram(head):
			return true
		case len(d.Extensions) > 0 && slices.Contains(d.Extensions, ext):
			return true
		case len(d.Extensions) == 0 && !d.Executable:
			return true
		}
	}
	return false
}

// isProgram reports whether a file begins as programs and scripts of shells do.
func isProgram(head []byte) bool {
	for _, magic := range []string{"MZ", "\x7fELF", "\xfe\xed\xfa", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "#!", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1M\x00S\x00I"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

// scannable reports whether a kind of content can do harm as a file. Pictures, sound and
// film, and what pages are made of, are passed on at once.
func scannable(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil || kind == "" {
		return true
	}
	major, _, _ := bytes.Cut([]byte(kind), []byte("/"))
	switch string(major) {
	case "image", "audio", "video", "font", "text":
		return kind == "image/svg+xml"
	}
	return kind != "application/javascript" && kind != "application/json" && kind != "application/dash+xml" && kind != "application/vnd.apple.mpegurl"
}

// scan holds a file until it is scanned. If that takes long a little of it is passed on, so
// that the browser waits; then a file that is bad is cut off instead of replaced by a page.
func (e *Examiner) scan(ctx context.Context, x *Exchange, r *http.Response) (blocked bool, err error) {
	h := &scanned{held: spool.New(e.o.Dir), verdict: make(chan error, 1), src: r.Body}
	go h.run(ctx, e)
	select {
	case err := <-h.verdict:
		h.verdict <- err
		switch {
		case errors.Is(err, errStopped):
			e.infected(x)
			h.Close()
			return true, nil
		case err != nil && !e.o.Open[rules.Security]:
			h.Close()
			return false, err
		}
	case <-time.After(e.o.Limits.Patience):
	case <-ctx.Done():
		h.Close()
		return false, ctx.Err()
	}
	h.onHit = func() { e.infected(x) }
	h.open = e.o.Open[rules.Security]
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.whole && r.ContentLength < 0 {
		r.ContentLength = h.got
		r.Header.Set("Content-Length", strconv.FormatInt(h.got, 10))
	}
	if h.tooLarge {
		x.Note(Found{Incomplete: true})
	}
	r.Body = h
	return false, nil
}

func (e *Examiner) infected(x *Exchange) {
	x.Note(Found{Verdict: filter.Verdict{Action: filter.Reject, Purpose: rules.Security, Category: rules.Malware, Clause: securityClause, Rule: malwareRule}})
}

// trickle is how much of a file is passed on, and how often, while it is scanned.
const (
	trickle      = 256
	trickleEvery = 5 * time.Second
)

// scanned is a file that is being scanned.
type scanned struct {
	held     *spool.Spool
	src      io.ReadCloser
	verdict  chan error
	onHit    func()
	open     bool
	mu       sync.Mutex
	got      int64 // bytes that have come
	whole    bool
	tooLarge bool
	settled  bool
	bad      error
	at       int64
	closed   bool
}

// run receives the file and lets it be scanned.
func (h *scanned) run(ctx context.Context, e *Examiner) {
	buf := make([]byte, 32<<10)
	var err error
	for h.got < e.o.Limits.Scanned {
		var n int
		n, err = h.src.Read(buf)
		h.mu.Lock()
		if h.closed {
			h.mu.Unlock()
			return
		}
		if _, werr := h.held.Write(buf[:n]); werr != nil && err == nil {
			err = werr
		}
		h.got += int64(n)
		h.mu.Unlock()
		if err != nil {
			break
		}
	}
	h.mu.Lock()
	h.whole, h.tooLarge = err == io.EOF, err == nil
	reader := h.held.Reader()
	h.mu.Unlock()
	switch {
	case err == nil: // more than is scanned: passed on
	case err != io.EOF:
	default:
		var signature string
		signature, err = e.o.Malware.Scan(ctx, reader)
		if signature != "" {
			err = errStopped
		}
	}
	h.verdict <- err
}

// Read implements io.Reader: all that is held once the verdict is there, a little before.
func (h *scanned) Read(p []byte) (int, error) {
	if !h.settled {
		select {
		case h.bad = <-h.verdict:
			h.settled = true
			if errors.Is(h.bad, errStopped) {
				h.onHit()
			} else if h.open {
				h.bad = nil
			}
		case <-time.After(trickleEvery):
			return h.some(p[:min(len(p), trickle)])
		}
	}
	if h.bad != nil {
		return 0, h.bad
	}
	n, err := h.some(p)
	if n == 0 && err == io.EOF && h.tooLarge {
		return h.src.Read(p)
	}
	return n, err
}

// some reads of what is held, and of a file that is not judged never the end.
func (h *scanned) some(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := h.got
	if !h.settled {
		last = min(last-1, last*9/10)
	}
	if h.at >= last {
		if h.settled {
			return 0, io.EOF
		}
		return 0, nil
	}
	n, err := h.held.ReadAt(p[:min(int64(len(p)), last-h.at)], h.at)
	h.at += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

// Close frees what the file takes.
func (h *scanned) Close() error {
	err := h.src.Close()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.held.Close()
	return err
}
