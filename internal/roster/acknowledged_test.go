package roster

import (
	"os"
	"strings"
	"testing"
)

func TestAcknowledged(t *testing.T) {
	dir := t.TempDir()
	els, noor := Subject{key: "els@school.example"}, Subject{key: "noor@school.example", confidential: true}
	pupil := Subject{group: Group{"leerlingen"}}
	a, err := OpenAcknowledged(dir, "2026")
	if err != nil {
		t.Fatal(err)
	}
	if !a.Asked(els) || !a.Asked(noor) || a.Asked(pupil) || a.Asked(Subject{}) {
		t.Error("staff is asked, pupils and strangers are not")
	}
	for _, s := range []Subject{els, els, pupil} {
		if err := a.Mark(s); err != nil {
			t.Fatal(err)
		}
	}
	if a, err = OpenAcknowledged(dir, "2026"); err != nil {
		t.Fatal(err)
	}
	if a.Asked(els) || !a.Asked(noor) || a.Count() != 1 {
		t.Errorf("after a restart: %v, %v, %d", a.Asked(els), a.Asked(noor), a.Count())
	}
	b, _ := os.ReadFile(dir + "/acknowledged.json")
	if strings.Contains(string(b), "els") {
		t.Error("a name is in the file")
	}
	if a, err = OpenAcknowledged(dir, "2027"); err != nil || !a.Asked(els) {
		t.Errorf("a new version: %v, asked %v", err, a.Asked(els))
	}
}
