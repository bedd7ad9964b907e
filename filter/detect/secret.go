package detect

import (
	"bytes"
	"math"
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
	{"AIza", 35}, {"ya29.", 30}, {"SG.", 40}, {"npm_", 36}, {"dop_v1_", 60}, {"sk-ant-", 30}, {"sk-proj-", 30}, {"hf_", 30},
	{"eyJhbGciOi", 60}, // a signed token (JWT)
}

// Secret finds keys of services by their form, and passwords by the word before them.
func Secret(text []byte, emit func(Hit)) {
	for _, f := range keyForms {
		for from := 0; ; {
			i := bytes.Index(text[from:], []byte(f.prefix))
			if i < 0 {
				break
			}
			i += from
			end := i + len(f.prefix)
			for end < len(text) && (keyByte(text[end]) || text[end] == '.' && f.rest >= 30) {
				end++
			}
			if end-i-len(f.prefix) >= f.rest && (i == 0 || !keyByte(text[i-1])) && entropy(text[i:end]) > 3 {
				emit(Hit{i, end, string(text[i:end]), 100})
			}
			from = max(end, i+1)
		}
	}
	passwords(text, emit)
}

func keyByte(c byte) bool { return letter(c) || digit(c) || c == '_' || c == '-' }

// passwordWords come before a password.
var passwordWords = []string{"wachtwoord", "paswoord", "password", "passwd", "wachtwrd", "pincode", "pin-code", "toegangscode", "inlogcode", "ww", "pwd", "pw"}

// placeholders stand where a password would.
var placeholders = []string{"vergeten", "reset", "wijzigen", "wijzig", "nieuw", "required", "verplicht", "geheim", "xxxx", "****", "...", "beheer", "niet", "nooit", "never",
	"instellen", "aanpassen", "herstellen", "forgotten", "change", "manager", "policy", "beleid", "volgt", "apart", "via", "kun", "kan", "moet", "wordt", "heb", "heeft", "mag", "blijft"}

// passwords finds what follows a word for password, a mark, and looks like one.
func passwords(text []byte, emit func(Hit)) {
	low := bytes.ToLower(text)
	if len(low) != len(text) {
		low = make([]byte, len(text))
		copyLower(low, text)
	}
	for _, w := range passwordWords {
		for from := 0; ; {
			i := bytes.Index(low[from:], []byte(w))
			if i < 0 {
				break
			}
			i += from
			from = i + len(w)
			if i > 0 && letter(low[i-1]) {
				continue
			}
			start, end, ok := afterMark(low, text, from)
			if ok && passwordLike(text[start:end], w) {
				emit(Hit{start, end, string(text[start:end]), 90})
			}
		}
	}
}

// afterMark returns the token after a colon, an equals sign, or "is".
func afterMark(low, text []byte, i int) (start, end int, ok bool) {
	skip := func() {
		for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '*' || text[i] == '"' || text[i] == '\'') {
			i++
		}
	}
	skip()
	for _, between := range []string{"voor ", "van ", "for "} {
		if bytes.HasPrefix(low[i:], []byte(between)) { // wachtwoord van het systeem: …
			if j := bytes.IndexAny(low[i:min(len(low), i+60)], ":=\n."); j > 0 && low[i+j] != '\n' && low[i+j] != '.' {
				i += j
			}
		}
	}
	switch {
	case i < len(text) && (text[i] == ':' || text[i] == '='):
		i++
	case bytes.HasPrefix(low[i:], []byte("is ")):
		i += 3
		if bytes.HasPrefix(low[i:], []byte("nu ")) {
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

// passwordLike tells a password from a word of the sentence: by mixed kinds of
// characters, or digits for a code.
func passwordLike(t []byte, word string) bool {
	low := string(bytes.ToLower(t))
	for _, p := range placeholders {
		if low == p || len(p) < 5 && len(low) > 0 && bytes.Count(t, []byte{p[0]}) == len(t) {
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

// PrivateKey finds blocks of private keys (PEM, OpenSSH, PGP, age).
func PrivateKey(text []byte, emit func(Hit)) {
	for _, mark := range []string{"PRIVATE KEY-----", "PRIVATE KEY BLOCK-----", "AGE-SECRET-KEY-1", "PuTTY-User-Key-File-"} {
		for from := 0; ; {
			i := bytes.Index(text[from:], []byte(mark))
			if i < 0 {
				break
			}
			i += from
			from = i + len(mark)
			if bytes.HasSuffix(text[:i], []byte("-----END ")) || bytes.Contains(text[max(0, i-20):i], []byte("END ")) {
				continue
			}
			emit(Hit{i, from, string(text[from:min(len(text), from+40)]), 100})
		}
	}
}
