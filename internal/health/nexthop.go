package health

import (
	"context"
	"errors"
	"time"

	"sluis/internal/lang"
)

// NextHop is a next mail server, as the relay reaches it.
type NextHop interface {
	Address() string // host:port

	// Ask connects as for mail, with the TLS and the password of its route, and sends none.
	// Its error may have a method Stage, for what failed: dial, greeting, tls or auth.
	Ask(ctx context.Context) error
}

// MailServer checks whether a next hop would take mail from the gateway.
func MailServer(h NextHop) Check {
	return func(ctx context.Context, _ time.Time) Result {
		r := ok(texts.Message("next-hop", h.Address()), texts.Message("next-hop-answers"))
		err := h.Ask(ctx)
		if err == nil {
			return r
		}
		var failed interface{ Stage() string }
		stage := ""
		if errors.As(err, &failed) {
			stage = failed.Stage()
		}
		r.State = Broken
		r.Found, r.Advice = nextHopFault(stage)
		return r
	}
}

// nextHopFault words what failed with a next hop, and what to do.
func nextHopFault(stage string) (found, advice lang.Message) {
	switch stage {
	case "dial":
		return texts.Message("next-hop-dial"), texts.Message("next-hop-reach")
	case "tls":
		return texts.Message("next-hop-tls"), texts.Message("next-hop-compare")
	case "auth":
		return texts.Message("next-hop-auth"), texts.Message("next-hop-renew")
	}
	return texts.Message("next-hop-greeting"), texts.Message("next-hop-reach")
}
