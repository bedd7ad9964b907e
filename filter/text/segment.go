package text

// Role is what a segment is in its message or document.
type Role uint8

// The roles.
const (
	Header   Role = iota // text of header fields other than the subject
	Plain                // what a reader sees
	HTML                 // what a reader sees of HTML
	Hidden               // what HTML holds beside that: comments, alternative texts, invisible text
	FileName             // name of an attachment, or of a file in an archive
	Contents             // text of a document
	Raw                  // undecoded bytes, shown because of a doubt
	Subject              // the subject of a message
)

// Segment is a piece of text. Text is valid during the call only.
type Segment struct {
	Part    int // number of the part, from 0
	Role    Role
	Text    []byte // UTF-8, at most MaxSegment bytes
	Overlap int    // bytes at the start that were at the end of the segment before
	Next    int    // bytes at the end with which the next segment begins; 0 if the text ends here
}

// MaxSegment and MaxOverlap bound the size of segments, in bytes.
const (
	MaxSegment = 64 << 10
	MaxOverlap = 4 << 10 // at least three quarters of it, where there is a next segment
)
