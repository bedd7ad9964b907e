package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The rule that the rules' README teaches by is one that works.
func TestTheReadmesRuleWorks(t *testing.T) {
	readme, err := os.ReadFile("../../rules/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(readme), "```yaml\nsubject:")
	pack, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("there is no rule in the README")
	}
	path := write(t, "readme.yaml", "subject:"+pack)
	if out, errs, code := run(t, "", "rules", "test", "--packs", filepath.Dir(path)); code != 0 {
		t.Errorf("got %s%s, want that the rule passes its examples", out, errs)
	}
}

// TestDocumentedCommandsExist: each command that a document names has its help, and each flag of
// it is one that the help knows.
func TestDocumentedCommandsExist(t *testing.T) {
	documents, err := filepath.Glob("../../deploy/*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(documents, "../../README.md", "../../deploy/README.md", "../../rules/README.md",
		"../../CHANGELOG.md")
	command := regexp.MustCompile("sluis ((?:[a-z]+(?:-[a-z]+)*)(?: [a-z]+(?:-[a-z]+)*)?)([^`|\n]*)")
	helps := map[string]string{}
	help := func(words ...string) string {
		key := strings.Join(words, " ")
		if _, ok := helps[key]; !ok {
			out, errs, code := run(t, "", slices.Concat(words, []string{"--help"})...)
			if code != 0 {
				out = ""
			}
			helps[key] = out + errs
		}
		return helps[key]
	}
	n := 0
	for _, name := range documents {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, quoted := range regexp.MustCompile("`[^`\n]*`").FindAllString(string(text), -1) {
			for _, m := range command.FindAllStringSubmatch(quoted, -1) {
				words := strings.Fields(m[1])
				out := help(words[:1]...)
				if strings.Contains(out, "Commands:") && len(words) == 2 {
					out = help(words...)
				}
				if n++; !strings.Contains(out, "Usage: sluis "+words[0]) {
					t.Errorf("%s: there is no command %q", name, m[0])
				}
				for _, flag := range regexp.MustCompile(`--[a-z-]+`).FindAllString(m[2], -1) {
					if flag != "--help" && !strings.Contains(out, flag) {
						t.Errorf("%s: %q has no flag %s", name, m[0], flag)
					}
				}
			}
		}
	}
	if n < 40 {
		t.Errorf("found %d commands in the documents, want those of everyday work", n)
	}
}

// TestTheReadmeIsShort: it is a newcomer's page.
func TestTheReadmeIsShort(t *testing.T) {
	info, err := os.Stat("../../README.md")
	if err != nil || info.Size() > 10_000 {
		t.Errorf("got %d bytes, %v, want at most 10,000", info.Size(), err)
	}
}
