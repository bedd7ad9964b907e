package proxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/internal/roster"
	"sluis/internal/testenv"
	"sluis/proxy/content"
)

// TestMessagesArriveAsTheyWereSent: the body that a site gets is byte for byte the one that a client sent, and the
// other way round, with its fields and its trailer (RFC 9110, section 7.7), whatever is inspected on the way.
func TestMessagesArriveAsTheyWereSent(t *testing.T) {
	for _, tt := range []struct {
		name    string
		rig     func(*testing.T) *rig
		weighed bool
	}{
		{"nothing is inspected", func(t *testing.T) *rig { return newRig(t) }, false},
		{"pages and uploads are inspected", func(t *testing.T) *rig { return inspected(t) }, true},
		{"downloads as well", func(t *testing.T) *rig { return inspected(t, withDownloads) }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := slices.DeleteFunc(corpus(), func(p parcel) bool { return p.whole && tt.weighed })
			ways := tt.rig(t).ways(func(head string, _ int) string { return all[numberOf(head)].response() })
			for _, w := range []way{ways[0], ways[2]} {
				c := &carriage{t: t, way: w}
				for n, p := range all {
					c.carry(p, n)
				}
			}
		})
	}
}

// withDownloads has downloads inspected, in which nothing is found.
func withDownloads(o *content.Options) {
	pupils, _ := roster.ParseGroup("leerlingen")
	o.Downloads = []content.DownloadRule{{Groups: []roster.Group{pupils}, Executable: true}}
	o.Scanner = clean{}
}

// clean is a scanner that finds nothing.
type clean struct{}

func (clean) Scan(_ context.Context, r io.Reader) (string, error) {
	_, err := io.Copy(io.Discard, r)
	return "", err
}

// numberOf returns the number of the parcel that a request belongs to.
func numberOf(head string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(targetOf(head), "/"))
	return n
}

func (p parcel) response() string {
	fields, raw := p.back.framed(p.back.body)
	return p.interim + p.status + "\r\n" + p.back.fields + fields + "\r\n" + raw
}

// carriage carries parcels by one way, over one connection as long as that is kept.
type carriage struct {
	t *testing.T
	way
	*kept
}

// carry sends a parcel and compares what arrives.
func (c *carriage) carry(p parcel, n int) {
	c.t.Helper()
	if c.kept == nil {
		c.kept = c.keep(c.t)
	}
	c.c.SetDeadline(time.Now().Add(testenv.Patience))
	c.site.forget()
	c.site.last.Store(nil)
	where := fmt.Sprintf("%s: parcel %d, %s", c.name, n, p.name)
	resp, interim, body, err := c.exchange(p, n)
	if err != nil {
		c.t.Errorf("%s: %v", where, err)
		c.kept = nil
		return
	}
	if at := c.site.last.Load(); at == nil {
		c.t.Errorf("%s: the site got no request, want one", where)
	} else {
		same(c.t, where+": at the site", p.asked, p.asked.trailer(), *at)
	}
	want := p.back.trailer()
	if p.old { // which has none
		want = nil
	}
	same(c.t, where+": at the client", p.back, want, arrived{resp.Header, body, resp.Trailer})
	if status := strings.Fields(p.status)[1]; strconv.Itoa(resp.StatusCode) != status {
		c.t.Errorf("%s: got %s, want %s", where, resp.Status, status)
	}
	if want := strings.Count(p.interim, "HTTP/1.1 "); interim != want {
		c.t.Errorf("%s: got %d interim responses, want %d", where, interim, want)
	}
	if k := c.in.Buffered(); k > 0 {
		c.t.Errorf("%s: got %d bytes behind the response, want none", where, k)
	}
	if resp.Close {
		c.c.Close()
		c.kept = nil
	}
}

// same compares what arrived with what was sent.
func same(t *testing.T, where string, sent message, trailer http.Header, got arrived) {
	t.Helper()
	if got.body != sent.body {
		t.Errorf("%s: the body has %s", where, difference(got.body, sent.body))
	}
	if len(got.trailer)+len(trailer) > 0 && !reflect.DeepEqual(got.trailer, trailer) {
		t.Errorf("%s: got the trailer %q, want %q", where, got.trailer, trailer)
	}
	want := fieldsOf(sent)
	for name := range want {
		if !slices.Equal(got.header[name], want[name]) {
			t.Errorf("%s: %s: got %q, want %q", where, name, got.header[name], want[name])
		}
	}
	if typ, ok := got.header["Content-Type"]; ok && want["Content-Type"] == nil {
		t.Errorf("%s: got the type %q, want none", where, typ)
	}
}

// exchange sends the request of a parcel, and returns the response, the number of those before it, and the body.
func (c *carriage) exchange(p parcel, n int) (resp *http.Response, interim int, body string, err error) {
	fields, raw := p.asked.framed(p.asked.body)
	version := " HTTP/1.1\r\nHost: "
	if p.old {
		version = " HTTP/1.0\r\nHost: "
	}
	head := p.method + " " + c.before + "/" + strconv.Itoa(n) + version + c.host + "\r\n"
	head += p.asked.fields + fields + "\r\n"
	expects := strings.Contains(head, "Expect:")
	if !expects {
		head += raw
	}
	go io.WriteString(c.c, head) // an error shows in the response
	for {
		if resp, err = http.ReadResponse(c.in, &http.Request{Method: p.method}); err != nil {
			return nil, 0, "", fmt.Errorf("waited for a header after %d interim responses: %w", interim, err)
		}
		switch {
		case resp.StatusCode == http.StatusContinue:
			if expects {
				expects = false
				go io.WriteString(c.c, raw)
			}
		case resp.StatusCode < 200:
			interim++
		default:
			if expects {
				return nil, 0, "", fmt.Errorf("waited for 100 Continue: got %s", resp.Status)
			}
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				err = fmt.Errorf("waited for the body of %s, got %d bytes: %w", resp.Status, len(b), err)
			}
			return resp, interim, string(b), err
		}
	}
}

// fieldsOf returns the fields that have to arrive, with the length where that is known.
func fieldsOf(m message) http.Header {
	framing, _ := m.framed(m.body)
	r := textproto.NewReader(bufio.NewReader(strings.NewReader(m.fields + framing + "\r\n")))
	h, _ := r.ReadMIMEHeader()
	strip(http.Header(h))
	delete(h, "Expect") // of one hop where the body is inspected first
	return http.Header(h)
}

// difference says where two bodies part.
func difference(got, want string) string {
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("%d bytes, want %d: from byte %d on got %.40q, want %.40q",
		len(got), len(want), at, got[at:], want[at:])
}
