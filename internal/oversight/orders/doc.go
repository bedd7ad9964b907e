// Package orders keeps the orders of the board: the only way to inspect the traffic of an
// individual (C3.2c, C3.2d), content without a draw (C3.2e), or a confidential role (C3.2g).
//
// It promises:
//
//   - An order counts only once it has a reason, a subject, a period of limited length,
//     designated investigators, an advice of Legal Affairs, and the approval of two members
//     of the board. Advice and approvals are signatures of keys on the board's roll (package
//     roll) over the canonical JSON of the order; requester, adviser, deciders, investigators
//     and subject are different people of the roster.
//   - Roll, signatures, file and period are verified at each use, against the ledger. A file
//     that does not fit is no order, and Faults names it. VerifyAll verifies the same on an
//     exported ledger, without anything else.
//   - It ends by itself at the end of its period, by withdrawal, or by completion, and
//     never counts again, whatever the clock of the machine does: time does not run
//     backwards here.
//   - Every step and every use is in the ledger before it counts. The ledger has no name of
//     a subject and no reason: these are in files of the gateway's user alone, and are
//     destroyed when the order is completed.
//   - Records of a person are found under an order that is in force, by an investigator whom
//     it designates; the only other way is the person's own request (package access, C3.2f).
package orders
