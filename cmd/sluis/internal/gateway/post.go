package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/accounts"
	"sluis/internal/notice"
	"sluis/internal/roster"
)

// refusal is a reply of the next mail server that is no acceptance.
type refusal int

func (r refusal) Error() string { return fmt.Sprintf("the next mail server said %d", int(r)) }

// reach sends a notice to each address and returns those that were reached. Its error is of an address
// that may be reached later; an address that the next mail server refuses for good is nobody's.
func (s Sender) reach(ctx context.Context, to []string, m notice.Message) (reached []string, err error) {
	if s.cfg.Notices.From == "" {
		return nil, accounts.ErrNoMail
	}
	for _, a := range to {
		sent := s.Notices().Send(ctx, []string{a}, m, time.Now())
		var refused refusal
		switch {
		case sent == nil:
			reached = append(reached, a)
		case errors.As(sent, &refused) && refused/100 == 5:
		case err == nil:
			err = sent
		}
	}
	return reached, err
}

// reachAll sends a notice to all addresses of a person, of which the first has to be reached.
func (s Sender) reachAll(ctx context.Context, to []string, m notice.Message) error {
	reached, err := s.reach(ctx, to, m)
	if err == nil && (len(to) == 0 || !slices.Contains(reached, to[0])) {
		err = accounts.ErrNotMailed
	}
	return err
}

// post reaches people for the accounts, with the configuration of that moment. It implements
// accounts.Post.
type post struct {
	sender func() (Sender, error)
}

func (p post) one(ctx context.Context, to string, write func(s Sender) notice.Message) error {
	s, err := p.sender()
	if err != nil {
		return accounts.ErrNoMail
	}
	return s.reachAll(ctx, []string{to}, write(s))
}

// Invite implements accounts.Post.
func (p post) Invite(ctx context.Context, to, name, secret string) error {
	return p.one(ctx, to, func(s Sender) notice.Message {
		return notice.Invitation(s.language(), s.cfg.Organisation.Name, name, s.cfg.Console.Address+"/link/"+secret)
	})
}

// Code implements accounts.Post.
func (p post) Code(ctx context.Context, to, code string) error {
	return p.one(ctx, to, func(s Sender) notice.Message {
		return notice.Code(s.language(), s.cfg.Organisation.Name, code)
	})
}

// Notify implements accounts.Post.
func (p post) Notify(ctx context.Context, to []string, n accounts.Notice) (reached int, err error) {
	s, err := p.sender()
	if err != nil {
		return 0, accounts.ErrNoMail
	}
	m := notice.RoleChanged(s.language(), notice.Role{
		Organisation: s.cfg.Organisation.Name,
		Account:      n.Account,
		Address:      n.Address,
		By:           n.By.Name,
		Change:       n.Step,
		Roles:        n.Roles,
	})
	all, err := s.reach(ctx, to, m)
	return len(all), err
}

// Watchers implements accounts.Post.
func (p post) Watchers() []string {
	s, err := p.sender()
	if err != nil {
		return nil
	}
	return watchers(s.cfg)
}

// watchers are the organisation's addresses of those who watch over roles and the roster.
func watchers(cfg *config.Config) []string {
	return slices.Concat(cfg.Notices.Board, cfg.Notices.Privacy, cfg.Notices.Council)
}

// connect gives the accounts the people and the mail of a configuration, for commands; of one that
// knows a data directory alone nothing is known about people.
func (d *Data) connect(s *accounts.Store) {
	if d.cfg.Roster == "" && len(d.cfg.Mail.Routes) == 0 {
		return
	}
	people := sync.OnceValue(func() *roster.Roster {
		r, err := LoadRoster(d.cfg)
		if err != nil { // then everybody is a stranger
			r = roster.Empty(d.cfg.Organisation.Domains)
		}
		return r
	})
	s.Connect(people, post{func() (Sender, error) { return NewSender(d.cfg) }})
}

// connectAccounts gives the accounts the people and the mail of this gateway.
func (g *Gateway) connectAccounts(s *accounts.Store) {
	s.Connect(
		func() *roster.Roster { return g.inForce.Load().Roster },
		post{func() (Sender, error) { return g.sender(), nil }},
	)
}
