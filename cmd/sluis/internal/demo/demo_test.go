package demo

import (
	"bytes"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
)

func TestDayIsWellFormedMail(t *testing.T) {
	for _, m := range Day() {
		if _, err := mail.ReadMessage(bytes.NewReader(m.Data)); err != nil {
			t.Errorf("%s %s: %v", m.Clock, m.Story, err)
		}
		if bytes.Contains(bytes.ReplaceAll(m.Data, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s %s: has bare line feeds", m.Clock, m.Story)
		}
		for _, a := range append(m.To, m.From) {
			if !strings.HasSuffix(a, ".example") {
				t.Errorf("%s %s: an address outside .example", m.Clock, m.Story)
			}
		}
	}
}

func TestNumbersPassTheElevenTestAndDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		n := newBSN()
		sum := 0
		for i, w := range []int{9, 8, 7, 6, 5, 4, 3, 2, -1} {
			sum += int(n[i]-'0') * w
		}
		if len(n) != 9 || sum%11 != 0 {
			t.Fatalf("%s does not pass", n)
		}
		seen[n] = true
	}
	if len(seen) < 90 {
		t.Errorf("only %d different numbers of 100", len(seen))
	}
}

func TestMaildirKeepsEveryByte(t *testing.T) {
	m, err := OpenMaildir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sent := "Subject: x\r\n\r\n.starts with a dot\r\n" + strings.Repeat("long", 5000) + "\r\n\r\n"
	c, err := smtp.Dial(m.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("a@b.example", []string{"c@d.example"}, strings.NewReader(sent)); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(m.Dir())
	if err != nil || len(files) != 1 || m.Filed() != 1 {
		t.Fatalf("%d files, %d filed, %v", len(files), m.Filed(), err)
	}
	got, err := os.ReadFile(filepath.Join(m.Dir(), files[0].Name()))
	if err != nil || string(got) != sent {
		t.Errorf("filed %q, %v", got, err)
	}
}

func TestComparisonSeesAnAlteredMessage(t *testing.T) {
	for name, tc := range map[string]struct {
		filed string
		want  bool
	}{
		"as sent":             {"Received: by x\r\n\tid 1\r\nSubject: a\r\n\r\nb\r\n", true},
		"a byte more":         {"Received: by x\r\n\tid 1\r\nSubject: a\r\n\r\nb \r\n", false},
		"another field first": {"Received: by x\r\n\tid 1\r\nX: y\r\nSubject: a\r\n\r\nb\r\n", false},
	} {
		dir := t.TempDir()
		m, err := OpenMaildir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := os.WriteFile(filepath.Join(m.Dir(), "1"), []byte(tc.filed), 0o600); err != nil {
			t.Fatal(err)
		}
		p := Player{NextHop: m}
		if got := p.unaltered([]byte("Subject: a\r\n\r\nb\r\n")); got != tc.want {
			t.Errorf("%s: unaltered = %v", name, got)
		}
	}
}
