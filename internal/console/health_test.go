package console

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sluis/internal/health"
	"sluis/internal/ledger"
)

// health has checks of which one is good and one is not.
func (h *house) health(dir string) *Health {
	return NewHealth(func() []health.Check {
		return []health.Check{
			health.Spool(dir + "/none"),
			health.Certificate(health.Text{NL: "Certificaat <b>", EN: "Certificate <b>"}, dir+"/none.pem", time.Hour),
		}
	})
}

func TestHealthIsShownWithAdvice(t *testing.T) {
	h := newHouse(t)
	a := h.as(ledger.ICT).get("/health")
	if a.status != http.StatusOK || !strings.Contains(a.body, "Er is iets stuk.") ||
		!strings.Contains(a.body, "PEM-formaat") ||
		strings.Contains(a.body, "Certificaat <b>") {
		t.Errorf("%d\n%s", a.status, a.body)
	}
}
