package filter

import (
	"strings"

	"golang.org/x/net/idna"

	"sluis/filter/text"
)

// lookalike reports whether a domain could be taken for another that it is not: the same
// once letters that look alike are made one, a letter added, lost, changed or swapped,
// the same name under another top level, or the whole name in front of another domain.
func lookalike(domain, own string) bool {
	domain, own = registrable(domain), registrable(own)
	if domain == own || len(own) < 5 {
		return false
	}
	if u, err := idna.Display.ToUnicode(domain); err == nil {
		domain = u
	}
	if skeleton(domain) == skeleton(own) {
		return true
	}
	name, _, _ := strings.Cut(skeleton(domain), ".")
	ownName, _, _ := strings.Cut(skeleton(own), ".")
	if len(ownName) < 7 {
		return false // short names are near many others
	}
	return name == ownName && domain != own && len(ownName) > 9 || oneEdit(name, ownName) || wraps(domain, own)
}

// wraps reports whether a domain's name is the other's with something before or after a
// hyphen, such as school-inloggen.
func wraps(domain, own string) bool {
	name, _, _ := strings.Cut(domain, ".")
	ownName, _, _ := strings.Cut(own, ".")
	return strings.HasPrefix(name, ownName+"-") || strings.HasSuffix(name, "-"+ownName)
}

// skeleton makes letters one that look alike (after Unicode TR 39).
func skeleton(domain string) string {
	s := strings.ToLower(string(text.Fold(nil, []byte(domain))))
	return alike.Replace(s)
}

var alike = strings.NewReplacer("rn", "m", "vv", "w", "0", "o", "1", "l", "i", "l", "5", "s", "-", "")

// oneEdit reports whether a becomes b by one letter added, removed or changed, or two
// neighbours swapped.
func oneEdit(a, b string) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	if a == b || len(a)-len(b) > 1 {
		return false
	}
	i := 0
	for i < len(b) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) > len(b):
		return a[i+1:] == b[i:]
	case a[i+1:] == b[i+1:]:
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}
