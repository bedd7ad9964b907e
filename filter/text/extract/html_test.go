package extract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

func page(t testing.TB, s string) shown {
	t.Helper()
	return showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+s)
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
			if got := fields(s.by[text.HTML]); got != c.visible {
				t.Errorf("visible %q, want %q", got, c.visible)
			}
			if got := fields(s.by[text.Hidden]); !strings.Contains(got, c.hidden) {
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
		if got := page(t, p).by[text.HTML]; got != want {
			t.Errorf("%.80q is shown as %q, want %q", p, got, want)
		}
	}
}

func fields(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestLinksAreListed(t *testing.T) {
	s := page(t, `<a href="http://a.example/?x=1&amp;y=2"><b>www.</b>b.example</a> `+
		`<a href=x>een<br>twee</a><a name=y>z</a>`)
	want := []text.Link{{Text: "www.b.example", Target: "http://a.example/?x=1&y=2"}, {Text: "een twee", Target: "x"}}
	if got := s.report.Links; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%d links: %q %q", len(got), got[0].Text.Reveal(), got[0].Target.Reveal())
	}
}

// A list of bookmarks has thousands of links to hundreds of sites; a flood of links is on purpose, and named as such.
func TestManyLinksHideNone(t *testing.T) {
	links := func(n int, form string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, form, i, i%700)
		}
		return b.String()
	}
	last := `<a href="https://kwaad.example/">bank.example</a>`
	for name, c := range map[string]struct {
		page    string
		links   int
		hostile bool
	}{
		"the same":          {strings.Repeat("<a href=x>y</a>", 5000), 1, false},
		"bookmarks":         {links(9000, `<a href="https://a%[2]d.example/les/%[1]d">Les %[1]d</a>`), 700, false},
		"a long letter":     {links(9000, `<a href="https://klik.example/c/%[1]d?q=%[2]d">Lees meer</a>`), 1, false},
		"addresses":         {links(4000, `<a href="https://a%[1]d.example/%[2]d">www.a%[1]d.example</a>`), 4000, false},
		"too many":          {links(20_000, `<a href="https://a%[1]d.example/%[2]d">Les</a>`), text.MaxLinks, true},
		"too many, as text": {links(20_000, `<a href="https://a.example/%[1]d">a%[1]d.example%[2]d</a>`), text.MaxLinks, true},
	} {
		s := page(t, c.page+last)
		found := slices.Contains(s.report.Links, text.Link{Text: "bank.example", Target: "https://kwaad.example/"})
		if n := len(s.report.Links); !c.hostile && (!found || n != c.links+1) || c.hostile && n != c.links {
			t.Errorf("%s: %d links, the last one found: %v, want %d", name, n, found, c.links)
		}
		if s.report.Has(text.HostileSize) != c.hostile || s.report.Incomplete != c.hostile {
			t.Errorf("%s: doubts %v, incomplete %v", name, s.report.Doubts, s.report.Incomplete)
		}
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
			if role := text.HTML; name == "an attribute that hides" {
				role = text.Hidden
				if !strings.Contains(s.by[role], "wachtwoord") {
					t.Error("hidden")
				}
			} else if !strings.Contains(s.by[role], "wachtwoord") {
				t.Error("hidden")
			}
		})
	}
}
