package strictyaml

import (
	"fmt"
	"strings"
	"testing"
)

// way takes one word and refuses all others, as the vocabularies of a real file do.
type way string

func (w *way) UnmarshalText(b []byte) error {
	if string(b) != "in" {
		return fmt.Errorf("unknown way %q: use in", b)
	}
	*w = way(b)
	return nil
}

type sample struct {
	Name string   `yaml:"name"`
	N    int      `yaml:"n"`
	Way  way      `yaml:"way"`
	List []sample `yaml:"list"`
}

func TestErrorsTellWhereAndWhat(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":      {"name: a\nnam: b\n", "f.yaml:2:1: unknown key \"nam\""},
		"wrong type":       {"name: a\nn: many\n", "f.yaml:2:4: expected a number here, not a text"},
		"refused value":    {"name: a\nlist:\n  - {way: sideways}\n", "f.yaml:3:11: unknown way \"sideways\": use in"},
		"bad indentation":  {"name: a\n n: 1\n", "f.yaml:"},
		"text for a list":  {"list: a\n", "f.yaml:1:7: expected a list here, not a text"},
		"group for a list": {"list: {n: 1}\n", "f.yaml:1:7: expected a list here, not a group of keys"},
		"two documents":    {"name: a\n---\nn: 1\n", "f.yaml:2:1: a second document begins here"},
		"no closing":       {"list: [\n", "f.yaml:"},
	} {
		var v sample
		err := File{"f.yaml", []byte(tc.text)}.Decode(&v)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
		if err != nil && !strings.Contains(err.Error(), "\n> ") {
			t.Errorf("%s: shows no lines:\n%v", name, err)
		}
	}
}

func TestErrorAtAPathOrAroundIt(t *testing.T) {
	f := File{"f.yaml", []byte("name: a\nlist:\n  - {n: 1}\n  - {n: 2}\n")}
	for path, want := range map[string]string{
		"$.list[1].n":    "f.yaml:4:9: wrong",
		"$.list[1].name": "f.yaml:4:",
		"$.way":          "f.yaml: wrong",
	} {
		if err := f.Errorf(path, "wrong"); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

func TestEmptyFileIsNoError(t *testing.T) {
	var v sample
	if err := (File{"f.yaml", nil}).Decode(&v); err != nil {
		t.Error(err)
	}
}

func TestAFileThatTheLibraryTripsOver(t *testing.T) {
	var v sample
	err := File{"f.yaml", []byte("list: !0\n000000000\n    -0")}.Decode(&v)
	if err == nil || !strings.HasPrefix(err.Error(), "f.yaml") {
		t.Error(err)
	}
}
