package text

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func page(t testing.TB, s string) shown {
	t.Helper()
	return message(t, "Content-Type: text/html; charset=utf-8\n\n"+s)
}

func TestHTMLIsReadAsAPersonSeesIt(t *testing.T) {
	for _, c := range []struct{ name, page, visible, hidden string }{
		{"words go on over tags", "wacht<b>wo</b><span class='x'>or</span>d", "wachtwoord", ""},
		{"blocks end words", "<p>een</p><p>twee</p>drie<br>vier<div>vijf</div>", "een twee drie vier vijf", ""},
		{"cells end words", "<table><tr><td>een<td>twee</table>", "een twee", ""},
		{"a break that may be", "wacht<wbr>woord", "wachtwoord", ""},
		{"entities", "priv&eacute;&nbsp;&amp; &#119;acht&#x77;oord &lt;b&gt; &ampx &unknown; & &", "privé & wachtwoord <b> &x &unknown; & &", ""},
		{"a comment in a word", "wacht<!-- x -->woord", "wachtwoord", "x"},
		{"an empty comment that ends at once", "<!-->wachtwoord", "wachtwoord", ""},
		{"another one", "<!--->wachtwoord", "wachtwoord", ""},
		{"a comment that ends oddly", "<!-- x --!>wachtwoord", "wachtwoord", "x"},
		{"a comment without an end", "een<!-- wachtwoord", "een", "wachtwoord"},
		{"a declaration", "<!doctype html><?x y?></ z>een", "een", "doctype html x y? z"},
		{"invisible text", "een<span style='color:red; DISPLAY : none'>wachtwoord</span>twee", "eentwee", "wachtwoord"},
		{"invisible text with elements in it", "<div hidden>een<div>twee</div>drie</div>vier", "vier", "een twee drie"},
		{"text of no size", "<font style='font-size:0px'>een</font><i style='opacity: 0.0'>twee</i><b style='font-size:10px'>drie</b>", "drie", "een twee"},
		{"a template", "<template>een</template>twee", "twee", "een"},
		{"a script and a style", "<style>p{}</style><script>if (a<b) x('</p>')</script>een", "een", "p{} if (a<b) x('</p>')"},
		{"for readers without scripts", "<noscript>wacht<b>woord</b></noscript>", "wachtwoord", ""},
		{"a title", "<title>een<!--</title>twee", "een<!-- twee", ""},
		{"attributes that hold text", `<img src="cid:1" alt="een &amp; twee" title=drie><input value='vier'>`, "", "cid:1 een & twee drie vier"},
		{"a tag without an end", "een<b title=wachtwoord", "een", "<b title=wachtwoord"},
		{"a tag that is none", "1 < 2 <3 <", "1 < 2 <3 <", ""},
		{"a zero byte", "wacht\x00woord", "wachtwoord", ""},
		{"what Outlook reads", "<!--[if mso]><p>wacht<b>woord</b></p><![endif]-->een", "een", "wachtwoord"},
		{"what others read", "<![if !mso]>wachtwoord<![endif]>", "wachtwoord", ""},
		{"a > in an attribute", `<a title="a>b" href='x'>een</a>`, "een", "a>b x"},
		{"capitals", "<STYLE>x</STYLE ><B>een</B>", "een", "x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := page(t, c.page)
			if got := fields(s.by[HTML]); got != c.visible {
				t.Errorf("visible %q, want %q", got, c.visible)
			}
			if got := fields(s.by[Hidden]); !strings.Contains(got, c.hidden) {
				t.Errorf("hidden %q, want %q in it", got, c.hidden)
			}
		})
	}
}

// A phrase goes on where a line of the source ends; rows and what is preformatted do not.
func TestWhiteSpaceIsAsItIsDisplayed(t *testing.T) {
	for p, want := range map[string]string{
		"<p>een\r\n   phrase   <b> of</b>\tmore</p>":      "\neen phrase of more\n",
		"<tr>\n <td>een</td>\n <td>twee</td>\n</tr>":      "\n\neen\n\ntwee\n\n",
		"<pre>een;twee\n  drie\n</pre>vier\n\nvijf":       "\neen;twee\n  drie\n\nvier vijf",
		"een&nbsp; twee &#32; drie":                       "een\u00a0 twee drie",
		" een " + strings.Repeat(" \n", 20_000) + "twee ": " een twee ",
	} {
		if got := page(t, p).by[HTML]; got != want {
			t.Errorf("%.80q is shown as %q, want %q", p, got, want)
		}
	}
}

func fields(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestLinksAreListed(t *testing.T) {
	s := page(t, `<a href="http://a.example/?x=1&amp;y=2"><b>www.</b>b.example</a> <a href=x>een<br>twee</a><a name=y>z</a>`)
	want := []Link{{"www.b.example", "http://a.example/?x=1&y=2"}, {"een twee", "x"}}
	if got := s.report.Links; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%d links: %q %q", len(got), got[0].Text.Reveal(), got[0].Target.Reveal())
	}
	s = page(t, strings.Repeat("<a href=x>y</a>", 5000))
	if len(s.report.Links) != MaxListed || !s.report.Incomplete {
		t.Errorf("%d links, incomplete %v", len(s.report.Links), s.report.Incomplete)
	}
}

// Pictures stand in pages as attributes of megabytes; what follows them counts.
func TestALongTokenHidesNothing(t *testing.T) {
	long := strings.Repeat("QUJD", 200_000)
	for name, p := range map[string]string{
		"an attribute":            `<img src="data:image/png;base64,` + long + `">wachtwoord`,
		"an attribute with a >":   `<img src="data:>` + long + `">wachtwoord`,
		"an unquoted one":         `<img src=` + long + `>wachtwoord`,
		"a name":                  `<` + long + `>wachtwoord`,
		"a comment":               `<!--` + long + `-->wachtwoord`,
		"a condition":             `<!--[if x]>` + long + `<![endif]-->wachtwoord`,
		"a style":                 `<style>` + long + `</style>wachtwoord`,
		"a text without tags":     long + ` wachtwoord`,
		"a declaration":           `<!x ` + long + `>wachtwoord`,
		"an attribute that hides": `<img alt="wachtwoord` + long + `">`,
	} {
		t.Run(name, func(t *testing.T) {
			s := page(t, p)
			if role := HTML; name == "an attribute that hides" {
				role = Hidden
				if !strings.Contains(s.by[role], "wachtwoord") {
					t.Error("hidden")
				}
			} else if !strings.Contains(s.by[role], "wachtwoord") {
				t.Error("hidden")
			}
		})
	}
}

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
			if name, _ := z.TagName(); string(name) == "noscript" || string(name) == "noembed" || string(name) == "noframes" {
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
		"&amp;&#x41;&eacute;&nbsp", "<a/b=c>d", "<a b = 'c' d>e", "</x y>z", "<![CDATA[x]]>y", "<?x>y", "a<", "a</", "a<!", "<textarea>&lt;</textarea>",
		"<a b=c/>d", "<a b='c'd>e", "<noscript><b>x</b></noscript>", "<plaintext><b>x", "<xmp><b></xmp>y", "<iframe><b></iframe>c", "<!--x--!>y", "<a\x00b>c",
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
