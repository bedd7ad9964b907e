package smtpd_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/rules"
	"sluis/smtpd"
)

// noBets is a policy that refuses mail that mentions bets.
type noBets struct{}

func (noBets) Grounds(filter.ID, time.Time, rules.Directions, filter.Parties) (filter.Grounds, error) {
	return filter.Grounds{Purposes: rules.SetOf(rules.Conduct)}, nil
}

func (noBets) RecordUse(context.Context, []filter.OrderID, filter.ID) error { return nil }

func (noBets) Inspect(_ context.Context, m filter.Item, ps rules.Purposes) (*filter.Inspection, error) {
	b, err := io.ReadAll(io.NewSectionReader(m.Content, 0, m.Size))
	return &filter.Inspection{Purposes: ps, Ambiguous: strings.Contains(string(b), "bet")}, err
}

func (noBets) Decide(x *filter.Inspection, _ rules.Direction) filter.Verdict {
	if x.Ambiguous {
		return filter.Verdict{Action: filter.Reject, Clause: rules.MustClause("C2.8c")}
	}
	return filter.Verdict{}
}

// stores are a journal and a quarantine that keep nothing.
type stores struct{}

func (stores) Put(journal.Record, roster.Subject) {}
func (stores) Seal(context.Context, smtpd.Entry, *filter.Inspection, io.Reader) error {
	return errors.New("no quarantine")
}
func (stores) Withdraw(context.Context, filter.ID) error { return nil }

// school is the mail server of the school, the next hop.
type school struct{}

func (school) Mail(string, *smtp.MailOptions) error { return nil }
func (school) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (school) Reset()                               {}
func (school) Logout() error                        { return nil }
func (school) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// A relay in front of the school's mail server refuses a message before it is accepted, with
// the clause of the code of conduct that the message breaks.
func Example() {
	nextHop := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return school{}, nil }))
	nextHop.Domain = "mail.school.example"
	inside := listen()
	go nextHop.Serve(inside)
	defer nextHop.Close()

	relay, err := smtpd.New(smtpd.Config{
		Hostname:   "sluis.school.example",
		Routes:     []smtpd.Route{{Name: "inside", Hosts: []string{inside.Addr().String()}}},
		Policy:     noBets{},
		Quarantine: stores{},
		Journal:    stores{},
		Roster:     roster.Empty([]string{"school.example"}),
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	outside := listen()
	go relay.Serve(smtpd.Listener{Listener: outside})
	defer relay.Shutdown(context.Background())

	for _, text := range []string{"See you on Monday.", "Place a bet?"} {
		body := strings.NewReader("Subject: hello\r\n\r\n" + text + "\r\n")
		client, err := smtp.Dial(outside.Addr().String())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(text, client.SendMail("parent@example.org", []string{"teacher@school.example"}, body))
		client.Quit()
	}
	// Output:
	// See you on Monday. <nil>
	// Place a bet? SMTP error 550: Refused under the code of conduct, clause C2.8c
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return l
}
