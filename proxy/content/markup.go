package content

import (
	"bytes"
	"context"
	"html"
	"io"

	"sluis/rules"
)

// Editors of rich text send HTML in a field or a string, and pages send JSON in a field: what a person reads of it is
// not what stands there. Such a text is read in those ways too.

// Leads decide how a text is read, whatever it begins with.
const (
	plainLead = "-\n"
	pageLead  = "<!doctype html>\n"
)

// led is a text after its lead.
type led struct {
	lead string
	text *buffer
}

// ReadAt implements io.ReaderAt.
func (l led) ReadAt(b []byte, at int64) (n int, err error) {
	if at < int64(len(l.lead)) {
		n = copy(b, l.lead[at:])
	}
	if n == len(b) {
		return n, nil
	}
	k, err := l.text.ReadAt(b[n:], at+int64(n)-int64(len(l.lead)))
	return n + k, err
}

// judgeMarkup inspects a text, which was inspected as it is, as its markup and its escapes have it. A text that is HTML
// by its first bytes was read as such; what only a program reads in it was not.
func (e *Inspector) judgeMarkup(
	ctx context.Context, x *Exchange, written *buffer, isHTML bool, ps rules.Purposes, j *judgement,
) error {
	tags, escapes, err := markupIn(written.reader(0))
	if err != nil {
		return e.failure(x, ps, err)
	}
	if stops(j.verdict) || !tags && !escapes {
		return nil
	}
	plain := e.newBuffer()
	defer plain.Close()
	if err := unescapeAll(written.reader(0), plain); err != nil {
		return e.failure(x, ps, err)
	}
	if escapes || isHTML {
		if err := e.judgeLed(ctx, x, plainLead, plain, ps, j); err != nil {
			return err
		}
	}
	if tags, _, err = markupIn(plain.reader(0)); err != nil {
		return e.failure(x, ps, err)
	}
	// Tags between numbers of data in XML do not join them: for leaks the text counts as it is.
	if ps &= conduct; !tags || ps == 0 || stops(j.verdict) {
		return nil
	}
	return e.judgeLed(ctx, x, pageLead, plain, ps, j)
}

func (e *Inspector) judgeLed(
	ctx context.Context, x *Exchange, lead string, plain *buffer, ps rules.Purposes, j *judgement,
) error {
	item := document(plainName, led{lead, plain}, int64(len(lead))+plain.length())
	return e.judgeItem(ctx, x, item, ps, j)
}

// markupIn reports whether tags of HTML stand in a text, and escapes of HTML or JSON.
func markupIn(r io.Reader) (tags, escapes bool, err error) {
	var last byte
	err = each(r, func(b []byte) {
		for _, c := range b {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			switch last {
			case '<':
				tags = tags || letter || c == '/' || c == '!' || c == '?'
			case '&':
				escapes = escapes || letter || c == '#'
			case '\\':
				escapes = escapes || bytes.IndexByte([]byte(`nrtbfu"/\`), c) >= 0
			}
			last = c
		}
	})
	return tags, escapes, err
}

// maxReference bounds a reference to a character of HTML, in bytes.
const maxReference = 40

// unescapeAll writes a text without the escapes of JSON and the references of HTML.
func unescapeAll(r io.Reader, to *buffer) (err error) {
	var escapes jsonEscapes
	var plain []byte
	pass := func(n int) {
		if err == nil {
			err = to.take([]byte(html.UnescapeString(string(plain[:n]))))
		}
		plain = plain[:copy(plain, plain[n:])]
	}
	rerr := each(r, func(b []byte) {
		plain = escapes.push(plain, b)
		n := len(plain)
		if i := bytes.LastIndexByte(plain, '&'); i >= 0 && n-i < maxReference {
			n = i // the rest of it may be still to come
		}
		pass(n)
	})
	pass(len(plain))
	if err == nil {
		err = rerr
	}
	return err
}
