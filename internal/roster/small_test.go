package roster

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
)

// TestAGroupThatIsAPersonHasNoName: records name no group that has fewer people than a minimum, or a network
// of fewer addresses, whatever size the file says (C3.2b, C3.2c).
func TestAGroupThatIsAPersonHasNoName(t *testing.T) {
	listed := func(group string, n int) (people string) {
		for i := range n {
			people += fmt.Sprintf("  - {address: %s%d@school.example, group: %s}\n", group, i, group)
		}
		return people
	}
	for name, c := range map[string]struct {
		group, people string
		want          bool
	}{
		"one person":                         {"kind: staff", listed("g", 1), false},
		"one person, said to be 40":          {"kind: staff, size: 40", listed("g", 1), false},
		"nine people":                        {"kind: staff", listed("g", 9), false},
		"ten people":                         {"kind: staff", listed("g", 10), true},
		"eleven people with one address":     {"kind: staff, networks: [10.1.2.3/32]", listed("g", 11), false},
		"eleven people with one IPv6":        {`kind: staff, networks: ["fd00::1/128"]`, listed("g", 11), false},
		"eleven people with eight addresses": {"kind: staff, networks: [10.1.2.0/29]", listed("g", 11), false},
		"one address beside a network":       {"kind: staff, networks: [10.9.0.0/16, 10.1.2.3/32]", listed("g", 11), false},
		"eleven people with a network":       {`kind: staff, networks: [10.1.0.0/16, "fd00::/64"]`, listed("g", 11), true},
		"sixteen addresses":                  {"kind: staff, networks: [10.1.2.0/28]", listed("g", 11), true},
		"people whom nobody lists":           {"kind: staff, size: 40, networks: [10.1.0.0/16]", "", true},
		"people whom nobody lists, or says":  {"kind: staff, networks: [10.1.0.0/16]", "", false},
		"pupils by their number":             {"kind: pupils, size: 212, networks: [10.1.0.0/16]", "", true},
		"a class":                            {"kind: pupils, size: 9, networks: [10.1.0.0/16]", "", false},
		"pupils, some with an address":       {"kind: pupils, size: 212", listed("g", 2), true},
		"a board of five":                    {"kind: board", listed("g", 5), false},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustLoad(t, "r.yaml", "groups:\n  - {name: g, "+c.group+"}\npeople:\n"+cmp.Or(c.people, "  []\n"))
			g := Group{"g"}
			want := Other
			if c.want {
				want = g
			}
			if got := r.Recorded(g, 10); got != want {
				t.Errorf("recorded as %s, want %s", got, want)
			}
			named := slices.Contains(r.FewPeople(10), g) || len(r.SmallNetworks(10)) > 0
			if named == c.want {
				t.Errorf("named as small: %v, want %v", named, !c.want)
			}
		})
	}
	r := mustLoad(t, "r.yaml", "groups: [{name: g, kind: staff}]\n")
	if got := r.Recorded(Group{}, 10); got != (Group{}) {
		t.Errorf("nobody's group is recorded as %s", got)
	}
	if got := r.Recorded(Group{"verzonnen"}, 10); got != Other {
		t.Errorf("a group that is not on the roster is recorded as %s", got)
	}
}
