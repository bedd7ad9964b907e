// Package disclose makes what was set aside fit to be looked at (C3.3e): as little of it as
// the question asks for.
//
// It promises:
//
//   - A message is shown in stages: what was found, the header, the text, the HTML, one
//     attachment. Each is a Sheet of its own.
//   - Identifiers (addresses, numbers, dates, postcodes) are masked until somebody asks for
//     one. A Sheet does not hold what it masks.
//   - HTML comes without scripts, styles, links and whatever a browser would fetch; the page
//     that holds it has to be framed in a sandbox all the same.
//   - Work and memory are bounded whatever the message: a Sheet is cut off, and says so.
//
// What is read is in memory or in a file without a name, and in no error.
package disclose
