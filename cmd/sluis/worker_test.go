package main_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// hungry is a 7z archive whose file asks its reader for 4 GB of memory.
const hungry = "N3q8ryccAARSz1w4CgAAAAAAAAA2AAAAAAAAACV9pzsAAQIDBAUGBwgJAQQGAAEJCgAHCwEAASMDBAEFBgAAAPAM" +
	"CgAICgEBAAAAAAAFARENAGEALgB0AHgAdAAAAAAA"

// attached is a letter with a file.
func attached(name, content64, body string) string {
	return fmt.Sprintf("Subject: a\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n%s\n"+
		"--b\nContent-Type: application/octet-stream; name=%s\nContent-Transfer-Encoding: base64\n\n%s\n--b--\n", body,
		name, content64)
}

// What is in a PDF is found by the process that reads it; a file that fells that process
// is reported as not inspected, and neither the rest of its message nor the next message
// suffers (C3.3b).
func TestAFileThatFellsItsReaderStopsNothing(t *testing.T) {
	secret := "Het wachtwoord is Zomer2026!geheim"
	pdf := "%PDF-1.4\n1 0 obj\n<<>>\nstream\nBT (" + secret + ") Tj ET\nendstream\nendobj\n%%EOF\n"
	check := func(m string) string {
		out, stderr, code := run(t, m, "check", "--all-purposes", "-")
		if code != 0 && code != 3 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
		return out
	}
	inPDF := attached("brief.pdf", base64.StdEncoding.EncodeToString([]byte(pdf)), harmless)
	if out := check(inPDF); !strings.Contains(out, "leak.credentials") {
		t.Errorf("a PDF: %s", out)
	}
	out := check(attached("lijst.7z", hungry, secret))
	if !strings.Contains(out, "reader-failed") || !strings.Contains(out, "leak.credentials") {
		t.Errorf("a file that asks for memory: %s", out)
	}

	sink := testenv.StartSink(t)
	g := newGateway(t, settings{nextHop: sink.Addr()})
	for _, m := range []string{attached("lijst.7z", hungry, harmless), inPDF, attached("lijst.7z", hungry, secret)} {
		if reply := g.try(teacher, []string{parent}, m); reply[0] != '2' {
			t.Errorf("%q", reply)
		}
	}
	var ruled []string
	for _, h := range g.held() {
		ruled = append(ruled, h.Rule)
	}
	if n := len(slices.DeleteFunc(ruled, func(rule string) bool {
		return !strings.HasPrefix(rule,
			"leak.credentials")
	})); n != 2 {
		t.Errorf("%d held for what they say, want 2: %v", n, ruled)
	}
}
