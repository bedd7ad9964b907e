package roster

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"unicode"
)

// Group names a group of the roster, such as staff or pupils of one building. Only
// a loaded roster makes one, so that no content fits in it.
type Group struct{ name string }

// maxGroup bounds the name of a group, in bytes.
const maxGroup = 40

// ParseGroup returns the group with a name as a record has it: letters, digits, spaces
// and a few signs, as a roster may have.
func ParseGroup(s string) (Group, error) {
	if len(s) > maxGroup {
		return Group{}, fmt.Errorf("name of a group: longer than %d characters", maxGroup)
	}
	if strings.ContainsFunc(s, unprintable) {
		return Group{}, fmt.Errorf("name of a group: use letters, digits, spaces and - _ . & / ( )")
	}
	return Group{s}, nil
}

// odd reports whether a character has no place in the name of a group.
func unprintable(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" -_.&/()", r)
}

// String returns the group's name; it is empty for the group of no one.
func (g Group) String() string { return g.name }

// UnmarshalText implements encoding.TextUnmarshaler.
func (g *Group) UnmarshalText(text []byte) (err error) {
	*g, err = ParseGroup(string(text))
	return err
}

// MarshalText implements encoding.TextMarshaler.
func (g Group) MarshalText() ([]byte, error) { return []byte(g.name), nil }

// Subject is whom a journal record is about, as the roster knows them: enough for
// the record writer to compute a pseudonym, and opaque to everybody else. The zero
// Subject is no known person.
type Subject struct {
	key          string // canonical address of the person; empty if unknown or a pupil (K4)
	group        Group
	confidential bool
}

// Group returns the subject's group.
func (s Subject) Group() Group { return s.group }

// Confidential reports whether the subject has a confidential role (C3.2g).
func (s Subject) Confidential() bool { return s.confidential }

// Identified reports whether a pseudonym can be computed: not for pupils, for
// confidential roles, nor for people who are not on the roster.
func (s Subject) Identified() bool { return s.key != "" && !s.confidential }

// Hash writes who it is to a keyed hash, and to nothing else: the journal's pseudonyms are
// made with it.
func (s Subject) Hash(mac hash.Hash) { io.WriteString(mac, s.key) }

// String hides who it is.
func (s Subject) String() string { return fmt.Sprintf("subject of group %q", s.group.name) }

// GobEncode implements gob.GobEncoder, for the processes of one gateway: nothing else encodes a
// Subject, and no text or JSON of one has more than its placeholder.
func (s Subject) GobEncode() ([]byte, error) {
	b := []byte{0, byte(len(s.group.name))}
	if s.confidential {
		b[0] = 1
	}
	return append(append(b, s.group.name...), s.key...), nil
}

// GobDecode implements gob.GobDecoder.
func (s *Subject) GobDecode(b []byte) error {
	if len(b) < 2 || len(b) < 2+int(b[1]) {
		return errors.New("roster: not a subject")
	}
	name, key := b[2:2+int(b[1])], b[2+int(b[1]):]
	*s = Subject{key: string(key), group: Group{string(name)}, confidential: b[0] == 1}
	return nil
}
