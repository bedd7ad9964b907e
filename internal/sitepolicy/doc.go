// Package sitepolicy is the web filter's policy (C2.8a to C2.8e, C2.9a): it decides by the name of a site whether a
// request is allowed, inspected or blocked.
//
// It promises:
//
//   - The strictest of all names of a request decides.
//   - A category that the code of conduct does not forbid is blocked only where the clause of the organisation's own
//     code is named (C2.8e).
//   - Sites that may never be inspected are not, whatever else is configured.
//   - It computes and does nothing else: the same request at the same time has the same answer, and the answer can be
//     explained.
//
// It does not promise that a list is complete or right: that is why every block page takes an appeal.
package sitepolicy
