package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/console"
	"sluis/internal/notice"
	"sluis/internal/oversight/breach"
	"sluis/internal/quarantine"
	"sluis/rules"
	"sluis/smtpd"
)

// Sender sends through the routes of a configuration: what the quarantine releases, and the
// notices of the gateway itself. It implements quarantine.Deliverer.
type Sender struct {
	mail *smtpd.Sender
	cfg  *config.Config
}

// ErrNoOfficer says that no privacy officer can be reached by mail.
var ErrNoOfficer = errors.New("the configuration names no privacy officer (notices: from, privacy)")

// NewSender returns a sender for commands: it has no ports, and inspects nothing.
func NewSender(cfg *config.Config) (Sender, error) {
	to := routes(cfg)
	if len(to) == 0 {
		return Sender{}, errors.New("sending needs to know the next hop: " +
			"name the gateway's configuration with --config FILE")
	}
	mail, err := smtpd.NewSender(cfg.Mail.Hostname, to...)
	return Sender{mail, cfg}, err
}

// sender sends as the gateway is configured now.
func (g *Gateway) sender() Sender { return Sender{g.relay.Sender(), g.inForce.Load().Config} }

// Notices returns what sends mail of the gateway itself.
func (s Sender) Notices() notice.Sender {
	return notice.Sender{
		From: s.cfg.Notices.From,
		Name: strings.TrimSpace("Sluis " + s.cfg.Organisation.Name),
		Deliver: func(ctx context.Context, from string, to []string, size int64, content io.Reader) error {
			e := smtpd.Envelope{From: from}
			for _, a := range to {
				e.To = append(e.To, smtpd.Recipient{Path: a, Direction: toward(s.cfg, a)})
			}
			reply, err := s.mail.Send(ctx, e, size, content)
			if err == nil && !reply.OK() {
				err = refusal(reply.Code)
			}
			return err
		},
	}
}

func (s Sender) language() string { return s.cfg.Notices.Language }

// Breach notifies the privacy officer of a new breach file (C2.12a). It returns ErrNoOfficer
// if the configuration names none.
func (s Sender) Breach(ctx context.Context, f breach.File) error {
	if s.cfg.Notices.From == "" || len(s.cfg.Notices.Privacy) == 0 {
		return ErrNoOfficer
	}
	return s.Notices().Send(ctx, s.cfg.Notices.Privacy, notice.Breach(s.language(), f.ID, f.Deadline()), time.Now())
}

// errNoWatch says that an emergency cannot be told to those who watch.
var errNoWatch = errors.New("nothing is opened or released in an emergency unless the board and the privacy officer " +
	"get mail first: name both (notices: from, board, privacy)")

// BreakGlass notifies the board and the privacy officer of what is opened or released in an emergency,
// before it is.
func (s Sender) BreakGlass(ctx context.Context, b console.BreakGlass) error {
	n := s.cfg.Notices
	if n.From == "" || len(n.Board) == 0 || len(n.Privacy) == 0 {
		return errNoWatch
	}
	m := notice.BreakGlass(s.language(), s.cfg.Organisation.Name, b.Who, b.Act, b.ID, b.Reason)
	if err := s.Notices().Send(ctx, slices.Concat(n.Board, n.Privacy), m, time.Now()); err != nil {
		return fmt.Errorf("the board and the privacy officer did not get mail, so that nothing was done: %w", err)
	}
	return nil
}

// Checkpoint sends the signed state of the ledger to one of its witnesses.
func (s Sender) Checkpoint(ctx context.Context, to string, signed []byte, at time.Time) error {
	return s.Notices().Send(ctx, []string{to}, notice.Checkpoint(s.language(), s.cfg.Organisation.Name, signed), at)
}

// Access notifies a person, at all addresses, that their records were asked for (C3.2f).
func (s Sender) Access(ctx context.Context, addresses []string) error {
	return s.reachAll(ctx, addresses, notice.Access(s.language(), s.cfg.Organisation.Name))
}

// Confidential tells a person with a confidential role of a message of theirs that is quarantined, with a
// link to decide by (C3.2g).
func (s Sender) Confidential(ctx context.Context, address, link string) error {
	m := notice.Confidential(s.language(), s.cfg.Organisation.Name, link)
	return s.Notices().Send(ctx, []string{address}, m, time.Now())
}

// toward returns the direction of the gateway's own mail to an address.
func toward(cfg *config.Config, address string) rules.Direction {
	_, domain, _ := strings.Cut(address, "@")
	if slices.ContainsFunc(cfg.Organisation.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return rules.Internal
	}
	return rules.Out
}

// Deliver implements quarantine.Deliverer.
func (s Sender) Deliver(ctx context.Context, env quarantine.Envelope, size int64,
	content io.Reader) (quarantine.Reply, error) {
	to := smtpd.Envelope{From: env.From, Parameters: env.Parameters}
	for _, r := range env.To {
		to.To = append(to.To, smtpd.Recipient(r))
	}
	r, err := s.mail.Send(ctx, to, size, content)
	if err != nil {
		return quarantine.Reply{}, err
	}
	return quarantine.Reply{OK: r.OK(), Permanent: r.Code/100 == 5, Codes: r.Codes(), Text: r.Text()}, nil
}

// Notify implements quarantine.Deliverer.
func (s Sender) Notify(ctx context.Context, env quarantine.Envelope, note string) error {
	var to []string
	for _, r := range env.To {
		to = append(to, r.Path)
	}
	return s.Notices().Send(ctx, to, notice.Released(s.language(), s.cfg.Organisation.Name, note), time.Now())
}

// Return notifies the sender of a message that it was not delivered. It is a quarantine.Returner.
func (s Sender) Return(ctx context.Context, arrived time.Time, m *quarantine.Message) error {
	u := notice.Undelivered{Sender: m.Envelope.From, Parameters: m.Envelope.Parameters, Arrived: arrived, Content: m}
	for _, r := range m.Envelope.To {
		u.Recipients = append(u.Recipients, notice.Recipient{Address: r.Path, Parameters: r.Parameters})
	}
	host := s.cfg.Mail.Hostname
	name := cmp.Or(s.cfg.Organisation.Name, host)
	err := s.Notices().Returned(ctx, s.language(), name, host, u, time.Now())
	if errors.Is(err, notice.ErrUnwanted) {
		return quarantine.ErrNotReturnable
	}
	return err
}
