package console

import (
	"net/mail"
	"slices"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

var admins = only(ledger.Admin)

// accountPages are for the administrator, who hands out accounts and sees no content (C3.3e).
type accountPages struct {
	accounts *accounts.Store
}

func (p *accountPages) routes() []route {
	change := func(action string, kind accounts.ChangeKind) route {
		return post("/accounts/{id}/"+action, admins, p.changing(kind)).needing(proof).recorded(ledger.AccountChanged)
	}
	return []route{
		get("/accounts", admins, p.list).inMenu("nav-accounts"),
		post("/accounts", admins, p.create).needing(proof).recorded(ledger.AccountMade),
		get("/accounts/{id}", admins, p.show),
		change("roles", accounts.SetRoles),
		change("disable", accounts.Disable),
		change("enable", accounts.Enable),
		change("recover", accounts.Recover),
		change("address", accounts.SetAddress),
		post("/accounts/{id}/invite", admins, p.invite).needing(proof).recorded(ledger.AccountChanged),
		post("/proposals/{id}/agree", admins, p.agree).needing(proof).recorded(ledger.AccountChanged),
		post("/proposals/{id}/drop", admins, p.drop).recorded(ledger.AccountChanged),
	}
}

// accountList is the page of all accounts.
type accountList struct {
	Accounts  []accounts.Account
	Proposals []accounts.Proposal
	Roles     []ledger.Role
	Name      string // as filled in
	Address   string
	Selected  []ledger.Role
}

// Has reports whether a role is selected.
func (l accountList) Has(r ledger.Role) bool { return slices.Contains(l.Selected, r) }

func (p *accountPages) read(v *visit) (l accountList, err error) {
	l.Roles = ledger.Roles
	if l.Accounts, err = p.accounts.List(v.r.Context()); err != nil {
		return l, err
	}
	l.Proposals, err = p.accounts.Proposals(v.r.Context())
	return l, err
}

func (p *accountPages) list(v *visit) error {
	l, err := p.read(v)
	if err != nil {
		return err
	}
	return v.show("accounts", l)
}

// roles returns the roles that a form names.
func roles(v *visit) []ledger.Role {
	var all []ledger.Role
	for _, r := range v.r.PostForm["role"] {
		all = append(all, ledger.Role(r))
	}
	return all
}

func (p *accountPages) create(v *visit) error {
	l, err := p.read(v)
	if err != nil {
		return err
	}
	l.Name, l.Address, l.Selected = v.field("name"), v.field("address"), roles(v)
	if !isAddress(l.Address) {
		return v.again("accounts", l, "address-wrong")
	}
	a, waits, err := p.accounts.Make(v.r.Context(), v.actor(), l.Name, l.Address, l.Selected)
	if problem := changeProblems.key(err); problem != "" {
		return v.again("accounts", l, problem)
	}
	if err != nil {
		return err
	}
	noteChange(v, waits)
	return v.see("/accounts/" + a.ID)
}

// isAddress reports whether a field is a mail address and nothing more.
func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

var changeProblems = problems{
	"roles-apart": accounts.ErrRolesConflict,
	"name-taken":  accounts.ErrNameTaken,
	"name-wrong":  accounts.ErrInvalidName,
	"not-self":    accounts.ErrOwnAccount,
	"other-first": accounts.ErrNeedsAnother,
	"last-admin":  accounts.ErrLastAdmin,
	"not-listed":  accounts.ErrNotOnRoster,
	"same-person": accounts.ErrSamePerson,
	"no-mail":     accounts.ErrNoMail,
	"not-mailed":  accounts.ErrNotMailed,
	"no-address":  accounts.ErrUnmailable,
}

func noteChange(v *visit, waits *accounts.Proposal) {
	if waits != nil {
		v.note("change-waits")
	} else {
		v.note("change-made")
	}
}

// accountView is the page of one account.
type accountView struct {
	accounts.Account
	AllRoles []ledger.Role
	Waits    []accounts.Proposal
	Self     bool
	CanBegin bool // it was never signed in with: a link can be made
}

// Has reports whether a role was given.
func (a accountView) Has(r ledger.Role) bool { return slices.Contains(a.Given, r) }

func (p *accountPages) view(v *visit) (w accountView, err error) {
	ctx := v.r.Context()
	if w.Account, err = p.accounts.Get(ctx, v.r.PathValue("id")); err != nil {
		return w, err
	}
	all, err := p.accounts.Proposals(ctx)
	for _, proposal := range all {
		if proposal.Account.ID == w.ID {
			w.Waits = append(w.Waits, proposal)
		}
	}
	w.AllRoles, w.Self = ledger.Roles, w.ID == v.Account.ID
	w.CanBegin = !w.Password && !w.Strong() && w.Issuer == "" && !w.Disabled && !w.Self
	return w, err
}

func (p *accountPages) show(v *visit) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.show("account", w)
}

// changing returns the act of one kind of change.
func (p *accountPages) changing(kind accounts.ChangeKind) func(*visit) error {
	return func(v *visit) error {
		c := accounts.Change{Kind: kind}
		switch kind {
		case accounts.SetRoles:
			c.Roles = roles(v)
		case accounts.SetAddress:
			if c.Address = v.field("address"); !isAddress(c.Address) {
				return p.again(v, "address-wrong")
			}
		}
		waits, err := p.accounts.Propose(v.r.Context(), v.actor(), v.r.PathValue("id"), c)
		if problem := changeProblems.key(err); problem != "" {
			return p.again(v, problem)
		}
		if err != nil {
			return err
		}
		noteChange(v, waits)
		return v.see("/accounts/" + v.r.PathValue("id"))
	}
}

func (p *accountPages) again(v *visit, problem string) error {
	w, err := p.view(v)
	if err != nil {
		return err
	}
	return v.again("account", w, problem)
}

// invite mails a link to the owner of the account. An administrator does not see it.
func (p *accountPages) invite(v *visit) error {
	err := p.accounts.Invite(v.r.Context(), v.actor(), v.r.PathValue("id"))
	if problem := changeProblems.key(err); problem != "" {
		return p.again(v, problem)
	}
	if err != nil {
		return err
	}
	v.note("invited")
	return v.see("/accounts/" + v.r.PathValue("id"))
}

func (p *accountPages) agree(v *visit) error {
	proposal, err := p.accounts.Agree(v.r.Context(), v.actor(), v.r.PathValue("id"))
	if problem := changeProblems.key(err); problem != "" {
		l, err := p.read(v)
		if err != nil {
			return err
		}
		return v.again("accounts", l, problem)
	}
	if err != nil {
		return err
	}
	v.note("change-made")
	return v.see("/accounts/" + proposal.Account.ID)
}

func (p *accountPages) drop(v *visit) error {
	if err := p.accounts.Drop(v.r.Context(), v.actor(), v.r.PathValue("id")); err != nil {
		return err
	}
	v.note("change-dropped")
	return v.see("/accounts")
}
