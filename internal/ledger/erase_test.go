package ledger

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var byPrivacy = Data{Actor: Actor{Name: "fg", Role: "privacy"}, Reason: "er stond een naam in"}

// told is whether a text is anywhere in the ledger's directory.
func told(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if bytes.Contains(content(t, dir, f.Name()), []byte(text)) {
			return true
		}
	}
	return false
}

// Who, what, which and when of an act cannot be erased by anybody; a name in its reason can (GDPR art. 17).
func TestATextIsErasedAndWhoDidWhatStays(t *testing.T) {
	for name, d := range map[string]struct {
		kind Kind
		data Data
	}{
		"who asked for an order": {OrderRequested, Data{Actor: Actor{"chair", Board}, Ref: "o1", Since: 5, Until: 9}},
		"who decided on it":      {OrderDecided, Data{Actor: Actor{"chair", Board}, Ref: "o1", Step: "approved"}},
		"who used it":            {OrderUsed, Data{Actor: Actor{"ict", ICT}, Ref: "o1", ID: "a1"}},
		"who opened a message":   {QuarantineOpened, Data{Actor: Actor{"ict", ICT}, ID: "a1", Step: "body"}},
		"who changed an account": {AccountChanged, Data{Actor: Actor{"beheer", Admin}, Ref: "ict", Step: "role"}},
		"an earlier erasure":     {PayloadErased, Data{Actor: Actor{"fg", Privacy}, Ref: "0"}},
	} {
		dir := t.TempDir()
		l := open(t, dir)
		write(t, l, 2)
		witness, err := l.Checkpoint()
		if err != nil {
			t.Fatal(err)
		}
		d.data.Reason = "gesprek met Jansen"
		r, err := l.Append(t.Context(), d.kind, d.data)
		if err != nil {
			t.Fatal(err)
		}
		other := open(t, dir) // a command that has it open at the same time
		for range 2 {         // twice is no different
			if err := l.Erase(t.Context(), r.Index(), byPrivacy); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if told(t, dir, "Jansen") {
			t.Errorf("%s: the name is still there", name)
		}
		write(t, other, 1)
		write(t, l, 1)
		v, err := Verify(bytes.NewReader(export(t, open(t, dir))), witness)
		if err != nil || v.Entries != 7 || v.Erased != 1 {
			t.Errorf("%s: the export is %+v, %v, want 7 entries, one erased", name, v, err)
		}
		if err := l.Check(t.Context()); err != nil {
			t.Errorf("%s: Check: %v", name, err)
		}
		all, want := entries(t, l), d.data
		want.Reason = ""
		if e := all[2]; !e.Erased || e.Kind != d.kind || e.Data != want {
			t.Errorf("%s: left of it is %+v, want %+v", name, e, want)
		}
		if e := all[3]; e.Kind != PayloadErased || e.Data.Ref != "2" || e.Data.Reason != byPrivacy.Reason {
			t.Errorf("%s: of the erasure is told %+v", name, e)
		}
	}
}

func TestWhatIsNotErased(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 1)
	r, err := l.Append(t.Context(), SamplingCommit, Data{Day: "2026-11-23", Commit: "00"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Erase(t.Context(), r.Index(), byPrivacy); !errors.Is(err, ErrNotErasable) {
		t.Errorf("an entry without a text: %v, want ErrNotErasable", err)
	}
	for _, i := range []int64{-1, 2, 99} {
		if err := l.Erase(t.Context(), i, byPrivacy); !errors.Is(err, ErrNoEntry) {
			t.Errorf("entry %d: %v, want ErrNoEntry", i, err)
		}
	}
	err = l.Erase(t.Context(), 0, Data{Actor: byPrivacy.Actor})
	if err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("without a reason: %v", err)
	}
	for _, by := range []Actor{{}, CommandLine, {"ict", ICT}, {"chair", Board}, {"beheer", Admin}} {
		if err := l.Erase(t.Context(), 0, Data{Actor: by, Reason: "x"}); !errors.Is(err, ErrEraser) {
			t.Errorf("by %+v: %v, want ErrEraser", by, err)
		}
	}
	if n := len(entries(t, l)); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// Whoever changes an erased entry, or erases one by hand, or puts something else in its place, is found.
func TestAnErasedEntryIsWatchedAsAnyOther(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 4)
	if err := l.Erase(t.Context(), 1, byPrivacy); err != nil {
		t.Fatal(err)
	}
	good := strings.Split(strings.TrimSpace(string(export(t, l))), "\n")
	behind := func(line, replaced string) string { // the leaf of a line, and something else behind it
		_, sig, _ := strings.Cut(line, `,"sig":`)
		leaf, _, _ := strings.Cut(line, `,"salt":`)
		leaf, _, _ = strings.Cut(leaf, `,"sig":`)
		return leaf + replaced + `,"sig":` + sig
	}
	sum := regexp.MustCompile(`,"text_sha256":"[^"]*"`)
	zeros := `,"text_sha256":"` + strings.Repeat("A", 43) + `="`
	for name, c := range map[string]struct {
		line int
		to   string
	}{
		"nothing changed":        {1, good[1]},
		"another kind":           {1, strings.Replace(good[1], "quarantine-opened", "quarantine-kept", 1)},
		"another hash":           {1, sum.ReplaceAllString(good[1], zeros)},
		"no hash":                {1, sum.ReplaceAllString(good[1], "")},
		"something in its place": {1, behind(good[1], `,"salt":"AAAA","text":{"reason":"x"}`)},
		"a salt alone":           {1, behind(good[1], `,"salt":"AAAA"`)},
		"an empty salt":          {1, behind(good[1], `,"salt":""`)},
		"a text alone":           {1, behind(good[1], `,"text":{"reason":"x"}`)},
		"erased by hand":         {2, behind(good[2], "")},
		"without salt":           {2, regexp.MustCompile(`,"salt":"[^"]*"`).ReplaceAllString(good[2], "")},
		"without text":           {2, regexp.MustCompile(`,"text":\{[^}]*\}`).ReplaceAllString(good[2], "")},
		"another text":           {2, strings.Replace(good[2], "beoordelen", "Beoordelen", 1)},
		"more behind it":         {2, strings.Replace(good[2], `,"sig":`, `,"more":1,"sig":`, 1)},
	} {
		lines := append([]string(nil), good...)
		lines[c.line] = c.to
		_, err := Verify(strings.NewReader(strings.Join(lines, "\n")+"\n"), nil)
		if name == "nothing changed" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if want := "entry " + string(rune('0'+c.line)) + " is broken"; err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want the broken entry named", name, err)
		}
		file := filepath.Join(t.TempDir(), "ledger")
		text := []byte(strings.Join(lines[:5], "\n") + "\n")
		if err := errors.Join(os.MkdirAll(file, 0o700), os.CopyFS(file, os.DirFS(dir)),
			os.WriteFile(filepath.Join(file, fileName), text, 0o600)); err != nil {
			t.Fatal(err)
		}
		if l, err := Open(file); err == nil && l.Check(t.Context()) == nil {
			t.Errorf("%s: Check finds nothing in the file", name)
		}
	}
}

// A file that was put in the place of the ledger's, and is not an erasure of it.
func TestAnotherLedgerInItsPlaceIsFound(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	before := content(t, dir, "ledger.jsonl")
	write(t, l, 3)
	if err := os.WriteFile(filepath.Join(dir, "other"), before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "other"), filepath.Join(dir, "ledger.jsonl")); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), QuarantineOpened, Data{}); err == nil ||
		!strings.Contains(err.Error(), "rolled back") {
		t.Errorf("appended to it: %v", err)
	}
}

func TestOnlyACommittedEntryGivesAReceipt(t *testing.T) {
	l := open(t, t.TempDir())
	r, err := l.Append(t.Context(), QuarantineOpened, Data{ID: "a1"})
	if err != nil || !r.Of(QuarantineOpened, "a1") {
		t.Errorf("the receipt is %+v, %v, want one of the opening", r, err)
	}
	if r.Of(QuarantineOpened, "a2") || r.Of(QuarantineReleased, "a1") || (Receipt{}).Of("", "") {
		t.Error("a receipt is good for something else")
	}
	if err := os.Truncate(l.file(), 0); err != nil {
		t.Fatal(err)
	}
	if r, err := l.Append(t.Context(), QuarantineOpened, Data{ID: "a1"}); err == nil || r != (Receipt{}) {
		t.Errorf("of an entry that was not written there is %+v, %v", r, err)
	}
}
