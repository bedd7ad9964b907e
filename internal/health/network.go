package health

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"time"

	"sluis/internal/clamd"
)

// Hop is a next mail server.
type Hop struct {
	Name     string // of the route
	Address  string // host:port
	Implicit bool   // TLS from the first byte
	Hello    string // what the gateway calls itself
}

// Check greets the server and takes leave: no mail is sent.
func (h Hop) Check(ctx context.Context, _ time.Time) Result {
	r := Result{Name: Text{"Volgende mailserver " + h.Address, "Next mail server " + h.Address}, State: OK, Found: Text{"antwoordt", "answers"}}
	if err := h.greet(ctx); err != nil {
		r.State = Broken
		r.Found = Text{"antwoordt niet zoals een mailserver", "does not answer as a mail server does"}
		var reach *net.OpError
		if errors.As(err, &reach) && reach.Op == "dial" {
			r.Found = Text{"is niet bereikbaar", "cannot be reached"}
		}
		r.Advice = Text{"Kijk of de server aanstaat en of de firewall poort en adres doorlaat. Mail wacht zolang bij de afzender; er gaat niets verloren.",
			"See whether the server is on and the firewall lets port and address through. Meanwhile mail waits with who sends it; nothing is lost."}
	}
	return r
}

// maxGreeting bounds what a server may say.
const maxGreeting = 64 << 10

func (h Hop) greet(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	plain := conn // in a variable that stays what it is: the time may be up in another goroutine
	defer context.AfterFunc(ctx, func() { plain.SetDeadline(time.Unix(1, 0)) })()
	if h.Implicit {
		// Whom to trust is the relay's business: nothing is told here that others may not know.
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
	}
	text := textproto.NewConn(bounded{io.LimitReader(conn, maxGreeting), conn})
	if _, _, err := text.ReadResponse(220); err != nil {
		return err
	}
	if err := text.PrintfLine("EHLO %s", h.Hello); err != nil {
		return err
	}
	if _, _, err := text.ReadResponse(250); err != nil {
		return err
	}
	return text.PrintfLine("QUIT")
}

// bounded reads no more than a bound from a connection.
type bounded struct {
	io.Reader
	io.WriteCloser
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
