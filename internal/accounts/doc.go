// Package accounts says who may sign in to the console, in which roles, and how they prove
// who they are (C3.3e, C3.3g).
//
// It promises:
//
//   - There are no default passwords. An account begins with a link that works once, and is
//     mailed to the address that the roster has first for the person. The terminal shows a link of
//     the first administrator, and of accounts that decide nothing.
//   - People, not accounts, are kept apart: an account is of a person of the roster, who has one role
//     beside employee in however many accounts (C3.2d).
//   - An address counts once its owner confirmed it, by a mailed link or code or by a provider that
//     verified it, and no longer than the roster has it for the same person.
//   - Roles by a provider of sign-ins end some days after its last answer; a passkey of such an
//     account is a second factor, and no entrance.
//   - All who watch over roles get notice of each change of a role that decides; a role of which
//     nobody gets notice is not given.
//   - Who administers accounts sees no content: the role admin goes with no other but employee.
//   - What would let one administrator into content alone takes two, as soon as there are
//     two: roles that see content, recovery, and the end of another administrator.
//   - A password, a code and a link are guessed at a few times and no more, and none is kept
//     as it is: passwords and links as hashes, secrets of codes encrypted with a key that
//     stands apart.
//   - A code works once (RFC 6238, section 5.2).
//   - Every change is in the ledger before it counts. The sign-ins of employees are not:
//     they are nobody's business.
//
// What it does not promise: anything against who can read and write the data directory.
package accounts
