package proxy

import (
	"encoding/binary"
	"errors"
	"net"
	"strings"
)

// alertWatch is the connection of a client beneath TLS. OpenSSL refuses a certificate in TLS 1.3 by an alert that is
// not encrypted yet, which crypto/tls takes for a damaged record: alertWatch sees it pass.
type alertWatch struct {
	net.Conn
	over   bool // the handshake
	head   [recordHead]byte
	have   int // bytes of head
	remain int // bytes of the record
	alert  []byte
}

const (
	recordHead  = 5
	recordAlert = 21 // RFC 8446, section 5.1
)

// Read implements net.Conn.
func (a *alertWatch) Read(b []byte) (int, error) {
	n, err := a.Conn.Read(b)
	for rest := b[:n]; !a.over && len(rest) > 0; {
		if a.remain == 0 {
			k := copy(a.head[a.have:], rest)
			a.have, rest = a.have+k, rest[k:]
			if a.have == recordHead {
				a.have, a.remain = 0, int(binary.BigEndian.Uint16(a.head[3:]))
			}
			continue
		}
		k := min(len(rest), a.remain)
		if a.head[0] == recordAlert && len(a.alert)+k <= 2 {
			a.alert = append(a.alert, rest[:k]...)
		}
		a.remain, rest = a.remain-k, rest[k:]
	}
	return n, err
}

// NetConn returns the connection beneath.
func (a *alertWatch) NetConn() net.Conn { return a.Conn }

// distrusts reports whether the client refused the certificate, be it by an alert that crypto/tls understood.
func (a *alertWatch) distrusts(err error) bool {
	if len(a.alert) == 2 {
		switch a.alert[1] {
		case 42, 43, 44, 45, 46, 48, 49: // as below
			return true
		}
		return false
	}
	switch alertOf(err) {
	case "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate",
		"unknown certificate", "unknown certificate authority", "access denied":
		return true
	}
	return false
}

// alertOf returns the alert of the other side that an error is (RFC 8446, section 6), in the words of crypto/tls; the
// empty string if it is none.
func alertOf(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" {
		return strings.TrimPrefix(op.Err.Error(), "tls: ")
	}
	return ""
}
