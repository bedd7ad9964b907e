package smtpd

import (
	"strings"
	"testing"

	"sluis/rules"
)

// Who has a message, or the reply to it, does not find its record by what stands there (K4, C3.2g).
func TestNothingThatOthersSeeIsTheIDOfTheRecord(t *testing.T) {
	s := newSink(t).Start()
	st := play(t, s, deciding(leak, rules.Out))
	c := st.client()
	c.send("a@school.example", "b@school.example", letter, "250")
	reply := c.send("a@school.example", "b@elsewhere.example", letter, "250 2.0.0 Ok: queued as ")
	all := st.journal.all()
	if len(all) != 2 || len(s.Messages()) != 1 || len(st.store.all()) != 1 {
		t.Fatalf("%d records, %d delivered, want 2 and 1", len(all), len(s.Messages()))
	}
	sealed := string(st.store.all()[0].content)
	seen := reply + sealed + string(s.Messages()[0].Data)
	if !strings.Contains(seen, "with ESMTP id ") {
		t.Error("no trace field has an id")
	}
	for _, r := range all {
		if strings.Contains(seen, r.ID.String()) {
			t.Error("the id of a record stands in a message or a reply")
		}
	}
	_, trace, _ := strings.Cut(strings.TrimSpace(reply), "queued as ")
	if !strings.Contains(sealed, "id "+trace) {
		t.Errorf("the reply says %q, which the trace field does not have", trace)
	}
}
