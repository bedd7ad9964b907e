package filter

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/rules"
)

// children are of a class that does not exist, with what a class list has of them.
func children(row string) string {
	var b strings.Builder
	for i, name := range []string{"Anna", "Bram", "Cas", "Daan", "Eva", "Fenna", "Gijs", "Hugo", "Iris", "Jip", "Kees",
		"Lotte"} {
		fmt.Fprintf(&b, row, name, fmt.Sprintf("%d-%d-2017", i+3, i%12+1), fmt.Sprintf("06-4%d1234%d", i%10, 10+i),
			fmt.Sprintf("54%d AB", 10+i))
	}
	return b.String()
}

func workbook(t testing.TB, rows string) []byte {
	return zipped(t, map[string]string{
		"[Content_Types].xml":        `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"xl/workbook.xml":            `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets><sheet name="groep 5" sheetId="1"/></sheets></workbook>`,
		"xl/worksheets/sheet1.xml":   `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + rows + `</sheetData></worksheet>`,
		"xl/_rels/workbook.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>`,
	})
}

func table(t testing.TB, rows string) []byte {
	return zipped(t, map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"word/document.xml":   `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:tbl>` + rows + `</w:tbl></w:body></w:document>`,
	})
}

// cells are the cells of a row, as a document has them.
func cells(format string, values ...string) string {
	var b strings.Builder
	for _, v := range values {
		fmt.Fprintf(&b, format, v)
	}
	return b.String()
}

// What a school must not let out is found in the files that it stands in, and ordinary
// files pass (C2.1b, C2.4a, C3.3b).
func TestLeaksInTheFilesTheyStandIn(t *testing.T) {
	const word, inline = "<w:tc><w:p><w:r><w:t>%s</w:t></w:r></w:p></w:tc>", `<c t="inlineStr"><is><t>%s</t></is></c>`
	e := engine(t)
	for _, tc := range []struct {
		name, file string
		content    []byte
		want       []string // categories that lead to action
	}{
		{"a class list in a csv", "klas.csv", []byte("naam;geboortedatum;telefoon;postcode\n" + children("%s de Vries;%s;%s;%s\n")), []string{"personal"}},
		{"a class list of names and dates only", "klas.csv", []byte("naam,geboortedatum\n" + children("%s de Vries,%s\n%.0s%.0s")), []string{"personal"}},
		{"a class list in Excel", "klas.xlsx",
			workbook(t, "<row>"+cells(inline, "naam", "geboortedatum",
				"telefoon")+"</row>"+children("<row>"+cells(inline, "%s de Vries", "%s", "%s")+"</row>%.0s")),
			[]string{"personal"}},
		{"a class list in Word", "klas.docx", table(t,
			"<w:tr>"+cells(word, "naam", "geboortedatum",
				"telefoon")+"</w:tr>"+children("<w:tr>"+cells(word, "%s de Vries", "%s", "%s")+"</w:tr>%.0s")),
			[]string{"personal"}},
		{"a calling list", "bellijst.txt", []byte("Bellijst ouders groep 5\n" + children("%s: %.0s%s\n%.0s")), []string{"personal"}},
		{"names without more", "klas.txt", []byte(children("%s de Vries\n%.0s%.0s%.0s")), nil},
		{"a calendar of the year", "jaar.csv", []byte("datum;activiteit\n" + children("%.0s%[2]s;uitstapje\n%.0[3]s%.0[4]s")), nil},
		{"a BSN in a letter", "brief.txt", []byte("Betreft: overdracht\nHet BSN van de leerling is 264780139."), []string{"identity"}},
		{"one digit wrong", "brief.txt", []byte("Het BSN van de leerling is 264780138."), nil},
		{"an order", "brief.txt", []byte("Uw bestelnummer is 264780139, de leerling haalt het op."), nil},
		{"the BSN of a manual", "brief.txt", []byte("Vul het BSN in, zoals 111222333."), nil},
		{"an education number", "brief.txt", []byte("Onderwijsnummer leerling: 101222331"), []string{"identity"}},
		{"a passport", "brief.txt", []byte("Zijn paspoort NX4F29RK3 is geldig tot 2031."), []string{"identity"}},
		{"a driving licence", "brief.txt", []byte("Rijbewijsnummer van de chauffeur: 5284619037"), []string{"identity"}},
		{"a card", "brief.txt", []byte("De creditcard is 4539 5787 6362 1486, cvc 123."), []string{"financial"}},
		{"a card for tests", "brief.txt", []byte("Gebruik creditcard 4111 1111 1111 1111 om te proberen."), nil},
		{"the account of the school", "brief.txt", []byte("Maak de ouderbijdrage over op NL91 ABNA 0417 1643 00."), nil},
		{"accounts of parents", "incasso.csv", []byte("naam;iban\nA;NL91ABNA0417164300\nB;NL20INGB0001234567\nC;NL39RABO0300065264\n"), []string{"financial"}},
		{"care for a pupil", "brief.txt", []byte("In het handelingsplan van de leerling staat de diagnose en de medicatie."), []string{"care"}},
		{"diagnosis and help", "brief.txt", []byte("De leerling heeft ADHD. Er is een melding gedaan bij Veilig Thuis."), []string{"care"}},
		{"a lecture on care", "brief.txt", []byte("Op de studiedag is een lezing over ADHD en autisme, en over Veilig Thuis."), nil},
		{"a confidential paper", "stuk.txt", []byte("STRIKT VERTROUWELIJK\nVoorstel van het bestuur"), []string{"confidential"}},
		{"a disclaimer", "stuk.txt", []byte("Disclaimer: dit bericht is strikt vertrouwelijk en bestemd voor de geadresseerde."), nil},
		{"a password", "brief.txt", []byte("Inloggen op het leerlingvolgsysteem: wachtwoord: Zomer!84kast"), []string{"credentials"}},
		{"how to choose one", "brief.txt", []byte("Een goed wachtwoord is lang. Wachtwoord vergeten? Klik hier."), nil},
		{"a key of a service", "config.txt", []byte("aws_access_key_id = AKIAQ3EGRZ7XN5LBV2WD"), []string{"credentials"}},
		{"the key of a manual", "config.txt", []byte("aws_access_key_id = AKIAIOSFODNN7EXAMPLE"), nil},
		{"a private key", "id_rsa", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ\n-----END OPENSSH PRIVATE KEY-----\n"), []string{"credentials"}},
		{"addresses of mail", "lijst.txt", []byte(strings.Repeat("x", 3) + children("%s@a.example, %[1]s@b.example; ")), []string{"personal"}},
	} {
		item := Item{Kind: Document, Name: tc.file, Directions: rules.DirectionsOf(rules.Out),
			Content: strings.NewReader(string(tc.content)), Size: int64(len(tc.content))}
		x, err := e.Inspect(t.Context(), item, rules.SetOf(rules.Leak))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range x.Findings {
			if c := f.Category.String(); x.Decisive(f, rules.Out) && !slices.Contains(got, c) {
				got = append(got, c)
			}
		}
		if slices.Sort(got); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
			for _, f := range x.Findings {
				t.Logf("%s: %d, %q", f.Rule, f.Count, f.Excerpts[0].Reveal())
			}
		}
	}
}
