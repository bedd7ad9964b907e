package content

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluis/filter"
	"sluis/internal/clamd"
	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/rules"
)

func TestDownloads(t *testing.T) {
	pupils, _ := roster.ParseGroup("leerlingen")
	e := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{
			{Groups: []roster.Group{pupils}, Extensions: []string{"apk", "msi"}},
			{Groups: []roster.Group{pupils}, Executable: true},
			{Larger: 1000, Clause: "Grote bestanden"},
		}
	})
	for _, tt := range []struct {
		name, path, disposition, body string
		pupil, blocked                bool
	}{
		{"a picture", "/a.png", "", "\x89PNG", true, false},
		{"a program by its name", "/a.APK", "", "PK", true, true},
		{"for staff", "/a.apk", "", "PK", false, false},
		{"by the name it is to be kept under", "/get?id=1", `attachment; filename="x.msi"`, "x", true, true},
		{"by its content", "/holiday.jpg", "", "MZ\x90\x00", true, true},
		{"too large for everybody", "/a.bin", "", strings.Repeat("x", 1001), false, true},
	} {
		x := exchange(rules.Conduct)
		if tt.pupil {
			x.Group = pupils
		}
		r := respond("application/octet-stream", "", tt.body)
		r.Request = httptest.NewRequest("GET", "http://site.example"+tt.path, nil)
		if tt.disposition != "" {
			r.Header.Set("Content-Disposition", tt.disposition)
		}
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tt.blocked {
			t.Errorf("%s: got blocked %v, %v, want %v", tt.name, blocked, err, tt.blocked)
		}
		if !blocked {
			if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body {
				t.Errorf("%s: got %d bytes, %v, want all %d", tt.name, len(b), err, len(tt.body))
			}
		}
	}
}

const eicar = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*`

func TestMalware(t *testing.T) {
	testenv.Need(t, "clamd")
	d, err := testenv.StartClamd(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	e := inspector(t, func(o *Options) { o.Scanner = clamd.New(d.Socket()); o.Limits.Scanned = 100_000 })
	for _, tt := range []struct {
		name, body string
		blocked    bool
	}{
		{"harmless", strings.Repeat("x", 50_000), false},
		{"the EICAR file", eicar, true},
		{"larger than is scanned", strings.Repeat("x", 300_000), false},
	} {
		x := exchange()
		r := respond("application/octet-stream", "", tt.body)
		r.ContentLength = -1
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tt.blocked {
			t.Errorf("%s: got blocked %v, %v, %+v, want %v", tt.name, blocked, err, x.Found(), tt.blocked)
		}
		if blocked {
			if x.Found().Verdict.Category != rules.Malware {
				t.Errorf("%s: got %+v, want malware", tt.name, x.Found())
			}
			continue
		}
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != tt.body {
			t.Errorf("%s: got %d bytes, %v, want all %d", tt.name, len(b), err, len(tt.body))
		}
		r.Body.Close()
	}
}

// slow is a scanner that takes its time.
type slow struct {
	wait      chan struct{}
	signature string
}

func (s slow) Scan(ctx context.Context, content io.Reader) (string, error) {
	<-s.wait
	return s.signature, nil
}

// TestPatience: while a scanner takes long the download begins, and its end depends on the verdict.
func TestPatience(t *testing.T) {
	for _, signature := range []string{"", "Bad"} {
		s := slow{make(chan struct{}), signature}
		e := inspector(t, func(o *Options) { o.Scanner = s; o.Limits.Patience = 20 * time.Millisecond })
		body := strings.Repeat("0123456789", 1000)
		x := exchange()
		r := respond("application/zip", "", body)
		if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
			t.Fatalf("got blocked %v, %v, want it to begin", blocked, err)
		}
		close(s.wait)
		b, err := io.ReadAll(r.Body)
		if signature == "" && (err != nil || string(b) != body) {
			t.Errorf("harmless: got %d bytes, %v, want all %d", len(b), err, len(body))
		}
		if signature != "" &&
			(!errors.Is(err, ErrBlocked) || len(b) == len(body) || x.Found().Verdict.Category != rules.Malware) {
			t.Errorf("malware: got %d of %d bytes, %v, %+v, want it cut off", len(b), len(body), err, x.Found())
		}
		r.Body.Close()
	}
}

// finder is a scanner that finds the EICAR file wherever it stands.
type finder struct{ err error }

func (f finder) Scan(_ context.Context, r io.Reader) (string, error) {
	b, err := io.ReadAll(r)
	if f.err != nil || err != nil {
		return "", errors.Join(f.err, err)
	}
	if bytes.Contains(b, []byte(eicar)) {
		return "Eicar", nil
	}
	return "", nil
}

func TestMalwareHasManyForms(t *testing.T) {
	e := inspector(t, func(o *Options) { o.Scanner = finder{} })
	for name, tc := range map[string]struct {
		kind, coding, disposition, body string
		blocked                         bool
	}{
		"a file":                               {"application/octet-stream", "", "", eicar, true},
		"of no type":                           {"", "", "", eicar, true},
		"coded on its way":                     {"application/zip", "br", "", "PK\x03\x04" + eicar, true},
		"an attachment that says it is a page": {"text/html", "", "attachment", eicar, true},
		"a program that says it is a picture":  {"image/png", "", "", "MZ\x90\x00\x03" + eicar, true},
		"a program that says it is JSON":       {"application/json", "", "", "MZ\x90\x00\x03\x00\x00\x00" + eicar, true},
		"a page":                               {"text/html", "", "", "<html>" + eicar, false},
		"a picture":                            {"image/png", "", "", "\x89PNG\r\n\x1a\n" + eicar, false},
	} {
		x, r := exchange(), respond(tc.kind, tc.coding, tc.body)
		if tc.disposition != "" {
			r.Header.Set("Content-Disposition", tc.disposition)
		}
		blocked, err := e.Response(t.Context(), x, r)
		if err != nil || blocked != tc.blocked || blocked && x.Found().Verdict.Rule != filter.SignatureRule {
			t.Errorf("%s: got blocked %v, %v, %+v, want %v", name, blocked, err, x.Found(), tc.blocked)
		}
		r.Body.Close()
	}
	nothingWaits(t, e)
}

func TestAScannerThatFails(t *testing.T) {
	for _, open := range []bool{false, true} {
		for _, fault := range []error{errors.New("no answer"), clamd.ErrTooLarge} {
			e := inspector(t, func(o *Options) { o.Scanner, o.OnFailure = finder{fault}, onFailure(open) })
			x, r := exchange(), respond("application/zip", "", "PK")
			blocked, err := e.Response(t.Context(), x, r)
			passes := open || errors.Is(fault, clamd.ErrTooLarge)
			if blocked || (err == nil) != passes || passes && !x.Found().Incomplete {
				t.Errorf("%v: got blocked %v, %v, %+v, want it to pass: %v", fault, blocked, err, x.Found(), passes)
			}
			if b, rerr := io.ReadAll(r.Body); passes && (rerr != nil || string(b) != "PK") {
				t.Errorf("%v: got %q, %v, want the whole file", fault, b, rerr)
			}
			r.Body.Close()
			nothingWaits(t, e)
		}
	}
}

// TestTrickle: a browser that waits gets a little now and then, never so much that it is of use.
func TestTrickle(t *testing.T) {
	s := slow{make(chan struct{}), "Bad"}
	e := inspector(t, func(o *Options) { o.Scanner, o.Limits.Patience = s, time.Millisecond })
	body := strings.Repeat("0123456789", 200)
	r := respond("application/zip", "", body)
	if blocked, err := e.Response(t.Context(), exchange(), r); blocked || err != nil {
		t.Fatalf("got blocked %v, %v, want it to begin", blocked, err)
	}
	got := make([]byte, len(body))
	n, err := r.Body.Read(got)
	if err != nil || n == 0 || n > len(body)/trickleShare || string(got[:n]) != body[:n] {
		t.Errorf("got %d bytes, %v, want a small part of the file", n, err)
	}
	close(s.wait)
	if rest, err := io.ReadAll(r.Body); !errors.Is(err, ErrBlocked) || n+len(rest) > len(body)/trickleShare {
		t.Errorf("got %d bytes more, %v, want the file cut off", len(rest), err)
	}
	r.Body.Close()
	nothingWaits(t, e)
}

func TestDownloadsOfUnknownSize(t *testing.T) {
	e := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{{Types: []string{"video/"}, Larger: 5000, Clause: "2.8 geen films"}}
	})
	for size, blocked := range map[int]bool{5000: false, 5001: true} {
		x, r := exchange(), respond("video/mp4", "", strings.Repeat("x", size))
		r.ContentLength = -1
		if stopped, err := e.Response(t.Context(), x, r); stopped || err != nil {
			t.Fatalf("got blocked %v, %v, want it to begin", stopped, err)
		}
		b, err := io.ReadAll(r.Body)
		if errors.Is(err, ErrBlocked) != blocked || !blocked && len(b) != size {
			t.Errorf("%d: got %d bytes, %v, want it blocked: %v", size, len(b), err, blocked)
		}
		if f := x.Found(); blocked &&
			(f.Own != "2.8 geen films" || f.Verdict.Category != rules.OwnCode || f.Verdict.Clause.String() != "C2.8e") {
			t.Errorf("got %+v, want the clause of the own code", f)
		}
	}
}

// TestOnlyTheOwnCodeRefusesMore: C2.8e.
func TestOnlyTheOwnCodeRefusesMore(t *testing.T) {
	for name, tc := range map[string]struct {
		d  DownloadRule
		ok bool
	}{
		"programs":               {DownloadRule{Executable: true}, true},
		"names of programs":      {DownloadRule{Extensions: []string{"exe", ".MSI"}}, true},
		"films":                  {DownloadRule{Extensions: []string{"mp4"}}, false},
		"programs and films":     {DownloadRule{Executable: true, Extensions: []string{"mp4"}}, false},
		"all that is large":      {DownloadRule{Larger: 1}, false},
		"a type":                 {DownloadRule{Types: []string{"video/"}}, false},
		"films, by the own code": {DownloadRule{Extensions: []string{"mp4"}, Clause: "2.8"}, true},
		"nothing":                {DownloadRule{Clause: "2.8"}, false},
	} {
		_, err := New(Options{Engine: failing{}, Settings: Settings{Downloads: []DownloadRule{tc.d}}})
		if (err == nil) != tc.ok {
			t.Errorf("%s: got %v, want it right: %v", name, err, tc.ok)
		}
	}
}
