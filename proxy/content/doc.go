// Package content inspects the content of web requests and responses that can be read: plain ones, and those of
// inspected connections (C3.3a, C3.3b, C2.8a, C2.8d).
//
// It promises:
//
//   - An exchange is inspected for the purposes of its grounds only: for conduct in uploads, for leaks if the
//     exchange was drawn, for conduct in pages of sites that are in no category, for malware in downloads. An upload
//     is never inspected for security, and a search only if the configuration says so.
//   - An upload goes on once it was judged. A larger upload than the buffer holds is judged as far as that, and then
//     window by window: nothing goes on of a forbidden passage.
//   - A page goes on once its head was judged. A later finding cuts the connection. A page is weighed by how much of
//     it is forbidden: lessons, news and history speak of such things and are let through.
//   - The pieces in which a body arrives change nothing.
//   - Memory, time and disk are bounded; a body that waits on disk is in a file without a name. Content that was not
//     inspected, or only in part, is recorded as such (Uninspectable, Incomplete).
//   - A failure refuses, unless the configuration opens its purpose (Settings.OnFailure).
//   - Content is in no error, and in no other file.
//
// It does not promise to understand what an application sends in a form of its own.
package content
