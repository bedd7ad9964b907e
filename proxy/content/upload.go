package content

import (
	"context"
	"errors"
	"io"
	"strings"

	"sluis/filter"
	"sluis/rules"
)

// upload is what the header of a request says of its body.
type upload struct {
	kind    string // Content-Type
	codings []string
	name    string
	whole   bool
}

// plainName names content that is text, whatever it begins with.
const plainName = "form.txt"

// judge inspects the body in the buffer as the site will understand it.
func (e *Inspector) judge(
	ctx context.Context, x *Exchange, u upload, h *buffer, ps rules.Purposes,
) (*filter.Inspection, filter.Verdict, error) {
	note := Found{Incomplete: !u.whole}
	body := h
	if len(u.codings) > 0 {
		plain, found, err := e.inflate(u, h)
		if err != nil {
			return nil, filter.Verdict{}, e.failure(x, ps, err)
		}
		defer plain.Close()
		note.Uninspectable, note.Incomplete = found.Uninspectable, note.Incomplete || found.Incomplete
		body = plain
	}
	item := filter.Item{
		Kind:       filter.Document,
		Directions: rules.DirectionsOf(rules.Out),
		Name:       u.name,
		Content:    body,
		Size:       body.length(),
	}
	switch kind := baseType(u.kind); {
	case strings.HasPrefix(kind, "multipart/"):
		// A form with files has the form of a message with attachments, and is read as tolerantly.
		m := withHeader{"MIME-Version: 1.0\r\nContent-Type: " + oneLine(u.kind) + "\r\n\r\n", body}
		item.Kind, item.Name, item.Content, item.Size = filter.Message, "", m, int64(len(m.header))+item.Size
	case formText(kind) != nil:
		plain := e.newBuffer()
		defer plain.Close()
		if _, err := plain.fill(formText(kind)(body.reader(0)), int64(e.o.Limits.Inflated)); err != nil {
			return nil, filter.Verdict{}, e.failure(x, ps, err)
		}
		item.Name, item.Content, item.Size = plainName, plain, plain.length()
	}
	found, v, err := e.inspect(ctx, x, item, ps)
	if d := e.doubt(x, note); d.Action > v.Action {
		v = d
	}
	return found, v, err
}

// inflate undoes the content codings of a body. What cannot be undone is noted.
func (e *Inspector) inflate(u upload, h *buffer) (*buffer, Found, error) {
	plain := e.newBuffer()
	r, done, err := decode(u.codings, h.reader(0))
	defer done()
	if err != nil {
		return plain, Found{Uninspectable: true}, nil
	}
	whole, err := plain.fill(r, int64(e.o.Limits.Inflated))
	switch {
	case errors.Is(err, errBusy):
		plain.Close()
		return nil, Found{}, err
	case err != nil && u.whole:
		return plain, Found{Uninspectable: true}, nil
	}
	return plain, Found{Incomplete: !whole}, nil
}

// withHeader is a body after a header.
type withHeader struct {
	header string
	body   io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (m withHeader) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(m.header)) {
		n = copy(p, m.header[at:])
		if n == len(p) {
			return n, nil
		}
	}
	k, err := m.body.ReadAt(p[n:], at+int64(n)-int64(len(m.header)))
	return n + k, err
}

// oneLine returns a value without line ends, as a header can have it.
func oneLine(v string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, v)
}
