package quarantine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
)

const private = "From: a@school.example\r\nSubject: canary\r\n\r\ncanary\r\n"

// sealPrivate quarantines a confidential message of some people.
func sealPrivate(t *testing.T, s *Store, content string, people ...string) filter.ID {
	t.Helper()
	e, env, x := sample(t)
	e.Confidential, env.Concerned, e.Time = true, people, time.Now().Add(-time.Hour)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// told collects who is told, with which secret.
type told map[string]string

func (m told) tell(_ context.Context, address, secret string) error {
	m[address] = secret
	return nil
}

func because(step string) Intent {
	return Intent{Actor: ledger.Actor{Name: "beheerder"}, Reason: "melding 12", Step: step}
}

// Of a confidential message its findings open, without excerpts, envelope or content, whoever asks and with
// whatever key; also after a restart (C3.2g).
func TestOnlyFindingsOfAConfidentialMessageOpen(t *testing.T) {
	dir, key := t.TempDir(), newIdentity(t)
	s, _ := open(t, dir, key)
	id := sealPrivate(t, s, private, "vp@school.example")
	s.Close()
	s, _ = open(t, dir, key)
	if e, err := s.Get(t.Context(), id); err != nil || !e.Confidential {
		t.Fatalf("after a restart: %+v, %v, want a confidential message", e, err)
	}
	m, err := s.Open(t.Context(), id, because(Findings), key)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	content, err := io.ReadAll(m)
	if err != nil || len(content) > 0 || m.Envelope.From != "" || len(m.Envelope.To) > 0 {
		t.Errorf("got %q of %+v, %v, want nothing of the message", content, m.Envelope, err)
	}
	if len(m.Evidence) != 1 || len(m.Evidence[0].Excerpts) > 0 {
		t.Errorf("got %+v, want a finding without excerpts", m.Evidence)
	}
	for _, step := range []string{"", "headers", "text", "html", "attachment", "again", "findings "} {
		if _, err := s.Open(t.Context(), id, because(step), key); !errors.Is(err, ErrConfidential) {
			t.Errorf("step %q: %v, want ErrConfidential", step, err)
		}
	}
	if _, err := s.Reveal(t.Context(), id, because(Findings), key); !errors.Is(err, ErrConfidential) {
		t.Errorf("reveal: %v, want ErrConfidential", err)
	}
	if plain := seal(t, s, private); true {
		m, err := s.Open(t.Context(), plain, because("text"), key)
		if err != nil {
			t.Fatalf("an ordinary message does not open: %v", err)
		}
		m.Close()
	}
}

// A lost index takes nothing from a confidential message: what is sealed says that it is one.
func TestALostIndexMakesNoMessageOrdinary(t *testing.T) {
	dir, key := t.TempDir(), newIdentity(t)
	s, _ := open(t, dir, key)
	id := sealPrivate(t, s, private, "vp@school.example")
	s.Close()
	for _, name := range []string{"index.db", "index.db-wal", "index.db-shm"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	s, _ = open(t, dir, key)
	if _, err := s.Open(t.Context(), id, because("text"), key); !errors.Is(err, ErrConfidential) {
		t.Errorf("with a new index: %v, want ErrConfidential", err)
	}
}

// An order that makes an exception opens it, and is asked about the whole header; a header that does not end
// is not lifted.
func TestAnExceptionOpensAConfidentialMessage(t *testing.T) {
	s, _ := open(t, t.TempDir(), newIdentity(t))
	key := newIdentity(t)
	s.recipients = []age.Recipient{key.Recipient()}
	lifts := false
	s.Except(func(env Envelope, header io.Reader) bool {
		b, err := io.ReadAll(header)
		if err != nil || !strings.HasPrefix(string(b), "From: a@school.example\r\n") ||
			strings.Contains(string(b), "\r\n\r\ncanary") || env.From != "juf@school.example" {
			t.Errorf("asked about %q of %+v, %v, want header and envelope", b, env, err)
		}
		return lifts
	})
	id := sealPrivate(t, s, private, "vp@school.example")
	if _, err := s.Open(t.Context(), id, because("text"), key); !errors.Is(err, ErrConfidential) {
		t.Errorf("without an order: %v, want ErrConfidential", err)
	}
	lifts = true
	m, err := s.Open(t.Context(), id, because("text"), key)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if b, err := io.ReadAll(m); err != nil || string(b) != private {
		t.Errorf("got %q, %v, want the message whole", b, err)
	}
	endless := sealPrivate(t, s, "From: a@school.example\r\nX: "+strings.Repeat("x", maxExcepted), "vp@school.example")
	if _, err := s.Open(t.Context(), endless, because("text"), key); !errors.Is(err, ErrConfidential) {
		t.Errorf("a header without end: %v, want ErrConfidential", err)
	}
}

// Whom a message concerns decides on it, and a reviewer does not, by any way (C3.2g).
func TestThePersonConcernedDecides(t *testing.T) {
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	id := sealPrivate(t, s, private, "vp@school.example", "gmr@school.example")
	h := &hop{}
	for what, err := range map[string]error{
		"release": func() error { _, err := s.Release(t.Context(), id, because(""), h, key); return err }(),
		"delete":  s.Delete(t.Context(), id, because("")),
		"propose": s.Propose(t.Context(), ledger.QuarantineReleased, id, because("")),
	} {
		if !errors.Is(err, ErrConfidential) {
			t.Errorf("%s by a reviewer: %v, want ErrConfidential", what, err)
		}
	}
	if err := s.Judge(t.Context(), id, Confirmed, because("")); err != nil {
		t.Errorf("a reviewer cannot say whether the rule was right: %v", err)
	}
	people := told{}
	if err := s.Tell(t.Context(), people.tell); err != nil || len(people) != 2 {
		t.Fatalf("told %v, %v, want both", people, err)
	}
	if err := s.Tell(t.Context(), func(context.Context, string, string) error {
		t.Error("people are told twice")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Linked(t.Context(), people["gmr@school.example"]); err != nil || e.ID != id {
		t.Errorf("the link leads to %v, %v", e.ID, err)
	}
	if _, err := s.ReleaseLinked(t.Context(), "guess", h, key); !errors.Is(err, ErrLink) {
		t.Errorf("a guess: %v, want ErrLink", err)
	}
	if _, err := s.ReleaseLinked(t.Context(), people["vp@school.example"], h, key); err != nil {
		t.Fatal(err)
	}
	if got := state(t, s, id).State; got != Released {
		t.Errorf("state %s, want released", got)
	}
	if _, err := s.ReleaseLinked(t.Context(), people["gmr@school.example"], h, key); !errors.Is(err, ErrGone) {
		t.Errorf("a second release: %v, want ErrGone", err)
	}
	for e, err := range w.book.Find(ledger.Query{Kinds: []ledger.Kind{ledger.QuarantineReleased}}) {
		if err != nil || e.Data.Actor != concernedPerson {
			t.Errorf("the ledger has %+v, %v, want no name", e.Data, err)
		}
	}
}

// Where nobody can be asked a reviewer decides, unseen: a message is not kept for ever.
func TestAReviewerDecidesWhereNobodyCanBeAsked(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := sealPrivate(t, s, private)
	if _, err := s.Open(t.Context(), id, because("text"), key); !errors.Is(err, ErrConfidential) {
		t.Errorf("the text opens: %v", err)
	}
	if _, err := s.Release(t.Context(), id, because(""), &hop{}, key); err != nil {
		t.Errorf("release: %v", err)
	}
}

// Who is told stands in clear nowhere, and is tried again until it worked; nobody is told of what was
// withdrawn, or came just now.
func TestWhoIsToldIsSealedAndTriedAgain(t *testing.T) {
	dir, key := t.TempDir(), newIdentity(t)
	s, _ := open(t, dir, key)
	id := sealPrivate(t, s, private, "canary@school.example")
	gone := sealPrivate(t, s, private, "gone@school.example")
	if err := s.Withdraw(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	e, env, x := sample(t)
	e.Confidential, env.Concerned = true, []string{"new@school.example"}
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader(private)); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && bytes.Contains(b, []byte("canary@")) {
			t.Errorf("the address stands in %s", filepath.Base(f))
		}
	}
	failing := errors.New("451 later")
	fails := func(context.Context, string, string) error { return failing }
	if err := s.Tell(t.Context(), fails); !errors.Is(err, failing) {
		t.Errorf("got %v, want the error of the mail", err)
	}
	s.Close()
	s, _ = open(t, dir, key)
	people := told{}
	err = s.Tell(t.Context(), people.tell)
	if err != nil || len(people) != 1 || people["canary@school.example"] == "" {
		t.Errorf("told %v, %v, want the one", people, err)
	}
	if e, err := s.Linked(t.Context(), people["canary@school.example"]); err != nil || e.ID != id {
		t.Errorf("the link leads to %v, %v", e.ID, err)
	}
	if n, err := s.ExpireReviewed(t.Context(), time.Now(), time.Now()); err != nil || n == 0 {
		t.Fatalf("%d expired, %v", n, err)
	}
	if _, err := s.Linked(t.Context(), people["canary@school.example"]); !errors.Is(err, ErrLink) {
		t.Errorf("the link of a message that is gone: %v, want ErrLink", err)
	}
}
