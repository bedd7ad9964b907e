package console

import (
	"net/http"
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
	a.check("", status(http.StatusOK), has("Er is iets stuk."), has("PEM-formaat"), lacks("Lijst <b>"))
}
