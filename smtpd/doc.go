// Package smtpd is the SMTP relay of Sluis: a session with a client in front, a live
// session with the next hop behind (RFC 5321), and the policy of package filter in
// between, before the message is accepted.
//
// It promises:
//
//   - A 2xx after the body means that the next hop said 2xx for every recipient that
//     was passed on, and that the message is durable in quarantine for the others. There
//     is no queue: until then the message is the sender's. If the next hop fails after a
//     message was quarantined, it is withdrawn and the sender gets a 4xx.
//   - The next hop gets the bytes that were inspected, below a prepended Received (and
//     X-Sluis if a message is tagged). Bare line feeds are repaired once, before both;
//     bare carriage returns and NULs are refused.
//   - The next hop's replies reach the client unchanged, and paths and parameters reach
//     the next hop as the client wrote them. Only what the next hop can do is offered.
//   - A client relays to the organisation's own domains only, except from trusted networks,
//     with a client certificate of the organisation's own authority, or from a shared
//     network with the organisation's key (Shared).
//   - Memory, time and connections are bounded whatever a client does. If the policy
//     fails or runs out of time the answer is 451: nothing passes uninspected.
//   - Addresses and content reach neither logs nor metrics (C3.2e).
//
// The session with the client is go-smtp's; package wire stands between it and the network
// where a relay has to be more exact, and says in what.
package smtpd
