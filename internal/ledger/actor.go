package ledger

import "slices"

// Actor is who does something: the name of an account, and the role that it acts in. The zero
// Actor is the gateway itself.
type Actor struct {
	Name string `json:"actor,omitempty"`
	Role Role   `json:"role,omitempty"`
}

// CommandLine is the actor with the rights to the data directory itself; it has no role.
var CommandLine = Actor{Name: "command line"}

// Role is what an account may do. A session acts in one role at a time.
type Role string

// The roles.
const (
	ICT      Role = "ict"      // reviews quarantined items
	Board    Role = "board"    // sees totals, decides on orders, verifies the ledger
	Legal    Role = "legal"    // advises on orders
	Privacy  Role = "privacy"  // privacy officer
	Employee Role = "employee" // sees their own data

	// Supervisor is a member of the supervisory board, who decides beside a board of one.
	Supervisor Role = "supervisor"
	// Council is the chair of the participation council, who reads and verifies.
	Council Role = "council"

	Admin Role = "admin" // administers accounts, and sees no content (C3.3e)
)

// Roles are all roles, the most used of an account first.
var Roles = []Role{ICT, Board, Supervisor, Legal, Privacy, Council, Admin, Employee}

// Decides reports whether a role watches over others or decides about them: its links go by mail
// to its holder alone, and all who watch over roles are notified of it.
func (r Role) Decides() bool { return r.Privileged() && r != ICT }

// Privileged reports whether a role can do more than see one's own data: its sign-ins need a
// second factor and are in the ledger.
func (r Role) Privileged() bool { return r != Employee && slices.Contains(Roles, r) }
