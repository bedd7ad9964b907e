// Package quarantine keeps messages that were set aside, sealed (C3.3b, C3.3e, C3.3g).
//
// It promises:
//
//   - When Seal returns the message is durable: file, directory and index are synced.
//     Until then nothing of it remains, whatever happens.
//   - What is on disk is encrypted (age) to the recipients' keys: the message, its
//     envelope and the evidence. The gateway needs public keys only.
//   - The index holds metadata: no address, no subject, no name.
//   - No leaf, no key: before anything is decrypted the act is in the ledger.
//   - Released messages go to the next hop as they came, past the filter, and are tried
//     again until it takes or refuses them. Each step can be repeated after a crash; at
//     worst a recipient gets the message twice.
package quarantine
