// Package proxy is the HTTP proxy (RFC 9110, section 3.7) through which the school's web traffic flows. It is explicit,
// for browsers that are set up to use it, or transparent, where the router puts it in between.
//
// It promises:
//
//   - An encrypted connection stays encrypted, and is passed on byte for byte, unless the policy says that the group is
//     inspected for this site, or a block page has to be shown.
//   - A stranger gets no reply, and no request leads to the gateway itself or into its own network: every connection
//     to a site goes through package egress.
//   - A request is understood in one way or refused: a request that two parsers could read differently does not get
//     through (RFC 9112, section 11.2). The site gets its target byte for byte, and the policy decides on that.
//   - A request that may not be repeated is sent once, and not on a connection that the site may have closed.
//   - An inspected connection leads to its own site only (421).
//   - The certificate of a site is verified, always.
//   - Memory for a connection is bounded, and every wait has an end.
//   - Each request, or tunnel, leaves one record of metadata (C3.2e). Paths, queries, header fields and bodies are in
//     no record, log line, metric or error.
//
// It does not promise that a client stays with the proxy: a network that lets other traffic out is not filtered. Nor
// that every program lets its connections be inspected: those that refuse are passed on closed for a while, unless the
// configuration insists. It does not ask authorities whether a certificate is revoked, but heeds what a site says of
// that in the handshake.
//
// Requests, and the connections of CONNECT, go through elazarl/goproxy, with its faults mended around it
// (engine.go, TestMendedAroundGoproxy). Its interception is never used (TestInterceptionOfGoproxy).
package proxy
