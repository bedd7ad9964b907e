package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/filter"
	"sluis/filter/domains"
	"sluis/filter/text"
	"sluis/internal/ledger"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/roster"
	"sluis/internal/store"
	"sluis/rules"
)

// Generation is what one configuration says, with the files that it names: rules, roster and
// the engine made of them. It does not change.
type Generation struct {
	Config *config.Config
	Rules  *rules.Set
	Roster *roster.Roster
	Engine *filter.Engine
	Since  time.Time // when it was read
}

// NewGeneration reads rules, roster and lists of people, and compiles the rules; reading says
// how documents are read, and where temporary files are. It writes nothing but the memory of the
// witness.
func NewGeneration(cfg *config.Config, reading text.Limits) (*Generation, error) {
	set, err := LoadRules(cfg)
	if err != nil {
		return nil, err
	}
	people, err := LoadRoster(cfg)
	if err != nil {
		return nil, err
	}
	g := &Generation{Config: cfg, Rules: set, Roster: people, Since: time.Now()}
	var known filter.Witnessed
	if reading.Dir != "" { // of a gateway, which may write in its data directory
		known = witnessed{NewData(cfg).path("witnessed")}
	}
	g.Engine, err = compile(cfg, set, reading, known)
	return g, err
}

// entry is what the ledger keeps of a generation: the fingerprints of what it was made from.
func (g *Generation) entry() ledger.Data {
	return ledger.Data{Rules: g.Rules.Fingerprint(), Roster: g.Roster.Fingerprint(), Rate: sampleRate(g.Config)}
}

// Actions returns what is done with what is found.
func (g *Generation) Actions() filter.Actions { return Actions(g.Config.Policy) }

// sampleRate is the share of outgoing messages that is drawn; zero for a configuration that
// knows a data directory alone.
func sampleRate(cfg *config.Config) float64 {
	if cfg.Policy.SampleRate == nil {
		return 0
	}
	return float64(*cfg.Policy.SampleRate)
}

// LoadRules reads the built-in rules and those of the configuration, without the disabled
// ones, and with the exceptions to them.
func LoadRules(cfg *config.Config) (*rules.Set, error) {
	packs := []fs.FS{rules.Builtin()}
	for _, dir := range cfg.Rules.Packs {
		if _, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("rules: packs: %w", err)
		}
		packs = append(packs, os.DirFS(dir))
	}
	set, err := rules.Load(filter.Vocabulary(), packs...)
	if err != nil {
		return nil, err
	}
	var without []rules.ID
	for _, d := range cfg.Rules.Disabled {
		id, err := rules.ParseID(d.ID)
		if err != nil {
			return nil, fmt.Errorf("rules: disabled: %w", err)
		}
		without = append(without, id)
	}
	if set, err = set.Without(without...); err != nil {
		return nil, fmt.Errorf("rules: disabled: %w", err)
	}
	if set, err = set.WithExceptions(time.Now(), cfg.Rules.Exceptions...); err != nil {
		return nil, fmt.Errorf("rules: exceptions: %w", err)
	}
	made, err := madeExceptions(cfg)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return set.WithExceptions(now, exceptions.ToRules(made, set, now)...)
}

// madeExceptions returns the exceptions that were made in the console; none without a data
// directory, and none if their file is damaged, which health names: the rules then hold as they are.
func madeExceptions(cfg *config.Config) ([]exceptions.Exception, error) {
	if cfg.Data == "" {
		return nil, nil
	}
	return store.Readable(exceptions.Read(store.Open(cfg.Data)))
}

// LoadRoster reads the roster as it is in force, without what waits for the privacy officer; without a
// roster everybody is a stranger.
func LoadRoster(cfg *config.Config) (*roster.Roster, error) {
	if cfg.Roster == "" {
		return NewData(cfg).hold(roster.Empty(cfg.Organisation.Domains))
	}
	r, err := roster.Load(cfg.Roster, cfg.Organisation.Domains, cfg.Organisation.Separate...)
	if err != nil {
		return nil, err
	}
	return NewData(cfg).hold(r)
}

// compile makes an engine of rules, for the organisation and with its lists of people.
func compile(
	cfg *config.Config,
	set *rules.Set,
	reading text.Limits,
	known filter.Witnessed,
) (*filter.Engine, error) {
	people, err := NewData(cfg).peopleIndex()
	if err != nil && !errors.Is(err, store.ErrDamaged) { // those are named by health
		return nil, err
	}
	var sites *domains.Index
	if cfg.Rules.Sites != "" {
		if sites, err = domains.Open(cfg.Rules.Sites); err != nil {
			return nil, fmt.Errorf("rules: sites: %w", err)
		}
	}
	return filter.Compile(set, filter.Options{
		OwnDomains: cfg.Organisation.Domains,
		People:     people,
		Sites:      sites,
		Limits:     reading,
		Witnessed:  known,
	})
}

// Actions returns what the configuration does with what is found.
func Actions(p config.Policy) filter.Actions {
	return filter.Actions{
		Found:         p.Action,
		Ambiguous:     p.Ambiguous,
		Uninspectable: p.Uninspectable,
		HostileSize:   config.Given(p.HostileSize),
		Incomplete:    config.Given(p.Incomplete),
	}
}
