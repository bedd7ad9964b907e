// Package control is the socket between a command and the gateway that runs: the words of both sides,
// the socket itself, and the command's end of it.
//
// It promises:
//
//   - The socket is a Unix socket that its owner and group alone can use; the kernel says which user is
//     on the other side (SO_PEERCRED), and nobody else does.
//   - What is asked and answered is JSON of a bounded size, over HTTP.
//
// It promises nothing about who may do what: that is with the console, whose accounts, proofs and
// services are behind the socket (C3.3e). The right to the socket is no right to any message.
package control
