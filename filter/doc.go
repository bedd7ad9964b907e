// Package filter is the heart of Sluis: it settles what of a message or request
// may be inspected (section 3 of the code of conduct), inspects just that, and says
// what is to be done.
//
// It promises:
//
//   - A rule whose purpose has no ground is not in the scanner that runs. A leak
//     rule cannot run on what was not drawn in the random sample (C3.3b), nor a
//     conduct or leak rule on the mail of a confidential role (C3.2g).
//   - No I/O and no knowledge of SMTP or HTTP: a gateway hands it an Item and gets
//     an Inspection and, per direction, a Verdict.
//   - Memory per inspection is bounded whatever the input. The inspection
//     says what it could not inspect (Ambiguous, Uninspectable, Incomplete).
//   - Content leaves the package only inside an Excerpt, which prints and marshals
//     as a placeholder and is opened for the sealed quarantine alone.
package filter
