// Package journal keeps the metadata of mail and web traffic (C3.2e) and nothing else: a
// Record has no field that could hold content.
//
// It promises:
//
//   - Put does not wait for a disk, and mail is never lost for the journal's sake. If the
//     disk cannot keep up beyond the bounds, records are dropped and counted.
//   - What was appended to a segment is in the database once, whatever crashes when:
//     segments are the source of truth, and a segment's records and its name go into the
//     database in one transaction.
//   - A record outlives the process a moment after it was Put, and a power cut a tenth of
//     a second after. Close loses nothing that was Put.
//   - Of traffic with a confidential role there is neither a pseudonym, nor a group, nor
//     another party, on either side (C3.2g): the writer sees to it whatever it is given.
package journal
