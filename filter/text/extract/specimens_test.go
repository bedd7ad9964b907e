package extract

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
)

// specimen is a message with one thing about it that readers take in different ways, and a word in it that is found
// only by who takes it in the right one: it stands there encoded.
type specimen struct {
	name, message, word string
}

// codec is the kind of specimens of which not every reader's finding has to be found.
const codec = "codec"

// specimens returns messages of every kind, in two ways of ending lines. They are the same in every run.
func specimens() []specimen {
	var all []specimen
	add := func(kind string, number int, make func(word string) string) {
		for _, ending := range []string{"\n", "\r\n"} {
			word := fmt.Sprintf("kanarie%04dqz", len(all))
			m := make(word)
			if strings.Contains(m, word) {
				panic("the word of " + kind + " is not hidden")
			}
			name := fmt.Sprintf("%s-%03d", kind, number)
			if ending == "\r\n" {
				name += "-crlf"
			}
			all = append(all, specimen{name, strings.ReplaceAll(m, "\n", ending), word})
		}
	}
	for _, g := range []struct {
		kind  string
		forms []string
		make  func(form, word string) string
	}{
		{"encoding", encodingForms, func(form, word string) string { return partWith(form, hidden64(word)) }},
		{"encoding-whole", encodingForms, func(form, word string) string {
			return "From: a@buiten.example\nMIME-Version: 1.0\n" + form + "\n\n" + hidden64(word) + "\n"
		}},
		{"encoding-quoted", quotedForms, func(form, word string) string { return partWith(form, hiddenQP(word)) }},
		{"header", headerForms, func(form, word string) string {
			return partWith(form, hidden64(word))
		}},
		{"header-whole", headerForms, func(form, word string) string {
			return "From: a@buiten.example\n" + form + "\n\n" + hidden64(word) + "\n"
		}},
		{"boundary", boundaryForms, boundaryWith},
		{"line", lineForms, linesWith},
		{"base64", base64Forms, func(form, word string) string {
			whole := base64.StdEncoding.EncodeToString([]byte("dit is " + word + " hier"))
			return partWith("Content-Transfer-Encoding: base64", inForm(form, whole))
		}},
		{"quoted", quotedBodies, func(form, word string) string {
			return partWith("Content-Transfer-Encoding: quoted-printable", inForm(form, word))
		}},
		{"name", nameForms, nameWith},
		{"nesting", nestingForms, nestingWith},
	} {
		for i, form := range g.forms {
			add(g.kind, i, func(word string) string { return g.make(form, word) })
		}
	}
	for i, c := range charsetForms {
		add("charset", i, func(word string) string { return charsetWith(c, word) })
	}
	random := rand.New(rand.NewPCG(20261128, 13))
	for i := range pairs {
		add("pair", i, func(word string) string { return pairWith(random, word) })
	}
	for i, c := range codecForms {
		add(codec, i, func(word string) string { return charsetWith(c, word) })
	}
	return all
}

// pairs is how many messages have two or three things about them at once.
const pairs = 300

// pairWith returns a message whose second part has forms of several kinds at once, which a sequence of random numbers
// chooses.
func pairWith(random *rand.Rand, word string) string {
	pick := func(forms []string) string { return forms[random.IntN(len(forms))] }
	header := pick(headerForms)
	if random.IntN(2) == 0 {
		header = pick([]string{"Content-Type: text/plain\n", "geen veld\n", "X: y\n \n", " X: y\n", ""}) + pick(encodingForms)
	}
	body := hidden64(word)
	if random.IntN(3) == 0 {
		body = inForm(pick(base64Forms), base64.StdEncoding.EncodeToString([]byte("dit is "+word+" hier")))
	}
	part := header + "\n\n" + body
	if random.IntN(3) == 0 {
		part = "Content-Type: message/rfc822\n\n" + part
	}
	f := strings.Split(pick(boundaryForms), "|")
	if len(f) < 3 {
		f = append(f[:1], "--g1", "--g1--")
	}
	return "From: a@buiten.example\nMIME-Version: 1.0\n" + f[0] + "\n\n" + f[1] + "\n\nhoi\n" + f[1] + "\n" + part +
		"\n" +
		f[2] + "\n"
}

// hidden64 returns a text with a word in base64.
func hidden64(word string) string {
	return base64.StdEncoding.EncodeToString([]byte("dit is het woord " + word + ", in een zin\n"))
}

// hiddenQP returns a text with a word in quoted-printable, each letter escaped.
func hiddenQP(word string) string { return "dit is het woord " + escaped(word, "=") + ", in een zin" }

// escaped writes each octet of a text in hexadecimal, after a sign.
func escaped(word, sign string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		b.WriteString(sign + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

// inForm fills in a form: @ is all of the text, 1 and 2 in braces its halves, E its octets escaped.
func inForm(form, text string) string {
	half := len(text) / 2 / 4 * 4
	return strings.NewReplacer("@", text, "{1}", text[:half], "{2}", text[half:], "{E}", escaped(text, "="),
		"{e}", strings.ToLower(escaped(text, "="))).Replace(form)
}

// partWith returns a message of two parts, the second with a header and a body.
func partWith(header, body string) string {
	return "From: a@buiten.example\nTo: b@school.example\nSubject: x\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/mixed; boundary=\"grens1\"\n\n--grens1\nContent-Type: text/plain\n\nhoi\n--grens1\n" +
		header + "\n\n" + body + "\n--grens1--\n"
}

// boundaryWith returns a message whose Content-Type and boundary lines are a form: the field, what a part begins with,
// and what ends all, with | between them.
func boundaryWith(form, word string) string {
	f := strings.Split(form, "|")
	for len(f) < 3 {
		f = append(f, "--g1")
		if len(f) == 3 {
			f[2] += "--"
		}
	}
	return "From: a@buiten.example\nMIME-Version: 1.0\n" + f[0] + "\n\n" +
		f[1] + "\nContent-Type: text/plain\n\nhoi\n" +
		f[1] + "\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + hidden64(word) + "\n" + f[2] + "\n"
}

// linesWith returns a message whose body is a form in which S is the header and body of the part with the word.
func linesWith(form, word string) string {
	s := "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + hidden64(word)
	return "From: a@buiten.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=g1\n\n" +
		strings.ReplaceAll(form, "S", s)
}

// nameWith returns a message with an attachment whose name is a form, in which stand in braces: Q for the word in the
// escapes of RFC 2047, % for it in those of RFC 2231, 64 for it in base64, and 1 and 2 for its halves.
func nameWith(form, word string) string {
	half := len(word) / 2
	header := strings.NewReplacer("{Q}", escaped(word, "="), "{%}", escaped(word, "%"),
		"{%1}", escaped(word[:half], "%"), "{%2}", escaped(word[half:], "%"),
		"{Q1}", escaped(word[:half], "="), "{Q2}", escaped(word[half:], "="),
		"{1}", word[:half], "{2}", word[half:],
		"{64}", base64.StdEncoding.EncodeToString([]byte(word+".exe")),
	).Replace(form)
	return partWith(header+"\nContent-Transfer-Encoding: base64", "AAECAwQFBgcICQ==")
}

// nestingWith returns a message whose type and body are a form: S is a text part with the word, 64 in braces all of it
// in base64.
func nestingWith(form, word string) string {
	s := "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + hidden64(word) + "\n"
	m := "From: c@buiten.example\nSubject: y\nMIME-Version: 1.0\n" + s
	multi := "--h\n" + s + "--h--\n"
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	return "From: a@buiten.example\nMIME-Version: 1.0\n" + strings.NewReplacer("{S}", s, "{M}", m, "{P}", multi,
		"{M64}", encode(m), "{P64}", encode(multi), "{PQ}", strings.ReplaceAll(multi, "=", "=3D"),
		"{B}", hidden64(word), "{Q}", escaped(word, "="), "{W64}", encode(word+".exe"),
	).Replace(form)
}
