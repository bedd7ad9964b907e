package detect

import (
	"bytes"
	"math"
	"slices"
	"strings"
)

// keyForms are the fixed beginnings of keys of well-known services, and how many
// characters of letters, digits, - and _ follow at least.
var keyForms = []struct {
	prefix string
	rest   int
}{
	{"AKIA", 16}, {"ASIA", 16}, // Amazon
	{"ghp_", 36}, {"gho_", 36}, {"ghs_", 36}, {"github_pat_", 50},
	{"glpat-", 20}, {"xoxb-", 20}, {"xoxp-", 20}, {"sk_live_", 20}, {"rk_live_", 20}, {"live_", 30},
	{"AIza", 35}, {"ya29.", 30}, {"SG.", 40}, {"npm_", 36}, {"dop_v1_", 60}, {"sk-ant-", 30}, {"sk-proj-", 30},
	{"hf_", 30},
	{"eyJhbGciOi", 60}, // a signed token (JWT)
}

// keyAnchors are their beginnings, in the order of keyForms.
var keyAnchors = func() *anchors {
	var words []string
	for _, f := range keyForms {
		words = append(words, strings.ToLower(f.prefix))
	}
	return newAnchors(words...)
}()

// Secret finds keys of services by their form, and passwords by the word before them.
func Secret(t *Text, emit func(Hit)) {
	text := t.Bytes
	keyAnchors.each(text, func(at, n int) {
		f := keyForms[n]
		end := at + len(f.prefix)
		if string(text[at:end]) != f.prefix || at > 0 && keyByte(text[at-1]) {
			return
		}
		for end < len(text) && (keyByte(text[end]) || text[end] == '.' && f.rest >= 30) {
			end++
		}
		if end-at-len(f.prefix) >= f.rest && entropy(text[at:end]) > 3 &&
			!bytes.Contains(bytes.ToLower(text[at:end]), []byte("example")) {
			emit(Hit{at, end, string(text[at:end]), 100})
		}
	})
	passwords(text, emit)
}

func keyByte(c byte) bool { return letter(c) || digit(c) || c == '_' || c == '-' }

// passwordWords come before a password.
var passwordWords = newAnchors("wachtwoord", "paswoord", "password", "passwd", "wachtwrd", "pincode", "pin-code",
	"toegangscode", "inlogcode", "ww", "pwd", "pw")

// placeholders stand where a password would.
var placeholders = []string{"vergeten", "reset", "wijzigen", "wijzig", "nieuw", "required", "verplicht", "geheim",
	"xxxx", "****", "...", "beheer", "niet", "nooit", "never",
	"instellen", "aanpassen", "herstellen", "forgotten", "change", "manager", "policy", "beleid", "volgt", "apart",
	"via", "kun", "kan", "moet", "wordt", "heb", "heeft", "mag", "blijft"}

// passwords finds what follows a word for password, a mark, and looks like one.
func passwords(text []byte, emit func(Hit)) {
	passwordWords.each(text, func(at, n int) {
		if at > 0 && (letter(text[at-1]) || digit(text[at-1]) || text[at-1] >= 0x80) {
			return
		}
		word := passwordWords.words[n]
		if end := at + len(word); end < len(text) && letter(text[end]) {
			return
		}
		start, end, ok := afterMark(text, at+len(word))
		if ok && passwordLike(text[start:end], word) {
			emit(Hit{start, end, string(text[start:end]), 90})
		}
	})
}

// secretWords are the words of which one is in every text that Secret finds anything in.
func secretWords() []string {
	all := slices.Clone(keyAnchors.words)
	for _, w := range passwordWords.words {
		if len(w) > 2 {
			all = append(all, w)
			continue
		}
		// Two letters are everywhere: they count before what afterMark asks for.
		for _, mark := range []string{":", "=", " ", "\t", "*", "\"", "'"} {
			all = append(all, w+mark)
		}
	}
	return all
}

// afterMark returns the token after a colon, an equals sign, or "is".
func afterMark(text []byte, i int) (start, end int, ok bool) {
	skip := func() {
		for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '*' || text[i] == '"' ||
			text[i] == '\'') {
			i++
		}
	}
	skip()
	for _, between := range []string{"voor ", "van ", "for "} {
		if startsWith(text[i:], between) { // wachtwoord van het systeem: …
			if j := bytes.IndexAny(text[i:min(len(text), i+60)], ":=\n."); j > 0 && text[i+j] != '\n' &&
				text[i+j] != '.' {
				i += j
			}
		}
	}
	switch {
	case i < len(text) && (text[i] == ':' || text[i] == '='):
		i++
	case startsWith(text[i:], "is "):
		i += 3
		if startsWith(text[i:], "nu ") {
			i += 3
		}
	default:
		return 0, 0, false
	}
	skip()
	if i < len(text) && (text[i] == ':' || text[i] == '=') {
		i++
		skip()
	}
	start = i
	for i < len(text) && text[i] > ' ' && text[i] != '"' && text[i] != '<' && i-start < 64 {
		i++
	}
	end = i
	for end > start && bytes.IndexByte([]byte(".,;:)'"), text[end-1]) >= 0 {
		end--
	}
	return start, end, end > start
}

// passwordLike distinguishes a password from a word of the sentence: by mixed kinds of
// characters, or digits for a code.
func passwordLike(t []byte, word string) bool {
	low := string(bytes.ToLower(t))
	for _, p := range placeholders {
		if low == p || len(p) < 5 && len(low) > 0 && bytes.Count(t, []byte{p[0]}) == len(t) {
			return false
		}
	}
	for _, p := range []string{"voorbeeld", "example", "jouwwachtwoord", "uwwachtwoord", "yourpassword", "changeme"} {
		if strings.Contains(low, p) {
			return false
		}
	}
	var lower, up, num, other int
	for _, c := range t {
		switch {
		case digit(c):
			num++
		case upper(c):
			up++
		case letter(c):
			lower++
		default:
			other++
		}
	}
	if word == "pincode" || word == "pin-code" || word == "toegangscode" || word == "inlogcode" {
		return num >= 4 && len(t) <= 16
	}
	if bytes.Contains(t, []byte("://")) || bytes.HasPrefix(t, []byte("www.")) {
		return false
	}
	kinds := 0
	for _, n := range []int{lower, up, num, other} {
		if n > 0 {
			kinds++
		}
	}
	inside := up > 0 && !upper(t[0]) || up > 1 && lower > 0
	return len(t) >= 6 && (num > 0 && kinds >= 2 || kinds >= 3 || inside)
}

// entropy returns the bits a character of t, by how often each stands in it.
func entropy(t []byte) float64 {
	var count [256]int
	for _, c := range t {
		count[c]++
	}
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(len(t))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

// keyBlocks are marks of private keys.
var keyBlocks = newAnchors("private key-----", "private key block-----", "age-secret-key-1", "putty-user-key-file-")

// PrivateKey finds blocks of private keys (PEM, OpenSSH, PGP, PuTTY, age): the mark, and
// soon after it what can be a key.
func PrivateKey(t *Text, emit func(Hit)) {
	text := t.Bytes
	keyBlocks.each(text, func(at, n int) {
		from := at + len(keyBlocks.words[n])
		if bytes.Contains(text[max(0, at-20):at], []byte("END ")) {
			return
		}
		if key := longRun(text[from:min(len(text), from+600)]); key != nil {
			emit(Hit{at, from, string(key), 100})
		}
	})
}

// longRun returns the first run that can be of a key in base64 or bech32; nil if there is
// none.
func longRun(b []byte) []byte {
	start := 0
	for i := 0; i <= len(b); i++ {
		if i < len(b) && (letter(b[i]) || digit(b[i]) || b[i] == '+' || b[i] == '/' || b[i] == '=') {
			continue
		}
		if run := b[start:i]; len(run) >= 24 && entropy(run) > 2 {
			return run
		}
		start = i + 1
	}
	return nil
}
