// Package journal is the traffic log (C3.2e): it keeps the metadata of mail and web traffic
// and nothing else. A Record has no field that could hold content.
//
// It promises:
//
//   - Put does not wait for a disk, and mail is never lost for the journal's sake. If the
//     disk cannot keep up beyond the bounds, records are dropped and counted.
//   - What was appended to a segment is in the backend once, whatever crashes when. A
//     segment waits on disk, in its order, until the backend has it.
//   - A record outlives the process a moment after it was Put, and a power cut a tenth of
//     a second after. Close loses nothing that was Put.
//   - A person's pseudonym is a keyed hash with a key for each month, kept apart. It never
//     leaves this package. Records are found by it only for an entry of the ledger: the use of
//     an order, or a person's own request (C3.2c, C3.2f). Once a month's key is destroyed,
//     no one finds them.
//   - Of traffic with a confidential role there is how much of it passed in an hour, in which
//     direction, and no record (C3.2g): the writer removes the rest.
package journal
