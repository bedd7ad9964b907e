// Package content looks into web requests and responses that can be read: plain ones, and
// those of inspected connections (C3.3a, C3.3b, C2.8a, C2.8d).
//
// It promises:
//
//   - What is looked for in an exchange is what its grounds allow: conduct in uploads, leaks
//     if the exchange was drawn, conduct in pages of sites that are in no category, and
//     malware in downloads. An upload is never looked at for security, and a search only if
//     that is asked for.
//   - An upload goes on once it was judged. One that is larger than may be held is judged as
//     far as that, and then window by window: of what is caught nothing goes on.
//   - Of a page nothing goes on before its head was judged. What is caught later cuts the
//     connection. It is weighed by how much of it is not as it should be: one that speaks of
//     such things, as lessons, news and history do, is let through.
//   - How a body is cut in pieces on its way changes nothing.
//   - Memory, time and disk are bounded; a body that waits on disk is in a file without a
//     name. What is not looked into, or not wholly, is said (Uninspectable, Incomplete).
//   - Failure is not silent: it refuses, unless the purpose that could not be served is one
//     that is to be let through (Options.Open).
//   - Content is in no error, and in no file but that one.
package content
