package main_test

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"
)

// series returns what /metrics says of traffic, by series: without sizes, times and connections.
func (g *gateway) series() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(string(g.page("metrics"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !strings.HasPrefix(name, "sluis_"),
			strings.Contains(name, "bytes"), strings.HasSuffix(name, "_connections"),
			strings.Contains(name, "_seconds_bucket"), strings.Contains(name, "_seconds_sum"):
		default:
			all[name] = value
		}
	}
	return all
}

// changed returns which series an act changes, once its total has changed.
func (g *gateway) changed(total string, act func()) map[string]bool {
	g.t.Helper()
	before := g.series()
	act()
	var after map[string]string
	g.eventually("count in "+total, func() bool {
		last := after
		after = g.series()
		return after[total] != before[total] && maps.Equal(last, after)
	})
	which := map[string]bool{}
	for name, value := range after {
		if before[name] != value {
			which[name] = true
		}
	}
	return which
}

// TestMetricsTellNothingOfAnyone: who reads /metrics before and after one person's message or request sees that
// there was one, and not what was found or done (C3.2b).
func TestMetricsTellNothingOfAnyone(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, `  sites:
    own:
      - {host: verboden.example, action: block, clause: art. 1, reason: "pesten", author: ICT-dienst}
`)
	send := func(body string) func() {
		return func() { w.try(teacher, []string{parent}, letter(body)) }
	}
	const messages, requests = "sluis_smtp_messages_total", "sluis_web_requests_total"
	w.changed(messages, send(harmless)) // the first of each may make a connection that the next ones use
	plain := w.changed(messages, send(harmless))
	for name, body := range map[string]string{"a leak": secret, "a threat": "Ik maak je dood, kankerhoer."} {
		if got := w.changed(messages, send(body)); !maps.Equal(got, plain) {
			t.Errorf("%s changes %v, want what a harmless message changes: %v", name, got, plain)
		}
	}
	visit := func(url string) func() {
		return func() { w.curl(url) }
	}
	w.changed(requests, visit("http://"+w.plain.Addr()+"/"))
	page := w.changed(requests, visit("http://"+w.plain.Addr()+"/"))
	if got := w.changed(requests, visit("http://verboden.example/")); !maps.Equal(got, page) {
		t.Errorf("a blocked site changes %v, want what another site changes: %v", got, page)
	}
}

// TestWhoScrapesAllTheTimeLearnsNoMore: an adversary reads /metrics again and again while one person writes and
// surfs, and sees no series and no label that tells of what was found, decided, or of which group (C3.2b).
func TestWhoScrapesAllTheTimeLearnsNoMore(t *testing.T) {
	t.Parallel()
	w := newWebGateway(t, `  sites:
    own:
      - {host: verboden.example, action: block, clause: art. 1, reason: "pesten", author: ICT-dienst}
`)
	send := func(from, body string) func() {
		return func() { w.try(from, []string{parent}, letter(body)) }
	}
	visit := func(url string) func() { return func() { w.curl(url) } }
	const messages, requests = "sluis_smtp_messages_total", "sluis_web_requests_total"
	telling := regexp.MustCompile(`(?i)(group|category|purpose|rule|clause|action|verdict|direction|drawn|` +
		`confidential|quarantin|leak|conduct|threat|gambling|team|school\.example|verboden)`)
	w.changed(messages, send(teacher, harmless))
	w.changed(requests, visit("http://"+w.plain.Addr()+"/"))
	before := w.series()
	for name, act := range map[string]struct {
		total string
		do    func()
	}{
		"a leak":                {messages, send(teacher, secret)},
		"a threat":              {messages, send(teacher, threat)},
		"mail of a counsellor":  {messages, send(counsellor, harmless)},
		"mail of a stranger":    {messages, send(parent, harmless)},
		"a blocked site":        {requests, visit("http://verboden.example/")},
		"a site of a list":      {requests, visit("http://www.toto.nl/")},
		"a request that passes": {requests, visit("http://" + w.plain.Addr() + "/")},
	} {
		seen := map[string]bool{}
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for {
				for series := range w.series() {
					seen[series] = true
				}
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
			}
		}()
		changed := w.changed(act.total, act.do)
		close(stop)
		<-done
		for series := range seen {
			if telling.MatchString(series) {
				t.Errorf("%s: %s tells of it", name, series)
			}
			if _, ok := before[series]; !ok && !strings.Contains(series, "replies_total") &&
				!strings.Contains(series, "refused_total") {
				t.Errorf("%s: %s was not there before, changed are %v", name, series, changed)
			}
		}
	}
}
