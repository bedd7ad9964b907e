package testenv

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Canary returns a word that occurs nowhere else, another one each time. A test puts it into every place of a
// message or request, and searches for it where no content may be. It looks like a word, so that no rule takes it
// for a password.
func Canary() string { return "Kanarie" + word(10) }

// word returns a random word of n syllables.
func word(n int) string {
	b := make([]byte, 0, 2*n)
	for range n {
		b = append(b, "bdfghklmnprstvwz"[rand.IntN(16)], "aeiou"[rand.IntN(5)])
	}
	return string(b)
}

// CanaryForms are a canary as storage formats may write it, by the name of the form.
func CanaryForms(canary string) map[string][]byte {
	all := map[string][]byte{
		"plain":  []byte(canary),
		"upper":  []byte(strings.ToUpper(canary)),
		"hex":    []byte(hex.EncodeToString([]byte(canary))),
		"UTF-16": UTF16(canary),
	}
	for shift := range 3 { // base64 depends on where the word starts
		enc := base64.StdEncoding.EncodeToString(append(make([]byte, shift), canary...))
		all[fmt.Sprintf("base64 at %d", shift)] = []byte(enc[4 : len(enc)-4])
	}
	return all
}

// UTF16 returns a text as UTF-16, little-endian.
func UTF16(text string) []byte {
	var wide []byte
	for _, u := range utf16.Encode([]rune(text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	return wide
}

// Sightings returns the forms in which a canary occurs in b.
func Sightings(canary string, b []byte) []string {
	var seen []string
	for name, form := range CanaryForms(canary) {
		if bytes.Contains(b, form) || name == "plain" && bytes.Contains(bytes.ToLower(b), bytes.ToLower(form)) {
			seen = append(seen, name)
		}
	}
	return seen
}

// SearchFiles searches the content and the names of all files below a directory, which may change meanwhile, and
// returns the path of each in which search finds something, with that.
func SearchFiles(dir string, search func([]byte) []string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() { // a socket holds nothing
			return nil
		}
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if s := search(append(b, d.Name()...)); len(s) > 0 {
			found = append(found, fmt.Sprintf("%s, as %v", path, s))
		}
		return nil
	})
	return found, err
}
