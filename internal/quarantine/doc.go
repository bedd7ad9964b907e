// Package quarantine keeps quarantined messages and uploads, sealed with age (C3.3b, C3.3e,
// C3.3g).
//
// It promises:
//
//   - When Seal returns nil the message is durable: file, directory and index are synced.
//     If it fails, or the machine does before it returns, nothing of the message is left
//     after Reconcile: it was never accepted.
//   - On disk the message, its envelope, the evidence and the reply of the next hop are
//     encrypted (age) to the recipients' keys. The gateway needs public keys only. Any one of
//     the recipients can open.
//   - The index holds metadata: no address, no subject, no name.
//   - No entry, no key: before anything is decrypted the act is in the ledger.
//   - Released messages go to the next hop as they came, past the filter, again and again
//     until it takes or refuses them. One process at a time delivers a message, and
//     each step can be repeated after a crash; a recipient gets it twice only if the crash
//     comes between the next hop's reply and our note of it.
//   - Nothing is kept beyond the retention; content is destroyed when it is released.
//
// A message is streamed through, whatever its size. What it does not promise: that blocks
// which a disk keeps of a removed file are gone. They are encrypted.
package quarantine
