// Package sandbox reads documents in other processes: readers of PDF, OLE, 7z and rar can
// be made to fail, to loop or to take memory without end, and a gateway must not.
//
// A Pool keeps a few processes, each of which runs Serve. A document goes to one over a
// pipe, and what it says comes back; one that takes too long is ended, one that crashes
// is replaced, and the document is then an error that package text reports as
// text.Failed. A process holds one document at a time, in memory, and its standard error
// goes nowhere: neither leaves content behind.
//
// Archives, office documents and pages are read by the gateway itself: their readers are the
// standard library's and our own, hold no more than a buffer (a file in a zip that is packed by
// LZMA or XZ: a dictionary of 16 MiB at most), and are fuzzed. BenchmarkReadIn
// has the price of reading them here: 0.08 ms become 0.23 ms for a letter in docx, and 6 ms if a
// process has to be started. What speaks against it is not that, but what would be lost: an
// archive would share one time limit and one place with the slowest file in it, and one
// beyond MaxSize would not be read at all.
//
// Before it serves, a process takes from itself what reading does not take (Bound, Confine):
// files, network, other processes, new rights. Where the kernel lacks a guard, Lacking
// names it, and the gateway says so in its log and its health.
//
// Processes are of the same program, so both ends of a pipe agree on its form.
package sandbox

import (
	"time"

	"sluis/filter/text"
)

// MaxSize is the size of the largest document that is read, in bytes.
const MaxSize = 64 << 20

// request comes before the bytes of a document.
type request struct {
	Name   string
	Size   int64
	Limits text.Limits
	Time   time.Duration // after which the process ends itself
}

// answer is a segment, or the end.
type answer struct {
	Segment *text.Segment
	Report  *text.Report
	Failed  bool
}
