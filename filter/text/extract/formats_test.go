package extract

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// One row makes a format: it is recognised by its magic and its extension, read by its
// reader, also inside an archive, and read in another process where there is one.
func TestAFormatIsOneRow(t *testing.T) {
	row := walk.Format{
		Kind:       "shout",
		Magic:      walk.Begin("SHOUT\x01"),
		Extensions: []string{".shout"},
		Sandboxed:  true,
		Read: func(w *walk.Walker, c walk.Content) error {
			b, err := io.ReadAll(c.R)
			return walk.First(w.Show(c.Part, text.Contents, bytes.ToUpper(b)), err)
		},
	}
	with := append(walk.Formats{row}, formats...)
	for name, want := range map[string]text.FileKind{"SHOUT\x01 hi": "shout", "\x00\x00hi": "unknown"} {
		if got := with.KindOf([]byte(name), "note"); got != want {
			t.Errorf("a file that begins with %q is of kind %q, want %q", name, got, want)
		}
	}
	if got := with.KindOf([]byte("\x00\x00hi"), "note.shout"); got != "shout" {
		t.Errorf("a binary file named .shout is of kind %q, want shout", got)
	}
	var shown strings.Builder
	emit := func(s text.Segment) error { shown.Write(s.Text); return nil }
	archive := zipOf("note", "SHOUT\x01 hi")
	w := walk.NewWalker(context.Background(), with, int64(len(archive)), text.Limits{}, emit)
	if err := w.File(0, text.Attachment{Name: "a.zip"}, "", w.Section(bytes.NewReader(archive), int64(len(archive))),
		0); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(shown.String(), " HI") {
		t.Errorf("an archive with such a file shows %q, want what the new reader shows of it", shown.String())
	}
	w = walk.NewWalker(context.Background(), with, 9, text.Limits{Apart: failing{}}, emit)
	if err := w.File(0, text.Attachment{}, "", w.Section(strings.NewReader("SHOUT\x01 hi"), 9), 0); err != nil {
		t.Fatal(err)
	}
	if r := w.Report.Uninspectable(); len(r) != 1 || r[0] != text.Failed {
		t.Errorf("with a sandbox that fails the report says %v, want %v: the row says sandboxed", r, text.Failed)
	}
}

// Every kind has its row, once.
func TestFormatsHaveEveryKindOnce(t *testing.T) {
	rows := map[text.FileKind]int{}
	for _, f := range formats {
		rows[f.Kind]++
		if f.Read == nil || rows[f.Kind] > 1 {
			t.Errorf("%s: has a reader: %v, rows: %d; want one row with a reader", f.Kind, f.Read != nil, rows[f.Kind])
		}
	}
	if len(rows) != 31 {
		t.Errorf("%d formats, want 31", len(rows))
	}
}

type failing struct{}

func (failing) Document(context.Context, string, io.ReaderAt, int64, text.Limits,
	func(text.Segment) error) (*text.Report, error) {
	return nil, io.ErrUnexpectedEOF
}
