package text

import (
	"embed"
	"slices"

	"sluis/internal/lang"
)

// Cause is what makes an inspection doubtful: readers could disagree on what a message says, or something in it could
// not be read. A cause is a constant, a row in causes, and its text in messages (doubt-CAUSE).
type Cause string

// Readers could disagree.
const (
	BadHeader        Cause = "malformed-header"
	DisputedHeader   Cause = "disputed-header"
	TwiceHeader      Cause = "repeated-header"
	BadContentType   Cause = "malformed-content-type"
	TwiceParameter   Cause = "repeated-parameter"
	HiddenParts      Cause = "hidden-parts"
	NoBoundary       Cause = "missing-boundary"
	BadBoundary      Cause = "malformed-boundary"
	NoEnd            Cause = "missing-boundary-end"
	BadEncoding      Cause = "malformed-transfer-encoding"
	DisputedEncoding Cause = "disputed-transfer-encoding"
	OddEncoding      Cause = "unknown-transfer-encoding"
	BadCharset       Cause = "unknown-charset"
	NestedEncoding   Cause = "encoded-multipart"
	MixedEndings     Cause = "mixed-line-endings"
	DisputedEndings  Cause = "disputed-line-endings"
	BadArchive       Cause = "inconsistent-archive"
	HiddenLetters    Cause = "hidden-letters"
)

// Something was not read.
const (
	Encrypted     Cause = "encrypted"
	TooDeep       Cause = "too-deep"
	TooMany       Cause = "too-many-parts"
	TooLarge      Cause = "inflates-too-much"
	HostileSize   Cause = "hostile-size"      // beyond the other bounds, and no ordinary content gets there
	Unscanned     Cause = "too-large-to-scan" // for a virus scanner
	Damaged       Cause = "damaged"
	CutOff        Cause = "cut-off" // damaged, as files are at the end of a message that a report returns
	UnknownFormat Cause = "unknown-format"
	NoText        Cause = "no-text"       // pictures only, such as a scanned page
	LongText      Cause = "long-text"     // of a large drawing, of which not all is read
	Failed        Cause = "reader-failed" // the process that reads such files crashed, or took too long
)

// Weight is what a cause says of its sender, as a rule.
type Weight string

// The weights, from the lightest.
const (
	Sloppy Weight = "sloppy" // ordinary software writes this: a report is not flagged for it
	Unread Weight = "unread" // there is content that was not inspected, for reasons that need not be bad
	Trick  Weight = "trick"  // readers disagree, or give up, in a way that hides something
)

// rank orders weights.
func (w Weight) rank() int { return slices.Index([]Weight{Sloppy, Unread, Trick}, w) }

// Gravest returns the doubts in the order of their weights, the gravest first.
func Gravest(all []Doubt) []Doubt {
	return slices.SortedStableFunc(slices.Values(all), func(a, b Doubt) int {
		return b.Cause.Weight().rank() - a.Cause.Weight().rank()
	})
}

// cause is what is known of a Cause.
type cause struct {
	weight Weight
	unread bool // something was not read; else readers could disagree
}

var causes = map[Cause]cause{
	BadHeader:        {weight: Sloppy},
	DisputedHeader:   {weight: Trick},
	TwiceHeader:      {weight: Trick},
	BadContentType:   {weight: Sloppy},
	TwiceParameter:   {weight: Trick},
	HiddenParts:      {weight: Trick},
	NoBoundary:       {weight: Sloppy},
	BadBoundary:      {weight: Trick},
	NoEnd:            {weight: Sloppy},
	BadEncoding:      {weight: Sloppy},
	DisputedEncoding: {weight: Trick},
	OddEncoding:      {weight: Sloppy},
	BadCharset:       {weight: Sloppy},
	NestedEncoding:   {weight: Sloppy},
	MixedEndings:     {weight: Sloppy},
	DisputedEndings:  {weight: Trick},
	BadArchive:       {weight: Trick},
	HiddenLetters:    {weight: Trick},
	Encrypted:        {weight: Unread, unread: true},
	TooDeep:          {weight: Trick, unread: true},
	TooMany:          {weight: Trick, unread: true},
	TooLarge:         {weight: Trick, unread: true},
	HostileSize:      {weight: Trick, unread: true},
	Unscanned:        {weight: Unread, unread: true},
	Damaged:          {weight: Unread, unread: true},
	CutOff:           {weight: Sloppy, unread: true},
	UnknownFormat:    {weight: Unread, unread: true},
	NoText:           {weight: Sloppy, unread: true},
	LongText:         {weight: Sloppy, unread: true},
	Failed:           {weight: Unread, unread: true},
}

// Weight returns the weight of a cause.
func (c Cause) Weight() Weight { return causes[c].weight }

// Flagged reports whether a report is flagged for a cause: it is more than sloppy.
func (c Cause) Flagged() bool { return c.Weight() != Sloppy }

// Unread reports whether a cause says that something was not read, rather than that readers could disagree.
func (c Cause) Unread() bool { return causes[c].unread }

// Whole is the part of a doubt about a message or file as a whole.
const Whole = "0"

// Doubt is a cause and the place where it was found.
type Doubt struct {
	Part  string `json:"part"` // by its position, as in IMAP (RFC 9051 section 6.4.5): 1.2; files in it go on. Or Whole
	Cause Cause  `json:"cause"`
}

// maxPlaces bounds the doubts of one cause in a report.
const maxPlaces = 8

// Doubt adds a doubt, unless there are enough of its cause.
func (r *Report) Doubt(d Doubt) {
	same := 0
	for _, known := range r.Doubts {
		if known == d {
			return
		}
		if known.Cause == d.Cause {
			same++
		}
	}
	if same < maxPlaces {
		r.Doubts = append(r.Doubts, d)
	}
}

// Has reports whether there is a doubt of a cause.
func (r *Report) Has(c Cause) bool {
	return slices.ContainsFunc(r.Doubts, func(d Doubt) bool { return d.Cause == c })
}

// Disputed reports whether readers could disagree on anything, sloppiness included.
func (r *Report) Disputed() bool {
	return slices.ContainsFunc(r.Doubts, func(d Doubt) bool { return !d.Cause.Unread() })
}

// Ambiguous reports whether readers could disagree in a way for which the report is flagged.
func (r *Report) Ambiguous() bool {
	return slices.ContainsFunc(r.Doubts, func(d Doubt) bool { return !d.Cause.Unread() && d.Cause.Flagged() })
}

// Uninspectable returns the causes, each one time, why something was not read for which the report is flagged.
func (r *Report) Uninspectable() []Cause {
	var all []Cause
	for _, d := range r.Doubts {
		if d.Cause.Unread() && d.Cause.Flagged() && !slices.Contains(all, d.Cause) {
			all = append(all, d.Cause)
		}
	}
	return all
}

//go:embed messages/*.json
var files embed.FS

var texts = lang.Files(files)

// Place says in words where a doubt was found.
func (d Doubt) Place() lang.Message {
	if d.Part == Whole {
		return texts.Message("place-whole")
	}
	return texts.Message("place-part", d.Part)
}

// Says says in words what was found.
func (d Doubt) Says() lang.Message { return texts.Message("doubt-" + string(d.Cause)) }

// Means says in words what that means as a rule, and what to do.
func (d Doubt) Means() lang.Message { return texts.Message("weight-" + string(d.Cause.Weight())) }
