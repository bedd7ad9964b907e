package rules_test

import (
	"fmt"
	"strings"
	"testing/fstest"

	"sluis/filter"
	"sluis/rules"
)

// A rule that breaks the code of conduct does not load, and the error has its place and what to write.
func ExampleLoad() {
	pack := fstest.MapFS{"own.yaml": {Data: []byte(`subject: Our own rules
about: {nl: Waarom wij dit zoeken., en: Why we look for this.}
rules:
  - id: leak.care.plan
    purpose: leak
    clause: C2.4a
    category: gambling
    title: {nl: Zorgplan, en: Care plan}
    phrases: [zorgplan]
    score: 100
    match: ["Het zorgplan is klaar.", "Zorgplan van de leerling"]
    no-match: ["Het plan is klaar.", "De zorg is groot."]
`)}}
	_, err := rules.Load(filter.Vocabulary(), pack)
	line, _, _ := strings.Cut(err.Error(), ": use")
	fmt.Println(line)
	// Output: own.yaml:7:15: rule leak.care.plan: the code does not forbid gambling for purpose leak (C2.8e)
}

// A list of sites has the category of the code that forbids them, whatever a public list calls it.
func ExampleSiteCategory() {
	c, _ := rules.SiteCategory("casino")
	clause, _ := c.SiteClause()
	fmt.Println(c, clause, c.Title().In("en"))
	_, forbidden := rules.SiteCategory("social_networks")
	fmt.Println("social networks are forbidden:", forbidden)
	// Output:
	// gambling C2.8c Gambling
	// social networks are forbidden: false
}
