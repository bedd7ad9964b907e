package setting

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/internal/strictyaml"
)

type inner struct {
	File string        `yaml:"file" path:"relative"`
	Wait time.Duration `yaml:"wait"`
}

func (i *inner) SetDefaults() { Default(&i.Wait, time.Minute) }

func (i *inner) Validate(p Problems) {
	if i.Wait > time.Hour {
		p.At("wait").Wrong("longer than an hour")
	}
}

// Outer is decoded by its exported fields; the embedded struct's keys stand among its own.
type Outer struct {
	Name  string   `yaml:"name" reload:"no"`
	Files []string `yaml:"files" path:"relative"`
	List  []inner  `yaml:"list"`
	Maybe *inner   `yaml:"maybe"`
	Inner `yaml:",inline"`
}

// Inner stands for settings that another package has.
type Inner struct {
	Port int `yaml:"port" reload:"no"`
}

func decode(t *testing.T, text string) (*Outer, error) {
	t.Helper()
	f := strictyaml.File{Name: "c.yaml", Text: []byte(text)}
	o := &Outer{}
	if err := f.Decode(o); err != nil {
		t.Fatal(err)
	}
	Resolve(o, "/etc/sluis")
	Fill(o)
	p := NewProblems(f)
	Check(o, p)
	return o, p.Err()
}

func TestDefaultsAndPathsReachEveryPart(t *testing.T) {
	o, err := decode(t, "files: [a, /b]\nlist: [{file: c}, {wait: 5m}]\nmaybe: {file: d}\n")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(o.Files, o.List, *o.Maybe)
	want := "[/etc/sluis/a /b] [{/etc/sluis/c 1m0s} { 5m0s}] {/etc/sluis/d 1m0s}"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAFaultHasItsPlace(t *testing.T) {
	_, err := decode(t, "name: x\nlist:\n  - wait: 5m\n  - wait: 2h\nmaybe:\n  wait: 3h\n")
	if err == nil || !strings.Contains(err.Error(), "c.yaml:4:11") || !strings.Contains(err.Error(), "c.yaml:6:9") {
		t.Errorf("got %v, want faults at 4:11 and 6:9", err)
	}
}

func TestARestartIsNeededWhereTheTagSaysSo(t *testing.T) {
	base, _ := decode(t, "name: x\n")
	for text, want := range map[string]string{
		"name: x\n":                    "",
		"name: y\n":                    "name",
		"name: x\nport: 5\n":           "port",
		"name: x\nmaybe: {wait: 1m}\n": "",
		"name: x\nlist: [{file: a}]\n": "",
	} {
		other, _ := decode(t, text)
		if got := NeedsRestart(base, other); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
