// Package disclose renders a quarantined message stage by stage (disclosure, C3.3e): no more of it
// than the question of the reviewer needs.
//
// It promises:
//
//   - A message is shown in stages: its findings, its header, its text, its HTML, one attachment.
//     Each is a Sheet of its own.
//   - Identifiers (addresses, numbers, dates, postcodes) are masked until a reviewer reveals one. A
//     Sheet does not hold a masked identifier.
//   - HTML has no scripts, styles or links, and nothing that a browser fetches. The page that holds
//     it has to frame it in a sandbox all the same.
//   - Work and memory are bounded for any message: a Sheet that is cut off says so.
//
// It does not promise that every identifier is masked: the patterns mask too much rather than too
// little, and a name alone is not one of them. Who may open a stage, and its entry in the ledger, are
// the caller's.
//
// The content is in memory or in a file without a name, and in no error.
package disclose
