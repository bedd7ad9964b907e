package text

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// Role tells what a segment is in its message or document.
type Role uint8

// The roles.
const (
	Header   Role = iota // text of a header field
	Plain                // what a reader sees
	HTML                 // what a reader sees of HTML
	Hidden               // what HTML holds beside that: comments, alternative texts, invisible text
	FileName             // name of an attachment, or of a file in an archive
	Contents             // text of a document
	Raw                  // undecoded bytes, shown because of a doubt
)

// Segment is a piece of text. Text is valid during the call only.
type Segment struct {
	Part    int // number of the part, from 0
	Role    Role
	Text    []byte // UTF-8, at most MaxSegment bytes
	Overlap int    // bytes at the start that were at the end of the segment before
}

// MaxSegment and MaxOverlap bound the size of segments, in bytes.
const (
	MaxSegment = 64 << 10
	MaxOverlap = 2 << 10
)

// Limits bound the work on one item. A zero field has the default.
type Limits struct {
	Depth    int   // parts in parts, archives in archives; default 16
	Parts    int   // parts and files together; default 2000
	Inflated int64 // bytes out of archives and documents; default 200 MiB
	Ratio    int64 // inflated over packed, above 1 MiB; default 200
	Text     int64 // bytes of text shown; default 256 MiB
	Spool    int64 // of a document kept in memory; more goes to an unlinked file; default 1 MiB
	Dir      string
}

func (l Limits) withDefaults() Limits {
	set := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.Depth <= 0 {
		l.Depth = 16
	}
	if l.Parts <= 0 {
		l.Parts = 2000
	}
	set(&l.Inflated, 200<<20)
	set(&l.Ratio, 200)
	set(&l.Text, 256<<20)
	set(&l.Spool, 1<<20)
	return l
}

// Doubt is a reason why readers could disagree on what a message says.
type Doubt string

// The doubts.
const (
	BadHeader      Doubt = "malformed-header"
	TwiceHeader    Doubt = "repeated-header"
	BadContentType Doubt = "malformed-content-type"
	BadBoundary    Doubt = "malformed-boundary"
	NoEnd          Doubt = "missing-boundary-end"
	BadEncoding    Doubt = "malformed-transfer-encoding"
	OddEncoding    Doubt = "unknown-transfer-encoding"
	BadCharset     Doubt = "unknown-charset"
	NestedEncoding Doubt = "encoded-multipart"
)

// Reason is why something could not be looked into.
type Reason string

// The reasons.
const (
	Encrypted     Reason = "encrypted"
	TooDeep       Reason = "too-deep"
	TooMany       Reason = "too-many-parts"
	TooLarge      Reason = "inflates-too-much"
	Damaged       Reason = "damaged"
	UnknownFormat Reason = "unknown-format"
)

// Secret is a piece of content that prints and logs as a placeholder.
type Secret string

// String hides the content; Reveal gives it.
func (Secret) String() string { return "[content]" }

// GoString hides the content from %#v.
func (Secret) GoString() string { return "[content]" }

// LogValue hides the content from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue("[content]") }

// MarshalText hides the content from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte("[content]"), nil }

// Reveal returns the content, for a scanner.
func (s Secret) Reveal() string { return string(s) }

// Attachment is a file in a message or archive.
type Attachment struct {
	Name       Secret
	Kind       FileKind // by its content
	Executable bool     // by its content or its name
	Macros     bool
	Encrypted  bool
}

// Link is a link of an HTML part.
type Link struct {
	Text   Secret // what a reader sees
	Target Secret
}

// Report says what was seen beside the text.
type Report struct {
	Parts         int
	Doubts        []Doubt
	Uninspectable []Reason
	Incomplete    bool
	Attachments   []Attachment // at most maxListed
	Links         []Link       // at most maxListed
}

// maxListed bounds the lists of a report. More makes it Incomplete.
const maxListed = 2000

// Ambiguous reports whether there is any doubt.
func (r *Report) Ambiguous() bool { return len(r.Doubts) > 0 }

func (r *Report) doubt(d Doubt) {
	for _, known := range r.Doubts {
		if known == d {
			return
		}
	}
	r.Doubts = append(r.Doubts, d)
}

func (r *Report) uninspectable(reason Reason) {
	for _, known := range r.Uninspectable {
		if known == reason {
			return
		}
	}
	r.Uninspectable = append(r.Uninspectable, reason)
}

// errEnough ends the work when a bound is reached. It never leaves the package.
var errEnough = errors.New("bound reached")

// Message shows the text of an RFC 5322 message. The error is emit's, the context's or
// that of reading r; a message that is in any way malformed is no error.
func Message(ctx context.Context, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, l, emit)
	err := w.message(io.NewSectionReader(r, 0, size), 0)
	if len(w.report.Doubts) > 0 && (err == nil || errors.Is(err, errEnough)) {
		err = errors.Join(err, w.raw(io.NewSectionReader(r, 0, size)))
	}
	return w.finish(err)
}

// Document shows the text of a file. The name may be empty.
func Document(ctx context.Context, name string, r io.ReaderAt, size int64, l Limits, emit func(Segment) error) (*Report, error) {
	w := newWalker(ctx, l, emit)
	return w.finish(w.file(Attachment{Name: Secret(name)}, "", io.NewSectionReader(r, 0, size), size, 0))
}

// walker is the state of one Message or Document.
type walker struct {
	ctx      context.Context
	limits   Limits
	emit     func(Segment) error
	report   Report
	shown    int64
	inflated int64
}

func newWalker(ctx context.Context, l Limits, emit func(Segment) error) *walker {
	return &walker{ctx: ctx, limits: l.withDefaults(), emit: emit}
}

func (w *walker) finish(err error) (*Report, error) {
	if errors.Is(err, errEnough) {
		w.report.Incomplete, err = true, nil
	}
	return &w.report, err
}

// part counts a part, and ends the work if there are too many.
func (w *walker) part() (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if w.report.Parts++; w.report.Parts > w.limits.Parts {
		w.report.uninspectable(TooMany)
		return 0, errEnough
	}
	return w.report.Parts - 1, nil
}

// show passes on a short text.
func (w *walker) show(part int, role Role, s string) error {
	if s == "" {
		return nil
	}
	o := w.out(part, role)
	if _, err := io.WriteString(o, s); err != nil {
		return err
	}
	return o.Close()
}

// raw shows the bytes as they are.
func (w *walker) raw(r io.Reader) error {
	o := w.out(0, Raw)
	if _, err := io.Copy(o, r); err != nil {
		return err
	}
	return o.Close()
}
