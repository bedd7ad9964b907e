// Package roll keeps the board's roll: the public keys of the people without whom nobody is
// inspected by name. These are members of the board, Legal Affairs, the privacy officer and the
// chair of the council, each with a passkey on their own phone.
//
// It promises:
//
//   - The first roll counts when each of its members has signed its hash with their own key. A
//     later one counts when two of the roll in force have signed it, one of them of the board, and
//     each new key has. Where keys are lost a new roll counts after 14 days, with mail to everybody
//     on both rolls on each of them, unless a member of the roll in force objects by a signature.
//   - Everything that is needed to verify that is in the ledger: the roll itself, and each
//     signature with what was signed. Replay verifies it, in the gateway at each use and offline
//     on an export. What is in the ledger otherwise counts for nothing, and is named.
//   - The file of a roll has the addresses of its members, and what hides them in the ledger. A
//     file that is not as it was when the roll was proposed is no roll.
//
// It does not promise that a roll is that of the school: whoever has the server can begin a ledger
// of their own, with keys of their own. The hash in the minutes of the meeting shows that.
package roll
