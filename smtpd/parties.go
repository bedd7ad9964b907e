package smtpd

import (
	"io"
	"slices"

	"sluis/filter"
	"sluis/filter/parties"
	"sluis/internal/admit"
)

// parties returns whose roles count for a message (C3.2g): all recipients and the sender of the envelope,
// and those whom the header names. A stranger's sender does not count if it says that it is from the
// organisation: that proves nothing, and would exempt whatever is sent in the name of a counsellor.
func (m *message) parties() filter.Parties {
	t := m.tx
	from := parties.Sender{Trusted: t.trusted}
	proven := t.trusted || !t.claimsOwn()
	if !t.trusted && t.generation.cfg.Receiver != "" && admit.Contains(t.generation.cfg.Carriers, m.client.Addr()) {
		vouched := parties.VouchedBy(m.header(), t.generation.cfg.Receiver)
		from.Vouched = vouched.Author
		proven = proven || vouched.Proves(t.from.Domain)
	}
	between := filter.Parties{Addresses: t.named}
	if proven {
		between.Addresses = append([]string{t.from.Address()}, t.named...)
	}
	between.Claims = func() []string { return parties.Claims(m.header(), t.generation.cfg.Roster, from) }
	between.Exempted = m.exempted
	return between
}

// exempted reports whether the message is the rest of one that was confidential.
func (m *message) exempted() bool {
	memory := m.tx.generation.cfg.Split
	return memory != nil && memory.Knows(m.tx.from.Address(), parties.Identity(m.header()))
}

// remember remembers a confidential message of which a part comes later: it has not the same recipients
// then.
func (m *message) remember() error {
	t := m.tx
	if !m.grounds.Confidential || !t.split || t.generation.cfg.Split == nil {
		return nil
	}
	return t.generation.cfg.Split.Remember(t.ctx, t.from.Address(), parties.Identity(m.header()), t.trusted)
}

// roles returns the addresses of all confidential roles that are party to the message.
func (m *message) roles() []string {
	between := m.parties()
	all := between.Claims()
	for _, a := range between.Addresses {
		for _, role := range m.tx.generation.cfg.Roster.Confidants(a) {
			if !slices.Contains(all, role) {
				all = append(all, role)
			}
		}
	}
	return all
}

// claimsOwn reports whether the sender of the envelope is, or leads to, an address of the organisation.
func (t *transaction) claimsOwn() bool {
	people := t.generation.cfg.Roster
	if t.from.Domain != "" && people.Within(t.from.Domain) {
		return true
	}
	return slices.ContainsFunc(people.Confidants(t.from.Address()), func(role string) bool {
		return people.Within(parties.DomainOf(role))
	})
}

// header reads the message from its start.
func (m *message) header() io.Reader { return io.NewSectionReader(m.spool, 0, m.spool.Size()) }
