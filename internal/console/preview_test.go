package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// TestAnExceptionIsPreviewed: the messages of its rule are judged again, each with an entry in the
// ledger first; nothing of them is shown, and nothing counts yet (C3.3f).
func TestAnExceptionIsPreviewed(t *testing.T) {
	h := newHouse(t)
	form := url.Values{
		"rule":   {"leak.identity.bsn"},
		"within": {"oefen BSN 956585966\noefen BSN 867244616"},
		"reason": {"an example of a lesson"},
		"until":  {time.Now().AddDate(0, 1, 0).Format(time.DateOnly)},
	}
	lesson := h.seal("Subject: les\r\n\r\nHet oefen BSN 956585966 en oefen BSN 867244616 van Bram.\r\n")
	real := h.seal("Subject: x\r\n\r\nBSN 956585966 van Sam, BSN 867244616 van Noor.\r\n")
	h.as(ledger.ICT).post("/exceptions/try", form).check("without the statement of secrecy", toward("/secrecy"))
	p := h.reviewer("ict")
	a := p.post("/exceptions/try", form)
	a.must("", status(http.StatusOK))
	row := func(id string) string {
		_, rest, _ := strings.Cut(a.body, id)
		row, _, _ := strings.Cut(rest, "</tr>")
		return row
	}
	l := h.pages.texts.In("nl")
	if !strings.Contains(row(lesson.ID.String()), l.Text("preview-pass")) ||
		!strings.Contains(row(real.ID.String()), l.Text("preview-stay")) {
		t.Errorf("the page is\n%s\nwant the lesson to pass and the real number to stay", a.body)
	}
	a.check("the preview", lacks("Sam"), lacks("Bram"))
	got := h.entries(ledger.QuarantineOpened)
	if len(got) != 2 || got[0].Data.Step != stepAgain || got[0].Data.Reason != "an example of a lesson" {
		t.Errorf("the ledger has %+v, want two openings for it", got)
	}
	if all, err := h.services.Exceptions.Store.List(); err != nil || len(all) != 0 {
		t.Errorf("exceptions %v, %v; want none yet", all, err)
	}
	form.Set("within", "")
	p.post("/exceptions/try", form).check("without words",
		status(http.StatusUnprocessableEntity),
		times(`class="problem"`, 1))
}
