// Package sitepolicy decides where a web request may go (C2.8a to C2.8e, C2.9a).
//
// It promises:
//
//   - What decides is the strictest of all names that a request goes by.
//   - A category that the code of conduct does not forbid is blocked only where the clause
//     of the organisation's own code is named (C2.8e).
//   - What may never be looked into is not, whatever else is configured.
//   - It computes and does nothing else: the same request at the same time has the same
//     answer, and the answer can be explained.
package sitepolicy
