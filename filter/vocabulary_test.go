package filter

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"sluis/filter/detect"
	"sluis/rules"
)

// A row of detect.All makes a detector: rules may name it, and it finds.
func TestADetectorIsOneRow(t *testing.T) {
	row := detect.Detector{Name: "locker", Words: []string{"kluisje"}, Find: func(t *detect.Text, emit func(detect.Hit)) {
		if i := bytes.Index(t.Bytes, []byte("kluisje")); i >= 0 {
			emit(detect.Hit{Start: i, End: i + 7, Value: "kluisje", Confidence: 100})
		}
	}}
	pack := fstest.MapFS{"test.yaml": {Data: []byte("subject: Test\nabout: {nl: Test, en: Test}\nrules:\n" + `
  - id: leak.personal.locker
    purpose: leak
    clause: C2.4a
    category: personal
    title: {nl: Kluisje, en: Locker}
    detect: locker
    score: 100
    match: ["kluisje 12", "mijn kluisje"]
    no-match: ["kluis 12", "kast 3"]
`)}}
	if _, err := rules.Load(Vocabulary(), pack); err == nil || !strings.Contains(err.Error(), `no detector "locker"`) {
		t.Errorf("without the row the rule loads with %v, want an error that there is no such detector", err)
	}
	with := append(detect.All(), row)
	set, err := rules.Load(vocabularyOf(with), pack)
	if err != nil {
		t.Fatalf("with the row the rule does not load: %v", err)
	}
	b := newBuilder(rules.SetOf(rules.Leak), nil, with)
	if err := b.add(set.Rules()[0]); err != nil {
		t.Fatalf("with the row the rule does not compile: %v", err)
	}
	if n := len(b.scanner.detectors); n != 1 {
		t.Errorf("the scanner has %d detectors, want the new one", n)
	}
}
