package rules

import "fmt"

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

// MustID is ParseID for an id that stands in the program; it panics if that is none.
func MustID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}
