package roster

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// load writes a roster file and loads it.
func load(t testing.TB, name, text string, domains ...string) (*Roster, error) {
	t.Helper()
	return Load(rosterFile(t, name, text), domains)
}

// rosterFile writes a roster file and returns its path.
func rosterFile(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustLoad(t testing.TB, name, text string, domains ...string) *Roster {
	t.Helper()
	r, err := load(t, name, text, domains...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// schoolInDNS is school-größe.example in A-labels (RFC 5891).
const schoolInDNS = "xn--school-gre-e4a9y.example"

const school = `# who is who
domains: [school.example, "school-größe.example"]
groups:
  - {name: team, kind: staff, networks: [10.1.0.0/16, "fd00:1::/32"]}
  - {name: bovenbouw, kind: leerlingen, networks: [10.1.8.0/24]}
  - {name: bestuur, kind: board}
confidential-roles: [integrity-adviser]
people:
  - {address: juf@school.example, aliases: [groep5@school.example], group: team, name: Juf}
  - address: Vera.Trouw@school.example
    aliases: [vertrouwenspersoon@school.example, vera@school-größe.example, arts@ÄRZTE.example]
    group: team
    role: confidential-counsellor
  - {address: raad@school.example, group: team, role: GMR}
  - {address: ina@school.example, group: bestuur, role: integrity-adviser}
  - {address: leerling@school.example, group: bovenbouw}
lists:
  - {address: team@school.example, members: [juf@school.example]}
  - {address: hulp@school.example, members: [juf@school.example, VERA.TROUW+post@school.example]}
  - {address: alles@school.example, members: [kring-a@school.example]}
  - {address: kring-a@school.example, members: [kring-b@school.example]}
  - {address: kring-b@school.example, members: [kring-a@school.example, hulp@school.example]}
  - {address: rondje-a@school.example, members: [rondje-b@school.example]}
  - {address: rondje-b@school.example, members: [rondje-a@school.example]}
`

func TestConfidentialByEveryAddressThatLeadsThere(t *testing.T) { // C3.2g
	r := mustLoad(t, "roster.yaml", school)
	for _, a := range []string{
		"vera.trouw@school.example",
		"VERA.TROUW@SCHOOL.EXAMPLE",
		"<vera.trouw@school.example>",
		" vera.trouw@school.example\t",
		"vera.trouw@school.example.",
		"vera.trouw+klas5@school.example",
		"vera.trouw+a+b@school.example",
		`"vera.trouw"@school.example`,
		`"Vera\.Trouw"@school.example`,
		`"vera.trouw+x"@school.example`,
		"vera．trouw＋x@school.example", // full width
		"prvs=0123abcdef=vera.trouw@school.example",
		"vertrouwenspersoon@school.example", // alias
		"vera@school-größe.example",
		"vera@SCHOOL-GRÖßE.example",
		"vera@school-gro\u0308ße.example", // decomposed
		"vera@" + schoolInDNS,
		"vera@school.example", // the same name at another own domain
		"vera@" + strings.ToUpper(schoolInDNS) + ".",
		"arts@ärzte.example",
		"arts@xn--rzte-koa.example",
		"arts@Xn--RZTE-koa.example",
		"raad@school.example", // a role in Dutch
		"ina@school.example",  // a role of its own
		"hulp@school.example", // list
		"hulp+x@school.example",
		"alles@school.example", // list of lists, with a circle on the way
		"kring-a@school.example",
		"kring-b@school.example",
	} {
		if !r.Confidential(a) {
			t.Errorf("%q is not recognised", a)
		}
	}
	for _, a := range []string{
		"", "@", "<>", "+", `""@`, "postmaster",
		"juf@school.example", "team@school.example", "leerling@school.example",
		"vera.trouw@elders.example", "vera.trouw@school.example@elders.example",
		`"vera.trouw@school.example"@elders.example`,
		"trouw@school.example", "veratrouw@school.example",
		"rondje-a@school.example", "rondje-b@school.example",
	} {
		if r.Confidential(a) {
			t.Errorf("%q is taken for confidential", a)
		}
	}
}

func TestADeepChainOfListsEndsInTime(t *testing.T) { // C3.2g
	var b strings.Builder
	b.WriteString("people: [{address: raad@school.example, role: mr}]\nlists:\n")
	const n = 3000
	for i := range n { // worst order: the first depends on the last
		fmt.Fprintf(&b, "  - {address: l%d@school.example, members: [l%d@school.example, l0@school.example]}\n", i, i+1)
	}
	fmt.Fprintf(&b, "  - {address: l%d@school.example, members: [raad@school.example]}\n", n)
	if r := mustLoad(t, "roster.yaml", b.String()); !r.Confidential("l0@school.example") {
		t.Error("not confidential through a chain of lists")
	}
}

func TestWhoIsWho(t *testing.T) {
	r := mustLoad(t, "roster.yaml", school, "eigen.example")
	for address, want := range map[string]struct {
		group      string
		identified bool
	}{
		"juf@school.example":        {"team", true},
		"Groep5+x@school.example":   {"team", true},
		"leerling@school.example":   {"bovenbouw", false}, // K4
		"vera.trouw@school.example": {"team", false},      // C3.2g
		"hulp@school.example":       {"", false},
		"iemand@elders.example":     {"", false},
		"":                          {"", false},
	} {
		s := r.Subject(address)
		if s.Group().String() != want.group || s.Identified() != want.identified {
			t.Errorf("%q: group %q, identified %v", address, s.Group(), s.Identified())
		}
		if strings.Contains(fmt.Sprintf("%v %+v %s", s, s, s), "@") {
			t.Errorf("a subject shows who it is: %v", s)
		}
	}
	if r.Subject("juf@school.example") != r.Subject("GROEP5@school.example") {
		t.Error("an alias is another subject")
	}
	for domain, own := range map[string]bool{
		"school.example": true, "SCHOOL.example.": true, "eigen.example": true, "school-GRÖßE.example": true,
		"elders.example": false, "sub.school.example": false, "": false, "example": false,
	} {
		if r.OwnDomain(domain) != own {
			t.Errorf("own domain %q: %v", domain, !own)
		}
	}
	if all, confidential := r.People(); all != 5 || confidential != 3 {
		t.Errorf("%d people, %d confidential", all, confidential)
	}
	if got := fmt.Sprint(r.Groups()); got != "[bestuur bovenbouw team]" {
		t.Errorf("groups %s", got)
	}
}

func TestTheSmallestNetworkTellsTheGroup(t *testing.T) {
	r := mustLoad(t, "roster.yaml", school)
	for addr, want := range map[string]string{
		"10.1.2.3": "team", "10.1.8.9": "bovenbouw", "::ffff:10.1.8.9": "bovenbouw",
		"fd00:1::5": "team", "fd00:1::5%eth0": "team", "10.2.0.1": "", "fd00:2::1": "",
	} {
		if got := r.GroupOf(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %q, want %q", addr, got, want)
		}
	}
	if g := r.GroupOf(netip.Addr{}); g != (Group{}) {
		t.Errorf("no address is in group %q", g)
	}
}

func TestEmptyRosterKnowsItsDomains(t *testing.T) {
	r := Empty([]string{"school.example"})
	if !r.OwnDomain("School.Example") || r.Confidential("x@school.example") {
		t.Error("empty roster")
	}
}

func TestFingerprintTellsVersionsApart(t *testing.T) {
	a := mustLoad(t, "r.yaml", school, "b.example", "a.example")
	b := mustLoad(t, "r.yaml", school, "a.example", "b.example")
	c := mustLoad(t, "r.yaml", school, "a.example")
	d := mustLoad(t, "r.yaml", school+"# changed\n", "a.example")
	if a.Fingerprint() != b.Fingerprint() || a.Fingerprint() == c.Fingerprint() || c.Fingerprint() == d.Fingerprint() ||
		len(a.Fingerprint()) != 64 {
		t.Error(a.Fingerprint(), b.Fingerprint(), c.Fingerprint(), d.Fingerprint())
	}
}

func TestTablesFromSpreadsheets(t *testing.T) {
	for name, text := range map[string]string{
		"English, commas":            "address,aliases,group,kind,role\njuf@school.example,groep5@school.example g5@school.example,team,staff,\nvera@school.example,,team,staff,confidential-counsellor\nkind@school.example,,klas,pupils,\n",
		"Dutch, semicolons, Windows": "\xef\xbb\xbfE-mailadres;Aliassen;Groep;Soort;Rol;Naam\r\njuf@school.example;\"groep5@school.example;g5@school.example\";team;personeel;;Juf\r\nvera@school.example;;team;;Vertrouwenspersoon;\r\nkind@school.example;;klas;leerlingen;;\r\n;;;;;\r\n",
		"tabs":                       "address\taliases\tgroup\tkind\trole\njuf@school.example\tgroep5@school.example, g5@school.example\tteam\tstaff\t\nvera@school.example\t\tteam\tstaff\tconfidential-counsellor\nkind@school.example\t\tklas\tpupils\t\n",
	} {
		r, err := load(t, "people.CSV", text, "school.example")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := r.Subject("g5@school.example"); s != r.Subject("juf@school.example") || !s.Identified() ||
			s.Group().String() != "team" {
			t.Errorf("%s: alias %v", name, s)
		}
		if !r.Confidential("vera@school.example") || r.Subject("kind@school.example").Identified() {
			t.Errorf("%s: role or pupil not understood", name)
		}
	}
}

func TestAGroupNamedForItsKindNeedsNoColumn(t *testing.T) { // K4
	r := mustLoad(t, "people.csv", "adres;groep\njuf@school.example;Personeel\nkind@school.example;Leerlingen\n")
	if !r.Subject("juf@school.example").Identified() || r.Subject("kind@school.example").Identified() {
		t.Error("kind not understood")
	}
}

func TestPeopleInATableBesideTheRest(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("people.csv", "address,group,role\nvera@school.example,team,vertrouwenspersoon\nkind@school.example,klas,\n")
	path := write(
		"roster.yaml",
		"groups: [{name: team, kind: staff}, {name: klas, kind: pupils}]\npeople-file: people.csv\nlists: "+
			"[{address: hulp@school.example, members: [vera@school.example]}]\n",
	)
	r, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Confidential("hulp@school.example") || r.Subject("kind@school.example").Identified() {
		t.Error("the table is not known to the rest")
	}
	write("people.csv", "address,group,role\nvera@school.example,team,\nkind@school.example,klas,\n")
	if changed, err := Load(path, nil); err != nil || changed.Fingerprint() == r.Fingerprint() {
		t.Errorf("a changed table has the same fingerprint: %v", err)
	}
	write("people.csv", "address,group,role\nvera@school.example,team,doctor\n")
	if _, err = Load(path, nil); err == nil ||
		!strings.HasPrefix(err.Error(), filepath.Join(dir, "people.csv")+":2:26: ") {
		t.Errorf("error in the table: %v", err)
	}
}

func TestFiftyThousandPeopleInLittleMemory(t *testing.T) {
	var b strings.Builder
	b.WriteString("address,aliases,group,role\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "voornaam.achternaam%d@school.example,vn%d@school.example,staff,\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	kept := int64(after.HeapAlloc) - int64(before.HeapAlloc)
	t.Logf("%d kB for 50,000 people with an alias each", kept>>10)
	if kept > 40<<20 {
		t.Errorf("%d bytes", kept)
	}
	if all, _ := r.People(); all != 50_000 {
		t.Errorf("%d people", all)
	}
}

func BenchmarkConfidential(b *testing.B) {
	r := mustLoad(b, "roster.yaml", school)
	for name, a := range map[string]string{"stranger": "iemand@elders.example", "upper": "Vera.Trouw+x@School.Example",
		"international": "vera@school-größe.example"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Confidential(a)
			}
		})
	}
}

func TestSizesOfGroups(t *testing.T) {
	r := mustLoad(
		t,
		"r.yaml",
		"groups:\n  - {name: team, kind: staff}\n  - {name: Bron (noord), kind: pupils, size: 212}\npeople:\n  - "+
			"{address: a@school.example, group: team}\n  - {address: b@school.example, group: team}\n",
	)
	got := map[string]Size{}
	for g, s := range r.Sizes() {
		got[g.String()] = s
		if again, err := ParseGroup(g.String()); err != nil || again != g {
			t.Errorf("a record cannot hold the group %s: %v", g, err)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(map[string]Size{"team": {Staff, 2}, "Bron (noord)": {Pupils, 212}}) {
		t.Errorf("%v", got)
	}
	if _, err := load(t, "r.yaml", "groups: [{name: a, kind: pupils, size: veel}]\n"); err == nil ||
		!strings.Contains(err.Error(), "number of people") {
		t.Error(err)
	}
}
