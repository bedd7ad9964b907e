// Package testenv is the test kit: it starts real mail software on loopback, for tests and comparisons:
// Postfix (several instances side by side, each with its own configuration, queue and
// port), smtp-sink and smtp-source, swaks, and rspamd. It has a next hop of its own as
// well, Sink, which counts, hashes or records messages and fails on demand; Eventually and Patience,
// with which tests wait; and the canary, a word that goes in everywhere and must be found nowhere.
//
// It promises: nothing outside the given directory is written, the system's own Postfix
// is neither used nor disturbed, everything listens on 127.0.0.1 alone, and every process
// is ended by its id, also if the program that started it dies (on Linux).
package testenv
