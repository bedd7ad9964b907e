package proxy

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"sluis/proxy/content"
)

// TestPartsNearTheBeginning: a part that begins within the bytes by which programs are known arrives as the part that
// was asked for, and no part of a program arrives.
func TestPartsNearTheBeginning(t *testing.T) {
	noise := make([]byte, 9000)
	rand.NewChaCha8([32]byte{}).Read(noise)
	film := "\x00\x00\x00\x20ftypisom" + string(noise)
	program := "MZ\x90\x00\x03\x00\x00\x00" + string(noise)
	page := "<!doctype html><title>Les</title>" + strings.Repeat("<p>Een gewone les.</p>", 200)
	programs := content.DownloadRule{Executable: true}
	for name, rule := range map[string]content.DownloadRule{
		"programs": programs, "names": {Extensions: []string{"exe"}},
	} {
		r := inspected(t, func(o *content.Options) { o.Downloads = []content.DownloadRule{rule} })
		var body, kind, given string
		for _, w := range r.ways(func(head string, _ int) string { return partOf(head, body, kind, given) }) {
			for _, tt := range []struct {
				asked, body, kind, given string
				status                   int
				want                     string
			}{
				{"5-9", film, "video/mp4", "", 206, film[5:10]},
				{"8-200", film, "video/mp4", "", 206, film[8:201]},
				{"1-", film, "audio/mpeg", "", 206, film[1:]},
				{"1-", film, "", "", 206, film[1:]},
				{"1000-8000", film, "application/octet-stream", "", 206, film[1000:8001]},
				{"1000-99999", film, "application/zip", "", 206, film[1000:]},
				{"0-1", film, "video/mp4", "", 206, film[:2]},
				{"2000-2100", film, "video/mp4", "", 206, film[2000:2101]},
				{"-100", film, "video/mp4", "", 206, film[len(film)-100:]},
				{"5-9", film, "video/mp4", "200", 200, film}, // a site that knows no parts
				{"5-9", film, "video/mp4", "other", 200, film},
				{"99999-", film, "video/mp4", "", 416, ""},
				{"5-9", page, "text/html", "", 200, page},
				{"8-200", program, "video/mp4", "", 403, ""},
				{"1-", program, "", "", 403, ""},
				{"1000-8000", program, "image/png", "", 403, ""},
			} {
				if (tt.status == 403 || tt.given == "other") && name == "names" { // nothing needs the beginning
					continue
				}
				body, kind, given = tt.body, tt.kind, tt.given
				resp, got := w.ask(t, "GET "+w.before+"/a HTTP/1.1\r\nHost: "+w.host+"\r\nRange: bytes="+tt.asked+
					"\r\nIf-Range: \"a\"\r\nConnection: close\r\n\r\n")
				if resp.StatusCode != tt.status || tt.want != "" && got != tt.want {
					t.Errorf("%s, %s: %s of %q (%s): got %d with %d bytes, want %d with %d", name, w.name, tt.asked,
						tt.kind, tt.given, resp.StatusCode, len(got), tt.status, len(tt.want))
				}
				from, to, _ := strings.Cut(tt.asked, "-")
				if tt.status != 206 || from == "" {
					continue
				}
				if to == "" || len(to) > 4 {
					to = strconv.Itoa(len(tt.body) - 1)
				}
				want := fmt.Sprintf("bytes %s-%s/%d", from, to, len(tt.body))
				if of := resp.Header.Get("Content-Range"); of != want || resp.ContentLength != int64(len(tt.want)) {
					t.Errorf("%s, %s: %s: got %q and a length of %d, want %q and %d",
						name, w.name, tt.asked, of, resp.ContentLength, want, len(tt.want))
				}
			}
		}
	}
}

// partOf answers as sites do: with the part that is asked for, unless it gives the whole (200) or another part (other).
func partOf(head, body, kind, given string) string {
	asked := fieldOf(head, "Range")
	from, to, ok := rangeBytes(asked, len(body))
	if given == "other" && asked != "" {
		from, to = from+1, to+1
	}
	fields := "Connection: close\r\n"
	if kind != "" {
		fields += "Content-Type: " + kind + "\r\n"
	}
	switch {
	case asked == "" || given == "200":
		return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", fields, len(body), body)
	case !ok:
		fields += "Content-Length: 0\r\n"
		return fmt.Sprintf("HTTP/1.1 416 No\r\n%sContent-Range: bytes */%d\r\n\r\n", fields, len(body))
	}
	return fmt.Sprintf("HTTP/1.1 206 Partial\r\n%sContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n%s",
		fields, from, to, len(body), to+1-from, body[from:to+1])
}

// rangeBytes returns the first and last byte of a range of a body.
func rangeBytes(asked string, size int) (from, to int, ok bool) {
	a, b, _ := strings.Cut(strings.TrimPrefix(asked, "bytes="), "-")
	if a == "" {
		n, _ := strconv.Atoi(b)
		return size - n, size - 1, true
	}
	from, _ = strconv.Atoi(a)
	to = size - 1
	if n, err := strconv.Atoi(b); err == nil {
		to = min(to, n)
	}
	return from, to, from < size
}
