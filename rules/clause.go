package rules

import "fmt"

// Clause names a clause of the code of conduct, such as C3.3b. Only ParseClause
// makes one, so that a Clause is always of the closed list.
type Clause struct{ id string }

// ParseClause returns the clause with the given id.
func ParseClause(id string) (Clause, error) {
	if _, ok := clauses[id]; !ok {
		return Clause{}, fmt.Errorf("unknown clause %q: see the list of clauses in the README", id)
	}
	return Clause{id}, nil
}

// String returns the id; it is empty for the zero Clause.
func (c Clause) String() string { return c.id }

// Text returns what the clause asks, in one plain sentence, in Dutch ("nl") or
// English (any other language).
func (c Clause) Text(lang string) string {
	t := clauses[c.id]
	if lang == "nl" {
		return t.nl
	}
	return t.en
}

// MarshalText implements encoding.TextMarshaler.
func (c Clause) MarshalText() ([]byte, error) { return []byte(c.id), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Clause) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*c = Clause{}
		return nil
	}
	*c, err = ParseClause(string(b))
	return err
}

// ID names a rule, such as leak.identity.bsn. Only ParseID makes one: lower-case
// letters, digits, dots and hyphens, so that no content fits in it.
type ID struct{ id string }

// ParseID returns the rule id s, which has at most 64 letters of a to z, digits,
// dots and hyphens.
func ParseID(s string) (ID, error) {
	if s == "" || len(s) > 64 {
		return ID{}, fmt.Errorf("rule id: want 1 to 64 characters")
	}
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			return ID{}, fmt.Errorf("rule id %q: use a-z, 0-9, dots and hyphens", s)
		}
	}
	return ID{s}, nil
}

// String returns the id; it is empty for the zero ID.
func (i ID) String() string { return i.id }

// MarshalText implements encoding.TextMarshaler.
func (i ID) MarshalText() ([]byte, error) { return []byte(i.id), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*i = ID{}
		return nil
	}
	*i, err = ParseID(string(b))
	return err
}

type clauseText struct{ nl, en string }

var clauses = map[string]clauseText{
	"C2.1a": {"Deel bestanden liever met een link dan als bijlage.", "Share files by link rather than as an attachment."},
	"C2.1b": {"Deel nooit wachtwoorden.", "Never share passwords."},
	"C2.2a": {"Geen mail die pornografisch, racistisch, discriminerend, beledigend of intimiderend is, of tot haat of geweld kan aanzetten.", "No mail that is pornographic, racist, discriminating, insulting or intimidating, or that may incite hate or violence."},
	"C2.4a": {"Persoonsgegevens van de organisatie blijven in de toepassingen die daarvoor bedoeld zijn.", "Personal data of the organisation stays in the applications meant for it."},
	"C2.8a": {"Geen sites met pornografisch, racistisch, discriminerend, beledigend of aanstootgevend materiaal.", "No sites with pornographic, racist, discriminating, insulting or offensive material."},
	"C2.8b": {"Geen downloads uit een duidelijk illegale bron.", "No downloads from an evidently illegal source."},
	"C2.8c": {"Geen kansspelen.", "No gambling."},
	"C2.8d": {"Geen dreigende, seksueel getinte, racistische of discriminerende toon.", "No threatening, sexual, racist or discriminating tone."},
	"C2.8e": {"Beperkt persoonlijk gebruik mag; wat hier niet mag, staat in de eigen gedragscode van de organisatie.", "Limited personal use is allowed; what is not, the organisation's own code says."},
	"C2.9a": {"Herken phishing en malware.", "Recognise phishing and malware."},
	"C3.3a": {"Misdragingen en de veiligheid van systemen worden bewaakt met inhoudsfilters.", "Misconduct and the security of systems are controlled by content filtering."},
	"C3.3b": {"Lekken van interne en vertrouwelijke gegevens worden alleen in een steekproef gezocht.", "Leaks of internal and confidential data are looked for in a random sample only."},
	"C3.3c": {"Kosten en capaciteit worden alleen met verkeers- en opslaggegevens bewaakt.", "Cost and capacity are controlled with traffic and storage data only."},
	"C3.3d": {"Beeldgebruik wordt gecontroleerd na een klacht of in openbaar beeld.", "Use of imagery is controlled on a complaint or in public imagery."},
}
