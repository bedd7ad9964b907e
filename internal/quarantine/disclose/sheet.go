package disclose

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"sluis/filter/text"
	"sluis/filter/text/extract"
	"sluis/internal/quarantine"
	"sluis/internal/store/disk"
)

// Stage is a part of a message that is disclosed at once.
type Stage string

// The stages, from the least to the most.
const (
	Findings   Stage = "findings"
	Headers    Stage = "headers"
	Text       Stage = "text"
	HTML       Stage = "html"
	Attachment Stage = "attachment"
)

// Stages are all stages.
var Stages = []Stage{Findings, Headers, Text, HTML, Attachment}

// Bounds of a sheet.
const (
	maxText   = 128 << 10 // bytes
	maxFields = 200
	maxField  = 2 << 10
	maxFiles  = 100
	maxHTML   = 512 << 10 // bytes of its source
)

// Piece is a piece of text, in which line ends count.
type Piece struct {
	Text string // "•••" for a masked identifier
	Hit  bool   // the rule found it
	Mask Mask   // kind of the identifier, masked or revealed; empty: it is none
	N    int    // of the identifier, from 1, to reveal it by
	Open bool   // the identifier is revealed
}

// Sheet is what one stage shows.
type Sheet struct {
	Stage    Stage
	From     []Piece // of the envelope
	To       [][]Piece
	Answer   []Piece // last reply of the next hop
	Findings []Finding
	Fields   []Field
	Blocks   []Block
	Files    []File
	Document string       // HTML, for a frame; empty: there is none
	Doubts   []text.Doubt // about how the message is read, the gravest first
	Cut      bool         // there is more than is shown
	Masked   int          // number of identifiers, revealed ones included
}

// Finding is a rule that matched. The filter has masked its excerpts.
type Finding struct {
	quarantine.Evidence
}

// Field is a header field.
type Field struct {
	Name  string
	Value []Piece
}

// Block is a text of the message.
type Block struct {
	Kind Kind
	Text []Piece
}

// Kind is the origin of a block.
type Kind string

// The kinds.
const (
	Plain    Kind = "plain"
	OfHTML   Kind = "html"
	Hidden   Kind = "hidden" // in HTML, invisible to readers
	Raw      Kind = "raw"    // undecoded, because of a doubt
	Document Kind = "document"
)

// File is an attachment, or a file in one.
type File struct {
	Part int // number, to open it by
	Name []Piece
}

// Reader reads quarantined messages. It is safe for concurrent use.
type Reader struct {
	Limits text.Limits // of decoding; its Dir takes files without a name
}

// ErrStage is returned for a stage or an attachment that the message does not have.
var ErrStage = errors.New("there is no such stage")

// Read returns the sheet of a stage; of Attachment part is its number. The identifiers for which
// revealed reports true are not masked. Read reads the message to its end.
func (r Reader) Read(ctx context.Context, m *quarantine.Message, stage Stage, part int,
	revealed func(n int) bool) (*Sheet, error) {
	s := &Sheet{Stage: stage}
	k := &masker{revealed: revealed, hits: hits(m.Evidence)}
	switch stage {
	case Findings:
		for _, e := range m.Evidence {
			s.Findings = append(s.Findings, Finding{e})
		}
		if err := r.content(ctx, s, k, m, part); err != nil && ctx.Err() != nil {
			return nil, err // any other fault costs the doubts only: the evidence needs nothing of the message
		}
		return s, nil
	case Headers, Text, HTML, Attachment:
	default:
		return nil, ErrStage
	}
	if err := r.content(ctx, s, k, m, part); err != nil {
		return nil, err
	}
	s.Masked = k.n
	return s, nil
}

// content reads the message for what a stage shows of it.
func (r Reader) content(ctx context.Context, s *Sheet, k *masker, m *quarantine.Message, part int) error {
	f, size, err := disk.Copy(r.Limits.Dir, m)
	if err != nil {
		return fmt.Errorf("read a quarantined message: %w", err)
	}
	defer f.Close()
	if len(m.Envelope.To) == 0 { // an upload: no message, and no envelope
		err = r.upload(ctx, s, k, f, size)
	} else {
		err = r.message(ctx, s, k, m, f, size, part)
	}
	if err != nil {
		return fmt.Errorf("read a quarantined message: %w", err)
	}
	return nil
}

func (r Reader) upload(ctx context.Context, s *Sheet, k *masker, f *os.File, size int64) error {
	if s.Stage != Text && s.Stage != Findings {
		return ErrStage
	}
	c := &collector{part: -1}
	report, err := extract.Document(ctx, "", f, size, r.Limits, s.emitTo(c))
	if err != nil && !errors.Is(err, errFull) {
		return err
	}
	s.note(report)
	if s.Stage == Text {
		c.blocks(s, k, func(part) bool { return true })
	}
	return nil
}

func (r Reader) message(ctx context.Context, s *Sheet, k *masker, m *quarantine.Message,
	f *os.File, size int64, number int) error {
	c := &collector{part: -1}
	switch s.Stage {
	case Attachment:
		c.part = number
	case Headers:
		c.namesOnly = true
	}
	if s.Stage == HTML {
		source, err := source(io.NewSectionReader(f, 0, size))
		if err != nil {
			return err
		}
		s.Document, s.Cut = document(source)
		return nil
	}
	if s.Stage == Headers {
		s.envelope(m, k)
		s.Fields, s.Cut = fields(io.NewSectionReader(f, 0, size), k)
	}
	report, err := extract.Message(ctx, f, size, r.Limits, s.emitTo(c))
	if err != nil && !errors.Is(err, errFull) {
		return err
	}
	s.note(report)
	switch s.Stage {
	case Headers:
		c.files(s, k)
	case Text:
		c.blocks(s, k, func(p part) bool { return !p.file })
	case Attachment:
		c.blocks(s, k, func(p part) bool { return p.number == number })
		if !c.ofFile(number) {
			return ErrStage
		}
	}
	return nil
}

// emitTo returns what takes the text of the message: nothing where the stage shows doubts only.
func (s *Sheet) emitTo(c *collector) func(text.Segment) error {
	if s.Stage == Findings {
		return func(text.Segment) error { return nil }
	}
	return c.emit
}

// envelope shows sender and recipients.
func (s *Sheet) envelope(m *quarantine.Message, k *masker) {
	s.From = k.pieces(m.Envelope.From)
	for i, to := range m.Envelope.To {
		if i == maxFields {
			s.Cut = true
			break
		}
		s.To = append(s.To, k.pieces(to.Path))
	}
	if m.Answer != "" {
		s.Answer = k.pieces(m.Answer)
	}
}

// note adds the doubts of decoding.
func (s *Sheet) note(r *text.Report) {
	if r == nil {
		return
	}
	s.Doubts = text.Gravest(r.Doubts)
	s.Cut = s.Cut || r.Incomplete
}
