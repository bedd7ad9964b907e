package parties

import (
	"io"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"
)

// maxResults bounds an Authentication-Results field that is read.
const maxResults = 8 << 10

// Vouched is what a receiving server of the organisation checked of a message (RFC 8601).
type Vouched struct {
	Author []string // domains that signed as the author's, or passed DMARC
	Sender []string // domains that passed SPF for the sender of the envelope
}

// VouchedBy returns what the receiver with an identifier says of a message that comes straight from it:
// in the first such field, above the second Received. A stranger's own field stands below the
// Received of the receiver and below its field. A field that is not read beyond doubt says nothing.
func VouchedBy(header io.Reader, receiver string) (v Vouched) {
	hops := 0
	walk(header, func(p part) bool { return p == received || p == results }, func(p part, value []byte) bool {
		if p == received {
			hops++
			return hops < 2
		}
		text, ok := plainResults(string(value))
		if len(value) > maxResults || !ok {
			return false // it may be the receiver's, and what follows a stranger's
		}
		id, all, err := authres.Parse(text)
		if !strings.EqualFold(id, receiver) {
			return true
		}
		if err == nil {
			v.take(all)
		}
		return false
	})
	return v
}

// take notes results that passed.
func (v *Vouched) take(all []authres.Result) {
	failed := false
	for _, r := range all {
		switch r := r.(type) {
		case *authres.DKIMResult:
			v.author(r.Value, r.Domain)
		case *authres.DMARCResult:
			v.author(r.Value, r.From)
		case *authres.SPFResult:
			failed = failed || r.Value != authres.ResultPass
			v.Sender = append(v.Sender, DomainOf(r.From))
		}
	}
	if failed {
		v.Sender = nil
	}
}

func (v *Vouched) author(value authres.ResultValue, domain string) {
	if value == authres.ResultPass && domain != "" {
		v.Author = append(v.Author, DomainOf(domain))
	}
}

// Proves reports whether the sender of the envelope is proven.
func (v Vouched) Proves(domain string) bool {
	domain = strings.ToLower(domain)
	return domain != "" && (slices.Contains(v.Sender, domain) || slices.Contains(v.Author, domain))
}

// plainResults returns a value without its comments, quoted strings and line ends. It is not ok where
// these do not close, or lie in one another: a sender's address stands in them, and may be made to look
// like a result.
func plainResults(s string) (plain string, ok bool) {
	var b strings.Builder
	depth, quoted := 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\\', c == '"' && depth > 0, c == ')' && depth == 0 && !quoted:
			return "", false
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth > 0:
		case c == '\r', c == '\n':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String()), depth == 0 && !quoted
}
