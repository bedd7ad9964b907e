package console

import (
	"context"
	"errors"
	"slices"
	"sync"

	"sluis/internal/accounts"
)

// mailbox is the mail of a house: what is sent to whom. It implements accounts.Post.
type mailbox struct {
	mu      sync.Mutex
	secrets map[string]string // the last link or code, by address
	notices []notified
	broken  bool // the next mail server takes nothing
}

// notified is a notice of a change of a role, to one address.
type notified struct {
	to string
	accounts.Notice
}

var errMailServer = errors.New("451 later")

func (m *mailbox) put(to, secret string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return errMailServer
	}
	m.secrets[to] = secret
	return nil
}

// Invite implements accounts.Post.
func (m *mailbox) Invite(_ context.Context, to, _, secret string) error { return m.put(to, secret) }

// Code implements accounts.Post.
func (m *mailbox) Code(_ context.Context, to, code string) error { return m.put(to, code) }

// Notify implements accounts.Post.
func (m *mailbox) Notify(_ context.Context, to []string, n accounts.Notice) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken {
		return 0, errMailServer
	}
	for _, a := range to {
		m.notices = append(m.notices, notified{a, n})
	}
	return len(to), nil
}

// Watchers implements accounts.Post.
func (m *mailbox) Watchers() []string { return []string{"bestuur@school.example"} }

// secret is the last link or code to an address; empty: none.
func (m *mailbox) secret(to string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.secrets[to]
}

// told reports whether an address got notice of a change of an account.
func (m *mailbox) told(to, account string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.notices, func(n notified) bool { return n.to == to && n.Account == account })
}
