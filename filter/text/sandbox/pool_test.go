package sandbox

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// What makes this test program a worker instead, one with little memory, or one that
// computes without end.
const (
	asWorker  = "SLUIS_TEST_WORKER"
	asBounded = "SLUIS_TEST_BOUNDED"
	asSpinner = "SLUIS_TEST_SPINNER"
	asInmate  = "SLUIS_TEST_INMATE" // tries to get out
	asFree    = "SLUIS_TEST_FREE"   // a worker or an inmate that is not confined
)

func TestMain(m *testing.M) {
	if os.Getenv(asSpinner) != "" {
		endAtLimit()
		if err := boundTime(time.Millisecond); err != nil {
			os.Exit(0) // which the test takes for a failure
		}
		for n := uint64(1); n != 0; n += 2 {
		}
	}
	if os.Getenv(asInmate) != "" {
		getOut(os.Args[1:])
		os.Exit(0)
	}
	if os.Getenv(asWorker) != "" {
		if os.Getenv(asFree) == "" && Confine() != nil {
			os.Exit(1)
		}
		if os.Getenv(asBounded) != "" && Bound(512<<20) != nil {
			os.Exit(1)
		}
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func worker() *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{asWorker + "=1"}
	return cmd
}

func newPool(t *testing.T, command func() *exec.Cmd, n int, limit time.Duration) *Pool {
	p := NewPool(command, n, limit)
	t.Cleanup(func() { p.Close() })
	return p
}

// pdf is a document of a kind that is read apart.
const pdf = "%PDF-1.4\n1 0 obj\n<<>>\nstream\nBT (het wachtwoord) Tj ET\nendstream\nendobj\n%%EOF\n"

// read reads a message with the PDF attached, and returns its text.
func read(t *testing.T, x text.Extractor, content string) (string, *text.Report) {
	t.Helper()
	m := "Content-Type: multipart/mixed; boundary=b\n\n--b\n\neen\n--b\nContent-Type: application/octet-stream; " +
		"name=brief.bin\nContent-Transfer-Encoding: base64\n\n" + base64.StdEncoding.EncodeToString([]byte(content)) +
		"\n--b\n\ntwee\n--b--\n"
	var all strings.Builder
	r, err := extract.Message(context.Background(), strings.NewReader(m), int64(len(m)), text.Limits{Apart: x},
		func(s text.Segment) error {
			fmt.Fprintf(&all, "%d %d %s\n", s.Part, s.Role, s.Text)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return all.String(), r
}

func TestWhatIsReadApartIsTheSame(t *testing.T) {
	p := newPool(t, worker, 1, time.Minute)
	for name, content := range map[string]string{
		"a PDF":                    pdf,
		"PDFs in a zip":            zipOf(t, "een.pdf", pdf, "twee.txt", "tekst", "map/drie.pdf", pdf),
		"a PDF that is no PDF":     "%PDF-1.4\n",
		"an OLE document cut off":  "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 wachtwoord",
		"a 7z that is cut off":     "7z\xbc\xaf\x27\x1c\x00\x04",
		"a PDF with a name for it": zipOf(t, "naam.docx", pdf),
	} {
		t.Run(name, func(t *testing.T) {
			here, want := read(t, nil, content)
			there, got := read(t, p, content)
			if here != there {
				t.Errorf("here %q, apart %q", here, there)
			}
			w, g := *want, *got
			w.Read, g.Read = 0, 0 // what is copied to a process is not read here
			if !reflect.DeepEqual(w, g) {
				t.Errorf("here %d parts, %v %v %v, %d attachments; apart %d parts, %v %v %v, %d attachments", w.Parts,
					w.Doubts, w.Uninspectable(),
					w.Incomplete, len(w.Attachments), g.Parts, g.Doubts, g.Uninspectable(), g.Incomplete,
					len(g.Attachments))
			}
			if strings.Contains(content, "wachtwoord") && !strings.Contains(there, "wachtwoord") {
				t.Errorf("not shown: %q", there)
			}
		})
	}
}

func zipOf(t *testing.T, files ...string) string {
	var b strings.Builder
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := z.CreateHeader(&zip.FileHeader{Name: files[i]}) // stored
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAProcessThatFailsStopsNothing(t *testing.T) {
	for name, command := range map[string]func() *exec.Cmd{
		"it ends at once":      func() *exec.Cmd { return exec.Command("false") },
		"it answers nonsense":  func() *exec.Cmd { return exec.Command("cat") },
		"it never answers":     func() *exec.Cmd { return exec.Command("sleep", "60") },
		"it cannot be started": func() *exec.Cmd { return exec.Command("/nonexistent") },
	} {
		t.Run(name, func(t *testing.T) {
			all, r := read(t, newPool(t, command, 1, 200*time.Millisecond), pdf+strings.Repeat("% x\n", 100_000))
			if !r.Has(text.Failed) || len(r.Attachments) != 1 ||
				r.Attachments[0].Kind != text.KindPDF {
				t.Errorf("uninspectable %v, %d attachments", r.Uninspectable(), len(r.Attachments))
			}
			if !strings.Contains(all, "een") || !strings.Contains(all, "twee") {
				t.Errorf("the rest is not read: %q", all)
			}
		})
	}
}

// After a crash the next document is read by a new process.
func TestAProcessThatCrashedIsReplaced(t *testing.T) {
	started := 0
	p := newPool(t, func() *exec.Cmd {
		if started++; started == 1 {
			return exec.Command("false")
		}
		return worker()
	}, 1, time.Minute)
	if _, r := read(t, p, pdf); !r.Has(text.Failed) {
		t.Error("the crash is not told")
	}
	for range 3 {
		if all, r := read(t, p, pdf); !strings.Contains(all, "het wachtwoord") || len(r.Uninspectable()) > 0 {
			t.Errorf("uninspectable %v", r.Uninspectable())
		}
	}
	if started != 2 {
		t.Errorf("%d processes started, want one that serves on", started)
	}
}

func TestNoMoreProcessesThanAllowed(t *testing.T) {
	var mu sync.Mutex
	started := 0
	p := newPool(t, func() *exec.Cmd { mu.Lock(); started++; mu.Unlock(); return worker() }, 2, time.Minute)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if all, _ := read(t, p, pdf); !strings.Contains(all, "het wachtwoord") {
				t.Error("not read")
			}
		})
	}
	wg.Wait()
	if started > 2 {
		t.Errorf("%d processes", started)
	}
}

func TestErrorsAreThoseOfTheirCause(t *testing.T) {
	p := newPool(t, worker, 1, time.Minute)
	enough := errors.New("enough")
	_, err := p.Document(context.Background(), "a.pdf", strings.NewReader(pdf), int64(len(pdf)), text.Limits{},
		func(text.Segment) error { return enough })
	if err != enough {
		t.Errorf("emit's: %v", err)
	}
	_, err = p.Document(context.Background(), "a.pdf", badReader{}, 100, text.Limits{}, nil)
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the input's: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = p.Document(ctx, "a.pdf", strings.NewReader(pdf), int64(len(pdf)), text.Limits{},
		nil); err != context.Canceled {
		t.Errorf("the context's: %v", err)
	}
	slow := newPool(t, func() *exec.Cmd { return exec.Command("sleep", "60") }, 1, time.Minute)
	ctx, cancel = context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err = slow.Document(ctx, "a.pdf", strings.NewReader(pdf), int64(len(pdf)), text.Limits{},
		nil); err != context.DeadlineExceeded {
		t.Errorf("the context's while a process works: %v", err)
	}
	p.Close()
	if _, err = p.Document(context.Background(), "a.pdf", strings.NewReader(pdf), int64(len(pdf)), text.Limits{},
		nil); !errors.Is(err, ErrFailed) {
		t.Errorf("after Close: %v", err)
	}
}

type badReader struct{}

func (badReader) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestADocumentThatIsTooLargeIsNamed(t *testing.T) {
	r, err := newPool(t, worker, 1, time.Minute).Document(context.Background(), "a.pdf", bytes.NewReader(nil),
		MaxSize+1, text.Limits{}, nil)
	if err != nil || !r.Incomplete || !r.Has(text.TooLarge) {
		t.Errorf("%v, %+v", err, r)
	}
}

func BenchmarkDocument(b *testing.B) {
	p := NewPool(worker, 1, time.Minute)
	defer p.Close()
	content := pdf + strings.Repeat("% x\n", 25_000)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := p.Document(context.Background(), "a.pdf", strings.NewReader(content), int64(len(content)),
			text.Limits{}, func(text.Segment) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
