package sitepolicy_test

import (
	"fmt"
	"log"
	"time"

	"sluis/internal/sitepolicy"
)

// The organisation blocks a site for a reason of its own. The decision names the clause, and Explain every step.
func ExamplePolicy_Explain() {
	policy, err := sitepolicy.New(sitepolicy.Options{Sites: sitepolicy.Sites{Own: []sitepolicy.Entry{{
		Host:   "games.example",
		Block:  true,
		Clause: "art. 1",
		Reason: "no games during lessons",
		Author: "ict",
	}}}})
	if err != nil {
		log.Fatal(err)
	}
	request, _, err := sitepolicy.ParseRequest("https://www.games.example/play")
	if err != nil {
		log.Fatal(err)
	}
	request.Time = time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)

	x := policy.Explain(request)
	fmt.Println(x.Action == sitepolicy.Block, x.Clause, x.Rule)
	for _, step := range x.Steps {
		fmt.Println(step.Host, "|", step.Name, "|", step.Reason)
	}
	// Output:
	// true C2.8e web.own-deny
	// games.example | own deny | no games during lessons
}
