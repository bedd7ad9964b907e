package domains

import (
	"strings"

	"golang.org/x/net/idna"
)

// Name returns a host name as lookups have it, in ASCII and lower case; false if it is none, such as an address.
func Name(host string) (string, bool) { return canonical(host) }

// lookupForm brings names in Unicode into the form that browsers ask for (UTS 46, not transitional).
var lookupForm = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckJoiners(true),
	idna.CheckHyphens(false),
	idna.StrictDomainName(false),
)

func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// canonical returns a name as Lookup has it.
func canonical(name string) (string, bool) {
	if !isPlain(name) {
		ascii, err := lookupForm.ToASCII(name)
		if err != nil {
			return "", false
		}
		name = ascii
	}
	name = strings.ToLower(strings.Trim(name, "."))
	label := 0
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '.':
			if label == 0 {
				return "", false
			}
			label = -1
		case (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_':
			return "", false
		}
		if label++; label > 63 {
			return "", false
		}
	}
	if name == "" || len(name) > 253 {
		return "", false
	}
	if isNumeric(name) { // then browsers take it for an address, or for nothing
		if _, is := number(name[strings.LastIndexByte(name, '.')+1:]); is {
			return "", false
		}
	}
	return name, true
}
