// Package identify tells who sends a web request: the group of the network it comes
// from, or the person that credentials prove (K4, C3.2g).
//
// It promises:
//
//   - Nobody has to say who they are where the network's group is enough.
//   - A person is known to the roster or is nobody: credentials of others are refused.
//   - A password is kept as a salted hash (argon2id) and compared in the same time for
//     known and unknown users. Guessing is slowed down, and takes bounded memory.
//   - Of a pupil nothing is known but the group, whatever credentials were used (K4).
//   - Neither user names nor credentials are in an error.
package identify
