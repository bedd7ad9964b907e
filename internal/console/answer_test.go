package console

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"sluis/internal/ledger"
)

// answer is the answer to a request.
type answer struct {
	h      *house
	asked  string // method and path
	status int
	to     string // address that it leads to
	body   string
	header http.Header
}

func (p *person) get(path string) answer {
	p.h.t.Helper()
	return p.do(p.request(http.MethodGet, path, nil))
}

func (p *person) post(path string, form url.Values) answer {
	p.h.t.Helper()
	return p.do(p.request(http.MethodPost, path, form))
}

// request returns the request that a browser sends from a page of the console itself.
func (p *person) request(method, path string, form url.Values) *http.Request {
	p.h.t.Helper()
	r, err := http.NewRequestWithContext(p.h.t.Context(), method, p.h.site.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.h.t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Referer", p.h.site.URL+"/account")
	}
	return r
}

func (p *person) do(r *http.Request) answer {
	p.h.t.Helper()
	res, err := p.http.Do(r)
	if err != nil {
		p.h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		p.h.t.Fatal(err)
	}
	return answer{
		h:      p.h,
		asked:  r.Method + " " + r.URL.Path,
		status: res.StatusCode,
		to:     res.Header.Get("Location"),
		body:   string(body),
		header: res.Header,
	}
}

// want says what is wrong with an answer; empty: nothing.
type want func(answer) string

func status(code int) want {
	return func(a answer) string { return differs("status %d, want %d", a.status, code) }
}

func not(code int) want {
	return func(a answer) string {
		if a.status == code {
			return fmt.Sprintf("status %d, want another", code)
		}
		return ""
	}
}

// to wants an answer that leads to an address.
func to(address string) want {
	return func(a answer) string { return differs("leads to %q, want %q", a.to, address) }
}

// toward wants an answer that leads to an address with a beginning.
func toward(begin string) want {
	return func(a answer) string {
		if !strings.HasPrefix(a.to, begin) {
			return fmt.Sprintf("status %d, leads to %q, want an address that begins with %q", a.status, a.to, begin)
		}
		return ""
	}
}

func has(text string) want {
	return func(a answer) string {
		if !strings.Contains(a.body, text) {
			return fmt.Sprintf("no %q in the page, want it; the page is\n%s\n", text, a.body)
		}
		return ""
	}
}

func lacks(text string) want {
	return func(a answer) string {
		if strings.Contains(a.body, text) {
			return fmt.Sprintf("%q is in the page, want it not there", text)
		}
		return ""
	}
}

// times wants a text a number of times in a page.
func times(text string, n int) want {
	return func(a answer) string {
		return differs(
			"%d times "+strings.ReplaceAll(text, "%", "%%")+" in the page, want %d",
			strings.Count(a.body, text),
			n,
		)
	}
}

// header wants a field of the header that begins with a value.
func header(name, begin string) want {
	return func(a answer) string {
		if got := a.header.Get(name); !strings.HasPrefix(got, begin) {
			return fmt.Sprintf("%s: %q, want %q", name, got, begin)
		}
		return ""
	}
}

// recorded wants a number of entries of a kind in the ledger, after the answer.
func recorded(kind ledger.Kind, n int) want {
	return func(a answer) string {
		return differs("%d entries "+string(kind)+" in the ledger, want %d", len(a.h.entries(kind)), n)
	}
}

func differs[T comparable](format string, got, want T) string {
	if got == want {
		return ""
	}
	return fmt.Sprintf(format, got, want)
}

// wrong returns what is wrong with an answer, with what it is about.
func (a answer) wrong(about string, all []want) string {
	var found []string
	for _, w := range all {
		if s := w(a); s != "" {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return ""
	}
	return strings.TrimPrefix(about+": ", ": ") + a.asked + ": " + strings.Join(found, "; ")
}

// check reports what is wrong with an answer.
func (a answer) check(about string, all ...want) {
	a.h.t.Helper()
	if s := a.wrong(about, all); s != "" {
		a.h.t.Error(s)
	}
}

// must is check, and ends the test.
func (a answer) must(about string, all ...want) {
	a.h.t.Helper()
	if s := a.wrong(about, all); s != "" {
		a.h.t.Fatal(s)
	}
}
