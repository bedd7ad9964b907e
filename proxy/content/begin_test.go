package content

import (
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"sluis/internal/roster"
	"sluis/rules"
)

// TestAProgramThatComesPieceByPieceIsCutOff: also where its mark comes in several pieces, or late. Events go on.
func TestAProgramThatComesPieceByPieceIsCutOff(t *testing.T) {
	pupils, _ := roster.ParseGroup("leerlingen")
	e := inspector(t, func(o *Options) {
		o.Downloads = []DownloadRule{{Groups: []roster.Group{pupils}, Executable: true}}
	})
	program := "MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00" + harmless
	for _, c := range []struct {
		kind, body string
		stopped    bool
	}{
		{"text/event-stream", program, true},
		{"text/event-stream;charset=utf-8", "\x7fELF\x02\x01\x01\x00" + harmless, true},
		{"multipart/x-mixed-replace", program, true},
		{"text/event-stream", "data: MZ\n\n", false},
		{"text/event-stream", "MZ: een veld\n\ndata: x\n\n", false},
		{"text/event-stream", ":", false},
	} {
		for _, coding := range []string{"", "gzip"} {
			x, r := exchange(rules.Conduct), respond(c.kind, coding, c.body)
			wire, err := io.ReadAll(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			x.Group, r.ContentLength = pupils, -1
			src, site := io.Pipe()
			r.Body = src
			begin := make(chan struct{})
			go func() {
				<-begin
				for i := range wire {
					if _, err := site.Write(wire[i : i+1]); err != nil {
						return
					}
				}
				site.Close()
			}()
			if blocked, err := e.Response(t.Context(), x, r); blocked || err != nil {
				t.Fatalf("%s: got blocked %v, %v before anything came, want it to begin", c.kind, blocked, err)
			}
			close(begin)
			got, err := io.ReadAll(iotest.OneByteReader(r.Body))
			if r.Body.Close(); errors.Is(err, ErrBlocked) != c.stopped || !c.stopped && string(got) != string(wire) {
				t.Errorf("%+v, %q: got %d bytes, %v, want stopped %v", c, coding, len(got), err, c.stopped)
			}
			if c.stopped && len(got) >= len(wire) {
				t.Errorf("%s, %q: got all of a program, want it cut off", c.kind, coding)
			}
		}
	}
}
