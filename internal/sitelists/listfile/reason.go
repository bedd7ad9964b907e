package listfile

// Reason says why something of a list is not taken.
type Reason uint8

// The reasons.
const (
	Unreadable Reason = iota // no form that is known
	TooLong                  // a line beyond maxLine
	Partial                  // a rule for parts of a site, or for some requests to it
	Pattern                  // names that begin or end in a certain way
	Cancelled                // an exception of the same list undoes it
	Rewrite                  // the name is led to another server and not blocked
	Local                    // the name or address of a machine or of its own network
	TooWide                  // a network with a large part of the internet in it
	Setting                  // of the program that the list is for
	Suffix                   // a domain under which everybody can have a site, such as nl, co.uk or github.io
	Own                      // a site of the organisation itself
	Help                     // a site of help, which is never blocked
	WellKnown                // a site that schools cannot do without, and that nobody confirmed
	reasons
)

var reasonTexts = [reasons]string{
	"not understood",
	"in lines that are too long",
	"for parts of a site, or for some requests, only",
	"patterns of names",
	"undone by exceptions of the list itself",
	"led to another server, not blocked",
	"names or addresses of machines and inner networks",
	"networks that are too wide",
	"settings of other programs",
	"domains under which everybody can have a site: block one by an entry of your own",
	"sites of the organisation itself",
	"sites of help, which are never blocked",
	"well-known sites, which are not blocked unless that is confirmed",
}

// String returns a reason in words that follow a number.
func (r Reason) String() string {
	if r < reasons {
		return reasonTexts[r]
	}
	return "unknown"
}

// MarshalText implements encoding.TextMarshaler: the words are those of String.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Words of another version become Unreadable.
func (r *Reason) UnmarshalText(text []byte) error {
	*r = Unreadable
	for i, s := range reasonTexts {
		if s == string(text) {
			*r = Reason(i)
		}
	}
	return nil
}
