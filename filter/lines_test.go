package filter

import (
	"bytes"
	"testing"

	"sluis/rules"
)

// Mail programs break lines at some seventy characters, in the middle of any phrase.
func TestAPhraseMayGoOnOnTheNextLine(t *testing.T) {
	e := engine(t)
	for name, message := range map[string]string{
		"as written":       "Subject: a\r\n\r\nIk zeg het nog één keer: krijg de tering.\r\n",
		"over two lines":   "Subject: a\r\n\r\nIk zeg het nog één keer: krijg de\r\ntering.\r\n",
		"quoted-printable": "Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nIk zeg het nog =C3=A9=C3=A9n keer: krijg=\r\n de tering.\r\n",
		"with a tab":       "Subject: a\r\n\r\nkrijg\tde tering\r\n",
		"folded subject":   "Subject: krijg de\r\n tering\r\n\r\nx\r\n",
	} {
		item := Item{Kind: Message, Directions: rules.DirectionsOf(rules.In), Content: bytes.NewReader([]byte(message)),
			Size: int64(len(message))}
		x, err := e.Inspect(t.Context(), item, rules.SetOf(rules.Security, rules.Conduct))
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Findings) != 1 || x.Findings[0].Purpose != rules.Conduct {
			t.Errorf("%s: %d findings", name, len(x.Findings))
		}
	}
}

func TestALineKnowsWhereItsWordsWere(t *testing.T) {
	var l line
	for text, want := range map[string]string{
		"": "", "een": "een", "een twee": "een twee", "een\r\ntwee": "een twee", "  een \r\n\t twee   drie\n\n": " een twee drie ",
	} {
		l.set([]byte(text))
		if string(l.text) != want {
			t.Errorf("%q became %q, want %q", text, l.text, want)
		}
		for i, c := range l.text {
			if o := text[l.origin(i)]; c != ' ' && o != c || c == ' ' && o > ' ' {
				t.Errorf("%q: place %d of the line is %d of the text", text, i, l.origin(i))
			}
		}
	}
}
