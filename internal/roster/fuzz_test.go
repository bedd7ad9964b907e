package roster

import (
	"strings"
	"testing"
)

// FuzzRosterCSV: a table is read or refused, and an error tells nothing of what is in it.
func FuzzRosterCSV(f *testing.F) {
	f.Add("address,aliases,group,kind,role\njuf@school.example,g5@school.example g6@school.example,team,staff,gmr\n")
	f.Add("\xef\xbb\xbfE-mailadres;Aliassen;Groep\r\n\"juf@school.example\";\"a@b.nl;c@d.nl\";Leerlingen\r\n;;\r\n")
	f.Add("address\trole\n\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		const canary = "canary"
		file, err := parseCSV("t.csv", []byte(text))
		if err == nil {
			_, err = build("t.csv", file, []string{"school.example"}, nil, []byte(text))
		}
		if err != nil && strings.Contains(text, canary) && strings.Contains(err.Error(), canary) {
			t.Errorf("an error tells what is in the file: %v", err)
		}
	})
}

// FuzzRosterYAML: the same for the YAML form.
func FuzzRosterYAML(f *testing.F) {
	f.Add(school)
	f.Add("people: [{address: canary@b.nl, role: canary}]\n")
	f.Add("people:\n  - canary: &canary x\n  - *canary\n")
	f.Fuzz(func(t *testing.T, text string) {
		const canary = "canary"
		file, err := parseYAML("r.yaml", []byte(text))
		if err == nil {
			_, err = build("r.yaml", file, nil, nil, []byte(text))
		}
		if err != nil && strings.Contains(text, canary) && strings.Contains(err.Error(), canary) {
			t.Errorf("an error tells what is in the file: %v", err)
		}
	})
}

// FuzzConfidential: whatever is added to an address that mail servers pass over, it is
// the same mailbox; nothing panics.
func FuzzConfidential(f *testing.F) {
	f.Add("vera.trouw", "school-größe.example", "klas5")
	f.Add("ＶＥＲＡ", "xn--school-gre-e4a9y.example.", "+")
	f.Add(`a"b\`, "[IPv6:::1]", `"`)
	f.Add("prvs=1=x", "İ.example", "")
	f.Fuzz(func(t *testing.T, local, domain, tag string) {
		want := canonical(local + "@" + domain)
		if strings.ContainsAny(domain, "@<>") || strings.TrimSpace(domain) != domain || domain == "" {
			return
		}
		if got := canonical(local + "@" + domain + "."); got != want {
			t.Errorf("trailing dot: %q, without %q", got, want)
		}
		if strings.ContainsAny(local, `"\<>`) || strings.TrimSpace(local) != local || local == "" {
			return
		}
		if got := canonical(`"` + local + `"@` + domain); got != want {
			t.Errorf("quoted: %q, plain %q", got, want)
		}
		if strings.ContainsAny(tag, `"\`) || strings.HasPrefix(local, "+") {
			return
		}
		if got := canonical(local + "+" + tag + "@" + domain); got != want {
			t.Errorf("sub-address: %q, plain %q", got, want)
		}
		if ascii(local + domain) {
			if got := canonical(strings.ToUpper(local + "@" + domain)); got != want {
				t.Errorf("upper case: %q, as given %q", got, want)
			}
		}
		if domain := canonicalDomain(domain); canonicalDomain(domain) != domain {
			t.Errorf("the domain changes when it is spelled again: %q, %q", domain, canonicalDomain(domain))
		}
	})
}
