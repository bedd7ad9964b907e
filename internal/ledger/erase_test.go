package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
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

func TestAPayloadIsErasedAndEveryProofStands(t *testing.T) { // GDPR art. 17
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 2)
	r, err := l.Append(t.Context(), QuarantineReleased, Data{ID: "a1", Reason: "gesprek met Jansen"})
	if err != nil {
		t.Fatal(err)
	}
	write(t, l, 2)
	witness, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	other := open(t, dir) // a command that has it open at the same time
	for range 2 {         // twice is no different
		if err := l.Erase(t.Context(), r.Index(), byPrivacy); err != nil {
			t.Fatal(err)
		}
	}
	if told(t, dir, "Jansen") {
		t.Error("the name is still there")
	}
	write(t, other, 1)
	write(t, l, 1)
	v, err := Verify(bytes.NewReader(export(t, open(t, dir))), witness)
	if err != nil || v.Entries != 9 || v.Erased != 1 {
		t.Errorf("the export is %+v, %v, want 9 entries, one erased", v, err)
	}
	all := entries(t, l)
	if e := all[2]; !e.Erased || e.Kind != QuarantineReleased || e.Data != (Data{}) || e.Salt != nil {
		t.Errorf("left of it is %+v", e)
	}
	if e := all[5]; e.Kind != PayloadErased || e.Data.Ref != "2" || e.Data.Reason != byPrivacy.Reason {
		t.Errorf("of the erasure is told %+v", e)
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
		t.Errorf("a commitment: %v", err)
	}
	for _, i := range []int64{-1, 2, 99} {
		if err := l.Erase(t.Context(), i, byPrivacy); err == nil || !strings.Contains(err.Error(), "no entry") {
			t.Errorf("entry %d: %v", i, err)
		}
	}
	if err := l.Erase(t.Context(), 0, Data{}); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("without a reason: %v", err)
	}
	if n := len(entries(t, l)); n != 2 {
		t.Errorf("%d entries", n)
	}
}

// Whoever changes an erased entry, or erases one by hand and puts something else in its
// place, is found.
func TestAnErasedEntryIsWatchedAsAnyOther(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 4)
	if err := l.Erase(t.Context(), 1, byPrivacy); err != nil {
		t.Fatal(err)
	}
	good := strings.Split(strings.TrimSpace(string(export(t, l))), "\n")
	change := func(line string, how func(map[string]json.RawMessage)) string {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		how(m)
		b, err := json.Marshal(struct {
			Index, Time, Kind, Salt, Data json.RawMessage
			Erased                        json.RawMessage `json:"erased_payload_sha256"`
			Sig                           json.RawMessage
		}{m["index"], m["time"], m["kind"], m["salt"], m["data"], m["erased_payload_sha256"], m["sig"]})
		if err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer(
			`"Index"`, `"index"`, `"Time"`, `"time"`, `"Kind"`, `"kind"`, `"Salt":null,`, ``, `"Salt"`, `"salt"`,
			`"Data":null,`, ``, `"Data"`, `"data"`,
			`"erased_payload_sha256":null,`, ``, `"Sig"`, `"sig"`).
			Replace(string(b))
	}
	if same := change(good[1], func(map[string]json.RawMessage) {}); same != good[1] {
		t.Fatalf("the test writes lines in another way:\n%s\n%s", same, good[1])
	}
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for name, c := range map[string]struct {
		line int
		how  func(map[string]json.RawMessage)
	}{
		"another kind": {1, func(m map[string]json.RawMessage) { m["kind"] = raw(`"quarantine-kept"`) }},
		"another hash": {1, func(m map[string]json.RawMessage) {
			m["erased_payload_sha256"] = raw(`"` + strings.Repeat("A", 43) + `="`)
		}},
		"a short hash": {1, func(m map[string]json.RawMessage) { m["erased_payload_sha256"] = raw(`"AAAA"`) }},
		"something in its place": {1, func(m map[string]json.RawMessage) {
			delete(m, "erased_payload_sha256")
			m["salt"], m["data"] = raw(`"AAAA"`), raw(`{}`)
		}},
		"both": {1, func(m map[string]json.RawMessage) { m["salt"], m["data"] = raw(`"AAAA"`), raw(`{}`) }},
		"erased by hand": {2, func(m map[string]json.RawMessage) {
			delete(m, "salt")
			delete(m, "data")
			m["erased_payload_sha256"] = raw(`"` + strings.Repeat("A", 43) + `="`)
		}},
		"without salt":            {2, func(m map[string]json.RawMessage) { delete(m, "salt") }},
		"nothing at all is there": {2, func(m map[string]json.RawMessage) { delete(m, "salt"); delete(m, "data") }},
	} {
		lines := append([]string(nil), good...)
		lines[c.line] = change(lines[c.line], c.how)
		_, err := Verify(strings.NewReader(strings.Join(lines, "\n")+"\n"), nil)
		if want := "entry " + string(rune('0'+c.line)) + " is broken"; err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want the broken entry named", name, err)
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
