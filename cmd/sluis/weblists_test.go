package main_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestNobodyWaitsForAListServer: mail and web flow while it takes its time, and its list
// holds once it came, without a reload by hand (C2.8e).
func TestNobodyWaitsForAListServer(t *testing.T) {
	t.Parallel()
	come := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-come:
			io.WriteString(w, "speeltuin.example\n")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	w := newWebGateway(t, `  sites:
    lists: [{category: games, url: "`+server.URL+`/games.txt"}]
    forbid: [{lists: [games], clause: "art. 4 van het leerlingenstatuut"}]
`)
	if status, _ := w.curl("http://www.toto.nl/"); status != "403" {
		t.Errorf("the starter lists do not hold: %s", status)
	}
	if status, _ := w.curl("http://speeltuin.example/"); status == "403" {
		t.Errorf("a list that has not come holds: %s", status)
	}
	close(come)
	w.eventually("hold the list that came", func() bool {
		status, _ := w.curl("http://speeltuin.example/")
		return status == "403"
	})
}

// TestAListThatFailsIsSeen where the ICT service watches.
func TestAListThatFailsIsSeen(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	w := newWebGateway(t, `  sites:
    lists: [{category: games, url: "`+server.URL+`/games.txt?key=canary"}]
`)
	w.eventually("report the list", func() bool {
		resp, err := http.Get("http://" + w.status + "/metrics")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(b), "sluis_lists_failing 1")
	})
	w.eventually("say why", func() bool { return strings.Contains(w.log.String(), "404") })
	if strings.Contains(w.log.String(), "canary") {
		t.Error("the key of the list is in the log")
	}
}
