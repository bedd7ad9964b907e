package filter_test

import (
	"context"
	"fmt"
	"strings"

	"sluis/filter"
	"sluis/rules"
)

// An engine is made of rules once; each message is then inspected for the purposes that it has a ground for.
func Example() {
	set, err := rules.Load(filter.Vocabulary(), rules.Builtin())
	if err != nil {
		panic(err)
	}
	engine, err := filter.Compile(set, filter.Options{})
	if err != nil {
		panic(err)
	}
	mail := "Subject: aanmelding\r\n\r\nHet burgerservicenummer van de leerling is 264780139.\r\n"
	item := filter.Item{
		Kind:       filter.Message,
		Directions: rules.DirectionsOf(rules.Out),
		Content:    strings.NewReader(mail),
		Size:       int64(len(mail)),
	}
	for _, purposes := range []rules.Purposes{
		rules.SetOf(rules.Security),
		rules.SetOf(rules.Security, rules.Leak),
	} {
		x, err := engine.Inspect(context.Background(), item, purposes)
		if err != nil {
			panic(err)
		}
		fmt.Println(purposes.List(), len(x.Findings), "findings")
		for _, f := range x.Findings {
			fmt.Println(f.Rule, f.Clause)
		}
	}
	// Output:
	// [security] 0 findings
	// [security leak] 1 findings
	// leak.identity.bsn C2.4a
}
