package demo

import (
	"sluis/internal/journal"
	"sluis/internal/roster"
	"sluis/smtpd"
)

// Tee is a journal that hands records to the demonstration as well.
type Tee struct {
	smtpd.Journal
	Mail, Web chan<- journal.Record
}

// Put implements smtpd.Journal.
func (t Tee) Put(r journal.Record, s roster.Subject) {
	t.Journal.Put(r, s)
	records := t.Mail
	if r.Kind == journal.Web {
		records = t.Web
	}
	select {
	case records <- r:
	default: // the demonstration is over
	}
}
