package content

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"sluis/filter"
	"sluis/internal/spool"
	"sluis/rules"
)

// upload holds a body until it is judged. What is larger than may wait is judged window by
// window while it is sent.
func (e *Examiner) upload(ctx context.Context, x *Exchange, r *http.Request) (blocked bool, err error) {
	held := spool.New(e.o.Dir)
	n, err := io.CopyN(held, r.Body, e.o.Limits.Held+1)
	switch {
	case err == nil:
		return e.large(ctx, x, r, held)
	case err != io.EOF:
		held.Close()
		return false, fmt.Errorf("receive upload: %w", anonymous(err))
	}
	v, exam, err := e.judge(ctx, x, r.Header, held, n)
	if err != nil || stops(v) {
		defer held.Close()
		if err == nil && e.o.Seal != nil {
			err = e.o.Seal.SealUpload(ctx, x, v, exam, held.Reader(), n)
			x.Note(Found{SetAside: err == nil})
		}
		return err == nil, err
	}
	r.Body = &release{Reader: held.Reader(), done: []io.Closer{held, r.Body}}
	r.ContentLength = n
	r.TransferEncoding = nil
	if n == 0 {
		r.Body.Close()
		r.Body = http.NoBody
	}
	return false, nil
}

// judge looks into a whole body.
func (e *Examiner) judge(ctx context.Context, x *Exchange, h http.Header, body io.ReaderAt, size int64) (filter.Verdict, *filter.Examination, error) {
	item, err := e.item(h, body, size)
	if err != nil {
		x.Note(Found{Uninspectable: true})
		return filter.Verdict{}, nil, nil
	}
	exam, err := e.examine(ctx, item, x.Grounds.Purposes)
	if err != nil || exam == nil {
		return filter.Verdict{}, nil, err
	}
	v := e.verdict(exam)
	x.Note(Found{Verdict: v, Uninspectable: len(exam.Uninspectable) > 0, Incomplete: exam.Incomplete})
	return v, exam, nil
}

// item makes of a body what the engine can read.
func (e *Examiner) item(h http.Header, body io.ReaderAt, size int64) (filter.Item, error) {
	out := rules.DirectionsOf(rules.Out)
	if c := h.Get("Content-Encoding"); c != "" && !strings.EqualFold(c, "identity") {
		plain, err := decode(c, io.NewSectionReader(body, 0, size))
		if err != nil {
			return filter.Item{}, err
		}
		b, err := io.ReadAll(io.LimitReader(plain, e.o.Limits.Page*4))
		if err != nil {
			return filter.Item{}, err
		}
		body, size = bytes.NewReader(b), int64(len(b))
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return filter.Item{Kind: filter.Document, Directions: out, Content: body, Size: size}, nil
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		// A form is MIME; the reader of mail knows all the ways in which parts can hide.
		head := "Content-Type: " + strings.NewReplacer("\r", "", "\n", "").Replace(h.Get("Content-Type")) + "\r\n\r\n"
		return filter.Item{Kind: filter.Message, Directions: out, Content: &after{head, body}, Size: int64(len(head)) + size}, nil
	case kind == "application/x-www-form-urlencoded":
		return text(fields(body, size)), nil
	case kind == "application/json", strings.HasSuffix(kind, "+json"):
		return text(strs(body, size)), nil
	}
	return filter.Item{Kind: filter.Document, Directions: out, Content: body, Size: size}, nil
}

func text(b []byte) filter.Item {
	return filter.Item{Kind: filter.Document, Directions: rules.DirectionsOf(rules.Out), Name: "form.txt", Content: bytes.NewReader(b), Size: int64(len(b))}
}

// maxForm bounds the fields of a form and the strings of JSON that are looked into.
const maxForm = 4 << 20

// fields returns the values of a form, one below the other. What cannot be decoded stays as
// it is.
func fields(body io.ReaderAt, size int64) []byte {
	b, _ := io.ReadAll(io.NewSectionReader(body, 0, min(size, maxForm)))
	var out bytes.Buffer
	for pair := range bytes.SplitSeq(b, []byte("&")) {
		for s := range bytes.SplitSeq(pair, []byte("=")) {
			plain, err := url.QueryUnescape(string(s))
			if err != nil {
				plain = string(s)
			}
			out.WriteString(plain + " ")
		}
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// strs returns the strings of JSON, one below the other; what is no JSON as it is.
func strs(body io.ReaderAt, size int64) []byte {
	var out bytes.Buffer
	d := json.NewDecoder(io.NewSectionReader(body, 0, size))
	for out.Len() < maxForm {
		t, err := d.Token()
		if err == io.EOF {
			return out.Bytes()
		}
		if err != nil {
			rest, _ := io.ReadAll(io.NewSectionReader(body, 0, min(size, maxForm)))
			return append(out.Bytes(), rest...)
		}
		if s, ok := t.(string); ok {
			out.WriteString(s + "\n")
		}
	}
	return out.Bytes()
}

// after is content behind a head.
type after struct {
	head string
	body io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (a *after) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(a.head)) {
		if n = copy(p, a.head[off:]); n == len(p) {
			return n, nil
		}
	}
	m, err := a.body.ReadAt(p[n:], off+int64(n)-int64(len(a.head)))
	return n + m, err
}

// release is a body that was held and may go.
type release struct {
	io.Reader
	done []io.Closer
}

// Close frees what held it.
func (r *release) Close() error {
	for _, c := range r.done {
		c.Close()
	}
	return nil
}

// large lets a body go that is too large to be held: what was held is judged first, and
// each window of the rest before it goes.
func (e *Examiner) large(ctx context.Context, x *Exchange, r *http.Request, held *spool.Spool) (blocked bool, err error) {
	first := io.NewSectionReader(held, 0, held.Size())
	v, _, err := e.judge(ctx, x, r.Header, first, held.Size())
	if err != nil || stops(v) {
		held.Close()
		return err == nil, err
	}
	x.Note(Found{Incomplete: true})
	goes := max(0, held.Size()-overlap)
	tail := make([]byte, held.Size()-goes)
	if _, err := held.ReadAt(tail, goes); err != nil && err != io.EOF {
		held.Close()
		return false, fmt.Errorf("read upload: %w", err)
	}
	w := &windows{
		exchange: x, src: r.Body, wait: tail, size: e.o.Limits.Window,
		judge: func(window []byte) (filter.Verdict, error) {
			exam, err := e.examine(ctx, filter.Item{Kind: filter.Document, Directions: rules.DirectionsOf(rules.Out), Name: "part.txt",
				Content: bytes.NewReader(window), Size: int64(len(window))}, x.Grounds.Purposes)
			if err != nil || exam == nil {
				return filter.Verdict{}, err
			}
			return e.verdict(exam), nil
		},
	}
	r.Body = &release{Reader: io.MultiReader(io.NewSectionReader(held, 0, goes), w), done: []io.Closer{held, r.Body}}
	return false, nil
}

// anonymous takes what a client sent out of an error.
func anonymous(err error) error {
	if t, ok := err.(interface{ Timeout() bool }); ok && t.Timeout() {
		return fmt.Errorf("the client does not go on")
	}
	return fmt.Errorf("the client went away")
}
