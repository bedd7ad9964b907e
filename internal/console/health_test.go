package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sluis/internal/health"
	"sluis/internal/ledger"
	"sluis/internal/sitelists"
)

// health has checks of which one is good and one is not.
func (h *house) health(dir string) *Health {
	return NewHealth(func() []health.Check {
		return []health.Check{
			health.Spool(dir + "/none"),
			health.Certificate(health.Mail, dir+"/none.pem", time.Hour),
			health.Lists([]sitelists.State{{Name: "<b>"}})[0],
		}
	})
}

func TestHealthIsShownWithAdvice(t *testing.T) {
	h := newHouse(t)
	a := h.as(ledger.ICT).get("/health")
	if a.status != http.StatusOK || !strings.Contains(a.body, "Er is iets stuk.") ||
		!strings.Contains(a.body, "PEM-formaat") ||
		strings.Contains(a.body, "Lijst <b>") {
		t.Errorf("%d\n%s", a.status, a.body)
	}
}
