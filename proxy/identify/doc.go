// Package identify is the authentication of the proxy's clients (RFC 9110, section 11.7): it identifies the sender of
// a web request by the group of the network, or as the person that credentials prove (K4, C3.2g).
//
// It promises:
//
//   - No one has to sign in where the network's group is enough.
//   - A person is on the roster or stays unknown: credentials of others are refused.
//   - A password is kept as a salted hash (argon2id) and compared in the same time for known and unknown users.
//     Guessing is slowed down, and takes bounded memory.
//   - Of a pupil only the group is known, whatever credentials were used (K4).
//   - Neither user names nor credentials are in an error.
//
// It does not prove that a person sits at the computer that signed in.
package identify
