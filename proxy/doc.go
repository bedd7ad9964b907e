// Package proxy is the HTTP proxy that the school's web traffic flows through: asked by
// browsers (explicit), or put in between by the router (transparent).
//
// It promises:
//
//   - What is encrypted stays so, and is passed on byte for byte, unless the policy says
//     that the group is inspected for this site, or a block page has to be shown.
//   - Who is not a client gets nothing, and no request leads to the gateway itself or into
//     the network that it stands in: every connection goes through package outside.
//   - A request is understood in one way or refused: what two parsers could read
//     differently does not get through (RFC 9112, section 11.2).
//   - Inside an inspected connection no other site can be asked for (421).
//   - A site's certificate is verified, always.
//   - Memory for a connection is bounded whatever comes, and nothing waits for ever.
//   - Each request, or tunnel, leaves one record of metadata (C3.2e). Paths, queries,
//     header fields and bodies are in no record, log line, metric or error.
//
// Requests, and the connections of CONNECT, go through elazarl/goproxy, with its faults mended around it
// (engine.go, TestMendedAroundGoproxy). Its interception is never used (TestInterceptionOfGoproxy).
package proxy
