package roster

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// two is an organisation with two domains, and pupils below one of them.
const two = `
people:
  - {address: vp@school.example, role: vertrouwenspersoon}
  - {address: juf@school.example}
  - {address: arts@dienst.example, role: bedrijfsarts}
  - {address: mr@school.example, role: mr}
  - {address: mr@tweede.example}
lists:
  - {address: zorg@school.example, members: [vp@school.example]}
  - {address: breed@school.example, members: [zorg@school.example]}
`

func twoDomains(t testing.TB) *Roster {
	t.Helper()
	path := rosterFile(t, "roster.yaml", two)
	r, err := Load(path, []string{"school.example", "tweede.example"}, "leerling.school.example")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Addresses as mail servers rewrite them lead to the role (C3.2g).
func TestConfidantsOfRewrittenAddresses(t *testing.T) {
	r := twoDomains(t)
	const vp, arts, zorg = "vp@school.example", "arts@dienst.example", "zorg@school.example"
	for address, want := range map[string]string{
		"vp@school.example":                                         vp,
		"VP@Tweede.Example":                                         vp,
		"vp@mail.school.example":                                    vp,
		"vp@a.b.tweede.example.":                                    vp,
		"vp+zaak@mail.school.example":                               vp,
		"SRS0=HHH=TT=school.example=vp@forward.example":             vp,
		"SRS0+HHH=TT=school.example=vp@forward.example":             vp,
		"srs0-hhh=tt=School.Example=VP@school.example":              vp,
		"SRS1=GGG=forward.example==HHH=TT=school.example=vp@x.nl":   vp,
		"SRS1=GGG=forward.example=+HHH=TT=school.example=vp@x.nl":   vp,
		"SRS0=HHH=TT=school.example=prvs=123=vp@forward.example":    vp,
		"SRS0=HHH=TT=mail.school.example=vp+zaak@forward.example":   vp,
		"vp+SRS=Hash=TT=gezin.example=ouder@school.example":         vp,
		"postbus+SRS=Hash=TT=school.example=vp@school.example":      vp,
		"prvs=0123abcdef=vp@school.example":                         vp,
		"PRVS=0123ABCDEF=vp@school.example":                         vp,
		"btv1==0123abcdef==vp@school.example":                       vp,
		"BTV1==0123ABCDEF==VP@school.example":                       vp,
		"msprvs1=17813abc=vp@school.example":                        vp,
		"vp-ouder=gezin.example@school.example":                     vp,
		"vp+ouder=gezin.example@school.example":                     vp,
		"bounce-vp=school.example@lijst.example":                    vp,
		"bounces+vp=school.example@lijst.example":                   vp,
		"bounces+123-ab-vp=school.example@em.lijst.example":         vp,
		"bounce-vp=school.example-8812@lijst.example":               vp,
		"lijst-bounces+vp=mail.school.example@lijst.example":        vp,
		"bounce_vp=school.example@lijst.example":                    vp,
		"vp%school.example@gate.example":                            vp,
		"school.example!vp@gate.example":                            vp,
		"vp_at_school.example@gate.example":                         vp,
		"vp#school.example@gate.example":                            vp,
		"IMCEASMTP-vp+40school+2Eexample@gate.example":              vp,
		`"prvs=0123abcdef=vp"@school.example`:                       vp,
		"SRS0=H=T=dienst.example=arts@school.example":               arts,
		"arts+SRS=H=T=gezin.example=ouder@dienst.example":           arts,
		"zorg-bounces@school.example":                               zorg,
		"zorg-bounces+juf=school.example@school.example":            zorg,
		"owner-zorg@school.example":                                 zorg,
		"zorg-return-12-juf=school.example@school.example":          zorg,
		"breed@tweede.example":                                      "breed@school.example",
		"mr@school.example":                                         "mr@school.example",
		"SRS0=H=T=school.example=zorg-bounces+x=y.nl@fwd.example":   zorg,
		"SRS1=G=f.nl==H=T=school.example=vp+a=b.nl@fwd.example":     vp,
		"bounce+prvs=12=vp=school.example@lijst.example":            vp,
		"btv1==0123abcdef==vp+zaak@tweede.example":                  vp,
		"prvs=vp=0123abcdef@school.example":                         "", // the tag comes first
		"juf@school.example":                                        "",
		"vp@elders.example":                                         "",
		"vp@school.example.elders.example":                          "",
		"vp@notschool.example":                                      "",
		"vp@leerling.school.example":                                "", // separate
		"arts@school.example":                                       "", // no own domain's
		"mr@tweede.example":                                         "", // another person, by the roster
		"svp@school.example":                                        "",
		"vp.juf@school.example":                                     "",
		"juf-vp@school.example":                                     "",
		"SRS0=HHH=TT=gezin.example=ouder@forward.example":           "",
		"bounce-juf=school.example@lijst.example":                   "",
		"prvs=0123abcdef=juf@school.example":                        "",
		"vp=school@elders.example":                                  "",
		"":                                                          "",
		"@":                                                         "",
		"=":                                                         "",
		"=@=":                                                       "",
		"+++@school.example":                                        "",
		"IMCEASMTP-+4+zz@school.example":                            "",
		strings.Repeat("=", 500) + "@school.example":                "",
		strings.Repeat("a-b+c=d.e", 100) + "@school.example":        "",
		"SRS0=" + strings.Repeat("x.y=", 60) + "juf@school.example": "",
		"bounces-" + strings.Repeat("a-", 40) + "b@lijst.example":   "",
	} {
		got := r.Confidants(address)
		if want == "" && len(got) > 0 || want != "" && !slices.Contains(got, want) {
			t.Errorf("%q leads to %q, want %q", address, got, want)
		}
		if r.Confidential(address) != (want != "") {
			t.Errorf("%q is confidential: %v", address, want == "")
		}
	}
}

func TestDomainsBelowAnOwnOneAreWithinIt(t *testing.T) {
	r := twoDomains(t)
	for domain, want := range map[string]bool{
		"school.example": true, "Mail.School.Example.": true, "leerling.school.example": true,
		"tweede.example": true, "example": false, "": false, "eschool.example": false, "dienst.example": false,
	} {
		if got := r.Within(domain); got != want {
			t.Errorf("%q within: %v, want %v", domain, got, want)
		}
	}
}

// A separate domain makes another roster: who is exempt differs (C3.2g).
func TestASeparateDomainChangesTheFingerprint(t *testing.T) {
	path := rosterFile(t, "roster.yaml", two)
	all, err := Load(path, []string{"school.example"})
	if err != nil {
		t.Fatal(err)
	}
	less, err := Load(path, []string{"school.example"}, "leerling.school.example")
	if err != nil {
		t.Fatal(err)
	}
	if all.Fingerprint() == less.Fingerprint() {
		t.Error("the fingerprint is the same")
	}
	if !all.Confidential("vp@leerling.school.example") || less.Confidential("vp@leerling.school.example") {
		t.Error("the role holds below a domain unless that is separate, got something else")
	}
}

// What one address may lead to is bounded, and so is the time that it takes (C3.2g).
func FuzzConfidants(f *testing.F) {
	for _, s := range []string{"vp@school.example", "SRS1=a=b.nl==c=d=e.nl=f@g.nl", "btv1==x==y@z.nl",
		"bounces+1-a_b=c.d-e@f.g", "a%b!c#d_at_e@f", strings.Repeat("=a.b-", 50) + "@x.y"} {
		f.Add(s)
	}
	r := twoDomains(f)
	f.Fuzz(func(t *testing.T, address string) {
		start := time.Now()
		if n := len(leadsOf(address)); n > maxLeads {
			t.Errorf("%d leads", n)
		}
		r.Confidants(address)
		if d := time.Since(start); len(address) < 1000 && d > time.Second {
			t.Errorf("took %v", d)
		}
	})
}

func BenchmarkConfidants(b *testing.B) {
	r := twoDomains(b)
	for _, bench := range []struct{ name, address string }{
		{"plain", "juf@school.example"},
		{"tagged", "juf+x@elders.example"},
		{"srs", "SRS0=HHH=TT=gezin.example=ouder@forward.example"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Confidants(bench.address)
			}
		})
	}
}

// Of a list the people are told who have a role, and no other member (C3.2g).
func TestTheHoldersOfAListAreThoseWithARole(t *testing.T) {
	r := twoDomains(t)
	for role, want := range map[string]string{
		"vp@school.example":    "vp@school.example",
		"zorg@school.example":  "vp@school.example",
		"breed@school.example": "vp@school.example",
		"juf@school.example":   "juf@school.example", // who is asked for has a role: Confidants says so
		"x@school.example":     "",
	} {
		if got := strings.Join(r.Holders(role), " "); got != want {
			t.Errorf("holders of %s: %q, want %q", role, got, want)
		}
	}
}
