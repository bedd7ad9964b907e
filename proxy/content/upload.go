package content

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/http"

	"sluis/filter"
	"sluis/filter/text"
	"sluis/rules"
)

// upload is a body that is judged.
type upload struct {
	header  http.Header
	codings []string
	name    string
	whole   bool // all of it is in the buffer
	text    *uploadText
	end     []byte // of the text that was found, unless that of a file stands there
}

// plainName names content that is text, whatever it begins with.
const plainName = "form.txt"

// judgement is what was found in an upload.
type judgement struct {
	found   *filter.Inspection
	verdict filter.Verdict
}

// add adds what was found in a piece of the upload.
func (j *judgement) add(found *filter.Inspection, v filter.Verdict) {
	if v.Action > j.verdict.Action {
		j.verdict = v
	}
	if found != nil {
		j.found.Findings = append(j.found.Findings, found.Findings...)
		j.found.Parts += found.Parts
		j.found.Bytes += found.Bytes
	}
}

// judge inspects the body in the buffer as the site will understand it.
func (e *Inspector) judge(
	ctx context.Context, x *Exchange, u *upload, h *buffer, ps rules.Purposes,
) (j judgement, err error) {
	j.found = &filter.Inspection{Purposes: ps}
	note := Found{Incomplete: !u.whole}
	body := h
	if len(u.codings) > 0 {
		plain, found, err := e.inflate(u, h)
		if err != nil {
			return j, e.failure(x, ps, err)
		}
		defer plain.Close()
		note.Uninspectable, note.Incomplete = found.Uninspectable, note.Incomplete || found.Incomplete
		body = plain
	}
	written := e.newBuffer()
	defer written.Close()
	if err := e.takeText(u, body, written); err != nil {
		return j, e.failure(x, ps, err)
	}
	note.Uninspectable = note.Uninspectable || u.text.unread
	note.Incomplete = note.Incomplete || u.text.many
	ctx, cancel := context.WithTimeout(ctx, e.o.Limits.Inspect)
	defer cancel()
	if written.length() > 0 {
		found, v, err := e.inspect(ctx, x, document(plainName, written, written.length()), ps)
		if err != nil {
			return j, err
		}
		j.add(found, v)
		if err := e.judgeMarkup(ctx, x, written, false, ps, &j); err != nil {
			return j, err
		}
	}
	for _, f := range u.text.files {
		if stops(j.verdict) {
			break
		}
		if err := e.judgeFile(ctx, x, f, body, ps, &j); err != nil {
			return j, err
		}
	}
	if d := e.doubt(x, note); d.Action > j.verdict.Action {
		j.verdict = d
	}
	return j, nil
}

// takeText writes the text of an upload, but for that of files, and lists those. An upload that is not whole goes on
// from there.
func (e *Inspector) takeText(u *upload, body, written *buffer) (err error) {
	u.text = newUploadText(u.header, u.name, func(b []byte) {
		if err == nil {
			err = written.take(b)
		}
	})
	if rerr := each(body.reader(0), u.text.push); rerr != nil {
		return rerr
	}
	if u.whole || len(u.codings) > 0 {
		u.text.finish()
	} else {
		u.text.sieve.flush()
		if !u.text.flow() && err == nil {
			u.end = make([]byte, min(written.length(), text.MaxOverlap))
			_, err = io.ReadFull(written.reader(written.length()-int64(len(u.end))), u.end)
		}
	}
	return err
}

// each calls do with each piece of r.
func each(r io.Reader, do func([]byte)) error {
	buf := copies.Get().(*[]byte)
	defer func() {
		clear(*buf)
		copies.Put(buf)
	}()
	for {
		n, err := r.Read(*buf)
		do((*buf)[:n])
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// document is an item of an upload.
func document(name string, content io.ReaderAt, size int64) filter.Item {
	return filter.Item{
		Kind:       filter.Document,
		Directions: rules.DirectionsOf(rules.Out),
		Name:       name,
		Content:    content,
		Size:       size,
		Evident:    true,
	}
}

// judgeFile inspects a file of an upload by its format.
func (e *Inspector) judgeFile(
	ctx context.Context, x *Exchange, f uploadFile, body *buffer, ps rules.Purposes, j *judgement,
) error {
	part := func() *io.SectionReader { return io.NewSectionReader(body, f.from, f.to-f.from) }
	switch f.fileKind {
	case text.KindText, text.KindHTML, text.KindScript, text.KindRTF, text.KindOpener:
		if f.coded() { // as it came, too
			if err := e.judgeText(ctx, x, f, part(), "", ps, j); err != nil {
				return err
			}
		}
		return e.judgeText(ctx, x, f, part(), f.coding, ps, j)
	}
	return e.judgeItem(ctx, x, document(f.name, part(), f.to-f.from), ps, j)
}

// judgeText inspects a file of text without its coding.
func (e *Inspector) judgeText(
	ctx context.Context, x *Exchange, f uploadFile, part *io.SectionReader, coding string, ps rules.Purposes,
	j *judgement,
) error {
	item, escapes := document(f.name, part, part.Size()), unescaperOf(baseType(f.kind))
	if escapes != nil {
		item.Name = plainName
	}
	plain := e.newBuffer()
	defer plain.Close()
	if err := e.sieved(part, coding, escapes, plain); err != nil {
		return e.failure(x, ps, err)
	}
	item.Content, item.Size = plain, plain.length()
	if err := e.judgeItem(ctx, x, item, ps, j); err != nil {
		return err
	}
	return e.judgeMarkup(ctx, x, plain, f.fileKind == text.KindHTML, ps, j)
}

func (e *Inspector) judgeItem(
	ctx context.Context, x *Exchange, item filter.Item, ps rules.Purposes, j *judgement,
) error {
	found, v, err := e.inspect(ctx, x, item, ps)
	j.add(found, v)
	return err
}

// sieved writes the text of a file without what is none. Some sites undo the coding of a part.
func (e *Inspector) sieved(part *io.SectionReader, coding string, escapes unescaper, to *buffer) (err error) {
	var r io.Reader = part
	switch coding {
	case "base64":
		r = io.MultiReader(&tolerant{r: base64.NewDecoder(base64.StdEncoding, part), left: part.Size()})
	case "quoted-printable":
		r = &tolerant{r: quotedprintable.NewReader(part), left: part.Size()}
	}
	s := &sieve{out: func(b []byte) {
		if err == nil {
			err = to.take(b)
		}
	}}
	var plain []byte
	rerr := each(r, func(b []byte) {
		if escapes != nil {
			plain = escapes.push(plain[:0], b)
			b = plain
		}
		s.push(b)
	})
	s.end()
	return errors.Join(err, rerr)
}

// inflate undoes the content codings of a body. What cannot be undone is noted.
func (e *Inspector) inflate(u *upload, h *buffer) (*buffer, Found, error) {
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
