package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/rules"
)

// Visit is a request to the web, with what is to become of it.
type Visit struct {
	Clock string
	Story string
	Pupil bool // from the pupils' network; else from the team's
	URL   string
	Send  string // what is posted; empty: a page is asked for

	Status   int
	Category rules.Category // by which it is blocked; none if it is not
	Seal     bool           // the connection stays encrypted from end to end
}

// Surfing returns the visits of the day.
func (s *Sites) Surfing() []Visit {
	plain := func(host, path string) string { return fmt.Sprintf("http://%s:%d%s", host, s.Plain, path) }
	secure := func(host, path string) string { return fmt.Sprintf("https://%s:%d%s", host, s.Secure, path) }
	return []Visit{
		{Clock: "09:05", Story: "a lesson on windmills", URL: plain("www.museum.example", "/molens"), Status: 200},
		{
			Clock:  "09:10",
			Story:  "private banking in the break",
			URL:    secure("www.bank.example", "/rekening"),
			Status: 200,
			Seal:   true,
		},
		{
			Clock:    "10:31",
			Story:    "a pupil tries a lottery",
			Pupil:    true,
			URL:      plain("www.toto.nl", "/"),
			Status:   403,
			Category: rules.Gambling,
		},
		{
			Clock:    "10:32",
			Story:    "and a casino, over TLS: the page explains",
			Pupil:    true,
			URL:      secure("www.unibet.nl", "/"),
			Status:   403,
			Category: rules.Gambling,
		},
		{
			Clock:    "11:02",
			Story:    "a click on the link of the phishing mail",
			URL:      plain("bank-inloggen.example", "/a"),
			Status:   403,
			Category: rules.Phishing,
		},
		{
			Clock:  "12:35",
			Story:  "a pupil looks for help: it stays private",
			Pupil:  true,
			URL:    secure("www.kindertelefoon.nl", "/"),
			Status: 200,
			Seal:   true,
		},
		{
			Clock:  "13:15",
			Story:  "a friendly post on a forum",
			Pupil:  true,
			URL:    plain("forum.example", "/post"),
			Send:   "tekst=" + url.QueryEscape("Wie doet er mee met de musical?"),
			Status: 200,
		},
		{
			Clock:    "13:16",
			Story:    "a threat on the same forum",
			Pupil:    true,
			URL:      plain("forum.example", "/post"),
			Send:     "tekst=" + url.QueryEscape("ik maak je af, ik weet waar je woont"),
			Status:   403,
			Category: rules.Threat,
		},
		{
			Clock:  "14:30",
			Story:  "a way into the school's own network",
			Pupil:  true,
			URL:    "http://192.168.1.1/",
			Status: 403,
		},
	}
}

// Surfed is what became of a visit.
type Surfed struct {
	Visit  Visit
	Record journal.Record
	Wrong  string // how it differs from the script; empty if it does not
}

// Surfer makes visits through a gateway's proxy.
type Surfer struct {
	Proxy     string // address
	Trust     *x509.CertPool
	Authority string // name of the gateway's own authority, in certificates
	Records   <-chan journal.Record
}

// The networks of the demonstration, one a group.
const (
	pupilsAddress = "127.0.2.2"
	teamAddress   = "127.0.3.3"
)

// Visit makes a visit and waits for its record.
func (s *Surfer) Visit(v Visit) (Surfed, error) {
	from := teamAddress
	if v.Pupil {
		from = pupilsAddress
	}
	tr := &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: s.Proxy}),
		TLSClientConfig: &tls.Config{RootCAs: s.Trust},
		DialContext:     (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext,
	}
	defer tr.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if v.Send != "" {
		method, body = http.MethodPost, strings.NewReader(v.Send)
	}
	r, err := http.NewRequestWithContext(ctx, method, v.URL, body)
	if err != nil {
		return Surfed{}, fmt.Errorf("%s %s: %w", v.Clock, v.Story, err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := tr.RoundTrip(r)
	if err != nil {
		return Surfed{}, fmt.Errorf("%s %s: %w", v.Clock, v.Story, err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	tr.CloseIdleConnections() // a tunnel is recorded when it ends
	o := Surfed{Visit: v}
	select {
	case o.Record = <-s.Records:
	case <-time.After(patience):
		return o, fmt.Errorf("%s %s: the gateway recorded nothing", v.Clock, v.Story)
	}
	o.Wrong = s.compare(v, resp, o.Record)
	return o, nil
}

func (s *Surfer) compare(v Visit, resp *http.Response, r journal.Record) string {
	ours := resp.TLS != nil && resp.TLS.PeerCertificates[0].Issuer.CommonName == s.Authority
	blocked := v.Category != rules.NoCategory
	switch {
	case resp.StatusCode != v.Status:
		return fmt.Sprintf("expected status %d, got %d", v.Status, resp.StatusCode)
	case r.Kind != journal.Web, r.Category != v.Category, (r.Action == filter.Reject) != blocked:
		return "the record does not say so"
	case v.Seal && ours:
		return "the connection was opened"
	case !blocked && r.Peer.String() != "":
		return "the record names the site"
	}
	return ""
}
