package demo

import (
	"context"
	"fmt"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
)

// ShowSignIn makes the accounts of the demonstration and prints a link for each. A link works
// once: the next time the demonstration starts there are others.
func ShowSignIn(ctx context.Context, store *accounts.Store, address string) error {
	if store == nil {
		return nil
	}
	fmt.Printf("\nThe console is on %s. A link signs in once, in the role that it is for:\n\n", address)
	for _, who := range []struct {
		name, address, about string
		roles                []ledger.Role
	}{
		{"ict", "", "ICT service", []ledger.Role{ledger.ICT}},
		{"ict-2", "", "the second pair of eyes", []ledger.Role{ledger.ICT}},
		{"bestuur", "", "board", []ledger.Role{ledger.Board}},
		{"bestuur-2", "", "board: an order takes two", []ledger.Role{ledger.Board}},
		{"toezicht", "", "supervisory board", []ledger.Role{ledger.Supervisor}},
		{"juridisch", "", "Legal Affairs", []ledger.Role{ledger.Legal}},
		{"privacy", "", "privacy officer", []ledger.Role{ledger.Privacy}},
		{"mr", "", "chair of the council", []ledger.Role{ledger.Council}},
		{"medewerker", "groep5@school.example", "employee", []ledger.Role{ledger.Employee}},
		{"beheer", "", "administrator of accounts", []ledger.Role{ledger.Admin}},
		{"beheer-2", "", "administrator: recovery takes two", []ledger.Role{ledger.Admin}},
	} {
		secret, err := store.Demonstrate(ctx, who.name, who.address, who.roles...)
		if err != nil {
			return err
		}
		fmt.Printf("  %-35s %s/link/%s\n", who.about, address, secret)
	}
	return nil
}
