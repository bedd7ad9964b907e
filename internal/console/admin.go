package console

import (
	"errors"
	"net/mail"
	"slices"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// adminRoutes are for who hands out accounts, and sees no content (C3.3e).
var adminRoutes = []route{
	{pattern: "GET /accounts", who: only(ledger.Admin), nav: "nav-accounts", do: (*visit).accounts},
	{pattern: "POST /accounts", who: only(ledger.Admin), needs: proof, tells: ledger.AccountMade, do: (*visit).makeAccount},
	{pattern: "GET /accounts/{id}", who: only(ledger.Admin), do: (*visit).oneAccount},
	{pattern: "POST /accounts/{id}/roles", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: changing(accounts.SetRoles)},
	{pattern: "POST /accounts/{id}/disable", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: changing(accounts.Disable)},
	{pattern: "POST /accounts/{id}/enable", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: changing(accounts.Enable)},
	{pattern: "POST /accounts/{id}/recover", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: changing(accounts.Recover)},
	{pattern: "POST /accounts/{id}/invite", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: (*visit).invite},
	{pattern: "POST /proposals/{id}/agree", who: only(ledger.Admin), needs: proof, tells: ledger.AccountChanged, do: (*visit).agree},
	{pattern: "POST /proposals/{id}/drop", who: only(ledger.Admin), tells: ledger.AccountChanged, do: (*visit).dropProposal},
}

// accountList is what the page of all accounts shows.
type accountList struct {
	Accounts  []accounts.Account
	Proposals []accounts.Proposal
	Roles     []ledger.Role
	Name      string // as filled in
	Address   string
	Chosen    []ledger.Role
}

// Has reports whether a role was chosen.
func (l accountList) Has(r ledger.Role) bool { return slices.Contains(l.Chosen, r) }

func (v *visit) accountList() (l accountList, err error) {
	l.Roles = ledger.Roles
	if l.Accounts, err = v.c.o.Accounts.List(v.r.Context()); err != nil {
		return l, err
	}
	l.Proposals, err = v.c.o.Accounts.Proposals(v.r.Context())
	return l, err
}

func (v *visit) accounts() error {
	l, err := v.accountList()
	if err != nil {
		return err
	}
	return v.show("accounts", l)
}

// roles returns the roles that a form names.
func (v *visit) roles() []ledger.Role {
	var all []ledger.Role
	for _, r := range v.r.PostForm["role"] {
		all = append(all, ledger.Role(r))
	}
	return all
}

func (v *visit) makeAccount() error {
	l, err := v.accountList()
	if err != nil {
		return err
	}
	l.Name, l.Address, l.Chosen = v.field("name"), v.field("address"), v.roles()
	if a, err := mail.ParseAddress(l.Address); l.Address != "" && (err != nil || a.Address != l.Address) {
		return v.again("accounts", l, "address-wrong")
	}
	a, waits, err := v.c.o.Accounts.Make(v.r.Context(), v.by(), l.Name, l.Address, l.Chosen)
	if problem := changeProblem(err); problem != "" {
		return v.again("accounts", l, problem)
	}
	if err != nil {
		return err
	}
	v.noteChange(waits)
	return v.see("/accounts/" + a.ID)
}

// changeProblem is what an administrator is told that something of an account cannot be.
func changeProblem(err error) string {
	for problem, is := range map[string]error{
		"roles-apart": accounts.ErrRoles, "name-taken": accounts.ErrTaken, "name-wrong": accounts.ErrName, "not-self": accounts.ErrSelf,
		"other-first": accounts.ErrOther, "last-admin": accounts.ErrLastAdmin,
	} {
		if errors.Is(err, is) {
			return problem
		}
	}
	return ""
}

func (v *visit) noteChange(waits *accounts.Proposal) {
	if waits != nil {
		v.note("change-waits")
	} else {
		v.note("change-made")
	}
}

// accountView is what the page of one account shows.
type accountView struct {
	accounts.Account
	AllRoles []ledger.Role
	Waits    []accounts.Proposal
	Link     string // that was just made
	Self     bool
	CanBegin bool // nobody has ever signed in with it: a link can be made
}

// Has reports whether a role was given.
func (a accountView) Has(r ledger.Role) bool { return slices.Contains(a.Given, r) }

func (v *visit) accountView() (w accountView, err error) {
	ctx := v.r.Context()
	if w.Account, err = v.c.o.Accounts.Get(ctx, v.r.PathValue("id")); err != nil {
		return w, err
	}
	all, err := v.c.o.Accounts.Proposals(ctx)
	for _, p := range all {
		if p.Account.ID == w.ID {
			w.Waits = append(w.Waits, p)
		}
	}
	w.AllRoles, w.Self = ledger.Roles, w.ID == v.Account.ID
	w.CanBegin = !w.Password && !w.Strong() && w.Issuer == "" && !w.Disabled && !w.Self
	return w, err
}

func (v *visit) oneAccount() error {
	w, err := v.accountView()
	if err != nil {
		return err
	}
	return v.show("one-account", w)
}

// changing returns what changes an account in one way.
func changing(kind accounts.ChangeKind) func(*visit) error {
	return func(v *visit) error {
		c := accounts.Change{Kind: kind}
		if kind == accounts.SetRoles {
			c.Roles = v.roles()
		}
		waits, err := v.c.o.Accounts.Propose(v.r.Context(), v.by(), v.r.PathValue("id"), c)
		if problem := changeProblem(err); problem != "" {
			return v.oneAccountAgain(problem)
		}
		if err != nil {
			return err
		}
		v.noteChange(waits)
		return v.see("/accounts/" + v.r.PathValue("id"))
	}
}

func (v *visit) oneAccountAgain(problem string) error {
	w, err := v.accountView()
	if err != nil {
		return err
	}
	return v.again("one-account", w, problem)
}

// invite shows a link once, for whoever the account is of.
func (v *visit) invite() error {
	secret, err := v.c.o.Accounts.Invite(v.r.Context(), v.by(), v.r.PathValue("id"))
	if problem := changeProblem(err); problem != "" {
		return v.oneAccountAgain(problem)
	}
	if err != nil {
		return err
	}
	w, err := v.accountView()
	if err != nil {
		return err
	}
	w.Link = v.c.o.Origin + "/link/" + secret
	return v.show("one-account", w)
}

func (v *visit) agree() error {
	p, err := v.c.o.Accounts.Agree(v.r.Context(), v.by(), v.r.PathValue("id"))
	if problem := changeProblem(err); problem != "" {
		l, err := v.accountList()
		if err != nil {
			return err
		}
		return v.again("accounts", l, problem)
	}
	if err != nil {
		return err
	}
	v.note("change-made")
	return v.see("/accounts/" + p.Account.ID)
}

func (v *visit) dropProposal() error {
	if err := v.c.o.Accounts.Drop(v.r.Context(), v.by(), v.r.PathValue("id")); err != nil {
		return err
	}
	v.note("change-dropped")
	return v.see("/accounts")
}
