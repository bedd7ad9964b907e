package listfile

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"sluis/filter/domains"
)

// Sink takes what is read of a list.
type Sink struct {
	Take func(entry string)               // an entry, as domains.Builder.AddEntry has it
	Skip func(why Reason, example string) // something that is not taken; the example is of the list
}

// maxExceptions bounds how many exceptions of a list are kept in memory.
const maxExceptions = 500_000

// Survey is what the whole of a list says of its lines.
type Survey struct {
	exceptions map[string]bool // names that the list takes out; true: important ones too
	above      map[string]bool // domains above these
	cancelled  map[string]bool // rules of ad blockers that others undo
	zone       bool            // a zone file: lines may go on within parentheses, or begin with the owner left out
	origin     string          // of the zone
	data       bool            // of unbound, with records of its own for names
	resolver   bool            // the configuration of a resolver, which has other settings too
	rules      bool            // of an ad blocker: what is no name is a pattern
	json       bool
	table      table
	notes      bool     // most lines have a name and then words that say why
	rows       []string // the first lines, from which the table is made
	header     string   // the last comment before them
}

// Look surveys a list.
func Look(r io.Reader) (*Survey, error) {
	s := &Survey{exceptions: map[string]bool{}, above: map[string]bool{}, cancelled: map[string]bool{}}
	in := bufio.NewReaderSize(r, 1<<16)
	head, _ := in.Peek(64)
	s.json = isJSON(head)
	var err error
	if s.json {
		err = s.surveyJSON(withoutMark(in))
	} else {
		err = lines(in, func(line []byte) { s.note(line) })
	}
	s.table, s.notes = tableOf(s.rows, s.header), haveNotes(s.rows)
	s.rows = nil
	for e := range s.exceptions {
		for up, more := parent(e); more; up, more = parent(up) {
			s.above[up] = true
		}
	}
	return s, err
}

// Read reads the list that the survey is of.
func (s *Survey) Read(r io.Reader, to Sink) error {
	in := &reader{Survey: s, to: to, under: map[string]bool{}}
	if s.json {
		err := in.json(withoutMark(bufio.NewReaderSize(r, 1<<16)))
		if err == nil {
			in.takeExceptions()
		}
		return err
	}
	err := lines(r, func(line []byte) {
		if line == nil {
			to.Skip(TooLong, "")
			return
		}
		if isWord(line) && !s.zone {
			in.line = string(line)
			in.word(in.line)
			return
		}
		in.raw = text(line)
		in.line = strings.TrimSpace(in.raw)
		in.read()
	})
	if err == nil {
		in.takeExceptions()
	}
	return err
}

// isWord reports whether a line has nothing but a name or number, as most lines have.
func isWord(line []byte) bool {
	for _, c := range line {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return len(line) > 0
}

// Names returns what is on a list of the program's own, of which every line has to be understood.
func Names(list []byte) (names []string, err error) {
	s, err := Look(bytes.NewReader(list))
	if err != nil {
		return nil, err
	}
	strange := 0
	err = s.Read(bytes.NewReader(list), Sink{
		Take: func(n string) { names = append(names, n) },
		Skip: func(Reason, string) { strange++ },
	})
	if err == nil && strange > 0 {
		err = fmt.Errorf("%d lines of the list are not taken", strange)
	}
	return names, err
}

// note takes the evidence of a line.
func (s *Survey) note(b []byte) {
	if len(b) == 0 || len(s.rows) == tableRows && isWord(b) {
		return
	}
	line := strings.TrimSpace(text(b))
	switch {
	case line == "":
		return
	case line[0] == '#' || line[0] == '!' || line[0] == ';':
		if len(s.rows) == 0 && len(line) < 4<<10 {
			s.header = line
		}
		return
	case strings.HasPrefix(line, "@@"):
		s.noteException(line[2:])
	case line[0] == '$' && (strings.HasPrefix(line, "$TTL") || strings.HasPrefix(line, "$ORIGIN")):
		s.zone = true
		s.origin = originOf(line, s.origin)
	case strings.HasPrefix(line, "[Adblock"), strings.HasPrefix(line, "[uBlock"):
		s.rules = true
	case line[0] == '|':
		s.rules = true
		if strings.Contains(line, "badfilter") {
			s.noteCancelled(line)
		}
	}
	if _, site, direct, ok := proxyRule(line); ok && direct {
		s.except(site, false)
	}
	if len(s.rows) < tableRows && len(line) < 4<<10 {
		s.rows = append(s.rows, line)
	}
	s.noteResolver(line)
}

func (s *Survey) except(name string, important bool) {
	name, ok := domains.Name(strings.TrimPrefix(name, "*."))
	if ok && len(s.exceptions) < maxExceptions {
		s.exceptions[name] = s.exceptions[name] || important
	}
}

// excepted reports whether the list takes a name out that it has.
func (s *Survey) excepted(name string, important bool) bool {
	for up, more := name, len(s.exceptions) > 0; more; up, more = parent(up) {
		if strong, is := s.exceptions[up]; is && (strong || !important) {
			return true
		}
	}
	return false
}

// reader reads the lines of a list.
type reader struct {
	*Survey
	to        Sink
	raw, line string          // that is read; without spaces around it
	depth     int             // of parentheses in a zone file
	under     map[string]bool // names of the list that have exceptions below; true: important ones
}

// takeExceptions takes the exceptions below names that were taken.
func (r *reader) takeExceptions() {
	var names []string
	for e, important := range r.exceptions {
		listed := false
		strong := false
		for up, more := parent(e); more; up, more = parent(up) {
			s, is := r.under[up]
			listed, strong = listed || is, strong || s
		}
		if listed && (important || !strong) {
			names = append(names, e)
		}
	}
	slices.Sort(names) // the same list is always read alike
	for _, n := range names {
		r.to.Take(domains.ExceptionEntry(n))
	}
}

func (r *reader) skip(why Reason) {
	if why == Unreadable && r.rules {
		why = Pattern
	}
	r.to.Skip(why, r.line)
}

// localNames stand in every hosts file and are no site.
var localNames = map[string]bool{"localhost": true, "localhost.localdomain": true, "localhost4": true, "localhost6": true,
	"local": true, "broadcasthost": true, "ip6-localhost": true, "ip6-loopback": true, "ip6-localnet": true,
	"ip6-mcastprefix": true, "ip6-allnodes": true, "ip6-allrouters": true, "ip6-allhosts": true, "localdomain": true,
	"localhost4.localdomain4": true, "localhost6.localdomain6": true}

// site takes a site by its name or number.
func (r *reader) site(host string) { r.rule(host, false) }

func (r *reader) rule(host string, important bool) {
	host = strings.TrimPrefix(strings.TrimPrefix(host, "*."), "+.")
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil && host != "" {
		r.network(netip.PrefixFrom(a.WithZone(""), a.BitLen()))
		return
	}
	name, ok := domains.Name(host)
	switch {
	case ok && localNames[name]:
		r.skip(Local)
	case !ok && strings.ContainsAny(host, "*"):
		r.skip(Pattern)
	case !ok || !isSite(name):
		r.skip(Unreadable)
	case r.excepted(name, important):
		r.skip(Cancelled)
	default:
		if r.above[name] {
			r.under[name] = r.under[name] || important
		}
		r.to.Take(name)
	}
}

// isSite reports whether a name has more than one label, or is a suffix of the internet.
func isSite(name string) bool {
	if strings.Contains(name, ".") {
		return true
	}
	_, icann := publicsuffix.PublicSuffix(name)
	return icann
}

// page takes the address of a page: host and path.
func (r *reader) page(host, path string) {
	if a, ok := domains.Addr(host); ok {
		if path == "/" || path == "" {
			r.network(netip.PrefixFrom(a, a.BitLen()))
			return
		}
		if isInner(a) {
			r.skip(Local)
			return
		}
		host = a.String()
		if a.Is6() {
			host = "[" + host + "]"
		}
		r.to.Take(host + path)
		return
	}
	if path == "/" || path == "" {
		r.site(host)
		return
	}
	name, ok := domains.Name(host)
	switch {
	case !ok || !strings.Contains(name, "."):
		r.skip(Unreadable)
	case r.excepted(name, false):
		r.skip(Cancelled)
	default:
		r.to.Take(name + path)
	}
}

// network takes the addresses of a network.
func (r *reader) network(p netip.Prefix) {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	switch {
	case !p.IsValid():
		r.skip(Unreadable)
	case isInner(p.Masked().Addr()):
		r.skip(Local)
	case domains.TooWide(p):
		r.skip(TooWide)
	default:
		r.to.Take(domains.NetworkEntry(p))
	}
}

var innerNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("224.0.0.0/3"),
	netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("ff00::/8"),
}

// isInner reports whether an address is of a machine itself or of an inner network.
func isInner(a netip.Addr) bool {
	return a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() ||
		slices.ContainsFunc(innerNetworks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parent returns the domain above a name.
func parent(name string) (string, bool) {
	_, up, ok := strings.Cut(name, ".")
	return up, ok
}
