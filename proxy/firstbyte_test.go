package proxy

import (
	"net/http"
	"testing"
	"time"

	"sluis/internal/testenv"
	"sluis/proxy/content"
)

// TestASiteThatSendsNothing: the first byte of a response is waited for as long as is configured, whether its header
// came or not, and then a page says so.
func TestASiteThatSendsNothing(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	heads := map[string]string{
		"/none": "",
		"/a":    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100\r\n\r\n",
		"/b":    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
		"/c":    "HTTP/1.1 200 OK\r\n\r\n",
		"/d":    "HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 100\r\n\r\n",
		"/e":    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n",
	}
	r := inspected(t, func(o *content.Options) { o.Downloads = []content.DownloadRule{{Executable: true}} })
	ways := r.ways(func(head string, _ int) string {
		if out := heads[targetOf(head)]; out != "" {
			return out
		}
		<-end
		return ""
	})
	r.reload(func(c *Config) { c.Limits.Response, c.Limits.Idle = 50*time.Millisecond, testenv.Patience })
	for _, w := range ways {
		for target := range heads {
			resp, _ := w.ask(t, "GET "+w.before+target+" HTTP/1.1\r\nHost: "+w.host+"\r\nConnection: close\r\n\r\n")
			if resp.StatusCode != 504 {
				t.Errorf("%s: %q: got %d, want 504", w.name, target, resp.StatusCode)
			}
		}
	}
	s := r.site(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.(http.Flusher).Flush()
		select {
		case <-end:
		case <-q.Context().Done():
		}
	}), "twee.example")
	if resp, _ := r.get(r.browser(), at(s, "twee.example", "/")); resp.StatusCode != 504 {
		t.Errorf("over HTTP/2: got %s, want 504", resp.Status)
	}
}
