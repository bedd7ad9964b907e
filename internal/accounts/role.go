package accounts

import (
	"errors"
	"slices"
	"strings"
)

// Role is what somebody does in the console. A session acts in one role at a time.
type Role string

// The roles.
const (
	ICT      Role = "ict"      // reviews what was set aside
	Board    Role = "board"    // sees totals, decides on orders, verifies the ledger
	Legal    Role = "legal"    // advises on orders
	Privacy  Role = "privacy"  // privacy officer
	Employee Role = "employee" // sees what is held about themselves
	Admin    Role = "admin"    // configures, and sees no content
)

// Roles are all roles, the most used of an account first.
var Roles = []Role{ICT, Board, Legal, Privacy, Admin, Employee}

// Privileged reports whether a role can do more than look at oneself: its sign-ins need a
// second factor and are in the ledger.
func (r Role) Privileged() bool { return r != Employee && slices.Contains(Roles, r) }

// ErrRoles is returned for roles that do not go together.
var ErrRoles = errors.New("an administrator of accounts sees no content (C3.3e): admin goes with employee only")

// sorted returns roles without doubles, in the order of Roles; unknown ones are an error.
func sorted(roles []Role) ([]Role, error) {
	var out []Role
	for _, r := range Roles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !slices.Contains(Roles, r) {
			return nil, errors.New("there is no such role: use ict, board, legal, privacy, employee or admin")
		}
	}
	if slices.Contains(out, Admin) && slices.ContainsFunc(out, func(r Role) bool { return r != Admin && r != Employee }) {
		return nil, ErrRoles
	}
	return out, nil
}

// together are the roles that an administrator gave and those that a provider tells. If
// they do not go together, the administration of accounts goes before content.
func together(given, provided []Role) []Role {
	all, err := sorted(slices.Concat(given, provided))
	if err != nil {
		return slices.DeleteFunc(slices.Clone(Roles), func(r Role) bool {
			return r != Admin && (r != Employee || !slices.Contains(slices.Concat(given, provided), Employee))
		})
	}
	return all
}

func join(roles []Role) string {
	var s []string
	for _, r := range roles {
		s = append(s, string(r))
	}
	return strings.Join(s, " ")
}

func split(s string) []Role {
	var roles []Role
	for _, f := range strings.Fields(s) {
		roles = append(roles, Role(f))
	}
	return roles
}
