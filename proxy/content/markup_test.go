package content

import (
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"sluis/rules"
)

// bodiesOf returns a text in the bodies that pages send it in.
func bodiesOf(t *testing.T, written string) map[string][2]string {
	quoted, err := json.Marshal(map[string]string{"m": written})
	if err != nil {
		t.Fatal(err)
	}
	parts, kind := form(map[string]string{"bericht": written}, nil)
	return map[string][2]string{
		"a part":  {kind, parts},
		"a field": {"application/x-www-form-urlencoded", "m=" + url.QueryEscape(written)},
		"JSON":    {"application/json", string(quoted)},
		"HTML":    {"text/html", written},
		"XML":     {"application/xml", written},
	}
}

// TestMarkupInAnUploadIsRead: editors of rich text send HTML, pages send JSON in fields (C2.8b).
func TestMarkupInAnUploadIsRead(t *testing.T) {
	e := inspector(t)
	lines := strings.ReplaceAll(threat, " ", "\n")
	quoted, err := json.Marshal(map[string]string{"text": lines})
	if err != nil {
		t.Fatal(err)
	}
	for name, written := range map[string]string{
		"bold":                  "<p>Hoi. " + strings.Replace(threat, "maak je", "<b>maak</b> je", 1) + "</p>",
		"a line break":          strings.ReplaceAll(threat, " ", "<br>"),
		"hard spaces":           "<p>Hoi. " + strings.ReplaceAll(threat, " ", "&nbsp;") + "</p>",
		"hard spaces, no tags":  strings.ReplaceAll(threat, " ", "&nbsp;"),
		"a reference":           strings.ReplaceAll(threat, "a", "&#97;"),
		"two spans":             "<span style='color:red'>" + strings.ReplaceAll(threat, " ", "</span> <span>") + "</span>",
		"JSON":                  string(quoted),
		"an attribute":          `<a><b text="` + threat + `"/></a>`,
		"an attribute of XML":   `<?xml version="1.0"?><a text="` + threat + `">x</a>`,
		"an attribute of SVG":   `<svg xmlns="http://www.w3.org/2000/svg"><a b="` + threat + `"/></svg>`,
		"references to lines":   "<a>" + strings.ReplaceAll(threat, " ", "&#xA;") + "</a>",
		"references in quotes":  `<?xml version="1.0"?><a b="` + strings.ReplaceAll(threat, " ", "&#xA;") + `"/>`,
		"references in a field": html.EscapeString("<p>" + strings.ReplaceAll(threat, " ", "<br>") + "</p>"),
	} {
		for in, body := range bodiesOf(t, written) {
			r := post(body[0], body[1])
			blocked, err := e.Request(t.Context(), exchange(rules.Conduct), r)
			r.Body.Close()
			if err != nil || !blocked {
				t.Errorf("%s in %s: got blocked %v, %v, want it blocked", name, in, blocked, err)
			}
		}
	}
	nothingWaits(t, e)
}

// TestByteOrderMarksHideNoText: a second one is no sign of a binary.
func TestByteOrderMarksHideNoText(t *testing.T) {
	e := inspector(t)
	for order, mark := range map[string]string{"little": "\xff\xfe", "big": "\xfe\xff"} {
		for marks := range 5 {
			body := strings.Repeat(mark, marks)
			for _, c := range []byte(threat) {
				if order == "little" {
					body += string([]byte{c, 0})
				} else {
					body += string([]byte{0, c})
				}
			}
			r := post("text/plain; charset=utf-16", body)
			blocked, err := e.Request(t.Context(), exchange(rules.Conduct), r)
			if r.Body.Close(); err != nil || !blocked {
				t.Errorf("%d marks, %s endian: got blocked %v, %v, want it blocked", marks, order, blocked, err)
			}
		}
	}
}

// TestOrdinaryMarkupPasses: nothing is made of tags and escapes that was not written.
func TestOrdinaryMarkupPasses(t *testing.T) {
	e := inspector(t)
	for name, written := range map[string]string{
		"rich text":    "<p>" + strings.ReplaceAll(harmless, " ", " <b>") + "</b>&nbsp;</p>",
		"a comparison": "als a < b en c > d && d < 3 dan \\n",
		"numbers":      "<?xml version='1.0'?><r><a>1112</a><b>22333</b><c>burgerservicenummer</c></r>",
		"numbers, too": "<r><bsn>1112</bsn><b>22333</b></r>",
		"a path":       `C:\users\nieuw\test <dir> &copy; & <`,
		"cut off":      "&#" + strings.Repeat("9", 100) + "<" + strings.Repeat("&", 200),
	} {
		for in, body := range bodiesOf(t, written) {
			x := exchange(rules.Conduct, rules.Leak)
			r := post(body[0], body[1])
			if blocked, err := e.Request(t.Context(), x, r); err != nil || blocked {
				t.Errorf("%s in %s: got blocked %v, %v, want it to pass", name, in, blocked, err)
			}
			r.Body.Close()
		}
	}
	nothingWaits(t, e)
}
