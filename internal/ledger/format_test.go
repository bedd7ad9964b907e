package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// older copies the ledger that an older build wrote.
func older(t *testing.T, build string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", build))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Two older builds wrote these: the one that had the fields of the first day, and the last before lines
// had a format. Each is in order, goes on in this format, and is in order then.
func TestALedgerOfAnOlderBuildVerifiesAndGoesOn(t *testing.T) {
	for _, build := range []string{"first", "second"} {
		dir := older(t, build)
		witness := content(t, dir, "checkpoint")
		v, err := Verify(bytes.NewReader(export(t, open(t, dir))), witness)
		if err != nil || v.Entries != 6 || v.Erased != 1 {
			t.Fatalf("%s: as it is: %+v, %v, want 6 entries, one erased", build, v, err)
		}
		all := entries(t, open(t, dir))
		if e := all[2]; e.Data.Reason != "beoordelen <&> é" || e.Data.Name != "fg" || e.Data.Role != Privacy {
			t.Errorf("%s: entry 2 is %+v, want its data as they were", build, e)
		}
		if e := all[3]; !e.Erased || e.Kind != OrderRequested || e.Data != (Data{}) {
			t.Errorf("%s: entry 3 is %+v, want it erased", build, e)
		}
		for n := range 3 {
			write(t, open(t, dir), 2)
			l := open(t, dir)
			if v, err := Verify(bytes.NewReader(export(t, l)), witness); err != nil || v.Entries != int64(8+2*n) {
				t.Fatalf("%s: continued: %+v, %v", build, v, err)
			}
			if err := l.Check(t.Context()); err != nil {
				t.Errorf("%s: continued: Check: %v", build, err)
			}
		}
		l := open(t, dir)
		if err := l.Erase(t.Context(), 2, byPrivacy); !errors.Is(err, ErrNotErasable) {
			t.Errorf("%s: erase a reason that has one hash with who gave it: %v, want ErrNotErasable", build, err)
		}
		if err := removeIndex(dir); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, open(t, dir)); len(got) != 12 || got[0].Kind != GatewayStarted {
			t.Errorf("%s: without an index: %d entries, want 12", build, len(got))
		}
	}
}

// Each of these is a change of an older build's file that has to be found as before.
func TestALedgerOfAnOlderBuildIsWatched(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"a letter of a reason": func(s string) string { return strings.Replace(s, "beoordelen", "Beoordelen", 1) },
		"who did it":           func(s string) string { return strings.Replace(s, `"actor":"fg"`, `"actor":"ik"`, 1) },
		"a space":              func(s string) string { return strings.Replace(s, `"data":{`, `"data": {`, 1) },
		"a field more":         func(s string) string { return strings.Replace(s, `"rate":0.05`, `"rate":0.05,"x":1`, 1) },
		"a version":            func(s string) string { return strings.Replace(s, `{"index":0`, `{"v":2,"index":0`, 1) },
		"a later version":      func(s string) string { return strings.Replace(s, `{"index":0`, `{"v":3,"index":0`, 1) },
		"an entry less":        func(s string) string { return s[strings.Index(s, "\n")+1:] },
	} {
		dir := older(t, "second")
		text := change(string(content(t, dir, fileName)))
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.Is(err, ErrBroken) && !errors.Is(err, ErrNewer) {
			t.Errorf("%s: %v, want ErrBroken", name, err)
		}
	}
}

// later appends a line that a later version could have written: with a kind and fields of its own, and
// with a field of another type.
func later(t *testing.T, l *Ledger, leaf string) {
	t.Helper()
	index := l.head.entries
	made, err := newLine(Entry{Index: index, Kind: OrderUsed, Data: Data{Reason: "Jansen"}})
	if err != nil {
		t.Fatal(err)
	}
	made.Text = []byte(`{"reason":"Jansen","view":"not agreed"}`)
	sum := base64.StdEncoding.EncodeToString(textSum(made.Salt, made.Text))
	made.leaf = fmt.Appendf(nil, `{"v":2,"index":%d,"time":"2027-01-02T03:04:05Z",%s,"text_sha256":"%s"`,
		index, leaf, sum)
	grown, _, err := l.head.grow(made.hash(), 0)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := grown.signed()
	if err != nil {
		t.Fatal(err)
	}
	if made.Sig, err = l.key.signer.Sign(signing(format, tree)); err != nil {
		t.Fatal(err)
	}
	if err := l.extend(append(made.append(nil), '\n')); err != nil {
		t.Fatal(err)
	}
}

// What a later version has more, in kinds, fields and texts, verifies and is passed over.
func TestWhatALaterVersionWroteVerifies(t *testing.T) {
	for name, leaf := range map[string]string{
		"a kind":                  `"kind":"court-order-served","data":{"ref":"o1"}`,
		"a field of the data":     `"kind":"order-used","data":{"ref":"o1","nested":{"a":[1,2]},"wide":1e400}`,
		"a field of another type": `"kind":"order-used","data":{"count":"many","ref":"o1","rate":[1]}`,
		"a field of the line":     `"kind":"order-used","gateway":"b","data":{"ref":"o1"},"cosigned":["x"]`,
	} {
		dir := t.TempDir()
		l := open(t, dir)
		write(t, l, 2)
		later(t, l, leaf)
		l = open(t, dir)
		got := found(t, l, Query{Ref: "o1"})
		if len(got) != 1 || got[0] != 2 {
			t.Errorf("%s: found %v, want entry 2", name, got)
		}
		write(t, l, 1)
		if err := l.Erase(t.Context(), 2, byPrivacy); err != nil || told(t, dir, "not agreed") {
			t.Errorf("%s: erase: %v, want its texts erased", name, err)
		}
		if v, err := Verify(bytes.NewReader(export(t, l)), nil); err != nil || v.Entries != 5 || v.Erased != 1 {
			t.Errorf("%s: %+v, %v, want 5 entries, one erased", name, v, err)
		}
		if err := l.Check(t.Context()); err != nil {
			t.Errorf("%s: Check: %v", name, err)
		}
	}
}

// A line in a later format is no forgery: it is a reason for another version of the program.
func TestALaterFormatIsNoForgery(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 1)
	if err := l.extend([]byte(`{"v":3,"index":1,"what":"is new","sig":"AAAA"}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrNewer) || errors.Is(err, ErrBroken) {
		t.Errorf("got %v, want ErrNewer", err)
	}
	if _, err := Adopt(t.Context(), dir, CommandLine, "x"); !errors.Is(err, ErrNewer) {
		t.Errorf("adopted: %v, want ErrNewer", err)
	}
}

// shorten leaves the first n lines of a ledger.
func shorten(t *testing.T, dir string, n int) (last line) {
	t.Helper()
	lines := bytes.SplitAfter(content(t, dir, fileName), []byte("\n"))[:n]
	if err := os.WriteFile(filepath.Join(dir, fileName), bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		if err := json.Unmarshal(lines[n-1], &last); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

// composed is a checkpoint put together from what stands in the file, without the key.
func composed(t *testing.T, dir string, n int, sig []byte, text func(tree []byte) string) []byte {
	t.Helper()
	grown := tree{}
	for _, b := range bytes.Split(content(t, dir, fileName), []byte("\n"))[:n] {
		if _, err := grown.take(b); err != nil {
			t.Fatal(err)
		}
	}
	head, err := grown.head(int64(n))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(strings.Split(string(content(t, dir, keyName)), "\n")[1])
	if err != nil {
		t.Fatal(err)
	}
	hash := []byte{byte(v.KeyHash() >> 24), byte(v.KeyHash() >> 16), byte(v.KeyHash() >> 8), byte(v.KeyHash())}
	signed := base64.StdEncoding.EncodeToString(append(hash, sig...))
	return fmt.Appendf(nil, "%s\n— %s %s\n", text(head), v.Name(), signed)
}

// Whoever has everything but the key cannot make an earlier state of the ledger that opens, whatever
// there is left of checkpoint and index.
func TestAnEarlierStateCannotBeComposedWithoutTheKey(t *testing.T) {
	plain := func(tree []byte) string { return string(tree) }
	for name, roll := range map[string]func(t *testing.T, dir string, mailed []byte){
		"a checkpoint of the last line's signature": func(t *testing.T, dir string, _ []byte) {
			last := shorten(t, dir, 7)
			put := composed(t, dir, 7, last.Sig, plain)
			if err := os.WriteFile(filepath.Join(dir, "checkpoint"), put, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"the same with what the line's signature is of": func(t *testing.T, dir string, _ []byte) {
			last := shorten(t, dir, 7)
			put := composed(t, dir, 7, last.Sig, func(tree []byte) string { return lineUse + string(tree) })
			if err := os.WriteFile(filepath.Join(dir, "checkpoint"), put, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"no checkpoint": func(t *testing.T, dir string, _ []byte) {
			shorten(t, dir, 7)
			if err := os.Remove(filepath.Join(dir, "checkpoint")); err != nil {
				t.Fatal(err)
			}
		},
		"nothing but the key": func(t *testing.T, dir string, _ []byte) {
			shorten(t, dir, 0)
			if err := errors.Join(os.Remove(filepath.Join(dir, "checkpoint")), removeIndex(dir)); err != nil {
				t.Fatal(err)
			}
		},
		"an older checkpoint, and the last entries gone": func(t *testing.T, dir string, mailed []byte) {
			shorten(t, dir, 9)
			if err := os.WriteFile(filepath.Join(dir, "checkpoint"), mailed, 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"an older checkpoint's signature in the last line": func(t *testing.T, dir string, mailed []byte) {
			n, err := note.Open(mailed, note.VerifierList(open(t, dir).verifier))
			if err != nil {
				t.Fatal(err)
			}
			sig, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
			if err != nil {
				t.Fatal(err)
			}
			old := shorten(t, dir, 6)
			text := bytes.Replace(content(t, dir, fileName), []byte(base64.StdEncoding.EncodeToString(old.Sig)),
				[]byte(base64.StdEncoding.EncodeToString(sig[4:])), 1)
			if err := errors.Join(os.WriteFile(filepath.Join(dir, fileName), text, 0o600),
				os.WriteFile(filepath.Join(dir, "checkpoint"), mailed, 0o600)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		for _, index := range []bool{true, false} {
			dir := t.TempDir()
			l := open(t, dir)
			write(t, l, 6)
			mailed, err := l.Checkpoint()
			if err != nil {
				t.Fatal(err)
			}
			write(t, l, 4)
			roll(t, dir, mailed)
			if !index {
				if err := removeIndex(dir); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Open(dir); !errors.Is(err, ErrBroken) {
				t.Errorf("%s (index kept: %v): got %v, want ErrBroken", name, index, err)
			}
		}
	}
}

// After an upgrade too: what an older build signed does not open any more once an entry of this one is
// there.
func TestAnEarlierStateOfAnOlderBuildDoesNotOpen(t *testing.T) {
	for n := range 7 {
		dir := older(t, "second")
		write(t, open(t, dir), 3)
		last := shorten(t, dir, n)
		put := []byte("x")
		if n > 0 {
			put = composed(t, dir, n, last.Sig, func(tree []byte) string { return string(tree) })
		}
		err := errors.Join(os.WriteFile(filepath.Join(dir, "checkpoint"), put, 0o600), removeIndex(dir))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); !errors.Is(err, ErrBroken) {
			t.Errorf("cut to %d entries of the older build: got %v, want ErrBroken", n, err)
		}
	}
}

// An auditor reads the leaf from the line as it is stored, with nothing of this program.
func TestTheLeafIsTheLineAsStored(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 1)
	leaf, _, ok := strings.Cut(string(content(t, dir, fileName)), `,"salt":`)
	sum := sha256.Sum256([]byte("\x00" + leaf))
	tree, err := l.head.tree()
	if !ok || err != nil || tree.Hash != tlog.Hash(sum) {
		t.Errorf("the root of one entry is %v, %v, want the hash of its line up to the salt", tree.Hash, err)
	}
}
