package extract

import (
	"context"
	"strings"
	"testing"

	"sluis/filter/text"
)

// fuzzed reads what is made for a fuzz target, and holds it to well-formed segments and to no error.
func fuzzed(t *testing.T, name, content string, l text.Limits) {
	t.Helper()
	emit := func(s text.Segment) error {
		wellFormed(t, s)
		return nil
	}
	var err error
	if name == "" {
		_, err = Message(context.Background(), strings.NewReader(content), int64(len(content)), l, emit)
	} else {
		_, err = Document(context.Background(), name, strings.NewReader(content), int64(len(content)), l, emit)
	}
	if err != nil {
		t.Fatalf("error: %v", err)
	}
}

// FuzzFile looks for archives, discs and sections that stop their readers.
func FuzzFile(f *testing.F) {
	for _, b := range [][]byte{
		discOf("A.EXE;1", "rekening.exe", "MZ"), udfOf("rekening.js"), []byte(oneNote("MZ")),
		append(withoutDirectory(zipOf("a.js", "x")), zipOf("b.txt", "x")...), flagged(zipOf("a.txt", "x")),
		append(photo(100), zipOf("a.js", "x")...), oldTar("a", "b"),
		related("attachedTemplate", "https://a.example", "External"),
		[]byte("\x60\xea\x2e\x00 rekening.js\x00"), []byte("naam;=cmd|'/c calc'!A0"), []byte("[InternetShortcut]"),
	} {
		f.Add("a.dat", b)
	}
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		if len(b) <= 256<<10 {
			fuzzed(t, name+".dat", string(b), fuzzLimits(t.TempDir()))
		}
	})
}

// FuzzScript looks for scripts that stop the search for files in them.
func FuzzScript(f *testing.F) {
	packed := string(zipOf("a.js", "x"))
	for _, s := range []string{"var d='" + lines(b64(packed), 12, "'+'") + "'", "[" + numbers(packed, "%d, ") + "]",
		numbers(packed, "\\x%02x"), numbers(packed, "%%%02x"), "'\\u0061' + \"", "0x4d,0x5a,", "999,1000", "TVqQ\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, script string) {
		if len(script) <= 64<<10 {
			page := "<html><script>" + script + "</script><a href=\"data:x;base64," + script + "\">" + script
			fuzzed(t, "a.html", page, fuzzLimits(t.TempDir()))
		}
	})
}

// FuzzMap looks for messages that stop the pass that no bound ends.
func FuzzMap(f *testing.F) {
	f.Add(attached("a.zip", "application/zip", zipOf("a.js", "x")))
	inner := attached("a.js", "x/y", []byte("x"))
	f.Add("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n" + b64(inner))
	f.Add("--\n\n--b\nContent-Type\n: x\n\nbegin 644 a.js\n")
	f.Fuzz(func(t *testing.T, m string) {
		l := fuzzLimits(t.TempDir())
		l.Parts = 1
		if len(m) <= 64<<10 {
			fuzzed(t, "", m, l)
		}
	})
}
