package wire

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// FuzzFraming checks that framing does not depend on how the network cuts a body, that data
// ends at the first CRLF "." CRLF and nowhere else, and that just the stuffing is lost.
func FuzzFraming(f *testing.F) {
	for _, s := range []string{
		"x\r\n.\r\n", ".\r\n", "x\r\r\n.\r\nMAIL", "\n.\r\n", "\r\n.\n\r\n.\r\n", "..\r\n.\rY\r\n.\r\n",
		".\r\r\n.\r\n", ".\r.\r\n.\r\n",
	} {
		f.Add([]byte(s), []byte{0}, uint8(2))
		f.Add([]byte(s), []byte{3, 1}, uint8(9))
	}
	f.Fuzz(func(t *testing.T, raw, steps []byte, size uint8) {
		run := func(f *framer, steps []byte, room int) (out []byte, read int, end bool) {
			dst := make([]byte, room)
			for i := 0; read < len(raw); {
				n := len(raw) - read
				if len(steps) > 0 {
					n = min(n, int(steps[i%len(steps)])+1)
					i++
				}
				nd, ns, done := f.data(dst, raw[read:read+n])
				if nd == 0 && ns == 0 {
					t.Fatal("stands still")
				}
				out, read = append(out, dst[:nd]...), read+ns
				if done {
					return out, read, true
				}
			}
			return out, read, false
		}
		var whole, pieces framer
		out1, read1, end1 := run(&whole, nil, 2*len(raw)+2)
		out2, read2, end2 := run(&pieces, steps, int(size)%100+2)
		if !bytes.Equal(out1, out2) || read1 != read2 || end1 != end2 || whole != pieces {
			t.Fatalf("%q: %q %d %v, in pieces %q %d %v", raw, out1, read1, end1, out2, read2, end2)
		}
		i := bytes.Index(append([]byte("\r\n"), raw...), []byte("\r\n.\r\n"))
		if (i >= 0) != end1 || end1 && read1 != i+3 {
			t.Fatalf("%q ends at %d (%v), want %d", raw, read1, end1, i)
		}
		if !end1 {
			return
		}
		content := raw[:read1-3]
		want := bytes.ReplaceAll(append([]byte("\r\n"), content...), []byte("\r\n."), []byte("\r\n"))[2:]
		if !bytes.Equal(out1, want) {
			t.Fatalf("%q became %q, want %q", raw[:read1], out1, want)
		}
		lone := regexp.MustCompile(`(\n\.\n|[^\r]\n\.\r\n)`)
		if got := lone.Match(append([]byte("\r\n"), raw[:read1]...)); got != whole.smuggled {
			t.Fatalf("smuggled %v in %q", whole.smuggled, raw[:read1])
		}
	})
}

// FuzzPath checks that what is passed on to the next hop is one path and nothing else.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"a@b", `"a b"@c`, `"a\"@b> SIZE=1"@c`, "postmaster", "@a:b@c", "a@[127.0.0.1]", "é@ü.example", "<a@b>", `"\`, "a@b>x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		raw, rest, ok := cutPath("<" + s + "> SIZE=1")
		if !ok {
			return
		}
		p, ok := ParsePath(raw)
		if !ok {
			return
		}
		if strings.ContainsFunc(raw, control) {
			t.Fatalf("control character in %q", raw)
		}
		again, params, ok := cutPath("<" + p.Raw + ">")
		if !ok || again != p.Raw || params != "" {
			t.Fatalf("%q is read as %q and %q", p.Raw, again, params)
		}
		if raw == s && rest != "SIZE=1" {
			t.Fatalf("parameters %q", rest)
		}
		if p.Domain != "" && strings.ContainsAny(p.Domain, " <>\"@%") {
			t.Fatalf("domain %q", p.Domain)
		}
	})
}

// FuzzArguments checks that what the client wrote comes through go-smtp's syntax unchanged.
func FuzzArguments(f *testing.F) {
	for _, s := range []string{"", "a@b", `"a b> SIZE=1"@c`, "postmaster", "é@ü.example"} {
		f.Add(s, "SIZE=1 BODY=8BITMIME")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, path, params string) {
		if strings.ContainsFunc(path+params, control) {
			return // no such line gets so far
		}
		want := Arguments{path, strings.Fields(params)}
		token := want.token()
		special := func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("<>()[]:;,\\\"", c) }
		if strings.ContainsFunc(token, special) {
			t.Fatalf("%q is no plain path", token)
		}
		got, ok := ParseArguments(token)
		if !ok || got.Path != want.Path || strings.Join(got.Params, " ") != strings.Join(want.Params, " ") {
			t.Fatalf("%q came back as %q, want %q", token, got, want)
		}
	})
}
