package clienthello

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
)

// withoutDot returns the records of a ClientHello with the dot taken from the end of its host name, or nil if there is
// none. RFC 6066, section 3, knows no such dot, and crypto/tls refuses it; scripts and tools send it all the same.
func withoutDot(records []byte) []byte {
	message, version := assembled(records)
	in := cryptobyte.String(message)
	var fixed, session, suites, methods, extensions, body cryptobyte.String
	var kind uint8
	if !in.ReadUint8(&kind) || kind != typeClientHello || !in.ReadUint24LengthPrefixed(&body) ||
		!body.ReadBytes((*[]byte)(&fixed), 2+32) || !body.ReadUint8LengthPrefixed(&session) ||
		!body.ReadUint16LengthPrefixed(&suites) || !body.ReadUint8LengthPrefixed(&methods) ||
		!body.ReadUint16LengthPrefixed(&extensions) {
		return nil
	}
	var kept cryptobyte.Builder
	found := false
	for !extensions.Empty() {
		var id uint16
		var data cryptobyte.String
		if !extensions.ReadUint16(&id) || !extensions.ReadUint16LengthPrefixed(&data) {
			return nil
		}
		kept.AddUint16(id)
		if id == extensionServerName && len(data) > 5 && data[len(data)-1] == '.' {
			found = true
			name := data[5 : len(data)-1] // of a list of one name: its length, type and length come first
			kept.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
				b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
					b.AddUint8(data[2])
					b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(name) })
				})
			})
			continue
		}
		kept.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(data) })
	}
	list, err := kept.Bytes()
	if !found || err != nil {
		return nil
	}
	var out cryptobyte.Builder
	out.AddUint8(recordHandshake)
	out.AddBytes(version)
	out.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) {
		b.AddUint8(typeClientHello)
		b.AddUint24LengthPrefixed(func(b *cryptobyte.Builder) {
			b.AddBytes(fixed)
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(session) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(suites) })
			b.AddUint8LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(methods) })
			b.AddUint16LengthPrefixed(func(b *cryptobyte.Builder) { b.AddBytes(list) })
		})
	})
	b, err := out.Bytes()
	if err != nil || len(b) > 5+1<<14 { // more than a record holds
		return nil
	}
	return b
}

// The parts of a ClientHello that are needed (RFC 8446, section 4).
const (
	typeClientHello     = 1
	extensionServerName = 0
)

// assembled returns the message that records carry, and the version of the first.
func assembled(records []byte) (message, version []byte) {
	in := cryptobyte.String(records)
	for !in.Empty() {
		var kind uint8
		var v []byte
		var fragment cryptobyte.String
		if !in.ReadUint8(&kind) || kind != recordHandshake || !in.ReadBytes(&v, 2) ||
			!in.ReadUint16LengthPrefixed(&fragment) {
			break
		}
		if version == nil {
			version = v
		}
		message = append(message, fragment...)
	}
	return bytes.Clone(message), version
}
