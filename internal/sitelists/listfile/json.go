package listfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// isJSON reports whether a text is JSON by its beginning: another form can begin with a bracket too.
func isJSON(head []byte) bool {
	first := func(b []byte) ([]byte, byte) {
		if b = bytes.TrimLeft(b, " \t\r\n"); len(b) == 0 {
			return nil, 0
		}
		return b[1:], b[0]
	}
	rest, open := first(bytes.TrimPrefix(head, []byte("\ufeff")))
	_, next := first(rest)
	switch open {
	case '{':
		return next == '"' || next == '}'
	case '[':
		return next == '"' || next == '{' || next == '[' || next == ']'
	}
	return false
}

// jsonUse is what the strings of an array are for.
type jsonUse uint8

const (
	jsonListed  jsonUse = iota
	jsonAllowed         // the list takes them out
	jsonPatterns
	jsonOther // they say nothing; an object among them is a record all the same
)

// jsonUses are the names that makers give to arrays, beside those of columns.
var jsonUses = map[string]jsonUse{
	"addresses": jsonListed, "blacklist": jsonListed, "blocked": jsonListed, "blocklist": jsonListed, "data": jsonListed,
	"denylist": jsonListed, "domain_suffix": jsonListed, "entries": jsonListed, "hostnames": jsonListed,
	"hosts": jsonListed, "indicators": jsonListed, "iocs": jsonListed, "ip_cidr": jsonListed, "ips": jsonListed,
	"items": jsonListed, "list": jsonListed, "malware": jsonListed, "payload": jsonListed, "phishing": jsonListed,
	"scam": jsonListed, "scams": jsonListed, "sites": jsonListed, "urls": jsonListed,

	"allowlist": jsonAllowed, "exceptions": jsonAllowed, "whitelist": jsonAllowed,

	"domain_keyword": jsonPatterns, "domain_regex": jsonPatterns,
}

func jsonUseOf(key string, above jsonUse) jsonUse {
	key = strings.ToLower(key)
	if use, ok := jsonUses[key]; ok && above != jsonAllowed {
		return use
	}
	switch {
	case above == jsonAllowed:
		return jsonAllowed
	case slices.Contains(columnNames, key):
		return jsonListed
	}
	return jsonOther
}

// Bounds of a list in JSON.
const (
	jsonDepth   = 32
	jsonPending = 256 // sites within an object that may have one of its own after them
)

var errDeep = errors.New("JSON that is nested too deeply")

// jsonList reads a list in JSON: arrays of sites, and objects with a site under a name that a column could have. The
// objects within such a record are about it, such as the addresses of its host, and no sites of the list.
type jsonList struct {
	dec     *json.Decoder
	in      *boundedToken
	each    func(use jsonUse, site string)
	pending []jsonSite
}

type jsonSite struct {
	use  jsonUse
	site string
}

// readJSON calls each for the sites of a list, and for strings that are no site where sites stand.
func readJSON(r io.Reader, each func(use jsonUse, site string)) error {
	in := &boundedToken{r: r}
	j := &jsonList{dec: json.NewDecoder(in), in: in, each: each}
	for {
		t, err := j.token()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = j.value(t, jsonListed, 0)
		}
		if err != nil {
			return damagedJSON(err)
		}
		j.flush(0)
	}
}

// damagedJSON returns an error that quotes nothing of the list.
func damagedJSON(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("damaged JSON")
	}
	return err
}

// boundedToken is a text of which a token cannot take more memory than a line of another list.
type boundedToken struct {
	r    io.Reader
	left int // of the token
}

var errTokenLong = errors.New("JSON with a string that is too long")

// Read implements io.Reader.
func (b *boundedToken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTokenLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (j *jsonList) token() (json.Token, error) {
	j.in.left = maxLine
	return j.dec.Token()
}

func (j *jsonList) flush(from int) {
	for _, p := range j.pending[from:] {
		j.each(p.use, p.site)
	}
	j.pending = j.pending[:from]
}

func (j *jsonList) add(use jsonUse, site string) {
	if j.pending = append(j.pending, jsonSite{use, site}); len(j.pending) > jsonPending {
		j.flush(0)
	}
}

// value reads a value whose first token was read.
func (j *jsonList) value(t json.Token, use jsonUse, depth int) error {
	if s, is := t.(string); is && use != jsonOther {
		j.add(use, s)
	}
	d, open := t.(json.Delim)
	switch {
	case !open:
		return nil
	case depth == jsonDepth:
		return errDeep
	case d == '{':
		return j.object(use, depth)
	}
	for j.dec.More() {
		t, err := j.token()
		if err == nil {
			err = j.value(t, use, depth+1)
		}
		if err != nil {
			return err
		}
		if depth == 0 {
			j.flush(0)
		}
	}
	_, err := j.token()
	return err
}

// object reads the rest of an object.
func (j *jsonList) object(use jsonUse, depth int) error {
	begun := len(j.pending)
	site, best := "", len(columnNames)
	for j.dec.More() {
		key, err := j.token()
		if err != nil {
			return err
		}
		value, err := j.token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		s, is := value.(string)
		if !is {
			if err := j.value(value, jsonUseOf(name, use), depth+1); err != nil {
				return err
			}
			continue
		}
		if rank := slices.Index(columnNames, strings.ToLower(name)); rank >= 0 && rank < best && isCell(s) {
			site, best = s, rank
		}
	}
	if site != "" {
		j.pending = j.pending[:min(begun, len(j.pending))]
		if use != jsonAllowed {
			use = jsonListed
		}
		j.add(use, site)
	}
	_, err := j.token()
	return err
}

// surveyJSON takes the exceptions of a list in JSON.
func (s *Survey) surveyJSON(in io.Reader) error {
	return readJSON(in, func(use jsonUse, site string) {
		if use == jsonAllowed {
			s.except(site, false)
		}
	})
}

// json reads a list in JSON.
func (r *reader) json(in io.Reader) error {
	return readJSON(in, func(use jsonUse, site string) {
		switch r.line = site; use {
		case jsonListed:
			r.cell(site)
		case jsonPatterns:
			r.skip(Pattern)
		}
	})
}
