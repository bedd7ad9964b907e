package mail

import (
	"bytes"
	"io"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/walk"
)

// card reports whether lines are folded as in calendars and address cards.
func (t MediaType) card() bool {
	switch t.Name {
	case "text/calendar", "text/vcard", "text/x-vcard", "text/directory":
		return true
	}
	return false
}

// cardWriter joins the folded lines of calendars and cards (RFC 5545 section 3.1) and undoes the escapes that could
// cut a word. It sees whether a property may be in quoted-printable.
type cardWriter struct {
	io.Writer
	pending []byte // the beginning of what may be a fold or an escape
	quoted  bool
	seam    []byte // the end of what was written
}

var folds = strings.NewReplacer("\r\n ", "", "\r\n\t", "", "\n ", "", "\n\t", "", `\n`, "\n", `\N`, "\n", `\,`, ",",
	`\;`, ";")

// Write implements io.Writer.
func (u *cardWriter) Write(p []byte) (int, error) {
	u.quoted = u.quoted || mentionsQuoted(p) || mentionsQuoted(append(u.seam, p[:min(len(p), len(quoted))]...))
	u.seam = append(u.seam[:0], p[max(0, len(p)-len(quoted)):]...)
	b := append(u.pending, p...)
	end := len(b)
	for end > 0 && len(b)-end < 2 && (b[end-1] == '\r' || b[end-1] == '\n' || b[end-1] == '\\') {
		end--
	}
	_, err := folds.WriteString(u.Writer, string(b[:end]))
	u.pending = bytes.Clone(b[end:])
	return len(p), err
}

// mentionsQuoted reports whether a text has the name of quoted-printable, in letters of one size.
func mentionsQuoted(b []byte) bool {
	return bytes.Contains(b, []byte("QUOTED-PRINTABLE")) || bytes.Contains(b, []byte(quoted))
}

// showQuotedCard shows a card once more as if it were in quoted-printable as a whole: properties of old cards and
// calendars are (vCard 2.1, section 2.1.3).
func showQuotedCard(w *walk.Walker, part int, role text.Role, charset string, open Opener) error {
	r, done := open()
	defer done()
	br, release := walk.Buffered(r)
	defer release()
	decoded, release := walk.Buffered(&qpReader{r: br, w: w, loose: true})
	defer release()
	u, _ := charsets.Decode(charset, false, decoded)
	o := w.Out(part, role)
	defer o.Close()
	_, err := walk.Pipe(&cardWriter{Writer: o}, u)
	return w.Damage(walk.First(o.Close(), err))
}
