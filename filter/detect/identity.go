package detect

// weights of the 11-test of the burgerservicenummer, for nine digits.
var elevenTest = [9]int{9, 8, 7, 6, 5, 4, 3, 2, -1}

// elevenSum returns the weighted sum of nine digits modulo 11, or -1 for another number
// of digits.
func elevenSum(d []byte) int {
	if len(d) != 9 {
		return -1
	}
	sum := 0
	for i, w := range elevenTest {
		sum += w * int(d[i]-'0')
	}
	return ((sum % 11) + 11) % 11
}

var (
	passportWords = newLabels("paspoort", "passport", "identiteitskaart", "id-kaart", "id kaart", "documentnummer",
		"identity card", "identiteitsbewijs")
	licenceWords = newLabels("rijbewijs", "driving licence", "driver's license")

	pupilLabels = newLabels("onderwijsnummer", "pgn", "leerlingnummer", "persoonsgebonden nummer")
	bsnLabels   = newLabels("bsn", "b.s.n.", "burgerservicen", "burger service nummer", "sofi", "persoonsnummer",
		"persoonsgebonden nummer", "pgn", "citizen service number")
	people = newLabels("geboren", "geb.", "geboortedatum", "leerling", "kind", "ouder", "patient", "medewerker",
		"werknemer", "naam", "groep", "pupil", "date of birth", "student")
)

// BSN finds burgerservicenummers: nine digits, or eight with a leading zero left out,
// that pass the 11-test. One number in eleven passes by chance, so that context has to
// confirm it, or that most of several numbers pass.
func BSN(t *Text, emit func(Hit)) {
	const enough = 20
	n, passed := 0, 0
	t.numbers(9, 9, func(x number) {
		if n < enough {
			if n++; elevenSum(x.digits) == 0 && !dummy(x.digits) {
				passed++
			}
		}
	})
	list := passed >= 4 && passed*4 >= n*3 // by chance less than once in ten thousand texts
	t.numbers(8, 9, func(n number) {
		d := n.digits
		if len(d) == 8 {
			if dateAt(t.Bytes, n.start) == n.end {
				return
			}
			d = append([]byte{'0'}, d...)
		}
		if elevenSum(d) != 0 || dummy(d) || d[0] == '0' && d[1] == '0' || testBSN(d) {
			return
		}
		base := 35
		switch {
		case len(n.digits) == 8:
			base = 15
		case list:
			base = 60
		}
		c := around(t.Bytes, n.start, n.end)
		report(emit, number{n.start, n.end, d}, score(base, &c, bsnLabels, people))
	})
}

// testBSN reports whether a number is no person's: those that begin with 9999 are for tests,
// and others stand in many a manual.
func testBSN(d []byte) bool {
	switch string(d) {
	case "111222333", "123456782":
		return true
	}
	return string(d[:4]) == "9999"
}

// Onderwijsnummer finds the numbers of pupils who have no BSN: nine digits that begin
// with 10 and leave 5 in the 11-test.
func Onderwijsnummer(t *Text, emit func(Hit)) {
	t.numbers(9, 9, func(n number) {
		if n.digits[0] != '1' || n.digits[1] != '0' || elevenSum(n.digits) != 5 {
			return
		}
		c := around(t.Bytes, n.start, n.end)
		report(emit, n, score(25, &c, pupilLabels, people))
	})
}

// Passport finds numbers of Dutch passports and identity cards: two letters, six letters
// or digits, a digit, never the letter O. They have no checksum: a label has to say so.
func Passport(t *Text, emit func(Hit)) {
	tokens(t.Bytes, 9, 9, func(start, end int) {
		token := t.Bytes[start:end]
		if !upper(token[0]) || !upper(token[1]) || !digit(token[8]) {
			return
		}
		digits := 0
		for _, c := range token {
			if c == 'O' || !upper(c) && !digit(c) {
				return
			}
			if digit(c) {
				digits++
			}
		}
		c := around(t.Bytes, start, end)
		if digits < 2 || !c.has(passportWords) {
			return
		}
		if confidence := score(40, &c, passportWords, people); confidence > 0 {
			emit(Hit{start, end, string(token), confidence})
		}
	})
}

func upper(c byte) bool { return c >= 'A' && c <= 'Z' }

// tokens calls visit for each run of letters and digits of a length.
func tokens(text []byte, shortest, longest int, visit func(start, end int)) {
	for i := 0; i < len(text); i++ {
		if !letter(text[i]) && !digit(text[i]) {
			continue
		}
		j := i
		for j < len(text) && (letter(text[j]) || digit(text[j])) {
			j++
		}
		if j-i >= shortest && j-i <= longest {
			visit(i, j)
		}
		i = j
	}
}

// DrivingLicence finds numbers of Dutch driving licences: ten digits after a label.
func DrivingLicence(t *Text, emit func(Hit)) {
	t.numbers(10, 10, func(n number) {
		c := around(t.Bytes, n.start, n.end)
		if c.has(licenceWords) && !dummy(n.digits) {
			report(emit, n, score(45, &c, licenceWords, people))
		}
	})
}
