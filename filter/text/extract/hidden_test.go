package extract

import (
	"fmt"
	"strings"
	"testing"

	"sluis/filter/text"
)

// What nobody sees does not cut a word, and is read as well; letters within a word are a mark of a trick (C3.3a).
func TestTextThatNobodySeesCutsNoWord(t *testing.T) {
	span := func(style string) string { return `<p>Je bent een kloot<span style="` + style + `">xx</span>zak</p>` }
	sheet := func(css, attribute string) string {
		return "<style>" + css + "</style><p>Je bent een kloot<span " + attribute + ">xx</span>zak</p>"
	}
	for name, page := range map[string]string{
		"a tenth of a point":         span("font-size:0.1pt"),
		"a pixel":                    span("font-size: 1px"),
		"a share of the size":        span("font-size:5%"),
		"a share of a small size":    `<div style="font-size:10px">` + span("font-size:.1em") + `</div>`,
		"nothing":                    span("font-size:0"),
		"all of a font":              span("font: bold 0/0 a"),
		"not displayed":              span("DISPLAY : NONE"),
		"not displayed, for all":     span("display:none !important;display:inline"),
		"not visible":                span("visibility:hidden"),
		"transparent":                span("opacity:0"),
		"nearly transparent":         span("opacity: 2%"),
		"a transparent ink":          span("color:transparent"),
		"an ink of no strength":      span("color:rgba(0,0,0,0)"),
		"white on white":             span("color:#fff"),
		"nearly white":               span("color:#fdfdfe"),
		"white by number":            span("color:rgb(255, 255, 255)"),
		"white by hue":               span("color:hsl(0,0%,100%)"),
		"white by name":              span("color:White"),
		"its own paper":              span("color:#123456;background-color:#123456"),
		"its own paper, in one":      span("color:red;background:red none"),
		"away":                       span("position:absolute;left:-9999px"),
		"away by its margin":         span("position:absolute; margin-left:-2000px"),
		"away by its indent":         span("display:inline-block;text-indent:-999em"),
		"moved away":                 span("display:inline-block;transform:translateX(-9999px)"),
		"cut off":                    span("display:inline-block;width:0;overflow:hidden"),
		"clipped":                    span("position:absolute;clip:rect(0 0 0 0)"),
		"clipped otherwise":          span("clip-path: inset(50%)"),
		"as Outlook hides":           span("mso-hide:all"),
		"by its attribute":           `<p>Je bent een kloot<span hidden>xx</span>zak</p>`,
		"by the colour of its font":  `<p>Je bent een kloot<font color=ffffff>xx</font>zak</p>`,
		"on the paper of its cell":   `<table bgcolor="#336699"><tr><td>` + span("color:#336699") + `</td></tr></table>`,
		"in an element of its own":   `<p>Je bent een kloot<x-y style="display:none">xx</x-y>zak</p>`,
		"with entities in its style": span("font&#45;size:0"),
		"by a class":                 sheet(".q{display:none}", "class=q"),
		"by one class of several":    sheet("/* x */ .a, .q { color : red ; font-size : 0 }", `class="b Q"`),
		"by its element":             sheet("p span{font-size:1px}", ""),
		"by its identifier":          sheet("#q{visibility:hidden}", "id=q"),
		"by two classes":             sheet("span.a.b{opacity:0}", `class="a b"`),
		"by what it is in":           `<style>.o .q{display:none}</style><div class=o>` + span(`" class="q`) + `</div>`,
		"on a screen":                sheet("@media screen { .q{display:none} }", "class=q"),
		"on a wide screen":           sheet("@media (min-width: 100px) { .q{display:none} }", "class=q"),
		"in a comment of the sheet":  sheet("<!-- .q{display:none} -->", "class=q"),
		"by an escape in a name":     sheet(`.q{d\69splay:none}`, "class=q"),
		"by an escape in a value":    sheet(`.q{display:\6e one}`, "class=q"),
		"by an escape in a class":    sheet(`.\71 {display:n\00006fne}`, "class=q"),
		"by an escaped letter":       sheet(`.q{dis\play:no\ne}`, "class=q"),
		"by an escape in its style":  span(`d\69splay:\00006eone`),
		"by all elements":            `<style>i *{display:none}</style><p>Je bent een <i>kloot<b>xx</b>zak</i></p>`,
		"after elements without end": `<p style="display:none">weg<p>Je bent een kloot<span hidden>xx</span>zak`,
		"deep in others":             strings.Repeat("<div>", 600) + span("display:none"),
	} {
		t.Run(name, func(t *testing.T) {
			s := showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+page)
			if !strings.Contains(s.by[text.HTML], "klootzak") {
				t.Errorf("%q does not have the word that is seen", s.by[text.HTML])
			}
			if h := fields(s.by[text.Hidden]); !strings.Contains(h, "klootxxzak") || !strings.Contains(h, " xx") {
				t.Errorf("%q has not all that is there, and what is not seen by itself", h)
			}
			if !s.report.Has(text.HiddenLetters) {
				t.Errorf("no mark of letters in a word: %v", s.report.Doubts)
			}
		})
	}
}

// What is seen is read as seen, however a newsletter is made; its hidden first line is no trick.
func TestWhatIsSeenInNewslettersIsReadAsSeen(t *testing.T) {
	for name, c := range map[string]struct{ page, seen string }{
		"a size of nothing around it": {`<td style="font-size:0px;padding:10px"><div style="font-size:13px;` +
			`color:#000">Beste ouders</div></td>`, "Beste ouders"},
		"a size in another unit":     {`<div style="font-size:0"><p style="font-size:1rem">Beste ouders</p></div>`, "Beste ouders"},
		"visible in what is not":     {`<div style="visibility:hidden"><b style="visibility:visible">Beste</b> x</div>`, "Beste"},
		"white on a colour":          {`<table bgcolor="#0a0"><tr><td><font color="#ffffff">Beste ouders</font></td></tr></table>`, "Beste ouders"},
		"white on a colour, styled":  {`<style>.k{background:#234 url()}.w{color:#fff}</style><div class="k"><a class=w href=x>Lees meer</a></div>`, "Lees meer"},
		"white on a picture":         {`<td background="http://a.example/b.jpg" style="color:#fff">Beste ouders</td>`, "Beste ouders"},
		"white on a picture, styled": {`<div style="background:url('data:image/png;base64,AA==') no-repeat;color:white">Beste ouders</div>`, "Beste ouders"},
		"white on a run of colours":  {`<div style="background-image:linear-gradient(90deg,#234,#345);color:white">Beste ouders</div>`, "Beste ouders"},
		"grey":                       {`<p style="color:#bbbbbb;font-size:10px">Afmelden</p>`, "Afmelden"},
		"hidden on small screens":    {`<style>@media only screen and (max-width:480px){.d{display:none!important}}</style><p class=d>Beste ouders</p>`, "Beste ouders"},
		"hidden on paper":            {`<style>@media print{.d{display:none}}</style><p class=d>Beste ouders</p>`, "Beste ouders"},
		"another state of a link":    {`<style>a:visited{color:#fff} a[x]{display:none}</style><a href=x>Beste ouders</a>`, "Beste ouders"},
		"an element of that class":   {`<style>div.q{display:none}</style><p class=q>Beste ouders</p>`, "Beste ouders"},
		"a later rule":               {`<style>.q{display:block;color:#fff}.q{color:#333}</style><p class=q>Beste ouders</p>`, "Beste ouders"},
		"a low box":                  {`<td height="1" style="height:1px;line-height:1px">Beste ouders</td>`, "Beste ouders"},
		"a style of many parts": {`<p style="margin:0 -10px;text-indent:-2em;position:relative;left:-5px;` +
			`overflow:hidden;width:100%;max-width:600px">Beste ouders</p>`, "Beste ouders"},
		"after a hidden block":   {`<div style="display:none">voorproefje</div><p>Beste ouders</p>`, "Beste ouders"},
		"a line without its end": {`<p style="display:none">voorproefje<p>Beste ouders`, "Beste ouders"},
		"cells without their ends": {`<table><tr><td style="display:none">voorproefje<td>Beste<tr><td>ouders</table>`,
			"Beste ouders"},
		"an end too many":     {`<div style="display:none">x</div></div></span><p>Beste ouders</p>`, "Beste ouders"},
		"an end in a cell":    {`<div style="display:none"><table><tr><td>x</div>y</td></tr></table></div>Beste`, "Beste"},
		"a block made inline": {`<div style="display:inline">Bes</div><div style="display:inline">te</div>`, "Beste"},
	} {
		t.Run(name, func(t *testing.T) {
			s := showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+c.page)
			if got := fields(s.by[text.HTML]); got != c.seen {
				t.Errorf("seen %q, want %q", got, c.seen)
			}
			if len(s.report.Doubts) > 0 {
				t.Errorf("doubts %v, want none", s.report.Doubts)
			}
		})
	}
}

// The first line that a mail program shows in its list is hidden in the letter in many ways, none of which is a trick.
func TestAPreheaderIsNoTrick(t *testing.T) {
	for i, style := range []string{
		"display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden",
		"display:none !important;visibility:hidden;mso-hide:all;font-size:1px",
		"color:transparent;visibility:hidden;opacity:0;height:0;width:0;max-height:0;overflow:hidden",
	} {
		for _, element := range []string{"div", "span"} {
			page := fmt.Sprintf(`<body><%s style="%s">Nieuws van groep 5&nbsp;&zwnj;&nbsp;&zwnj;</%s><div>`+
				`Beste ouders, lees<span style="font-size:0">&zwnj;</span>meer op www<span style="font-size:0px">.`+
				`</span>school.nl</div>`, element, style, element)
			s := showMessage(t, "Content-Type: text/html; charset=utf-8\n\n"+page)
			if len(s.report.Doubts) > 0 {
				t.Errorf("style %d, %s: doubts %v, want none", i, element, s.report.Doubts)
			}
			if !strings.Contains(s.by[text.Hidden], "Nieuws van groep 5") ||
				!strings.HasPrefix(fields(s.by[text.HTML]), "Beste ouders") {
				t.Errorf("style %d, %s: seen %q, hidden %q", i, element, s.by[text.HTML], s.by[text.Hidden])
			}
		}
	}
}

// A style sheet that is only there to cost is named as such, and what it would hide is read.
func TestAStyleSheetWithoutEndIsNamed(t *testing.T) {
	sheet := "<style>" + strings.Repeat(".a{color:red}", 2000) + ".q{display:none}</style>"
	s := showMessage(t, "Content-Type: text/html\n\n"+sheet+strings.Repeat("<b class=a>x</b>", 5000)+
		"<p class=q>wachtwoord</p>")
	if !s.report.Has(text.HostileSize) || !s.report.Incomplete || !strings.Contains(s.all(), "wachtwoord") {
		t.Errorf("doubts %v, incomplete %v", s.report.Doubts, s.report.Incomplete)
	}
}
