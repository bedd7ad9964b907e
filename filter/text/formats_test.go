package text

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
)

// One row makes a format: it is recognised by its magic and its extension, read by its
// reader, also inside an archive, and read in another process where there is one.
func TestAFormatIsOneRow(t *testing.T) {
	row := format{
		kind:       "shout",
		magic:      begin("SHOUT\x01"),
		extensions: []string{".shout"},
		sandboxed:  true,
		read: func(w *walker, c content) error {
			b, err := io.ReadAll(c.r)
			return first(w.show(c.part, Contents, bytes.ToUpper(b)), err)
		},
	}
	with := append(formatTable{row}, formats...)
	for name, want := range map[string]FileKind{"SHOUT\x01 hi": "shout", "\x00\x00hi": "unknown"} {
		if got := with.kindOf([]byte(name), "note"); got != want {
			t.Errorf("a file that begins with %q is of kind %q, want %q", name, got, want)
		}
	}
	if got := with.kindOf([]byte("\x00\x00hi"), "note.shout"); got != "shout" {
		t.Errorf("a binary file named .shout is of kind %q, want shout", got)
	}
	var shown strings.Builder
	emit := func(s Segment) error { shown.Write(s.Text); return nil }
	archive := zipOf("note", "SHOUT\x01 hi")
	w := newWalker(context.Background(), with, int64(len(archive)), Limits{}, emit)
	if err := w.file(0, Attachment{Name: "a.zip"}, "", w.section(bytes.NewReader(archive), int64(len(archive))), 0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(shown.String(), " HI") {
		t.Errorf("an archive with such a file shows %q, want what the new reader shows of it", shown.String())
	}
	w = newWalker(context.Background(), with, 9, Limits{Apart: failing{}}, emit)
	if err := w.file(0, Attachment{}, "", w.section(strings.NewReader("SHOUT\x01 hi"), 9), 0); err != nil {
		t.Fatal(err)
	}
	if r := w.report.Uninspectable; len(r) != 1 || r[0] != Failed {
		t.Errorf("with a sandbox that fails the report says %v, want %v: the row says sandboxed", r, Failed)
	}
}

// Every kind has its row, once.
func TestFormatsHaveEveryKindOnce(t *testing.T) {
	rows := map[FileKind]int{}
	for _, f := range formats {
		rows[f.kind]++
		if f.read == nil || rows[f.kind] > 1 {
			t.Errorf("%s: has a reader: %v, rows: %d; want one row with a reader", f.kind, f.read != nil, rows[f.kind])
		}
	}
	if len(rows) != 21 {
		t.Errorf("%d formats, want 21", len(rows))
	}
}

type failing struct{}

func (failing) Document(context.Context, string, io.ReaderAt, int64, Limits, func(Segment) error) (*Report, error) {
	return nil, io.ErrUnexpectedEOF
}
