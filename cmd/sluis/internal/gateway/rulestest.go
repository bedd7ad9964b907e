package gateway

import (
	"context"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/domains"
	"sluis/filter/peopleindex"
	"sluis/rules"
)

// examplesDomain is the school's domain in the examples of rules.
const examplesDomain = "voorbeeldschool.example"

// TestRules judges the examples of rules, with the people and sites that the examples are about. It returns
// the examples that are judged wrongly.
func TestRules(ctx context.Context, cfg *config.Config, set *rules.Set) ([]filter.Failure, error) {
	o := filter.Options{OwnDomains: cfg.Organisation.Domains}
	if len(o.OwnDomains) == 0 {
		o.OwnDomains = []string{examplesDomain}
	}
	var err error
	if o.People, err = peopleindex.Example(); err != nil {
		return nil, err
	}
	if o.Sites, err = domains.Example(); err != nil {
		return nil, err
	}
	engine, err := filter.Compile(set, o)
	if err != nil {
		return nil, err
	}
	return engine.TestRules(ctx)
}
