package console

import (
	"context"
	"slices"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/accounts"
	"sluis/internal/accounts/provider"
	"sluis/internal/journal"
	"sluis/internal/ledger"
	"sluis/internal/oversight/appeals"
	"sluis/internal/oversight/breach"
	"sluis/internal/oversight/exceptions"
	"sluis/internal/oversight/imagery"
	"sluis/internal/oversight/orders"
	"sluis/internal/oversight/report"
	"sluis/internal/oversight/roll"
	"sluis/internal/oversight/sampling"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/quarantine/disclose"
	"sluis/internal/roster"
	"sluis/internal/sitelists"
	"sluis/internal/sitepolicy"
	"sluis/rules"
)

// Services are what the areas of the console show and work with.
type Services struct {
	Accounts  *accounts.Store
	Providers []*provider.Provider // of sign-ins
	Ledger    *ledger.Ledger

	InForce    func() InForce // what the gateway checks with at that moment
	Quarantine Quarantine
	Orders     Orders
	Roll       Roll
	Access     Access
	Breaches   Breaches
	Imagery    *imagery.Store
	Sites      Sites
	Exceptions Exceptions
	Appeals    *appeals.Store
	Roster     Roster
	Health     *Health
	Totals     Totals
	Sampling   Sampling
	Retention  Retention

	BreakGlass func(context.Context, BreakGlass) error // mails the board and the privacy officer, or fails
}

// InForce is what the gateway checks with at one moment.
type InForce struct {
	Rules    *rules.Set
	Own      func(rules.ID) bool // of the organisation, and not built in
	Disabled []rules.Disabled
	Engine   *filter.Engine
	Actions  filter.Actions
	People   *roster.Roster
	Since    time.Time
}

// Quarantine is the store of quarantined messages, and what reviewers need beside it.
type Quarantine struct {
	Store   *quarantine.Store
	Keys    func() ([]age.Identity, error) // to open with; none: the gateway cannot
	Deliver quarantine.Deliverer           // past the filter
	Reader  disclose.Reader
	Setting func() QuarantineSetting // of that moment

	ordered Ordered // what is for the investigators of an order alone
}

// QuarantineSetting is how the organisation reviews.
type QuarantineSetting struct {
	Rules     *rules.Set
	Retention time.Duration
	Second    bool // releasing and destroying take a second reviewer
	Notes     bool // the gateway can send mail of its own
}

// Orders are the orders of the board, and the records that they can be used on.
type Orders struct {
	Store   *orders.Store
	Keys    *journal.Keys
	Records journal.Store
	Longest time.Duration // of the period of an order
}

// Roll is the board's roll.
type Roll struct {
	Store  *roll.Store
	Invite func(ctx context.Context, address, name, link string) error // a person, by mail
}

// Access is what a person's own request for their data works with.
type Access struct {
	Keys    *journal.Keys
	Records journal.Store
	Notify  func(ctx context.Context, addresses []string) error // the person, by mail, of the request
}

// Breaches are the breach files.
type Breaches struct {
	Store  *breach.Store
	Notify func(ctx context.Context, f breach.File) error // the privacy officer, by mail
}

// Sites are the lists of sites, and the policy that the proxy decides by.
type Sites struct {
	Lists   func() []sitelists.State                                 // none without a proxy
	Explain func(sitepolicy.Request) (sitepolicy.Explanation, error) // ErrNoProxy without a proxy
}

// Exceptions are the exceptions to rules and sites.
type Exceptions struct {
	Store   *exceptions.Store
	Renew   func() // has the gateway load its configuration again
	Compile func(*rules.Set) (*filter.Engine, error)
}

// Totals are the totals for the board, and the facts of the accountability report.
type Totals struct {
	Archive func() *totals.Archive
	Facts   Facts
}

// Facts returns the facts of a period of time, with the totals of a period that has any unless
// its name is empty.
type Facts func(ctx context.Context, since, until time.Time, lang, period string) (report.Facts, error)

// Sampling is the random sample of messages that is inspected for leaks.
type Sampling struct {
	Audit   func(ctx context.Context, day string) (sampling.Report, error)
	SetSeed func(ctx context.Context, dice string, by ledger.Actor) (day string, err error)
}

// Roster is what the console shows and changes of the roster.
type Roster interface {
	// People returns the number of people, and of those with a confidential role.
	People() (all, confidential int)
	// Groups returns the groups.
	Groups() []roster.Group
	// Preview returns what changes if a table takes the place of the one in force:
	// roster.ErrNoTable if there is none to replace.
	Preview(table []byte) (roster.Changes, error)
	// Replace puts a table in its place and in force, but for what waits for the privacy officer.
	Replace(table []byte) error
	// Waiting returns what waits for the privacy officer.
	Waiting() []roster.Risk
	// Agree makes risks with some keys count: ErrRosterChanged if these are not what waits, and
	// ErrRosterUntold before those concerned got notice.
	Agree(ctx context.Context, by ledger.Actor, keys []string) error
}

// Retention returns what is stored, and the months whose people can be found under an order or
// at their own request.
type Retention func(ctx context.Context) (kept []Kept, months []string, err error)

// reviewed returns the quarantine with what knows whose each message is.
func (s Services) reviewed() Quarantine {
	q := s.Quarantine
	q.ordered = Ordered{s.Ledger, s.Orders.Store}
	return q
}

// areas returns the routes of every area, in the order of the menu.
func (c *Console) areas(s Services, passkeys *accounts.Passkeys) []route {
	people := func() *roster.Roster { return s.InForce().People }
	factor := secondFactor{s.Accounts, passkeys, c.begun, c.site.Demo}
	profile := &profilePages{s.Accounts, passkeys}
	q := s.reviewed()
	messages := &messagePages{q.Store, q.Setting, s.Ledger, q.ordered}
	breaches := &breachPages{s.Breaches.Store, s.Breaches.Notify}
	order := &orderPages{s.Orders, people, s.Accounts, s.Roll.Store, s.Ledger}
	exempt := &exceptionPages{s.Exceptions.Store, s.InForce, s.Exceptions.Renew}
	return slices.Concat(
		(&framePages{s.Accounts}).routes(),
		(&signInPages{factor, s.Providers}).routes(),
		(&providerPages{factor, s.Providers}).routes(),
		(&linkPages{s.Accounts, c.site.Demo}).routes(),
		(&proofPages{factor}).routes(),
		profile.routes(),
		(&factorPages{profile, s.Accounts, passkeys, c.issuer()}).routes(),
		(&accountPages{s.Accounts}).routes(),
		messages.routes(),
		(&decisionPages{q, messages, breaches}).routes(),
		(&concernedPages{q}).routes(),
		(&disclosurePages{q, messages, newOpenings()}).routes(),
		order.routes(),
		(&signPages{order}).routes(),
		(&rollPages{s.Roll, people, c.begun, c.config.Address}).routes(),
		breaches.routes(),
		(&casePages{s.Imagery, q.Keys, newComplaintPace()}).routes(),
		(&rulePages{s.InForce, s.Sites.Lists}).routes(),
		(&trialPages{s.InForce, s.Sites.Explain}).routes(),
		exempt.routes(),
		(&previewPages{exempt, q.Store, q.Keys, q.Reader, s.Exceptions.Compile, q.ordered}).routes(),
		(&appealPages{s.Appeals, exempt, s.Ledger}).routes(),
		(&peoplePages{s.Roster, s.Ledger}).routes(),
		(&healthPages{s.Health}).routes(),
		(&totalPages{s.Totals.Archive}).routes(),
		(&reportPages{s.Totals, s.Ledger}).routes(),
		(&samplingPages{s.Sampling, s.Ledger}).routes(),
		(&ledgerPages{s.Ledger}).routes(),
		(&retentionPages{s.Retention}).routes(),
		(&accessPages{s.Access, s.Accounts, people, s.Totals.Facts, s.Ledger}).routes(),
		(&conductPages{s.Totals.Facts}).routes(),
		(&clausePages{s.InForce}).routes(),
	)
}
