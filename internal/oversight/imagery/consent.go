package imagery

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// Consent is what a person has agreed to.
type Consent struct {
	Scope string    // such as website; * is everything
	Until time.Time // end of the last day
}

// Register is who has agreed to what, by name in lower case.
type Register map[string][]Consent

// maxConsents bounds a register.
const maxConsents = 200_000

// LoadRegister reads a register: CSV with the columns person, scope and until (2027-07-31),
// in the separators that spreadsheets use.
func LoadRegister(path string) (Register, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read register of consent: %w", err)
	}
	r, err := parseRegister(string(b))
	if err != nil {
		return nil, fmt.Errorf("read register of consent %s: %w", path, err)
	}
	return r, nil
}

func parseRegister(text string) (Register, error) {
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	in.FieldsPerRecord = 3
	if head, _, _ := strings.Cut(text, "\n"); strings.Count(head, ";") == 2 {
		in.Comma = ';'
	}
	in.TrimLeadingSpace = true
	r := Register{}
	for n := 1; ; n++ {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return r, nil
		}
		switch {
		case err != nil: // it quotes what is in the file, which is about people
			return nil, fmt.Errorf("line %d: want the columns person, scope, until", n)
		case n == 1 && strings.EqualFold(strings.TrimSpace(row[2]), "until"):
			continue
		case n > maxConsents:
			return nil, fmt.Errorf("more than %d lines", maxConsents)
		}
		until, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(row[2]), time.Local)
		if err != nil || strings.TrimSpace(row[0]) == "" {
			return nil, fmt.Errorf("line %d: want a person, a scope such as website, and a day such as 2027-07-31", n)
		}
		person := name(row[0])
		r[person] = append(r[person], Consent{strings.ToLower(strings.TrimSpace(row[1])), until.AddDate(0, 0, 1)})
	}
}

func name(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }

// Agreed reports whether a person has agreed to a scope at a time.
func (r Register) Agreed(person, scope string, at time.Time) bool {
	for _, c := range r[name(person)] {
		if (c.Scope == scope || c.Scope == "*") && at.Before(c.Until) {
			return true
		}
	}
	return false
}
