package blockpage

import "net/http"

// Fault is what is wrong with the certificate of a site, or why a connection to it cannot be inspected.
type Fault string

// The faults.
const (
	Expired    Fault = "expired"
	Early      Fault = "early"       // it is not valid yet
	OtherName  Fault = "name"        // it is that of another site
	SelfSigned Fault = "self-signed" // no authority vouches for it
	Incomplete Fault = "incomplete"  // the site does not send the certificates between it and an authority
	Unknown    Fault = "unknown"     // its authority is not trusted
	Revoked    Fault = "revoked"
	Invalid    Fault = "invalid"  // anything else
	Obsolete   Fault = "obsolete" // the site speaks no TLS that is safe
	Asks       Fault = "asks"     // the site asks for a certificate of its visitor
)

// Faults are all faults.
var Faults = []Fault{Expired, Early, OtherName, SelfSigned, Incomplete, Unknown, Revoked, Invalid, Obsolete, Asks}

// Certificate shows what is wrong with the certificate of a site, and what to do.
func (p *Pages) Certificate(w http.ResponseWriter, r *http.Request, f Fault) {
	title, hint := "fault-title", "fault-hint"
	switch f {
	case Asks:
		title, hint = "fault-asks-title", "fault-asks-hint"
		w.Header().Set("Connection", "close") // the next connection is not inspected
	case Obsolete:
		title = "fault-obsolete-title"
	}
	p.message(w, r, http.StatusBadGateway, title, "fault-"+string(f), hint)
}
