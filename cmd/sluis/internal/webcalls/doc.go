// Package webcalls carries the calls between the gateway and the process of its web proxy: net/rpc
// over two sockets that nothing else has.
//
// The proxy has a process of its own, so that a crash in a page or in HTTP/2 does not take the
// mail with it. That process reads the configuration, the rules and the roster by itself, and
// seals a stopped upload by itself, which takes public keys alone. The gateway keeps the rest: it
// draws the sample, knows the orders of the board, and writes ledger and journal.
//
// Grounds that cannot be asked for are an error, and then nothing is inspected or passed on
// (C3.2a). A record waits in memory until the gateway has it.
package webcalls
