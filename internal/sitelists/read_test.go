package sitelists

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// TestABombIsNotUnpacked: a little that becomes a lot.
func TestABombIsNotUnpacked(t *testing.T) {
	const limit = 1 << 20
	bomb := bytes.Repeat([]byte("a.example\n"), 3*limit/10)
	for name, tt := range map[string]struct {
		category string
		body     []byte
	}{
		"list":    {"games", zipped(bomb)},
		"archive": {"", tarball(map[string][]byte{"blacklists/games/domains": bomb})},
		"padding": {"", tarball(map[string][]byte{"blacklists/games/expressions": bytes.Repeat([]byte{0}, 3*limit)})},
	} {
		taken := 0
		_, err := read(tt.category, bytes.NewReader(tt.body), limit, nil, func(string, string) { taken++ })
		if !errors.Is(err, errTooLarge) || taken > limit/10+1 || len(tt.body) > limit/10 {
			t.Errorf("%s: %v, %d names, %d bytes", name, err, taken, len(tt.body))
		}
	}
	if _, err := read("games", bytes.NewReader(zipped(bomb)), int64(len(bomb)), nil,
		func(string, string) {}); err != nil {
		t.Errorf("as large as may be: %v", err)
	}
}

// TestNamesOfCategories: an archive can name its directories as it likes.
func TestNamesOfCategories(t *testing.T) {
	for _, c := range []string{"", "/", ".", "..", "a\nb", "<script>", strings.Repeat("a", 65)} {
		_, err := read(
			"",
			bytes.NewReader(tarball(map[string][]byte{"blacklists/" + c + "/domains": []byte("a.example\n")})),
			maxList,
			nil,
			func(category, _ string) {
				if !isCategory(category) {
					t.Errorf("%q is taken", category)
				}
			},
		)
		if c != "" && c != "/" && c != "." && err == nil {
			t.Errorf("%q: no error", c)
		}
	}
	if _, err := read("", bytes.NewReader(tarball(map[string][]byte{"/domains": []byte("a.example\n")})), maxList, nil,
		func(string, string) {}); err == nil {
		t.Error("a list without a category is taken")
	}
}

// FuzzRead: whatever comes in the place of a list, names are taken or there is an error.
func FuzzRead(f *testing.F) {
	f.Add("games", names("game", 3))
	f.Add(
		"",
		tarball(
			map[string][]byte{
				"blacklists/games/domains": names("game", 3),
				"blacklists/games/urls":    []byte("host.example/games\n"),
			},
		),
	)
	f.Add("games", zipped(names("game", 3)))
	f.Add("", []byte("<!DOCTYPE html>"))
	f.Fuzz(func(t *testing.T, category string, b []byte) {
		const limit = 64 << 10
		bytesTaken := 0
		read(category, bytes.NewReader(b), limit, nil, func(c, name string) {
			if bytesTaken += len(name); bytesTaken > 4*limit { // names in other alphabets grow
				t.Fatalf("%d bytes of names out of %d", bytesTaken, limit)
			}
			if !isCategory(c) || name == "" || name[0] == '@' || strings.Contains(name, "\n") {
				t.Fatalf("%q in %q cannot be kept", name, c)
			}
		})
	})
}
