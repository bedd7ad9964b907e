package main_test

import (
	"strings"
	"testing"
)

// A doubt says what it is, where and what to do, in the language of the reader; sloppiness
// is not flagged.
func TestCheckExplainsEveryDoubt(t *testing.T) {
	head := "From: a@buiten.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\n\r\nx\r\n--b\r\n"
	sloppy := write(t, "slordig.eml", head+"Content-Type: text/plain; charset=unknown-8bit\r\n\r\nx\r\n--b--\r\n")
	trick := write(t, "truc.eml", head+"Content-Type: text/plain\r\n"+
		"Content-Type: multipart/mixed; boundary=c\r\n\r\nx\r\n--b--\r\n")
	type doubt struct {
		Part, Cause, Weight string
		Says, Means         map[string]string
	}
	type verdict struct {
		Ambiguous bool
		Doubts    []doubt
	}
	out, _, code := run(t, "", "check", "--json", sloppy, trick)
	got := decodeLines[verdict](t, out)
	if code != 0 || len(got) != 2 || got[0].Ambiguous || !got[1].Ambiguous || len(got[0].Doubts) != 1 {
		t.Fatalf("exit code %d, %+v", code, got)
	}
	for i, want := range []doubt{
		{"2", "unknown-charset", "sloppy", nil, nil},
		{"2", "repeated-header", "trick", nil, nil},
	} {
		d := got[i].Doubts[0]
		if d.Part != want.Part || d.Cause != want.Cause || d.Weight != want.Weight || d.Says["nl"] == "" ||
			d.Means["nl"] == "" || d.Says["en"] == "" || d.Means["en"] == "" {
			t.Errorf("got %+v, want %+v with its texts", d, want)
		}
	}
	for lang, want := range map[string]string{"nl": "deel 2: Twee kopregels", "en": "part 2: Two header fields"} {
		out, _, _ := run(t, "", "check", "--lang", lang, trick)
		if !strings.Contains(out, "ambiguous: repeated-header, "+want) {
			t.Errorf("%s: %q, want %q in it", lang, out, want)
		}
	}
}
