package identify

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"

	"github.com/jcmturner/goidentity/v6"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// maxTicket bounds what a client sends as a ticket, in base64. Tickets of Active Directory
// with many groups are up to 48 KB.
const maxTicket = 64 << 10

// Kerberos checks tickets of the Negotiate scheme (RFC 4559), as Active Directory and MIT
// Kerberos issue them to people who are signed in to their computer.
type Kerberos struct {
	keytab  *keytab.Keytab
	name    string            // principal of the keys, such as HTTP/sluis.school.example
	domains map[string]string // mail domain of the people of a realm
}

// LoadKerberos reads a keytab. The realms map to the mail domain of their people: jan@SCHOOL is
// jan@school.example to the roster.
func LoadKerberos(path, principal string, realms map[string]string) (*Kerberos, error) {
	keys, err := keytab.Load(path)
	if err != nil {
		return nil, fmt.Errorf("kerberos: read keytab %s: "+
			"make one with ktutil or ktpass for the principal HTTP/<name of the proxy>", path)
	}
	if len(realms) == 0 {
		return nil, errors.New("kerberos: name at least one realm and its mail domain")
	}
	k := &Kerberos{keytab: keys, name: principal, domains: map[string]string{}}
	for realm, domain := range realms {
		k.domains[strings.ToUpper(realm)] = domain
	}
	return k, nil
}

// check returns the mail address of the person to whom the ticket was issued.
func (k *Kerberos) check(client netip.Addr, ticket string) (address string, err error) {
	if len(ticket) > maxTicket {
		return "", ErrCredentials
	}
	defer func() { // the library indexes into what the client sent
		if recover() != nil {
			address, err = "", ErrCredentials
		}
	}()
	// The library checks a request of a web server's client; a proxy's client sends the
	// same ticket in another field.
	r := &http.Request{
		RemoteAddr: net.JoinHostPort(client.String(), "1"),
		Header:     http.Header{spnego.HTTPHeaderAuthRequest: {"Negotiate " + strings.TrimSpace(ticket)}},
	}
	settings := []func(*service.Settings){service.DecodePAC(false)}
	if k.name != "" {
		settings = append(settings, service.KeytabPrincipal(k.name))
	}
	spnego.SPNEGOKRB5Authenticate(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if id := goidentity.FromHTTPRequestContext(r); id != nil && id.Authenticated() {
			if domain, ok := k.domains[strings.ToUpper(id.Domain())]; ok {
				address = id.UserName() + "@" + domain
			}
		}
	}), k.keytab, settings...).ServeHTTP(reply{}, r)
	if address == "" {
		return "", ErrCredentials
	}
	return address, nil
}

// reply takes what the library would reply to a web server's client.
type reply struct{}

func (reply) Header() http.Header         { return http.Header{} }
func (reply) Write(b []byte) (int, error) { return len(b), nil }
func (reply) WriteHeader(int)             {}
