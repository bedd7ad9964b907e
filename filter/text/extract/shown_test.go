package extract

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"sluis/filter/text"
)

// shown is what an inspection gave, each role's text whole.
type shown struct {
	report *text.Report
	by     map[text.Role]string
}

// all returns the text of all roles.
func (s shown) all() string {
	var b strings.Builder
	for _, t := range s.by {
		b.WriteString(t)
		b.WriteByte('\n')
	}
	return b.String()
}

// decoded returns the text of all roles but Raw.
func (s shown) decoded() string {
	delete(s.by, text.Raw)
	return s.all()
}

func collect(t testing.TB, run func(emit func(text.Segment) error) (*text.Report, error)) shown {
	t.Helper()
	s := shown{by: map[text.Role]string{}}
	ends, nexts := map[text.Role]string{}, map[text.Role]int{}
	var err error
	s.report, err = run(func(seg text.Segment) error {
		switch {
		case len(seg.Text) == 0 || len(seg.Text) > text.MaxSegment:
			t.Errorf("segment of %d bytes", len(seg.Text))
		case !utf8.Valid(seg.Text):
			t.Errorf("segment of role %d is not UTF-8", seg.Role)
		case seg.Overlap < 0 || seg.Overlap > text.MaxOverlap || seg.Overlap > len(seg.Text):
			t.Errorf("overlap of %d bytes in a segment of %d", seg.Overlap, len(seg.Text))
		case seg.Overlap > 0 && !strings.HasSuffix(ends[seg.Role], string(seg.Text[:seg.Overlap])):
			t.Errorf("segment of role %d does not begin with the end of the one before", seg.Role)
		case seg.Overlap != nexts[seg.Role]:
			t.Errorf("segment of role %d begins with %d bytes of the one before, which told of %d", seg.Role,
				seg.Overlap, nexts[seg.Role])
		case seg.Next > 0 && seg.Next < text.MaxOverlap*3/4-utf8.UTFMax:
			t.Errorf("the next segment begins with %d bytes of this", seg.Next)
		}
		nexts[seg.Role] = seg.Next
		if seg.Overlap == 0 && s.by[seg.Role] != "" {
			s.by[seg.Role] += "\n"
		}
		s.by[seg.Role] += string(seg.Text[seg.Overlap:])
		ends[seg.Role] = string(seg.Text)
		return nil
	})
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	return s
}

func showMessage(t testing.TB, m string) shown {
	t.Helper()
	return collect(t, func(emit func(text.Segment) error) (*text.Report, error) {
		return Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{Dir: t.TempDir()}, emit)
	})
}

func showDocument(t testing.TB, name string, b []byte) shown {
	t.Helper()
	return collect(t, func(emit func(text.Segment) error) (*text.Report, error) {
		return Document(context.Background(), name, bytes.NewReader(b), int64(len(b)), text.Limits{Dir: t.TempDir()},
			emit)
	})
}

// crlf writes a message as it stands on the wire.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
