package imagery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// Step is one in a case.
type Step string

// The steps.
const (
	Opened            Step = "opened"
	Inspected         Step = "inspected"
	TakedownRequested Step = "takedown-requested"
	TakenDown         Step = "taken-down"
	Closed            Step = "closed"
)

// Source is how a case began.
type Source string

// The sources.
const (
	Complaint Source = "complaint" // a person complained
	ByMail    Source = "mail"      // a message to the address for complaints; the mailbox has it
	BySample  Source = "sample"
)

// Case is one of them. What a complaint says is sealed.
type Case struct {
	ID      string `json:"id"`
	Source  Source `json:"source"`
	Page    string `json:"page,omitempty"`    // of a sample: one of the organisation's own
	Hash    string `json:"hash,omitempty"`    // of the image, once it was inspected
	Message string `json:"message,omitempty"` // id of a mail
	Sealed  []byte `json:"sealed,omitempty"`  // the complaint, encrypted (age)
	Steps   []Done `json:"steps"`
}

// Done is a step that was taken.
type Done struct {
	At   time.Time    `json:"at"`
	By   ledger.Actor `json:"by"`
	Step Step         `json:"step"`
}

func (c Case) has(s Step) bool {
	return slices.ContainsFunc(c.Steps, func(d Done) bool { return d.Step == s })
}

// Open reports whether the case is not closed.
func (c Case) Open() bool { return !c.has(Closed) }

// Key implements store.Keyed.
func (c Case) Key() string { return c.ID }

// Whole implements store.Checked: a case begins with a step.
func (c Case) Whole() bool { return len(c.Steps) > 0 }

// Store keeps cases, samples, and who is on which image.
type Store struct {
	cases   *store.Collection[Case]
	samples *store.Collection[Sample]
	known   *store.Value[map[string][]string] // the people on an image, by its hash
	ledger  ledger.Appender
	to      []age.Recipient
	now     func() time.Time
}

// Errors of cases.
var (
	ErrNotFound    = errors.New("there is no such case")
	ErrClosed      = errors.New("the case is closed")
	ErrInvalidText = errors.New("say what it is about, in at most 10,000 characters")
)

const maxText = 10_000

// Open returns the cases and samples of a store. Complaints are sealed to the recipients.
func Open(s store.Store, l ledger.Appender, to ...age.Recipient) *Store {
	return &Store{
		cases:   store.NewCollection[Case](s, "imagery-cases", ErrNotFound),
		samples: store.NewCollection[Sample](s, "imagery-samples", ErrNotFound),
		known:   store.NewValue[map[string][]string](s, "imagery-known"),
		ledger:  l,
		to:      to,
		now:     time.Now,
	}
}

// Check returns store.ErrDamaged for each case and sample of a store that cannot be read.
func Check(s store.Store) error {
	i := Open(s, nil)
	_, cases := i.cases.List()
	_, samples := i.samples.List()
	_, known := i.known.Get()
	return errors.Join(cases, samples, known)
}

// Said is what a complaint says. It is kept sealed as a whole: the address of a page may name a
// person as well as the text does.
type Said struct {
	Page string `json:"page,omitempty"`
	Text string `json:"text"`
}

// Complain opens a case with a complaint about a page.
func (s *Store) Complain(ctx context.Context, by ledger.Actor, page, text string) (Case, error) {
	if text = strings.TrimSpace(text); text == "" || len(text) > maxText || len(page) > 2000 {
		return Case{}, ErrInvalidText
	}
	sealed, err := s.seal(Said{page, text})
	if err != nil {
		return Case{}, fmt.Errorf("seal complaint: %w", err)
	}
	return s.begin(ctx, by, Case{Source: Complaint, Sealed: sealed})
}

func (s *Store) seal(said Said) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, s.to...)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(json.NewEncoder(w).Encode(said), w.Close()); err != nil {
		return nil, err
	}
	return sealed.Bytes(), nil
}

// Mailed opens a case for a message to the address for complaints, once: a second time for the
// same message opens none.
func (s *Store) Mailed(ctx context.Context, message string) error {
	known, err := store.Readable(s.Cases())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(c Case) bool { return c.Message == message }) {
		return nil
	}
	_, err = s.begin(ctx, ledger.Actor{}, Case{Source: ByMail, Message: message})
	return err
}

// FromSample opens a case for an image of a sample.
func (s *Store) FromSample(ctx context.Context, by ledger.Actor, i Image) (Case, error) {
	return s.begin(ctx, by, Case{Source: BySample, Page: i.Page, Hash: i.Hash})
}

func (s *Store) begin(ctx context.Context, by ledger.Actor, c Case) (Case, error) {
	c.ID = store.NewID()
	c.Steps = []Done{{s.now().UTC(), by, Opened}}
	act := ledger.Data{Actor: by, Ref: c.ID, ID: c.Message, Step: string(c.Source)}
	if _, err := s.ledger.Append(ctx, ledger.ImageryCase, act); err != nil {
		return Case{}, fmt.Errorf("write it in the ledger: %w", err)
	}
	return c, s.cases.Put(c)
}

// Take takes a step. hash is of the image that it is about, if that is known now.
func (s *Store) Take(ctx context.Context, by ledger.Actor, id string, step Step, hash string) error {
	if !slices.Contains([]Step{Inspected, TakedownRequested, TakenDown, Closed}, step) {
		return errors.New("a step is inspected, takedown-requested, taken-down or closed")
	}
	if _, err := strconv.ParseUint(hash, 16, 64); hash != "" && err != nil {
		return errors.New("a hash is up to 16 hexadecimal digits, as in a sample")
	}
	return s.cases.Update(id, func(c *Case) error {
		if !c.Open() {
			return ErrClosed
		}
		act := ledger.Data{Actor: by, Ref: id, Step: string(step)}
		if _, err := s.ledger.Append(ctx, ledger.ImageryCase, act); err != nil {
			return fmt.Errorf("write it in the ledger: %w", err)
		}
		c.Steps = append(c.Steps, Done{s.now().UTC(), by, step})
		if hash != "" {
			c.Hash = hash
		}
		if step == Closed {
			c.Sealed = nil // the complaint is destroyed
		}
		return nil
	})
}

// Read opens what a complaint says, after that is in the ledger (C3.3e).
func (s *Store) Read(ctx context.Context, by ledger.Actor, id string, keys ...age.Identity) (said Said, err error) {
	c, err := s.Case(id)
	if err != nil {
		return said, err
	}
	if len(c.Sealed) == 0 {
		return said, nil
	}
	if _, err := s.ledger.Append(ctx, ledger.ImageryCase, ledger.Data{Actor: by, Ref: id, Step: "read"}); err != nil {
		return said, fmt.Errorf("write it in the ledger: %w", err)
	}
	clear, err := age.Decrypt(bytes.NewReader(c.Sealed), keys...)
	if err != nil {
		return said, fmt.Errorf("open complaint: %w", err)
	}
	if err := json.NewDecoder(clear).Decode(&said); err != nil {
		return said, errors.New("open complaint: it is damaged: restore it from a backup")
	}
	return said, nil
}

// Seen says who is on an image, by its hash; nobody: none whose consent is needed.
func (s *Store) Seen(hash string, people []string) error {
	if _, err := strconv.ParseUint(hash, 16, 64); err != nil {
		return errors.New("a hash is up to 16 hexadecimal digits, as in a sample")
	}
	return s.known.Update(func(known *map[string][]string) error {
		if *known == nil {
			*known = map[string][]string{}
		}
		(*known)[hash] = people
		return nil
	})
}

// Case returns a case.
func (s *Store) Case(id string) (Case, error) { return s.cases.Get(id) }

// Cases returns all cases, the latest first.
func (s *Store) Cases() ([]Case, error) {
	list, err := s.cases.List()
	slices.SortFunc(list, func(a, b Case) int { return b.Steps[0].At.Compare(a.Steps[0].At) })
	return list, err
}
