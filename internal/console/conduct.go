package console

import "strings"

// conductPages show everybody what is controlled, as it is configured (C3.2f, K2).
type conductPages struct {
	facts Facts
}

func (p *conductPages) routes() []route {
	return []route{get("/conduct", everybody, p.show).inMenu("nav-conduct")}
}

// conductView is the page.
type conductView struct {
	Purposes     []conductPurpose
	Share        float64 // of messages that are drawn for leaks
	Days         [2]int  // that metadata and quarantined messages are stored
	Confidential int     // people whose traffic is inspected for safety alone
	Web          bool    // web traffic is controlled
	Inside       bool    // encrypted web traffic of some groups is inspected
}

// conductPurpose is a purpose of the controls, with the number of its rules.
type conductPurpose struct {
	Name  string
	Rules int
}

func (p *conductPages) show(v *visit) error {
	now := v.now()
	f, err := p.facts(v.r.Context(), now.AddDate(0, 0, -1), now, v.Lang.Code, "")
	if err != nil {
		return err
	}
	w := conductView{
		Share:        f.Rate,
		Days:         f.Retention,
		Confidential: f.Confidential,
		Web:          f.WebControl,
		Inside:       f.Inspected,
	}
	number := map[string]int{}
	for _, r := range f.Rules {
		number[r.Purpose.String()]++
	}
	for _, name := range strings.Fields("security conduct leak") {
		if n := number[name]; n > 0 {
			w.Purposes = append(w.Purposes, conductPurpose{name, n})
		}
	}
	return v.show("conduct", w)
}
