// Package gateway puts the parts of Sluis together: what is stored (Data), what a configuration
// says (Generation), and the ports and chores that run on both (Gateway).
//
// It promises:
//
//   - A data directory has one gateway at a time. Each store in it is opened once, when it is
//     first needed, and closed in the reverse order.
//   - A Generation does not change. A reload makes a new one beside it; if anything in the new
//     one is wrong, all of the old stays in force.
//   - The web proxy has a process of its own. A crash there takes no mail with it, refuses no
//     client, and is mended by the next process; it has no file of the stores with secrets open
//     (package webcalls).
//   - A message or request that has begun is finished with the generation that it began with.
//
// Commands work on Data, rarely on a Generation, and never on a Gateway. Nothing here decides
// what is inspected or blocked; that is package filter's and package sitepolicy's.
package gateway
