package detect

// ibanLength is the length of an IBAN by country (ISO 13616 registry), for countries of
// the SEPA area and some neighbours.
var ibanLength = map[string]int{
	"AD": 24, "AL": 28, "AT": 20, "BA": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 28, "DE": 22, "DK": 18, "EE": 20,
	"ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GI": 23, "GL": 18, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26,
	"IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
	"PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TR": 26, "UA": 29, "VA": 22, "MA": 28,
}

var (
	ibanLabels  = newLabels("iban", "rekening", "bankrekening", "account")
	ibanRelated = newLabels("overmaken", "tenaamstelling", "t.n.v.", "naam")
	cardLabels  = newLabels("creditcard", "credit card", "kaartnummer", "card number", "mastercard", "visa", "amex",
		"betaalkaart")
	cardRelated = newLabels("cvc", "cvv", "geldig tot", "vervaldatum", "expir")
)

// IBAN finds bank accounts by ISO 13616: country, check digits, length, and 97-test.
func IBAN(t *Text, emit func(Hit)) {
	text, done := t.Bytes, 0
	for _, r := range t.runs {
		i := r.start - 2
		if i < done || r.end-r.start < 2 || !letter(text[i]) || !letter(text[i+1]) ||
			i > 0 && (letter(text[i-1]) || digit(text[i-1])) {
			continue
		}
		n := ibanLength[string([]byte{text[i] &^ 0x20, text[i+1] &^ 0x20})]
		if n == 0 {
			continue
		}
		value, end := ibanAt(text, i, n)
		if value == "" || remainder97(value) != 1 {
			continue
		}
		c := around(text, i, end)
		confidence := score(60, &c, ibanLabels, ibanRelated)
		if confidence > 0 {
			emit(Hit{i, end, value, confidence})
		}
		done = end
	}
}

// ibanAt reads n letters and digits with single spaces, dots or dashes between groups.
func ibanAt(text []byte, i, n int) (value string, end int) {
	var buf [34]byte
	k := 0
	for ; i < len(text) && k < n; i++ {
		c := text[i]
		switch {
		case digit(c):
			buf[k] = c
			k++
		case letter(c):
			buf[k] = c &^ 0x20
			k++
		case separator(c) && k > 0 && i+1 < len(text) && !separator(text[i+1]):
		default:
			return "", 0
		}
	}
	if k < n || i < len(text) && (letter(text[i]) || digit(text[i])) {
		return "", 0
	}
	return string(buf[:n]), i
}

func remainder97(iban string) int {
	r := 0
	for i := range len(iban) {
		c := iban[(i+4)%len(iban)]
		if digit(c) {
			r = (r*10 + int(c-'0')) % 97
		} else {
			r = (r*100 + int(c-'A') + 10) % 97
		}
	}
	return r
}

// Card finds payment cards: a range of an issuer, its lengths, and the Luhn test (ISO/IEC
// 7812). One number in ten passes by chance.
func Card(t *Text, emit func(Hit)) {
	t.numbers(13, 19, func(n number) {
		if !issued(n.digits) || !luhn(n.digits) || dummy(n.digits) || testCards[string(n.digits)] {
			return
		}
		c := around(t.Bytes, n.start, n.end)
		report(emit, n, score(45, &c, cardLabels, cardRelated))
	})
}

// testCards are the numbers that payment services publish for tests.
var testCards = map[string]bool{
	"4111111111111111": true, "4242424242424242": true, "5555555555554444": true, "378282246310005": true,
	"4012888888881881": true, "5105105105105100": true, "6011111111111117": true, "30569309025904": true,
}

// issued reports whether a number is in the range of an issuer and of a length it uses.
func issued(d []byte) bool {
	p := func(n int) int {
		v := 0
		for _, c := range d[:n] {
			v = v*10 + int(c-'0')
		}
		return v
	}
	n := len(d)
	switch two, three, four := p(2), p(3), p(4); {
	case d[0] == '4':
		return n == 13 || n == 16 || n == 19
	case two >= 51 && two <= 55, four >= 2221 && four <= 2720:
		return n == 16
	case two == 34 || two == 37:
		return n == 15
	case three >= 300 && three <= 305, two == 36, two == 38, two == 39:
		return n == 14
	case four == 6011, three >= 644 && three <= 649, two == 65, two == 62:
		return n >= 16
	case four >= 3528 && four <= 3589:
		return n == 16
	case two == 50, two >= 56 && two <= 58, two == 67:
		return n >= 16 // Maestro
	}
	return false
}

func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}
