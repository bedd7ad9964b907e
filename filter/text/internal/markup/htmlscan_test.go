package markup

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// visibleByLibrary returns the text of the tokens of golang.org/x/net/html.
func visibleByLibrary(b string) string {
	z := html.NewTokenizer(strings.NewReader(b))
	var s strings.Builder
	for {
		switch z.Next() {
		case html.ErrorToken:
			return s.String()
		case html.TextToken:
			s.Write(z.Text())
		case html.StartTagToken:
			if name, _ := z.TagName(); string(name) == "noscript" || string(name) == "noembed" ||
				string(name) == "noframes" {
				z.NextIsNotRawText()
			}
		}
	}
}

// letters keeps what the readers must agree on.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// FuzzHTML holds the scanner to the text that golang.org/x/net/html sees, whether it is
// fed whole or byte by byte.
func FuzzHTML(f *testing.F) {
	for _, s := range []string{
		"wacht<b>woord</b>", "<p title='a>b'>x</p>", "<!-- x -->y", "<!-->y", "<script>a<b</script>c", "<style>x", "<title>a<b></title>c",
		"&amp;&#x41;&eacute;&nbsp", "<a/b=c>d", "<a b = 'c' d>e", "</x y>z", "<![CDATA[x]]>y", "<?x>y", "a<", "a</",
		"a<!", "<textarea>&lt;</textarea>",
		"<a b=c/>d", "<a b='c'd>e", "<noscript><b>x</b></noscript>", "<plaintext><b>x", "<xmp><b></xmp>y",
		"<iframe><b></iframe>c", "<!--x--!>y", "<a\x00b>c",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4000 {
			return // beyond the buffer a tag is read in pieces
		}
		whole, bytewise := new(recorder), new(recorder)
		scanAll(t, whole, strings.NewReader(s))
		scanAll(t, bytewise, oneByte{strings.NewReader(s)})
		if whole.seen.String() != bytewise.seen.String() {
			t.Errorf("whole %q, byte by byte %q", whole.seen.String(), bytewise.seen.String())
		}
		if l := strings.ToLower(s); strings.Contains(l, "<!--") && strings.Contains(l, "script") {
			return // scripts in comments in scripts: here more of them is text
		}
		if got, want := letters(whole.texts.String()), letters(visibleByLibrary(s)); got != want {
			t.Errorf("text %q, the library sees %q", got, want)
		}
	})
}
