package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestThePageOfAMessageExplainsItsDoubts in the language of the reader: where, what, and what to do. Sloppiness and
// tricks do not look the same, and names of files stay out of it (C3.3f).
func TestThePageOfAMessageExplainsItsDoubts(t *testing.T) {
	const mixed = "From: a@school.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		"--b\r\nContent-Type: text/plain; charset=unknown-8bit\r\n\r\nhoi\r\n--b\r\n"
	for name, tc := range map[string]struct {
		part string
		want []string
	}{
		"a trick": {"Content-Type: image/png; name=geheim.png\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\nx",
			[]string{"class=\"problem\"><b>deel 2</b>: Twee kopregels", "Meestal een truc", "Open het niet",
				"class=\"soft\"><b>deel 1</b>: De kop noemt een tekenset", "Er hoeft niets te gebeuren"}},
		"something encrypted": {"Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEMA7Xk\r\n" +
			"-----END PGP MESSAGE-----\r\n",
			[]string{"class=\"problem\"><b>deel 2.1</b>: Versleuteld", "Vraag bij twijfel de afzender"}},
		"sloppiness": {"Content-Type: text/plain\r\n\r\nx\r\n--b--\r\n", []string{"class=\"soft\"><b>deel 1</b>"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			e := h.seal(mixed + tc.part)
			p := h.reviewer("els")
			a := p.post("/quarantine/"+e.ID.String()+"/open", url.Values{"stage": {"findings"}, "reason": {"R"}})
			a.must("open", status(http.StatusOK))
			body := a.body
			for _, want := range tc.want {
				if !strings.Contains(body, want) {
					t.Errorf("the page lacks %q: %s", want, body)
				}
			}
			if strings.Contains(body, "geheim") {
				t.Error("the findings show the name of a file")
			}
		})
	}
}
