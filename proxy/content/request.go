package content

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"

	"sluis/filter"
	"sluis/rules"
)

// Request inspects what a client sends. It may replace the body; its findings are noted in the exchange. A body that
// was not judged wholly ends in ErrBlocked if something is caught later.
func (e *Inspector) Request(ctx context.Context, x *Exchange, r *http.Request) (blocked bool, err error) {
	e.prepare(x, r)
	ps := x.Grounds.Purposes & (conduct | leak)
	if ps == 0 {
		return false, nil
	}
	if e.o.Searches && r.URL.RawQuery != "" && ps.Has(rules.Conduct) {
		if blocked, err := e.search(ctx, x, r.URL.RawQuery); blocked || err != nil {
			return blocked, err
		}
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return false, nil
	}
	if streams(mediaType(r.Header)) { // both sides speak by turns
		return stops(e.doubt(x, Found{Uninspectable: true})), nil
	}
	return e.upload(ctx, x, r, ps)
}

// prepare makes sure that the response can be read: without unknown codings.
func (e *Inspector) prepare(x *Exchange, r *http.Request) {
	if !e.scans(x) && !e.weighs(x) {
		return
	}
	readable(r.Header)
}

// search inspects a query. In one of its values can be an address with a query of its own, which is escaped twice.
func (e *Inspector) search(ctx context.Context, x *Exchange, query string) (bool, error) {
	plain := new(formEscapes).push(nil, []byte(query))
	if within := new(formEscapes).push(nil, plain); !bytes.Equal(within, plain) {
		plain = append(append(plain, '\n'), within...)
	}
	_, v, err := e.inspect(ctx, x, document(plainName, bytes.NewReader(plain), int64(len(plain))), conduct)
	return stops(v), err
}

// upload keeps a body until it was judged.
func (e *Inspector) upload(
	ctx context.Context, x *Exchange, r *http.Request, ps rules.Purposes,
) (blocked bool, err error) {
	h := e.newBuffer()
	pass := false
	defer func() {
		if !pass {
			h.Close()
		}
	}()
	whole, err := h.fill(r.Body, int64(e.o.Limits.Buffered))
	switch {
	case errors.Is(err, errBusy): // the body goes on without inspection, or not at all
		if err := e.failure(x, ps, err); err != nil {
			return false, err
		}
		pass = true
		r.Body = &replay{Reader: io.MultiReader(h.reader(0), r.Body), buffer: h, body: r.Body}
		return false, nil
	case err != nil:
		return false, cutOff("receive an upload", err)
	}
	if whole && h.length() == 0 {
		return false, nil
	}
	u := &upload{
		header:  r.Header,
		codings: codingsOf(r.Header),
		name:    path.Base(r.URL.Path),
		whole:   whole,
	}
	j, err := e.judge(ctx, x, u, h, ps)
	if err != nil {
		return false, err
	}
	if stops(j.verdict) {
		return true, e.quarantine(ctx, x, j, h, whole)
	}
	r.Header.Del("Expect") // the body is here
	body := &replay{Reader: h.reader(0), buffer: h, body: r.Body}
	if whole && len(r.Trailer) == 0 {
		r.ContentLength, r.TransferEncoding = h.length(), nil
	}
	if !whole {
		if err := e.continueUpload(x, u, body, ps); err != nil {
			return false, err
		}
	}
	r.Body, pass = body, true
	return false, nil
}

// quarantine seals a caught upload, if that is configured (C3.3b). The upload goes on in no case.
func (e *Inspector) quarantine(
	ctx context.Context, x *Exchange, j judgement, h *buffer, whole bool,
) error {
	if !e.o.Quarantine || e.o.Sealer == nil || !whole {
		return nil
	}
	if err := e.o.Sealer.SealUpload(ctx, x, j.verdict, j.found, h.reader(0), h.length()); err != nil {
		return fmt.Errorf("quarantine an upload: %w", err)
	}
	x.Note(Found{Quarantined: true})
	return nil
}

// inspect asks the engine, and notes the verdict.
func (e *Inspector) inspect(
	ctx context.Context, x *Exchange, item filter.Item, ps rules.Purposes,
) (*filter.Inspection, filter.Verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, e.o.Limits.Inspect)
	defer cancel()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return nil, filter.Verdict{}, e.failure(x, ps, ctx.Err())
	}
	found, err := e.o.Engine.Inspect(ctx, item, ps)
	if err != nil {
		return nil, filter.Verdict{}, e.failure(x, ps, err)
	}
	return found, e.decide(x, found), nil
}

// decide settles what is done with an upload, and notes it.
func (e *Inspector) decide(x *Exchange, found *filter.Inspection) filter.Verdict {
	v := filter.Decide(found, rules.Out, filter.Actions{
		Found:         func(p rules.Purpose, _ rules.Direction) filter.Action { return e.o.Uploads.found(p) },
		Uninspectable: e.o.Uninspectable.action(),
		Incomplete:    e.o.Incomplete.action(),
	})
	switch {
	case v.Purpose == rules.Conduct:
		v.Clause = e.toneClause // rules name the clause on mail
	case v.Action > filter.Pass && v.Category == rules.NoCategory:
		v = e.uninspected(v.Action)
	}
	x.Note(Found{
		Verdict:       v,
		Uninspectable: len(found.Uninspectable) > 0,
		Incomplete:    found.Incomplete,
		Upload:        stops(v),
	})
	return v
}

// continueUpload adds the rest to a body whose beginning was in the buffer.
func (e *Inspector) continueUpload(x *Exchange, u *upload, r *replay, ps rules.Purposes) error {
	if len(u.codings) > 0 || u.text == nil { // it is noted as incomplete already
		r.Reader = io.MultiReader(r.Reader, r.body)
		return nil
	}
	w, err := e.window(x, u, r.buffer, r.body, ps)
	if err != nil {
		r.Reader = io.MultiReader(r.Reader, r.body)
		return e.failure(x, ps, err)
	}
	r.rest = w
	r.Reader = io.MultiReader(io.NewSectionReader(r.buffer, 0, r.buffer.length()-int64(w.waiting)), w)
	return nil
}

// replay is a body that was in the buffer, and its rest.
type replay struct {
	io.Reader
	buffer *buffer
	body   io.ReadCloser
	rest   *window // nil: it is whole, or passes without inspection
}

// Close implements io.Closer.
func (r *replay) Close() error {
	if r.rest != nil {
		r.rest.stream.Close()
		clear(r.rest.buf[:cap(r.rest.buf)])
		clear(r.rest.seen[:cap(r.rest.seen)])
	}
	r.buffer.Close()
	return r.body.Close()
}
