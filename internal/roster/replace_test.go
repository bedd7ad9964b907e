package roster

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// office writes a roster whose people are in a table of their own, and returns its path.
func office(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"roster.yaml": "groups:\n  - {name: team, kind: staff}\n  - {name: bestuur, kind: board}\nconfidential-roles: [integrity-adviser]\n" +
			"people-file: people.csv\npeople:\n  - {address: baas@school.example, group: bestuur, role: integrity-adviser}\n" +
			"lists:\n  - {address: hulp@school.example, members: [vera@school.example]}\n",
		"people.csv": "adres;groep;rol\njuf@school.example;team;\nvera@school.example;team;vertrouwenspersoon\nmeester@school.example;team;gmr\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "roster.yaml")
}

func TestWhichTableCanBeReplaced(t *testing.T) {
	path := office(t)
	elsewhere := filepath.Join(t.TempDir(), "r.yaml")
	none := filepath.Join(t.TempDir(), "r.yaml")
	for name, text := range map[string]string{elsewhere: "people-file: /srv/people.csv\n", none: "people: []\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for of, want := range map[string]string{path: filepath.Join(filepath.Dir(path), "people.csv"),
		elsewhere: "/srv/people.csv", "/srv/People.CSV": "/srv/People.CSV"} {
		if got, err := Table(of); got != want || err != nil {
			t.Errorf("of %s: %s, %v", of, got, err)
		}
	}
	for _, of := range []string{"", none} {
		if got, err := Table(of); !errors.Is(err, ErrNoTable) {
			t.Errorf("of %q: %q, %v", of, got, err)
		}
	}
}

// What a table would change is what it does change: the roster that was looked at is the one
// that is loaded when the table has taken its place; the roles and lists of the YAML stay.
func TestAnotherTableKeepsWhatIsNotInIt(t *testing.T) { // C3.2g
	path := office(t)
	const table = "adres;groep;rol\njuf@school.example;bestuur;\nvera@school.example;team;\n" +
		"meester@school.example;team;gmr\nnoor@school.example;team;vertrouwenspersoon\n"
	before, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen, err := LoadWith(path, []byte(table), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Load(path, nil); err != nil || again.Fingerprint() != before.Fingerprint() {
		t.Error("looking changed it")
	}
	want := Changes{
		Added:        []string{"noor@school.example"},
		Moved:        []string{"juf@school.example"},
		Confidential: []string{"noor@school.example"},
		Ordinary:     []string{"hulp@school.example", "vera@school.example"},
		Risks: []Risk{
			{RoleLost, "hulp@school.example", "", "", "confidential-counsellor"},
			{RoleLost, "vera@school.example", "vera@school.example", "vera@school.example", "confidential-counsellor"},
		},
	}
	if got := Compare(before, seen); !reflect.DeepEqual(got, want) || got.Count() != 4 || got.None() {
		t.Errorf("%+v", got)
	}
	if !Compare(seen, seen).None() {
		t.Error("a roster differs from itself")
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "people.csv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := Load(path, nil)
	if err != nil || after.Fingerprint() != seen.Fingerprint() || !Compare(seen, after).None() {
		t.Errorf("what was seen is not what is: %v", err)
	}
	if s := after.subjects["baas@school.example"]; !s.confidential {
		t.Error("a role of the YAML is gone")
	}
}

func TestATableThatCannotBeIsRefusedWithItsPlace(t *testing.T) {
	path := office(t)
	for name, tc := range map[string]struct{ table, want string }{
		"nothing":                     {"", "table:1:1: the table is empty"},
		"a formula for a heading":     {"=cmd|' /C calc'!A0;groep\n", "table:1:1: unknown column"},
		"a formula for an address":    {"adres;groep\n=cmd|' /C calc'!A0;team\n", "table:2:1: this is no mail address"},
		"a formula for a group":       {"adres;groep;soort\na@b.nl;=1+1;personeel\n", "table:2:8: the name of a group"},
		"a formula for a role":        {"adres;rol\na@b.nl;@SUM(1)\n", "table:2:8: this is no confidential role"},
		"a NUL":                       {"adres;groep\na@b.nl;team\nb@b.nl;te\x00am\n", "table:3:1: this is not UTF-8"},
		"a field without end":         {"adres;groep\na@b.nl;" + strings.Repeat("x", 1<<20) + "\n", "table:2:8: "},
		"an address without end":      {"adres\n" + strings.Repeat("x", 1<<20) + "@b.nl\n", "table:2:1: this is no mail address"},
		"a quote without end":         {"adres;groep\na@b.nl;team\n\"b@b.nl;" + strings.Repeat("x\n", 1000), "table:3:"},
		"a row that is short":         {"adres;groep\na@b.nl;team\nb@b.nl\n", "table:3:1: this row has more or fewer columns"},
		"somebody of the other file":  {"adres;groep\nBAAS@school.example;team\n", "table:2:1: this address, or one that leads to the same mailbox, stands on line 7 of the other file"},
		"a list of the other file":    {"adres;groep\nhulp@school.example;team\n", path + ":9:15: this address, or one that leads to the same mailbox, stands on line 2 of the other file"},
		"somebody twice":              {"adres\na@b.nl\nA+x@b.nl\n", "table:3:1: this address, or one"},
		"more people than there are":  {"adres\n" + strings.Repeat("a@b.nl\n", 1_000_000), "table:250002:1: more than 250000 people"},
		"more than a roster may have": {strings.Repeat("x", maxFile+1), "the table of people is too large"},
	} {
		_, err := LoadWith(path, []byte(tc.table), nil)
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %.300v\nwant %s", name, err, tc.want)
		}
		if err != nil && len(err.Error()) > 10_000 {
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

// FuzzReplacingTable: a table is taken or refused with a line of it; what is taken is kept as it was
// looked at, and an error tells nothing of what is in it.
func FuzzReplacingTable(f *testing.F) {
	for _, seed := range []string{
		"adres;groep;rol\njuf@school.example;team;\nnoor@school.example;bestuur;gmr\n",
		"address,aliases,group,kind,role\na@b.nl,c@b.nl d@b.nl,klas,leerlingen,\n",
		"adres;groep\n=canary|' /C calc'!A0;team\n", "adres\nbaas@school.example\n", "adres\nhulp@school.example\n",
		"adres\tgroep\n\"canary\x00\n", "adres;;\n;;\n", "\xef\xbb\xbfadres\r\n\"a@b.nl\"\r\n",
	} {
		f.Add([]byte(seed))
	}
	path := office(f)
	before, err := Load(path, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, table []byte) {
		with, err := LoadWith(path, table, nil)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "table:") && !strings.HasPrefix(err.Error(), path+":") ||
				strings.Contains(err.Error(), "canary") {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if there, back := Compare(before, with), Compare(with, before); len(there.Added) != len(back.Removed) ||
			len(there.Moved) != len(back.Moved) ||
			there.None() != back.None() {
			t.Errorf("there %+v, back %+v", there, back)
		}
		if !with.subjects["baas@school.example"].confidential {
			t.Error("a role of the YAML is gone")
		}
	})
}
