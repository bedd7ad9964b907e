package rules

// Category is what a rule finds, in the words of the code of conduct. The list is
// closed: a category that the code does not forbid cannot be blocked (C2.8e).
type Category uint8

// The categories that the program names, and the clause that each comes from. Their numbers stand
// in the journal. The headers of lists of sites add others (see Sites).
const (
	NoCategory      Category = iota
	Malware                  // C3.3a, C2.9a: malicious software
	Phishing                 // C3.3a, C2.9a: lying links, look-alike senders
	Attachment               // C3.3a: dangerous or disguised attachments
	Pornography              // C2.2a, C2.8a
	Intimidation             // C3.3a, C2.2a: sexual intimidation
	Racism                   // C2.2a, C2.8a
	Discrimination           // C2.2a, C2.8a
	Insult                   // C2.2a
	Threat                   // C2.2a, C2.8d
	Incitement               // C2.2a: may incite hate or violence
	Credentials              // C2.1b: passwords and keys
	Identity                 // C2.4a: identity numbers and documents of persons
	Financial                // C2.4a: bank accounts and payment cards
	Personal                 // C2.4a: other personal data, lists of people
	Care                     // C2.4a: data on health and care of a person
	Confidential             // C3.3b: internal or confidential documents
	FileSharing              // C2.1a: share by link rather than attachment (advice)
	Hate                     // C2.8a: sites
	Gambling                 // C2.8c
	IllegalDownload          // C2.8b
	Bypass                   // C3.3a: ways around the filter
	OwnCode                  // C2.8e: what the organisation's own code forbids
)

// categoryNames are those of the constants.
var categoryNames = [...]string{
	"none", "malware", "phishing", "attachment",
	"pornography", "intimidation", "racism", "discrimination", "insult", "threat", "incitement",
	"credentials", "identity", "financial", "personal", "care", "confidential", "file-sharing",
	"hate", "gambling", "illegal-download",
	"bypass", "own-code",
}

// String returns the name that rule packs and the journal use.
func (c Category) String() string { return name(siteCategories().names, uint8(c), "category") }

// ParseCategory returns the category with the given name.
func ParseCategory(s string) (Category, error) {
	i, err := parse(siteCategories().names, s, "category")
	return Category(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (c Category) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Category) UnmarshalText(b []byte) (err error) {
	*c, err = ParseCategory(string(b))
	return err
}
