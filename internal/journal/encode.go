package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"sluis/filter"
	"sluis/internal/roster"
	"sluis/rules"
)

// A record is encoded in a version byte, numbers of fixed size, and four short texts of
// closed alphabets with their lengths.
const encodingVersion = 1

// pseudonymOf returns the pseudonym of an encoded record.
func pseudonymOf(b []byte) (Pseudonym, bool) {
	if len(b) < fixedSize || b[0] != encodingVersion {
		return Pseudonym{}, false
	}
	return Pseudonym(b[1+8+16:][:16]), true
}

// errEncoding reports bytes that are no record.
var errEncoding = errors.New("journal segment: not a record")

func (r *Record) append(b []byte) []byte {
	b = append(b, encodingVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Time.UnixMilli()))
	b = append(b, r.ID[:]...)
	b = append(b, r.pseudonym[:]...)
	b = append(b, byte(r.Kind), byte(r.Direction), byte(r.Action), byte(r.Purposes), byte(r.Purpose), byte(r.Category))
	flags := uint16(0)
	for i, f := range r.flags() {
		if *f {
			flags |= 1 << i
		}
	}
	b = binary.BigEndian.AppendUint16(b, flags)
	for _, n := range []uint16{r.Recipients, r.Refused, r.Parts, r.Reply} {
		b = binary.BigEndian.AppendUint16(b, n)
	}
	b = binary.BigEndian.AppendUint32(b, r.Repaired)
	b = binary.BigEndian.AppendUint64(b, uint64(r.Bytes))
	b = binary.BigEndian.AppendUint64(b, uint64(r.Duration))
	for _, s := range []string{r.Group.String(), r.Peer.String(), r.Clause.String(), r.Rule.String()} {
		b = append(append(b, byte(len(s))), s...)
	}
	return b
}

// flags are the truth values of a record, in the order that they are encoded in. New
// ones go to the end.
func (r *Record) flags() []*bool {
	return []*bool{
		&r.Confidential,
		&r.Eligible,
		&r.Drawn,
		&r.Ambiguous,
		&r.Uninspectable,
		&r.Incomplete,
		&r.TLS,
		&r.Ordered,
		&r.Approved,
	}
}

const fixedSize = 1 + 8 + 16 + 16 + 6 + 2 + 8 + 4 + 8 + 8

// GobEncode implements gob.GobEncoder, as a segment has the record.
func (r Record) GobEncode() ([]byte, error) { return r.append(nil), nil }

// GobDecode implements gob.GobDecoder. A pseudonym is the writer's alone to set.
func (r *Record) GobDecode(b []byte) (err error) {
	if *r, err = decode(b); err == nil {
		r.pseudonym = Pseudonym{}
	}
	return err
}

func decode(b []byte) (Record, error) { return new(decoder).decode(b) }

// decoder decodes records, and knows the texts that it has seen: there are few of them, and
// to look at one takes long.
type decoder struct {
	groups  seen[roster.Group]
	peers   seen[Domain]
	clauses seen[rules.Clause]
	rules   seen[rules.ID]
}

// seen has what texts stand for.
type seen[T any] map[string]T

// maxSeen bounds how many texts are known: there can be as many peers as domains.
const maxSeen = 4096

// get returns what a text stands for.
func (s *seen[T]) get(text []byte, parse func(string) (T, error)) (T, error) {
	if v, ok := (*s)[string(text)]; ok {
		return v, nil
	}
	v, err := parse(string(text))
	if err != nil {
		return v, err
	}
	if *s == nil || len(*s) >= maxSeen {
		*s = seen[T]{}
	}
	(*s)[string(text)] = v
	return v, nil
}

func parseClause(s string) (c rules.Clause, err error) { return c, c.UnmarshalText([]byte(s)) }

func parseRule(s string) (id rules.ID, err error) { return id, id.UnmarshalText([]byte(s)) }

func (d *decoder) decode(b []byte) (r Record, err error) {
	if len(b) < fixedSize || b[0] != encodingVersion {
		return r, errEncoding
	}
	b = b[1:]
	take := func(n int) []byte {
		head := b[:n]
		b = b[n:]
		return head
	}
	r.Time = time.UnixMilli(int64(binary.BigEndian.Uint64(take(8)))).UTC()
	r.ID = filter.ID(take(16))
	r.pseudonym = Pseudonym(take(16))
	enums := take(6)
	r.Kind, r.Direction, r.Action = Kind(enums[0]), rules.Direction(enums[1]), filter.Action(enums[2])
	r.Purposes, r.Purpose, r.Category = rules.Purposes(enums[3]), rules.Purpose(enums[4]), rules.Category(enums[5])
	flags := binary.BigEndian.Uint16(take(2))
	for i, f := range r.flags() {
		*f = flags&(1<<i) != 0
	}
	for _, n := range []*uint16{&r.Recipients, &r.Refused, &r.Parts, &r.Reply} {
		*n = binary.BigEndian.Uint16(take(2))
	}
	r.Repaired = binary.BigEndian.Uint32(take(4))
	r.Bytes = int64(binary.BigEndian.Uint64(take(8)))
	r.Duration = time.Duration(binary.BigEndian.Uint64(take(8)))
	var texts [4][]byte
	for i := range texts {
		if len(b) == 0 || len(b) < 1+int(b[0]) {
			return r, errEncoding
		}
		texts[i] = take(1 + int(b[0]))[1:]
	}
	if r.Group, err = d.groups.get(texts[0], roster.ParseGroup); err == nil {
		r.Peer, err = d.peers.get(texts[1], parseDomain)
	}
	if err == nil {
		r.Clause, err = d.clauses.get(texts[2], parseClause)
	}
	if err == nil {
		r.Rule, err = d.rules.get(texts[3], parseRule)
	}
	if err != nil {
		return r, fmt.Errorf("%w: %w", errEncoding, err)
	}
	return r, nil
}

// seal makes a record fit to be kept: without anything of a party with a confidential
// role (C3.2g), also if the gateway did not see that who has one. Of traffic that is confidential it
// leaves what an hourly count needs; only what took part in the draw has to have a record.
func (r *Record) seal(p Pseudonym, who roster.Subject) {
	r.pseudonym = p
	if !r.Confidential && !who.Confidential() {
		return
	}
	r.pseudonym, r.Group, r.Peer = Pseudonym{}, roster.Group{}, Domain{}
	if r.Eligible {
		return
	}
	*r = Record{
		Time:         r.Time.UTC().Truncate(time.Hour),
		Kind:         r.Kind,
		Direction:    r.Direction,
		Purposes:     rules.SetOf(rules.Security),
		Confidential: true,
		Bytes:        r.Bytes,
		Recipients:   r.Recipients,
	}
}

// counted reports whether a record is kept as a part of an hourly count and nothing else.
func (r *Record) counted() bool { return r.Confidential && !r.Eligible }
