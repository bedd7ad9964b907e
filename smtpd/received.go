package smtpd

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"sluis/smtpd/wire"
)

// received returns the trace field of RFC 5321 section 4.4. It names a recipient only if
// there is one, so that no recipient learns of another.
func (m *message) received() []byte {
	t, client := m.tx, m.client
	var b bytes.Buffer
	ip := client.Addr().String()
	switch {
	case !client.Addr().IsValid():
		ip = "unknown"
	case client.Addr().Is6():
		ip = "[IPv6:" + ip + "]"
	default:
		ip = "[" + ip + "]"
	}
	fmt.Fprintf(&b, "Received: from %s (%s)\r\n\tby %s with %s id %s",
		tracedName(m.helo), ip, t.generation.cfg.Hostname, m.protocol(), t.trace)
	if agreed := client.TLSState(); agreed != nil {
		version := strings.ReplaceAll(tls.VersionName(agreed.Version), " ", "v")
		fmt.Fprintf(&b, "\r\n\t(using %s with cipher %s)", version, tls.CipherSuiteName(agreed.CipherSuite))
	}
	if len(t.to) == 1 {
		fmt.Fprintf(&b, "\r\n\tfor <%s>", t.to[0].path.Raw)
	}
	fmt.Fprintf(&b, ";\r\n\t%s\r\n", m.at.Format(time.RFC1123Z))
	return b.Bytes()
}

// protocol returns the "with" protocol type (RFC 3848, RFC 6531 section 4.3).
func (m *message) protocol() string {
	p := "SMTP"
	switch {
	case m.tx.utf8:
		p = "UTF8SMTP"
	case m.client.ESMTP():
		p = "ESMTP"
	}
	if m.client.TLSState() != nil && p != "SMTP" {
		p += "S"
	}
	return p
}

// traceable is what a client may call itself in a trace field.
var traceable = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]{1,255}$`)

// tracedName returns what a client calls itself, if that can stand in a trace field.
func tracedName(helo string) string {
	if !traceable.MatchString(helo) {
		return "unknown"
	}
	return helo
}

// maxHeader is how far trace fields are looked for.
const maxHeader = 1 << 20

// loops refuses a message that has gone round too often (RFC 5321 section 6.3).
func (m *message) loops() Reply {
	cfg := &m.tx.generation.cfg
	header := io.NewSectionReader(m.spool, 0, min(m.spool.Size(), maxHeader))
	if all, own := countReceived(header, cfg.Hostname); all > cfg.Limits.Hops || own > cfg.Limits.OwnHops {
		return wire.NewReply(554, "5.4.6 Routing loop detected")
	}
	return Reply{}
}

// countReceived counts the Received fields of a header, and those that host wrote.
func countReceived(r io.Reader, host string) (all, own int) {
	br := readers.Get().(*bufio.Reader)
	br.Reset(r)
	defer func() { br.Reset(nil); readers.Put(br) }()
	by := []byte("by " + strings.ToLower(host))
	inField, continued := false, false
	counted := false
	for {
		line, err := br.ReadSlice('\n')
		if !continued {
			if len(bytes.TrimRight(line, "\r\n")) == 0 {
				return all, own
			}
			if line[0] != ' ' && line[0] != '\t' {
				inField = len(line) >= 9 && bytes.EqualFold(line[:9], []byte("Received:"))
				counted = false
				if inField {
					all++
				}
			}
		}
		if inField && !counted && names(bytes.ToLower(line), by) {
			own++
			counted = true
		}
		continued = err == bufio.ErrBufferFull
		if err != nil && !continued {
			return all, own
		}
	}
}

// names reports whether line has by as words of their own.
func names(line, by []byte) bool {
	for {
		i := bytes.Index(line, by)
		if i < 0 {
			return false
		}
		end := i + len(by)
		starts := i == 0 || line[i-1] == ' ' || line[i-1] == '\t'
		ends := end == len(line) || bytes.IndexByte([]byte(" \t\r\n;("), line[end]) >= 0
		if starts && ends {
			return true
		}
		line = line[end:]
	}
}
