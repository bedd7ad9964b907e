package main_test

import (
	"strings"
	"testing"

	"sluis/internal/testenv"
)

// photos is a message with an attachment of so many bytes.
func photos(size int) string {
	return "MIME-Version: 1.0\nSubject: foto's\nContent-Type: multipart/mixed; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nHierbij.\n" +
		"--b\nContent-Type: image/jpeg\nContent-Disposition: attachment; filename=foto.jpg\n" +
		"Content-Transfer-Encoding: base64\n\n" +
		strings.Repeat(strings.Repeat("/9j/", 18)+"\n", size/74+1) + "--b--\n"
}

// TestAdviceOnLargeAttachments: a colleague of a group that asked for it gets one note a day, whose record says so;
// all that is sent arrives as it would without (C2.1a).
func TestAdviceOnLargeAttachments(t *testing.T) {
	t.Parallel()
	sink := testenv.NewSink(t)
	sink.Detail = testenv.Whole
	sink.Start()
	g := newGateway(t, settings{
		nextHop: sink.Addr(),
		sample:  "0",
		mail:    "  advice: {groups: [team], size: 1MB}",
		rest:    "notices: {from: sluis@school.example}\n",
	})
	large, small := photos(2<<20), photos(1000)
	for i, c := range []struct {
		name, from, to, data string
		advised              bool
	}{
		{"a small one", teacher, parent, small, false},
		{"a large one to a colleague", teacher, head, large, false},
		{"a large one to outside", teacher, parent, large, true},
		{"another on the same day", teacher, parent, large, false},
		{"a colleague's", head, parent, large, true},
		{"one of a person who is not on the roster", "x@school.example", parent, large, false},
		{"one from outside", parent, teacher, large, false},
	} {
		g.try(c.from, []string{c.to}, c.data)
		r := g.records(i + 1)[i]
		if r.Action != "pass" || (r.Clause == "C2.1a") != c.advised || (r.Category == "file-sharing") != c.advised {
			t.Errorf("%s: %+v, want it passed, and advised: %v", c.name, r, c.advised)
		}
	}
	g.try(counsellor, []string{parent}, large)
	if rs := g.records(8); rs[7].Clause != "" {
		t.Errorf("advice to a counsellor: %+v", rs[7])
	}
	g.eventually("send two notes", func() bool {
		notes := 0
		for _, m := range sink.Messages() {
			if strings.Contains(m.From, "sluis@school.example") {
				notes++
			}
		}
		return notes == 2
	})
}
