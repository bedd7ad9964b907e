package accounts

import (
	"errors"
	"slices"
	"strings"

	"sluis/internal/ledger"
)

// ErrRolesConflict is returned for roles that do not go together.
var ErrRolesConflict = errors.New("an account has one role beside employee: who asks, advises, decides, carries out " +
	"and administers are different people (C3.2d, C3.3e)")

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
	if len(privileged(out)) > 1 {
		return nil, ErrRolesConflict
	}
	return out, nil
}

// privileged returns the roles that see more than one's own data.
func privileged(roles []ledger.Role) []ledger.Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r ledger.Role) bool { return !r.Privileged() })
}

// deciding returns the roles that decide.
func deciding(roles []ledger.Role) []ledger.Role {
	return slices.DeleteFunc(slices.Clone(roles), func(r ledger.Role) bool { return !r.Decides() })
}

// together are the roles that an administrator gave and those of a provider. If they do not go
// together, the groups of the provider give way; roles of one origin that do not go together end
// but for the administration of accounts, which sees no content.
func together(given, provided []ledger.Role) []ledger.Role {
	if all, err := sorted(slices.Concat(given, provided)); err == nil {
		return all
	}
	if len(privileged(given)) == 1 {
		provided = slices.DeleteFunc(slices.Clone(provided), ledger.Role.Privileged)
	}
	all := slices.Concat(given, provided)
	if n := len(slices.Compact(slices.Sorted(slices.Values(privileged(all))))); n > 1 {
		all = slices.DeleteFunc(all, func(r ledger.Role) bool { return r.Privileged() && r != ledger.Admin })
	}
	all, _ = sorted(slices.DeleteFunc(all, func(r ledger.Role) bool { return !slices.Contains(ledger.Roles, r) }))
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
