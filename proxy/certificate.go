package proxy

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"golang.org/x/crypto/ocsp"

	"sluis/proxy/blockpage"
)

var (
	// errRevoked is returned for a certificate of which its authority says, in the handshake, that it is revoked.
	errRevoked = errors.New("the certificate of the site is revoked")
	// errAsks is returned where a site does without no certificate of its visitor.
	errAsks = errors.New("the site asks for a certificate of its visitor")
)

// notRevoked checks what a site's authority says of its certificate (OCSP, RFC 6066, section 8).
func notRevoked(cs tls.ConnectionState) error {
	if len(cs.OCSPResponse) == 0 || len(cs.VerifiedChains) == 0 || len(cs.VerifiedChains[0]) < 2 {
		return nil
	}
	r, err := ocsp.ParseResponseForCert(cs.OCSPResponse, cs.VerifiedChains[0][0], cs.VerifiedChains[0][1])
	if err == nil && r.Status == ocsp.Revoked {
		return errRevoked
	}
	return nil
}

// faultOf returns what an error says of the certificate of a site; the empty Fault if it is about something else.
func faultOf(err error) blockpage.Fault {
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
		sent    []*x509.Certificate
	)
	if whole := (*tls.CertificateVerificationError)(nil); errors.As(err, &whole) {
		sent = whole.UnverifiedCertificates
	}
	switch {
	case errors.Is(err, errRevoked):
		return blockpage.Revoked
	case errors.Is(err, errAsks):
		return blockpage.Asks
	case errors.As(err, &name):
		return blockpage.OtherName
	case errors.As(err, &unknown):
		return unknownAuthority(sent)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if invalid.Cert != nil && strings.Contains(invalid.Detail, "is before") {
			return blockpage.Early
		}
		return blockpage.Expired
	case len(sent) > 0:
		return blockpage.Invalid
	}
	switch alertOf(err) {
	case "protocol version not supported", "insufficient security level":
		return blockpage.Obsolete
	}
	if err != nil && strings.Contains(err.Error(), "tls: server selected unsupported protocol version") {
		return blockpage.Obsolete
	}
	return ""
}

// unknownAuthority returns why nobody who is trusted vouches for the certificates that a site sent.
func unknownAuthority(sent []*x509.Certificate) blockpage.Fault {
	switch {
	case len(sent) == 0:
		return blockpage.Unknown
	case bytes.Equal(sent[0].RawSubject, sent[0].RawIssuer):
		return blockpage.SelfSigned
	case len(sent) == 1 && len(sent[0].IssuingCertificateURL) > 0:
		return blockpage.Incomplete
	}
	return blockpage.Unknown
}
