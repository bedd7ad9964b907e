package splitmail

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func open(t *testing.T, path, key string) *Memory {
	t.Helper()
	m, err := Open(path, []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// A message is known for five days, through a restart, by its sender and identity together (C3.2g).
func TestAMessageIsKnownForFiveDays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "split.db")
	m := open(t, path, "key")
	if m.Knows("juf@school.example", "<1@x>") {
		t.Error("an empty memory knows a message")
	}
	if err := m.Remember(t.Context(), "juf@school.example", "<1@x>", true); err != nil {
		t.Fatal(err)
	}
	m.Close()
	m = open(t, path, "key")
	for _, tc := range []struct {
		sender, identity string
		want             bool
	}{
		{"juf@school.example", "<1@x>", true},
		{"juf@school.example", "<2@x>", false},
		{"jan@school.example", "<1@x>", false},
		{"juf@school.example<", "1@x>", false},
		{"", "juf@school.example<1@x>", false},
	} {
		if got := m.Knows(tc.sender, tc.identity); got != tc.want {
			t.Errorf("%s %s: known %v, want %v", tc.sender, tc.identity, got, tc.want)
		}
	}
	if open(t, path, "other").Knows("juf@school.example", "<1@x>") {
		t.Error("another key knows the message")
	}
	start := time.Now()
	m.now = func() time.Time { return start.Add(Keep - time.Minute) }
	if !m.Knows("juf@school.example", "<1@x>") {
		t.Error("not known for as long as senders try")
	}
	m.now = func() time.Time { return start.Add(Keep + time.Minute) }
	if m.Knows("juf@school.example", "<1@x>") {
		t.Error("known for longer than five days")
	}
	if err := m.Expire(t.Context()); err != nil || len(m.marks) != 0 || m.count[true] != 0 {
		t.Errorf("%d messages are left, %v, want none", len(m.marks), err)
	}
	m.Close()
	if m := open(t, path, "key"); len(m.marks) != 0 {
		t.Error("forgotten in memory alone")
	}
}

// Nothing of who wrote is in the file.
func TestTheFileNamesNobody(t *testing.T) {
	dir := t.TempDir()
	m := open(t, filepath.Join(dir, "split.db"), "key")
	if err := m.Remember(t.Context(), "canary@school.example", "<canary@x>", true); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err != nil || bytes.Contains(b, []byte("canary")) {
			t.Errorf("%s: %v, want a file without the address", filepath.Base(f), err)
		}
	}
}

// Strangers push out each other only.
func TestStrangersPushOutNoneOfOurOwn(t *testing.T) {
	m := open(t, filepath.Join(t.TempDir(), "split.db"), "key")
	if err := m.Remember(t.Context(), "juf@school.example", "<1@x>", true); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	for i := range maxStrangers { // as if they had come, a second apart
		at := start.Add(time.Duration(i-maxStrangers) * time.Second)
		m.marks[m.mark("x@y", fmt.Sprint(i))] = known{at, false}
	}
	m.count[false] = maxStrangers
	if err := m.Remember(t.Context(), "x@y", "new", false); err != nil {
		t.Fatal(err)
	}
	if n := m.count[false]; n > maxStrangers || n < maxStrangers/2 {
		t.Errorf("%d of strangers, want at most %d and not much less", n, maxStrangers)
	}
	for sender, identity := range map[string]string{"juf@school.example": "<1@x>", "x@y": "new"} {
		if !m.Knows(sender, identity) {
			t.Errorf("%s is pushed out", sender)
		}
	}
	if m.Knows("x@y", "0") || !m.Knows("x@y", fmt.Sprint(maxStrangers-1)) {
		t.Error("the newest went, and not the oldest")
	}
}
