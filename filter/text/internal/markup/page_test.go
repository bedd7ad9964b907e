package markup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"sluis/filter/text"
	"sluis/filter/text/internal/sample"
)

// pageText returns what Page shows, each byte once.
func pageText(t testing.TB, charset string, page []byte, bytewise bool) string {
	t.Helper()
	var b strings.Builder
	var r = iotest.DataErrReader(bytes.NewReader(page))
	if bytewise {
		r = iotest.OneByteReader(bytes.NewReader(page))
	}
	if err := NewPage(context.Background(), func(s text.Segment) error {
		if len(s.Text) > PageSegment || s.Overlap > PageOverlap {
			t.Fatalf("a segment of %d bytes, %d of them again", len(s.Text), s.Overlap)
		}
		b.Write(s.Text[s.Overlap:])
		return nil
	}).Read(r, charset); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWhatIsReadOfAPage(t *testing.T) {
	for name, tc := range map[string]struct{ charset, page, want string }{
		"words are not cut by tags":          {"", "<p>po<b>r</b>no</p>", "porno "},
		"blocks end words":                   {"", "<div>een</div><div>twee<br>drie</div>", "een twee drie "},
		"white space is one blank":           {"", "<p>een \n\t twee</p>", "een twee "},
		"scripts and styles are not read":    {"", "<script>if (a < b) slet()</script>een<style>p{}</style>twee", "eentwee"},
		"but data that they show is":         {"", `<script type="application/ld+json">{"name": "een"}</script><script type=module>x()</script>`, `{"name": "een"}`},
		"nor comments":                       {"", "een<!-- twee -->drie", "eendrie"},
		"what stands for a picture is":       {"", `<img alt="een hond" src=x>`, "een hond "},
		"and titles and descriptions":        {"", `<title>a</title><meta name=description content="b &amp; c"><a href="/x" title=d>e</a>`, "a b & c d e"},
		"but not addresses":                  {"", `<a href="/porno/geil">x</a>`, "x"},
		"entities":                           {"", "p&#111;rno &eacute;&eacute;n", "porno één"},
		"the character set of the server":    {"iso-8859-1", "\xe9\xe9n", "één"},
		"the character set that a page says": {"", "<meta charset=windows-1252>\xe9\xe9n", "één"},
		"UTF-16 with a mark":                 {"", "\xff\xfe" + string(sample.UTF16LE("<p>één</p>")), "één "},
		"nothing":                            {"", "", ""},
		"not even a tag":                     {"", "< 3", "< 3"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, bytewise := range []bool{false, true} {
				if got := strings.TrimPrefix(pageText(t, tc.charset, []byte(tc.page), bytewise),
					"\ufeff"); got != tc.want {
					t.Errorf("one by one %v: %q, want %q", bytewise, got, tc.want)
				}
			}
		})
	}
}

func TestALongPageComesInPieces(t *testing.T) {
	page := []byte(strings.Repeat("<p>een regel van een bladzijde</p>\n", 4000))
	if got, want := pageText(t, "", page, false), strings.Repeat("een regel van een bladzijde ", 4000); got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	phrase, seen := []byte("precies tussen twee stukken"), 0
	for before := PageSegment - 30; before < PageSegment+2; before++ {
		page := strings.Repeat("x", before) + " " + string(phrase) + strings.Repeat(" y", 100)
		found := false
		NewPage(context.Background(), func(s text.Segment) error {
			found = found || bytes.Contains(s.Text, phrase)
			return nil
		}).Read(strings.NewReader(page), "")
		if found {
			seen++
		}
	}
	if seen != 32 {
		t.Errorf("whole in a segment %d times of 32", seen)
	}
}

func TestAPageEndsWhenItHasTo(t *testing.T) {
	enough := errors.New("enough")
	page := strings.NewReader(strings.Repeat("een regel ", 10_000))
	calls := 0
	if err := NewPage(context.Background(), func(text.Segment) error { calls++; return enough }).Read(page,
		""); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := NewPage(ctx, func(text.Segment) error { return nil }).Read(strings.NewReader("een"), ""); !errors.Is(err,
		context.Canceled) {
		t.Errorf("%v", err)
	}
	broken := errors.New("broken")
	if err := NewPage(context.Background(), func(text.Segment) error { return nil }).Read(iotest.ErrReader(broken),
		""); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// waiting is a reader that has all that was read shown before it goes on.
type waiting struct {
	pieces []string
	flush  func()
}

// Read implements io.Reader.
func (w *waiting) Read(p []byte) (int, error) {
	w.flush()
	if len(w.pieces) == 0 {
		return 0, io.EOF
	}
	n := copy(p, w.pieces[0])
	w.pieces = w.pieces[1:]
	return n, nil
}

func TestAPageIsShownAsFarAsItIsThere(t *testing.T) {
	var shown []string
	r := &waiting{pieces: []string{"<!--" + strings.Repeat("x", 1100) + "--><p>een twee", " drie <b>vi", "er</b> vijf"}}
	p := NewPage(context.Background(), func(s text.Segment) error {
		shown = append(shown, string(s.Text[:s.Overlap])+"|"+string(s.Text[s.Overlap:]))
		return nil
	})
	r.flush = p.Flush
	if err := p.Read(r, "utf-8"); err != nil {
		t.Fatal(err)
	}
	if want := []string{"|een twee", "een twee| drie vi", "een twee drie vi|er vijf", "een twee drie vier vijf|"}; !slices.Equal(shown, want) {
		t.Errorf("%q, want %q", shown, want)
	}
}

// FuzzPage: wherever what comes is cut, a page says the same.
func FuzzPage(f *testing.F) {
	for _, s := range []string{"<p>een<b>twee</b>", "<!-- a --!>b<script>c</script>d", "a&amp;b&#x41;&eacute",
		"<a title='x' b=\"y\">z</a", "\xff\xfe<\x00p\x00>\x00", "<title>a</titlE >b<plaintext>c"} {
		f.Add("", []byte(s))
	}
	f.Fuzz(func(t *testing.T, charset string, page []byte) {
		if whole, pieces := pageText(t, charset, page, false), pageText(t, charset, page, true); whole != pieces {
			t.Errorf("%q, in pieces %q", whole, pieces)
		}
	})
}
