// Package accounts says who may sign in to the console, in which roles, and how they prove
// who they are (C3.3e, C3.3g).
//
// It promises:
//
//   - There are no default passwords. An account begins with a link that works once.
//   - Who administers accounts sees no content: the role admin goes with no other but
//     employee.
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
