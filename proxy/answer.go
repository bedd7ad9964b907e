package proxy

import (
	"bytes"
	"io"
	"net/http"
)

// answer returns a page of the gateway as the response to a request, in the place of one of the site.
func (f *flow) answer(r *http.Request, write func(http.ResponseWriter)) *http.Response {
	f.answered = true
	p := &recordedPage{header: http.Header{}, status: http.StatusOK}
	write(p)
	f.length = p.header.Get("Content-Length")
	return &http.Response{
		StatusCode:    p.status,
		Header:        p.header,
		Body:          io.NopCloser(&p.body),
		ContentLength: int64(p.body.Len()),
		Request:       r,
	}
}

// recordedPage is a page as its handler wrote it.
type recordedPage struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (p *recordedPage) Header() http.Header { return p.header }

// WriteHeader implements http.ResponseWriter.
func (p *recordedPage) WriteHeader(status int) { p.status = status }

// Write implements http.ResponseWriter.
func (p *recordedPage) Write(b []byte) (int, error) { return p.body.Write(b) }
