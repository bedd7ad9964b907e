package rules

import (
	"fmt"
	"strings"
)

// Purpose is the goal of the code of conduct that a rule enforces (C3.2a).
type Purpose uint8

// The purposes of section 3.3. Capacity and Imagery exist so that their figures
// can name them; they never read the content of a message or a request.
const (
	NoPurpose Purpose = iota
	Security          // system and network security (C3.3a), also for confidential roles (C3.2g)
	Conduct           // negative publicity, intimidation, hate (C3.3a, C2.2a)
	Leak              // internal and confidential data, on random samples only (C3.3b)
	Capacity          // cost and capacity, from counts and bytes (C3.3c)
	Imagery           // use of imagery, on complaint or from public pages (C3.3d)
)

var purposeNames = [...]string{"none", "security", "conduct", "leak", "capacity", "imagery"}

// String returns the name that rule packs and the journal use.
func (p Purpose) String() string { return name(purposeNames[:], uint8(p), "purpose") }

// ParsePurpose returns the purpose with the given name.
func ParsePurpose(s string) (Purpose, error) {
	i, err := parse(purposeNames[:], s, "purpose")
	return Purpose(i), err
}

// MarshalText implements encoding.TextMarshaler.
func (p Purpose) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Purpose) UnmarshalText(b []byte) (err error) {
	*p, err = ParsePurpose(string(b))
	return err
}

// Purposes is a set of purposes. Its zero value is empty: nothing may run.
type Purposes uint8

// SetOf returns the set that holds just the given purposes.
func SetOf(ps ...Purpose) Purposes {
	var s Purposes
	for _, p := range ps {
		if p != NoPurpose {
			s |= 1 << p
		}
	}
	return s
}

// Has reports whether p is in the set.
func (s Purposes) Has(p Purpose) bool { return p != NoPurpose && s&(1<<p) != 0 }

// With returns the set with p added.
func (s Purposes) With(p Purpose) Purposes { return s | SetOf(p) }

// List returns the members in the order of their declaration.
func (s Purposes) List() []Purpose {
	ps := []Purpose{}
	for p := Security; int(p) < len(purposeNames); p++ {
		if s.Has(p) {
			ps = append(ps, p)
		}
	}
	return ps
}

// String returns the members' names, separated by "+".
func (s Purposes) String() string {
	names := []string{}
	for _, p := range s.List() {
		names = append(names, p.String())
	}
	return strings.Join(names, "+")
}

// name and parse serve every closed vocabulary of the package.
func name(names []string, i uint8, kind string) string {
	if int(i) < len(names) {
		return names[i]
	}
	return fmt.Sprintf("%s(%d)", kind, i)
}

func parse(names []string, s, kind string) (uint8, error) {
	for i, n := range names {
		if n == s && (i > 0 || n != "none") {
			return uint8(i), nil
		}
	}
	known := names
	if names[0] == "none" {
		known = names[1:]
	}
	return 0, fmt.Errorf("unknown %s %q: use one of %s", kind, s, strings.Join(known, ", "))
}
