package smtpd

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"sluis/internal/admit"
	"sluis/internal/setting"
	"sluis/smtpd/wire"
)

// Shared is a network that other customers of a provider send from as well, such as that
// of Microsoft 365: neither its addresses nor its certificates set one customer apart. A
// client there may relay to anywhere with a message that carries the organisation's key
// in a header field, which is cut out before the message is inspected. Without it
// the client is a stranger as any other.
type Shared struct {
	Networks []netip.Prefix `yaml:"networks"`
	Field    string         `yaml:"field"`                    // name of the header field, which is cut out
	KeyFile  string         `yaml:"key-file" path:"relative"` // with its value: 20 to 200 letters, digits and signs
	Key      string         `yaml:"-"`                        // its value; none: it is read
}

// Validate implements setting.Validator.
func (s *Shared) Validate(p setting.Problems) {
	p.At("networks").Networks(s.Networks, "name the networks that your provider sends from")
	if len(s.Networks) == 0 || s.Field == "" || s.KeyFile == "" {
		p.Wrong("a shared network needs networks, field and key-file")
	}
}

// minKey makes a key that cannot be guessed.
const minKey = 20

// prepare reads the key, and checks that it cannot be guessed.
func (s *Shared) prepare() error {
	if s.Key == "" && s.KeyFile != "" {
		b, err := os.ReadFile(s.KeyFile)
		if err != nil {
			return fmt.Errorf("read key: %w", err)
		}
		s.Key = strings.TrimSpace(string(b))
	}
	if len(s.Key) < minKey || len(s.Key) > 200 {
		return fmt.Errorf("the key of a shared network has to have %d to 200 characters", minKey)
	}
	for i := range len(s.Key) {
		if s.Key[i] <= ' ' || s.Key[i] > '~' {
			return errors.New("the key of a shared network may have letters, digits and signs of ASCII only, no blanks")
		}
	}
	if s.Field == "" {
		return errors.New("a shared network needs the name of the header field that holds the key")
	}
	for i := range len(s.Field) {
		if c := s.Field[i]; c <= ' ' || c > '~' || c == ':' {
			return errors.New("the header field of a shared network has no proper name")
		}
	}
	return nil
}

// shared returns the shared network that a client comes from; nil if from none, or not
// by TLS: the key would be on the wire for all to read.
func (gen *generation) shared(client *wire.Conn) *Shared {
	if client.TLSState() == nil {
		return nil
	}
	for i := range gen.cfg.Shared {
		if admit.Contains(gen.cfg.Shared[i].Networks, client.Addr()) {
			return &gen.cfg.Shared[i]
		}
	}
	return nil
}

// prove settles what a client in a shared network may do, once its message is here.
// Without the key its recipients are authorised again, as a stranger's.
func (m *message) prove() Reply {
	t := m.tx
	if t.shared == nil {
		return Reply{}
	}
	if from, to, ok := keyField(io.NewSectionReader(m.spool, 0, min(m.spool.Size(), maxHeader)), t.shared); ok {
		m.spool.Cut(from, to)
		return Reply{}
	}
	t.trusted = false
	for i := range t.to {
		r := &t.to[i]
		r.direction = t.generation.direction(t.from, r.path, false)
		if !t.generation.mayReach(r.path, false) || t.generation.routes.find(r.path, r.direction) != t.route {
			m.relay.metrics.refused.WithLabelValues("relay").Inc()
			return wire.NewReply(550, "5.7.1 Relaying denied: no valid key")
		}
	}
	return Reply{}
}

// keyField finds the field with the key in a header: its bytes are from:to.
func keyField(r io.Reader, s *Shared) (from, to int64, ok bool) {
	br := readers.Get().(*bufio.Reader)
	br.Reset(r)
	defer func() { br.Reset(nil); readers.Put(br) }()
	continued := false
	for {
		line, err := br.ReadSlice('\n')
		if !continued && len(bytes.TrimRight(line, "\r\n")) == 0 {
			return 0, 0, false
		}
		to = from + int64(len(line))
		if !continued && err == nil && s.isKey(line) {
			return from, to, true
		}
		from = to
		continued = err == bufio.ErrBufferFull
		if err != nil && !continued {
			return 0, 0, false
		}
	}
}

// isKey reports whether a line of a header is the field with the key.
func (s *Shared) isKey(line []byte) bool {
	name, value, ok := bytes.Cut(line, []byte{':'})
	return ok && bytes.EqualFold(name, []byte(s.Field)) &&
		subtle.ConstantTimeCompare(bytes.TrimSpace(value), []byte(s.Key)) == 1
}
