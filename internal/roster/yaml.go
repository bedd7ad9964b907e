package roster

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"sluis/internal/strictyaml"
)

// parseYAML reads the YAML form.
func parseYAML(name string, text []byte) (*file, error) {
	if err := shallow(name, text); err != nil {
		return nil, err
	}
	var f file
	if err := (strictyaml.File{Name: name, Text: text}).Decode(&f); err != nil {
		return nil, impersonal(err)
	}
	return &f, nil
}

const (
	maxLine  = 4096 // bytes
	maxDepth = 32   // of brackets
)

// shallow refuses what would cost the YAML parser time and memory without bound, and a
// second document, which it would pass over.
func shallow(name string, text []byte) error {
	depth, n, begun := 0, 0, false
	for line := range strings.Lines(string(text)) {
		n++
		if mark := strings.TrimSpace(line); begun && strings.HasPrefix(line, "---") || strings.HasPrefix(line, "...") {
			return fmt.Errorf("%s:%d:1: a second document begins here: one file is one roster", name, n)
		} else if mark != "" && mark[0] != '#' {
			begun = true
		}
		if len(line) > maxLine {
			return fmt.Errorf(
				"%s:%d:1: the line is longer than %d characters: write one person on a line",
				name,
				n,
				maxLine,
			)
		}
		for i := range len(line) {
			switch line[i] {
			case '[', '{':
				depth++
			case ']', '}':
				depth = max(0, depth-1)
			}
			if depth > maxDepth {
				return fmt.Errorf("%s:%d:%d: brackets in brackets, more than %d deep", name, n, i+1, maxDepth)
			}
		}
	}
	return nil
}

var quotation = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`")

// impersonal keeps of an error of the YAML parser where and what, and drops the lines of
// the file and whatever it quotes: they are about people.
func impersonal(err error) error {
	message, _, _ := strings.Cut(err.Error(), "\n")
	message = quotation.ReplaceAllString(message, "(hidden)")
	if strings.Contains(message, "unknown key") {
		message = message[:strings.Index(message, "unknown key")] + "unknown key: a roster has domains, groups " +
			"(name, kind, size, networks), confidential-roles, people (name, address, aliases, group, role), " +
			"people-file and lists (address, members)"
	}
	return errors.New(message)
}
