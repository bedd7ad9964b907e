package health

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/internal/clamd"
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
		r := Result{
			Name:  Text{"Volgende mailserver " + h.Address(), "Next mail server " + h.Address()},
			State: OK,
			Found: Text{"antwoordt", "answers"},
		}
		err := h.Ask(ctx)
		if err == nil {
			return r
		}
		r.State = Broken
		var failed interface{ Stage() string }
		stage := ""
		if errors.As(err, &failed) {
			stage = failed.Stage()
		}
		r.Found, r.Advice = nextHopFault(stage)
		return r
	}
}

// nextHopFault words what failed with a next hop, and what to do.
func nextHopFault(stage string) (found, advice Text) {
	switch stage {
	case "dial":
		found = Text{"is niet bereikbaar", "cannot be reached"}
	case "tls":
		return Text{"geen versleutelde verbinding zoals de route die vraagt", "no encrypted connection as its route demands"},
			Text{"Vergelijk het certificaat van de server met de instellingen tls en ca van de route. " +
				"Mail wacht zolang bij de afzender; er gaat niets verloren.",
				"Compare the certificate of the server with the settings tls and ca of the route. " +
					"Meanwhile mail waits with its sender; nothing is lost."}
	case "auth":
		return Text{"weigert de naam of het wachtwoord van Sluis", "refuses the name or the password of Sluis"},
			Text{"Vernieuw naam en wachtwoord in de instelling auth van de route. " +
				"Mail wacht zolang bij de afzender; er gaat niets verloren.",
				"Renew name and password in the setting auth of the route. " +
					"Meanwhile mail waits with its sender; nothing is lost."}
	default:
		found = Text{"antwoordt niet zoals een mailserver", "does not answer as a mail server does"}
	}
	return found, Text{"Kijk of de server aanstaat en of de firewall poort en adres doorlaat. " +
		"Mail wacht zolang bij de afzender; er gaat niets verloren.",
		"See whether the server is on and the firewall lets port and address through. " +
			"Meanwhile mail waits with its sender; nothing is lost."}
}

// oldSignatures is the age at which the signatures of a scanner need attention: they are
// made several times a day.
const oldSignatures = 3 * 24 * time.Hour

// Clamd looks whether the virus scanner answers, and how old its signatures are.
func Clamd(d *clamd.Daemon) Check {
	return func(ctx context.Context, now time.Time) Result {
		r := Result{Name: Text{"Virusscanner (clamd)", "Virus scanner (clamd)"}, State: OK}
		made, err := d.Signatures(ctx)
		switch age := now.Sub(made); {
		case err != nil:
			r.State, r.Found = Broken, Text{"antwoordt niet", "does not answer"}
			r.Advice = Text{"Start clamav-daemon en kijk in zijn log. Zolang hij zwijgt wordt mail met bijlagen niet aangenomen of ongescand doorgelaten, naar gelang de instelling policy.malware.on-failure.",
				"Start clamav-daemon and look in its log. Until it answers mail is not taken or passes without a scan, as policy.malware.on-failure says."}
		case made.IsZero():
			r.State, r.Found = Attention, Text{"antwoordt, maar zegt niet hoe oud de handtekeningen zijn", "answers, and does not tell how old its signatures are"}
			r.Advice = Text{"Kijk of freshclam de handtekeningen ophaalt.", "See whether freshclam fetches the signatures."}
		case age > oldSignatures:
			r.State, r.Found = Attention, days(age, Text{"de handtekeningen zijn %d dagen oud", "the signatures are %d days old"})
			r.Advice = Text{"Kijk of freshclam draait en naar buiten mag.", "See whether freshclam runs and may go out."}
		default:
			r.Found = days(age, Text{"antwoordt; de handtekeningen zijn %d dagen oud", "answers; the signatures are %d days old"})
		}
		return r
	}
}

func days(d time.Duration, t Text) Text { return counted(t, int(d/(24*time.Hour))) }

func counted(t Text, n ...any) Text {
	return Text{fmt.Sprintf(t.NL, n...), fmt.Sprintf(t.EN, n...)}
}
