package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func textOf(s string) *Text {
	t := new(Text)
	t.Set([]byte(s))
	return t
}

// sure returns the values that are found with the confidence that rules ask for.
func sure(find Find, text string) []string {
	var values []string
	find(textOf(text), func(h Hit) {
		if h.Confidence >= 50 {
			values = append(values, h.Value)
		}
	})
	return values
}

func TestWhatIsFoundAndWhatIsNot(t *testing.T) {
	all := byName()
	for _, tc := range []struct{ detector, text, want string }{
		{"bsn", "BSN 264780139", "264780139"},
		{"bsn", "burgerservicenummer: 2647.80.139", "264780139"},
		{"bsn", "leerling, geboren 3-1-2017, 264780139", "264780139"},
		{"bsn", "BSN 264780138", ""},                           // the 11-test fails
		{"bsn", "264780139", ""},                               // nothing says what it is
		{"bsn", "Bestelnummer 264780139", ""},                  // something says that it is another number
		{"bsn", "BSN 111111110", ""},                           // nobody's
		{"bsn", "bijvoorbeeld BSN 123456782", ""},              // an example
		{"bsn", "BSN A264780139", ""},                          // a part of something else
		{"bsn", "BSN van de leerling, geboren 12-10-2016", ""}, // a date of eight digits
		{"bsn", "BSN 2647801390", ""},                          // too long
		{"bsn", "b.s.n. 264780139", "264780139"},
		{"bsn", "BSN 999990019", ""}, // for tests
		{"bsn", "BSN 111222333", ""}, // of every manual
		{"bsn", "Kun je bijvoorbeeld dinsdag langskomen? Het adres weet je. Dit is het BSN: 264780139", "264780139"}, // an example of something else
		{"bsn", "naam;nummer\n" + strings.Repeat("x;y;zomaar iets in een lange rij;\n", 9) +
			"A;264780139\nB;367418253\nC;209494177\nD;762984594\nE;278086998\n",
			"264780139|367418253|209494177|762984594|278086998"},
		{"bsn", "artikelen\nA;264780139\nB;264780138\nC;264780137\nD;264780136\nE;264780135", ""}, // one of five is chance
		{"onderwijsnummer", "pgn: 101222331", "101222331"},
		{"onderwijsnummer", "101222331", ""},
		{"onderwijsnummer", "onderwijsnummer 101222331", "101222331"},
		{"onderwijsnummer", "onderwijsnummer 101222332", ""},
		{"onderwijsnummer", "factuurnummer 101222331", ""},
		{"iban", "IBAN NL91 ABNA 0417 1643 00", "NL91ABNA0417164300"},
		{"iban", "overmaken naar nl91abna0417164300 t.n.v. de school", "NL91ABNA0417164300"},
		{"iban", "IBAN NL92 ABNA 0417 1643 00", ""},  // the 97-test fails
		{"iban", "IBAN XX91 ABNA 0417 1643 00", ""},  // no such country
		{"iban", "rekening NL91ABNA04171643001", ""}, // too long
		{"iban", "wachtrij nl91-abna-0417-1643-00 open", "NL91ABNA0417164300"},
		{"iban", "bijvoorbeeld NL91ABNA0417164300", ""}, // an example
		{"iban", "IBAN DE89 3704 0044 0532 0130 00", "DE89370400440532013000"},
		{"card", "creditcard 4539 5787 6362 1486", "4539578763621486"},
		{"card", "creditcard 4539 5787 6362 1487", ""}, // Luhn
		{"card", "creditcard 4111 1111 1111 1111", ""}, // for tests
		{"card", "ordernummer 4539578763621486", ""},
		{"passport", "paspoort NX4F29RK3", "NX4F29RK3"},
		{"card", "Mastercard 5425233430109903", "5425233430109903"},
		{"card", "4539578763621486", ""},               // nothing says what it is
		{"card", "creditcard 9539 5787 6362 1489", ""}, // of no issuer
		{"card", "American Express: amex 3787 344936 71000", "378734493671000"},
		{"card", "kenmerk 4539578763621486 creditcard volgt", ""},
		{"passport", "artikel NX4F29RK3", ""},
		{"passport", "identiteitskaart met nummer IW82K4LD7", "IW82K4LD7"},
		{"passport", "paspoort NX4F29RK", ""},  // too short
		{"passport", "paspoort NXFHLRKDB", ""}, // no digit at its end
		{"passport", "voorbeeld: paspoort NX4F29RK3", ""},
		{"passport", "paspoort NXOF29RK3", ""}, // the letter O is not used
		{"driving-licence", "rijbewijsnummer 5284619037", "5284619037"},
		{"driving-licence", "ordernummer 5284619037", ""},
		{"driving-licence", "5284619037", ""},
		{"driving-licence", "rijbewijs 528461903", ""}, // too short
		{"driving-licence", "rijbewijs 1111111111", ""},
		{"phone", "mobiel 06-41234567", "641234567"},
		{"phone", "mobiel 06 - 412 345 67", "641234567"},
		{"phone", "bel (0413) 21 23 45", "413212345"},
		{"phone", "bel 0413-212345 / 06-41234567", "413212345|641234567"},
		{"phone", "+31 (0)6 41234567", "641234567"},
		{"phone", "+31 6 41234567", "641234567"},
		{"phone", "0031641234567", "641234567"},
		{"phone", "+32 470 12 34 56", ""}, // of another country
		{"phone", "06-4123456", ""},       // too short
		{"phone", "06-412345678", ""},     // too long
		{"phone", "06-12345678", ""},      // an example
		{"phone", "factuurnummer 0641234567", ""},
		{"phone", "van 0413 tot 0900", ""},
		{"phone", "tel. +31 6 4123 4567", "641234567"},
		{"phone", "ISBN 9789012345678", ""},
		{"birth-date", "geboren op 3 januari 2017", "3 januari 2017"},
		{"birth-date", "geb. 03-01-2017", "03-01-2017"},
		{"birth-date", "geboortedatum 31/12/1969", "31/12/1969"},
		{"birth-date", "geboren 32-01-2017", ""},
		{"birth-date", "De studiedag is op 03-12-2026", ""},
		{"birth-date", "geb. 3 jan. 2017", "3 jan. 2017"},
		{"birth-date", "geboren: 2017-01-03", "2017-01-03"},
		{"birth-date", "geb.datum 03-01-17", "03-01-17"},
		{"birth-date", "geboren 03-13-2017", ""},
		{"birth-date", "geboren 3-1-1899", ""},
		{"birth-date", "naam;geboortedatum\nA de Jong;03-01-2017\n" +
			strings.Repeat("Een heel lange naam van een kind uit de klas;wonend te Veghel;14-02-2017\n", 5),
			"03-01-2017" + strings.Repeat("|14-02-2017", 5)},
		{"birth-date", "datum;activiteit\n03-12-2026;sint\n14-12-2026;kerst\n", ""},
		{"postcode", "adres: dorpsstraat 1, 5461 ab", "5461AB"},
		{"postcode", "de markt van 1200 tot 1300 uur, dorpsstraat", ""},
		{"postcode", "Dorpsstraat 1, 5461AB Veghel", "5461AB"},
		{"postcode", "adres 0461 AB", ""},
		{"postcode", "adres 5461 ABC", ""},
		{"postcode", "adres: Dorpsstraat 1, 5461 AB", "5461AB"},
		{"postcode", "adres 5461SS", ""}, // never given out
		{"postcode", "artikel 5461 AB", ""},
		{"email", "mail naar Juf.Anna@school.example, graag", "juf.anna@school.example"},
		{"email", "@school en anna@", ""},
		{"email", "anna@school", ""},
		{"email", "<ANNA@school.example>; bram@school.example.", "anna@school.example|bram@school.example"},
		{"secret", "wachtwoord: Zomer!Regen84kast", "Zomer!Regen84kast"},
		{"secret", "Het wachtwoord is nu \"gr8-Kasteel\".", "gr8-Kasteel"},
		{"secret", "ww: Zomer84kast", "Zomer84kast"},
		{"secret", "wachtwoord van het rooster: Zomer84kast", "Zomer84kast"},
		{"secret", "pincode 1234", ""},
		{"secret", "pincode: 4821", "4821"},
		{"secret", "wachtwoord: vergeten", ""},
		{"secret", "wachtwoord: https://school.example/reset1", ""},
		{"secret", "www.school.example/ww", ""},
		{"secret", "key AKIAQ3EGRZ7XN5LBV2WD", "AKIAQ3EGRZ7XN5LBV2WD"},
		{"secret", "key AKIAIOSFODNN7EXAMPLE", ""}, // of the manual
		{"secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"},
		{"secret", "ghp_16C7e42F292c6912", ""}, // too short
		{"secret", "wachtwoord: JouwWachtwoord1!", ""},
		{"secret", "password: changeme123", ""},
		{"secret", "wachtwoord: zomer", ""},        // a word of the sentence
		{"secret", "key AKIAAAAAAAAAAAAAAAAA", ""}, // no key has so few different letters
		{"private-key", "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA3Tz2mr7SZi", "MIIEowIBAAKCAQEA3Tz2mr7SZi"},
		{"private-key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A\n\nMIIEowIBAAKCAQEA3Tz2mr7SZi", "MIIEowIBAAKCAQEA3Tz2mr7SZi"},
		{"private-key", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdGBGRkZGQBEADGx0Q3v5x7yL9k", "lQdGBGRkZGQBEADGx0Q3v5x7yL9k"},
		{"private-key", "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS", "QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS"},
		{"private-key", "Een sleutel begint met -----BEGIN PRIVATE KEY----- en hoort niet in de mail.", ""},
		{"private-key", "-----BEGIN PRIVATE KEY-----\nXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX\n-----END", ""},
		{"private-key", "-----END RSA PRIVATE KEY-----", ""},
	} {
		if got := strings.Join(sure(all[tc.detector].Find, tc.text), "|"); got != tc.want {
			t.Errorf("%s in %q: found %q, want %q", tc.detector, tc.text, got, tc.want)
		}
	}
}

// numbersWith makes nine digits that leave a remainder in the 11-test.
func numbersWith(r *rand.Rand, remainder int) string {
	for {
		n := fmt.Sprint(100_000_000 + r.IntN(899_999_999))
		if elevenSum([]byte(n)) == remainder && !dummy([]byte(n)) && !testBSN([]byte(n)) {
			return n
		}
	}
}

// Of a thousand numbers each, all are found that are what the letter says, and none that
// have one digit wrong.
func TestNumbersInLetters(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	letters := []string{
		"Het burgerservicenummer van de leerling is %s, wilt u dat verwerken?", "BSN: %s", "leerling 3; 03-01-2017; BSN %s;",
	}
	for range 1000 {
		letter := letters[r.IntN(len(letters))]
		if n := numbersWith(r, 0); !slices.Contains(sure(BSN, fmt.Sprintf(letter, n)), n) {
			t.Errorf("%s is not found in %q", n, letter)
		}
		if n := numbersWith(r, 1+r.IntN(10)); len(sure(BSN, fmt.Sprintf(letter, n))) > 0 {
			t.Errorf("%s is found and is none", n)
		}
		if n := numbersWith(r, 0); len(sure(BSN, "Ordernummer "+n+" is verzonden.")) > 0 {
			t.Errorf("order number %s is taken for a BSN", n)
		}
	}
}

// What lets a detector be left out has to be in every text that it finds anything in.
func TestNoDetectorIsLeftOutWrongly(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := strings.Split("IBAN NL91ABNA0417164300|NL91 ABNA 0417 1643 00|creditcard 4539 5787 6362 1486|BSN "+
		"|2647|80|139|264780139|.|-| |\n|IBAN |NL91|ABNA|0417164300|creditcard |4539|5787|6362|1486|wachtwoord|: |= "+
		"|Zomer84!x|ww|pw |is |AKIAQ3EGRZ7XN5LBV2WD|paspoort |NX4F29RK3|geboren |3-1-|2017| januari |adres |5461| "+
		"AB|tel |06|41234567|a@b.example|-----BEGIN PRIVATE KEY-----|X|7", "|")
	found := map[string]int{}
	for range 20_000 {
		var b strings.Builder
		for range 1 + r.IntN(8) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		text := b.String()
		digits, low := textOf(text).Digits, strings.ToLower(text)
		for name, d := range byName() {
			if len(sure(d.Find, text)) == 0 {
				continue
			}
			found[name]++
			worded := len(d.Words) == 0 || slices.ContainsFunc(d.Words, func(w string) bool {
				i := strings.Index(low, w)
				for i >= 0 {
					if i == 0 || !letter(low[i-1]) && !digit(low[i-1]) {
						return true
					}
					next := strings.Index(low[i+1:], w)
					if next < 0 {
						return false
					}
					i += 1 + next
				}
				return false
			})
			if !digits.Reach(d.Digits) || !worded {
				t.Fatalf("%s finds something in %q and would be left out: %+v", name, text, digits)
			}
		}
	}
	for _, name := range []string{"bsn", "iban", "card", "secret", "passport", "birth-date", "postcode", "phone",
		"email", "private-key"} {
		if found[name] == 0 {
			t.Errorf("%s was never found: nothing is shown", name)
		}
	}
}

func TestDigitsAreCounted(t *testing.T) {
	for text, want := range map[string]Digits{
		"": {}, "geen": {}, "1": {1, 1}, "lokaal 12": {2, 2}, "06-41 23": {2, 6}, "1, 2": {1, 1}, "2647.80.139": {4, 9},
		"a1b22c333": {3, 6}, "7 ": {1, 1},
	} {
		if got := textOf(text).Digits; got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add("BSN 2647.80.139, IBAN NL91 ABNA 0417 1643 00, wachtwoord: Zomer84!, geb. 3 januari 2017, 5461 AB, " +
		"a@b.nl, +31 6 12345678")
	f.Add("AKIA ghp_ eyJhbGciOi -----BEGIN PRIVATE KEY----- ww= pw:")
	f.Add("\xff\xfe\x00 4539 5787 6362 1486")
	all := byName()
	f.Fuzz(func(t *testing.T, text string) {
		for name, d := range all {
			d.Find(textOf(text), func(h Hit) {
				if h.Start < 0 || h.End > len(text) || h.Start > h.End || h.Confidence < 0 || h.Confidence > 100 {
					t.Fatalf("%s: %d:%d of %d, confidence %d", name, h.Start, h.End, len(text), h.Confidence)
				}
			})
		}
	})
}

// byName returns all detectors by their names.
func byName() map[string]Detector {
	all := map[string]Detector{}
	for _, d := range All() {
		all[d.Name] = d
	}
	return all
}
