package roster

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var began = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// staffed is a roster of some people beside twelve others, with more groups and lists than the usual.
func staffed(t *testing.T, people string, groups, lists string) *Roster {
	t.Helper()
	text := lists + "groups:\n  - {name: team, kind: staff}\n  - {name: leerlingen, kind: pupils, size: 200}\n"
	text += groups + "people:\n"
	for i := range 12 {
		text += "  - {address: staff" + string(rune('a'+i)) + "@school.example, group: team}\n"
	}
	for row := range strings.SplitSeq(people, "\n") {
		text += "  - {address: " + strings.TrimSpace(row) + "}\n"
	}
	path := filepath.Join(t.TempDir(), "roster.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Load(path, []string{"school.example"})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const usual = `juf@school.example, group: team
	ictman@school.example, aliases: [im@school.example], group: team
	vp@school.example, aliases: [vertrouwen@school.example], group: team, role: vertrouwenspersoon
	sem@school.example, group: leerlingen`

func described(risks []Risk) (all []string) {
	for _, k := range risks {
		all = append(all, string(k.Kind)+" "+k.String())
	}
	return all
}

// TestWhatCanPointAtAPersonWaits, in however many steps it is done, while all else counts at once.
func TestWhatCanPointAtAPersonWaits(t *testing.T) {
	const rebound = "rebound ictman@school.example: ictman@school.example → juf@school.example"
	for name, c := range map[string]struct {
		steps []string // rosters that follow one another
		more  []string
		want  []string
	}{
		"nothing": {[]string{usual}, nil, nil},
		"the alias of a colleague": {[]string{`juf@school.example, aliases: [ictman@school.example], group: team
			im@school.example, group: team
			vp@school.example, aliases: [vertrouwen@school.example], group: team, role: gmr
			sem@school.example, group: leerlingen`}, nil, []string{
			rebound, "rebound im@school.example: ictman@school.example → im@school.example"}},
		"a second alias": {[]string{`juf@school.example, aliases: [im@school.example], group: team
			ictman@school.example, group: team
			vp@school.example, aliases: [vertrouwen@school.example], group: team, role: vertrouwenspersoon
			sem@school.example, group: leerlingen`}, nil, []string{
			"rebound im@school.example: ictman@school.example → juf@school.example"}},
		"two people swapped": {[]string{`juf@school.example, aliases: [im@school.example], group: team
			ictman@school.example, aliases: [vertrouwen@school.example], group: team
			vp@school.example, group: team, role: vertrouwenspersoon
			sem@school.example, group: leerlingen`}, nil, []string{
			"rebound im@school.example: ictman@school.example → juf@school.example",
			"rebound vertrouwen@school.example: vp@school.example → ictman@school.example",
			"role-lost vertrouwen@school.example: confidential-counsellor"}},
		"off the roster and on again": {[]string{
			`juf@school.example, group: team
			im@school.example, group: team
			vp@school.example, aliases: [vertrouwen@school.example], group: team, role: gmr
			sem@school.example, group: leerlingen`,
			`juf@school.example, aliases: [ictman@school.example], group: team
			vp@school.example, aliases: [vertrouwen@school.example], group: team, role: gmr
			sem@school.example, group: leerlingen`}, nil, []string{rebound}},
		"the other address first": {[]string{strings.Replace(usual, "ictman@school.example, aliases: [im@school.example]",
			"im@school.example, aliases: [ictman@school.example]", 1)}, nil, []string{
			"rebound ictman@school.example: ictman@school.example → im@school.example",
			"rebound im@school.example: ictman@school.example → im@school.example"}},
		"a pupil who becomes known by name": {[]string{strings.Replace(usual, "sem@school.example, group: leerlingen",
			"sem@school.example, group: team", 1)}, nil, []string{"rebound sem@school.example: – → sem@school.example"}},
		"a role taken away": {[]string{strings.Replace(usual, ", role: vertrouwenspersoon", "", 1)}, nil, []string{
			"role-lost vertrouwen@school.example: confidential-counsellor", "role-lost vp@school.example: confidential-counsellor"}},
		"a row with a role taken off": {[]string{strings.Replace(usual,
			"vp@school.example, aliases: [vertrouwen@school.example], group: team, role: vertrouwenspersoon", "x@school.example", 1)},
			nil, []string{"role-lost vertrouwen@school.example: confidential-counsellor",
				"role-lost vp@school.example: confidential-counsellor"}},
		"another role":         {[]string{strings.Replace(usual, "vertrouwenspersoon", "bedrijfsarts", 1)}, nil, nil},
		"an address outside":   {[]string{usual + "\nvrij@thuis.example, group: team"}, nil, []string{"outside vrij@thuis.example"}},
		"a part of the domain": {[]string{usual + "\nx@po.school.example, group: team"}, nil, nil},
		"a group of one": {[]string{strings.Replace(usual, "juf@school.example, group: team",
			"juf@school.example, group: directie", 1)}, []string{"  - {name: directie, kind: staff}\n"}, []string{
			"small-group directie"}},
		"a network of one": {[]string{usual}, []string{"  - {name: kamer, kind: staff, networks: [10.1.2.3/32]}\n"}, []string{
			"small-network 10.1.2.3/32"}},
		"a new colleague, one who left, another alias": {[]string{strings.Replace(usual, "juf@school.example",
			"meester@school.example, aliases: [groep5@school.example]", 1)}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := Begin(staffed(t, usual, "", ""), 10, began)
			var last *Roster
			for _, step := range c.steps {
				last = b.Hold(staffed(t, step, strings.Join(c.more, ""), ""), 10)
				b.Learn(last.Offered(), last.Risks(), 10, began.Add(time.Hour), 200*24*time.Hour)
			}
			if got := described(last.Risks()); !slices.Equal(got, c.want) {
				t.Errorf("what waits is %q, want %q", got, c.want)
			}
			before := Compare(b.Hold(staffed(t, usual, "", ""), 10), last.Offered())
			if before.None() != (len(c.want) == 0 && before.Count() == 0) {
				t.Errorf("the comparison has %+v, want what waits in it", before)
			}
			for _, k := range last.Risks() {
				if k.Kind == Rebound && last.Subject(k.Of).key != k.From {
					t.Errorf("%s is of another person before anybody agreed", k.Of)
				}
				if k.Kind == RoleLost && !last.Confidential(k.Of) {
					t.Errorf("%s is not confidential before anybody agreed", k.Of)
				}
				if k.Kind == Outside && last.Subject(k.Of) != (Subject{}) {
					t.Errorf("%s is known before anybody agreed", k.Of)
				}
			}
			b.Agree(last.Offered(), last.Risks(), began.Add(2*time.Hour))
			after := b.Hold(last.Offered(), 10)
			if left := described(after.Risks()); len(left) > 0 {
				t.Errorf("%q wait after consent, want none", left)
			}
			for address, s := range last.Offered().subjects {
				if after.subjects[address] != s {
					t.Errorf("an address is not as the roster has it after consent")
				}
			}
		})
	}
}

// TestAListKeepsItsConfidentialMember: also where the member comes out of a list in the list, and
// a new list of a member whose role was taken away leads to the role as well.
func TestAListKeepsItsConfidentialMember(t *testing.T) {
	lists := func(inner, more string) string {
		return "lists:\n  - {address: zorg@school.example, members: [" + inner + "]}\n" +
			"  - {address: allen@school.example, members: [zorg@school.example]}\n" + more
	}
	with := func(people, lists string) *Roster { return staffed(t, people, "", lists) }
	b := Begin(with(usual, lists("vp@school.example", "")), 10, began)
	out := b.Hold(with(usual, lists("juf@school.example", "")), 10)
	want := []string{"role-lost allen@school.example: confidential-counsellor",
		"role-lost zorg@school.example: confidential-counsellor"}
	if got := described(out.Risks()); !slices.Equal(got, want) || !out.Confidential("allen@school.example") {
		t.Errorf("what waits is %q, want %q, and the list confidential", got, want)
	}
	ordinary := strings.Replace(usual, ", role: vertrouwenspersoon", "", 1)
	fresh := lists("vp@school.example", "  - {address: nieuw@school.example, members: [vp@school.example]}\n")
	if r := b.Hold(with(ordinary, fresh), 10); !r.Confidential("nieuw@school.example") {
		t.Error("a new list of a member whose role waits to be taken away is not confidential, want it to be")
	}
}

// TestAnAddressIsGivenAnewWhenItsRecordsAreGone: and not a day before.
func TestAnAddressIsGivenAnewWhenItsRecordsAreGone(t *testing.T) {
	const kept = 200 * 24 * time.Hour
	b := Begin(staffed(t, usual, "", ""), 10, began)
	without := strings.Replace(usual, "juf@school.example, group: team", "x@school.example, group: team", 1)
	given := strings.Replace(without, "x@school.example", "x@school.example, aliases: [juf@school.example]", 1)
	b.Learn(staffed(t, without, "", ""), nil, 10, began, kept)
	for days, want := range map[int]int{1: 1, 199: 1, 201: 0} {
		b := Bindings{Addresses: map[string]Binding{}, Small: b.Small, Told: b.Told}
		for a, was := range Begin(staffed(t, usual, "", ""), 10, began).Addresses {
			b.Addresses[a] = was
		}
		b.Learn(staffed(t, without, "", ""), nil, 10, began, kept)
		b.Learn(staffed(t, without, "", ""), nil, 10, began.AddDate(0, 0, days), kept)
		if got := described(b.Risks(staffed(t, given, "", ""), 10)); len(got) != want {
			t.Errorf("after %d days %q wait, want %d", days, got, want)
		}
	}
}

// TestWhoWaitsSeesNothing: the people on both sides of a change of whose an address is.
func TestWhoWaitsSeesNothing(t *testing.T) {
	b := Begin(staffed(t, usual, "", ""), 10, began)
	moved := strings.Replace(usual, ", aliases: [im@school.example]", "", 1)
	moved = strings.Replace(moved, "juf@school.example", "juf@school.example, aliases: [im@school.example]", 1)
	r := b.Hold(staffed(t, moved, "", ""), 10)
	for address, want := range map[string]bool{
		"juf@school.example": true, "ictman@school.example": true, "im@school.example": true,
		"staffa@school.example": false, "sem@school.example": false, "vreemd@school.example": false,
	} {
		if got := r.Waits(address); got != want {
			t.Errorf("%s waits: %v, want %v", address, got, want)
		}
	}
}
