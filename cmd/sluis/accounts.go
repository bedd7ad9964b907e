package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// accountsCmd is sluis accounts. The right to write the data directory is the right to do what
// takes two administrators in the console; the ledger says that it was the command line.
type accountsCmd struct {
	List    accountsListCmd    `cmd:"" help:"List the accounts of the console."`
	Invite  accountsInviteCmd  `cmd:"" help:"Print or mail a link to begin with; make the account if it is new."`
	Roles   accountsRolesCmd   `cmd:"" help:"Give an account these roles, and no others."`
	Recover accountsRecoverCmd `cmd:"" help:"Forget how its owner signed in, and print or mail a link to begin anew."`
	Close   accountsCloseCmd   `cmd:"" help:"Close an account; all its sessions end."`
	Open    accountsOpenCmd    `cmd:"" help:"Open a closed account again."`
}

// withAccounts opens the accounts.
func (s source) withAccounts(do func(*accounts.Store, *config.Config) error) error {
	d, err := s.data()
	if err != nil {
		return err
	}
	defer d.Close()
	store, err := d.Accounts()
	if err != nil {
		return err
	}
	return do(store, d.Config())
}

// withAccount opens the accounts, and finds one by its name.
func (s source) withAccount(ctx context.Context, name string,
	do func(*accounts.Store, *config.Config, accounts.Account) error) error {
	return s.withAccounts(func(store *accounts.Store, cfg *config.Config) error {
		a, err := store.Named(ctx, name)
		if err != nil {
			return err
		}
		return do(store, cfg, a)
	})
}

// changeAccount proposes a change, which needs no second administrator here.
func (s source) changeAccount(ctx context.Context, name string, c accounts.Change) error {
	return s.withAccount(ctx, name, func(store *accounts.Store, _ *config.Config, a accounts.Account) error {
		_, err := store.Propose(ctx, ledger.CommandLine, a.ID, c)
		return err
	})
}

type accountsListCmd struct{ source }

// Run lists the accounts.
func (c accountsListCmd) Run(ctx context.Context) error {
	return c.withAccounts(func(store *accounts.Store, _ *config.Config) error {
		all, err := store.List(ctx)
		if err != nil {
			return err
		}
		return printList(false, all, "NAME|ROLES|SECOND FACTOR|SECRECY UNTIL|STATE", func(a accounts.Account) []any {
			until, state := "", "open"
			if !a.Secrecy.IsZero() {
				until = a.SecretUntil().Local().Format(time.DateOnly)
			}
			if a.Disabled {
				state = "closed"
			}
			return []any{a.Name, roleNames(a.Roles()), a.Strong(), until, state}
		})
	})
}

func roleNames(roles []ledger.Role) string {
	var names []string
	for _, r := range roles {
		names = append(names, string(r))
	}
	return strings.Join(names, ",")
}

// allRoles are the names of the roles that there are.
func allRoles() []string { return strings.Split(roleNames(ledger.Roles), ",") }

// rolesOf are the roles that a command names.
func rolesOf(names []string) (roles []ledger.Role) {
	for _, n := range names {
		roles = append(roles, ledger.Role(n))
	}
	return roles
}

type accountsInviteCmd struct {
	source
	Name    string   `arg:"" help:"Name of the account: small letters, digits, dots and hyphens."`
	Role    []string `enum:"${roles}" help:"Roles of a new account: ${enum}."`
	Address string   `help:"Mail address of a new account, to find what is held about its owner."`
}

// Run makes an account if need be, and a link.
func (c accountsInviteCmd) Run(ctx context.Context) error {
	return c.withAccounts(func(store *accounts.Store, cfg *config.Config) error {
		return c.invite(ctx, store, cfg)
	})
}

func (c accountsInviteCmd) invite(ctx context.Context, store *accounts.Store, cfg *config.Config) error {
	a, err := store.Named(ctx, c.Name)
	switch {
	case errors.Is(err, accounts.ErrNotFound) && len(c.Role) == 0:
		return errors.New("there is no such account: say in which role to make it, for instance --role admin")
	case errors.Is(err, accounts.ErrNotFound):
		a, _, err = store.Make(ctx, ledger.CommandLine, c.Name, c.Address, rolesOf(c.Role))
		if err == nil && a.Invited() {
			printMailed()
			return nil
		}
	case err == nil && len(c.Role) > 0:
		return errors.New("this account is there already: its roles are changed with sluis accounts roles")
	}
	if err != nil {
		return err
	}
	return printLink(ctx, store, cfg, a)
}

// printMailed says where the link of an account that decides is.
func printMailed() {
	fmt.Fprintln(os.Stderr, "The link was mailed to the owner, at the address that the roster has for the person.")
}

// printLink prints a link to begin with, or mails it to the owner of an account that decides.
func printLink(ctx context.Context, store *accounts.Store, cfg *config.Config, a accounts.Account) error {
	secret, err := store.TerminalLink(ctx, a.ID)
	if errors.Is(err, accounts.ErrMailedOnly) {
		if err := store.Invite(ctx, ledger.CommandLine, a.ID); err != nil {
			return err
		}
		printMailed()
		return nil
	}
	if errors.Is(err, accounts.ErrNeedsAnother) {
		return errors.New("this account is in use, or closed: sluis accounts recover lets its owner begin anew")
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s/link/%s\n", cfg.Console.Address, secret)
	fmt.Fprintln(os.Stderr, "Give this link to the owner alone. It works once, for a day.")
	return nil
}

type accountsRolesCmd struct {
	source
	Name string   `arg:""`
	Role []string `arg:"" enum:"${roles}" help:"Roles: ${enum}."`
}

// Run gives roles.
func (c accountsRolesCmd) Run(ctx context.Context) error {
	return c.changeAccount(ctx, c.Name, accounts.Change{Kind: accounts.SetRoles, Roles: rolesOf(c.Role)})
}

type accountsRecoverCmd struct {
	source
	Name string `arg:""`
}

// Run recovers an account.
func (c accountsRecoverCmd) Run(ctx context.Context) error {
	return c.withAccount(ctx, c.Name, func(store *accounts.Store, cfg *config.Config, a accounts.Account) error {
		if _, err := store.Propose(ctx, ledger.CommandLine, a.ID, accounts.Change{Kind: accounts.Recover}); err != nil {
			return err
		}
		return printLink(ctx, store, cfg, a)
	})
}

type accountsCloseCmd struct {
	source
	Name string `arg:""`
}

// Run closes an account.
func (c accountsCloseCmd) Run(ctx context.Context) error {
	return c.changeAccount(ctx, c.Name, accounts.Change{Kind: accounts.Disable})
}

type accountsOpenCmd struct {
	source
	Name string `arg:""`
}

// Run opens an account again.
func (c accountsOpenCmd) Run(ctx context.Context) error {
	return c.changeAccount(ctx, c.Name, accounts.Change{Kind: accounts.Enable})
}
