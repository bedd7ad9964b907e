package accounts

import (
	"errors"
	"slices"
	"sluis/internal/ledger"
	"strings"
)

// ErrRolesConflict is returned for roles that do not go together.
var ErrRolesConflict = errors.New("an administrator of accounts sees no content (C3.3e): admin goes with employee only")

// sorted returns roles without doubles, in the order of Roles; unknown ones are an error.
func sorted(roles []ledger.Role) ([]ledger.Role, error) {
	var out []ledger.Role
	for _, r := range ledger.Roles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !slices.Contains(ledger.Roles, r) {
			return nil, errors.New("there is no such role: use one of " + join(ledger.Roles))
		}
	}
	if slices.Contains(out, ledger.Admin) &&
		slices.ContainsFunc(out, func(r ledger.Role) bool { return r != ledger.Admin && r != ledger.Employee }) {
		return nil, ErrRolesConflict
	}
	return out, nil
}

// together are the roles that an administrator gave and those of a provider. If they do not go
// together, the administration of accounts goes before content.
func together(given, provided []ledger.Role) []ledger.Role {
	all, err := sorted(slices.Concat(given, provided))
	if err != nil {
		return slices.DeleteFunc(slices.Clone(ledger.Roles), func(r ledger.Role) bool {
			return r != ledger.Admin &&
				(r != ledger.Employee || !slices.Contains(slices.Concat(given, provided), ledger.Employee))
		})
	}
	return all
}

func join(roles []ledger.Role) string {
	var s []string
	for _, r := range roles {
		s = append(s, string(r))
	}
	return strings.Join(s, " ")
}

func split(s string) []ledger.Role {
	var roles []ledger.Role
	for _, f := range strings.Fields(s) {
		roles = append(roles, ledger.Role(f))
	}
	return roles
}
