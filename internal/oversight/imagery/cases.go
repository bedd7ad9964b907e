package imagery

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"filippo.io/age"

	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// Step is one in a case.
type Step string

// The steps.
const (
	Opened    Step = "opened"
	Looked    Step = "looked"
	AskedDown Step = "takedown-asked"
	TakenDown Step = "taken-down"
	Closed    Step = "closed"
)

// Source is how a case began.
type Source string

// The sources.
const (
	Complaint Source = "complaint" // somebody told
	ByMail    Source = "mail"      // a message to the address for complaints; the mailbox has it
	BySample  Source = "sample"
)

// Case is one of them. What a complaint says is sealed.
type Case struct {
	ID      string `json:"id"`
	Source  Source `json:"source"`
	Page    string `json:"page,omitempty"`
	Hash    string `json:"hash,omitempty"`    // of the image, once somebody looked
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

// Store keeps cases, samples, and who is on which image, in a directory.
type Store struct {
	dir    string
	ledger ledger.Appender
	to     []age.Recipient
	now    func() time.Time
	mu     sync.Mutex
}

// Errors of cases.
var (
	ErrNotFound = errors.New("there is no such case")
	ErrClosed   = errors.New("the case is closed")
	ErrText     = errors.New("say what it is about, in at most 10,000 characters")
)

const maxText = 10_000

// Open opens what is kept in dir, which is made if it is not there. Complaints are sealed
// to the recipients.
func Open(dir string, l ledger.Appender, to ...age.Recipient) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make directory of imagery: %w", err)
	}
	return &Store{dir: dir, ledger: l, to: to, now: time.Now}, nil
}

// Complain opens a case with what somebody tells of a page.
func (s *Store) Complain(ctx context.Context, by ledger.Actor, page, text string) (Case, error) {
	if text = strings.TrimSpace(text); text == "" || len(text) > maxText || len(page) > 2000 {
		return Case{}, ErrText
	}
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, s.to...)
	if err != nil {
		return Case{}, fmt.Errorf("seal complaint: %w", err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return Case{}, fmt.Errorf("seal complaint: %w", err)
	}
	if err := w.Close(); err != nil {
		return Case{}, fmt.Errorf("seal complaint: %w", err)
	}
	return s.begin(ctx, by, Case{Source: Complaint, Page: page, Sealed: sealed.Bytes()})
}

// Mailed opens a case for a message to the address for complaints, once: a second time for the
// same message opens none.
func (s *Store) Mailed(ctx context.Context, message string) error {
	known, err := s.Cases()
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
	c.ID = newID()
	c.Steps = []Done{{s.now().UTC(), by, Opened}}
	if _, err := s.ledger.Append(ctx, ledger.ImageryCase, ledger.Data{Actor: by, Ref: c.ID, ID: c.Message, Step: string(c.Source)}); err != nil {
		return Case{}, fmt.Errorf("write it in the ledger: %w", err)
	}
	return c, s.keep("case-"+c.ID, c)
}

// Take takes a step. hash is of the image that it is about, if that is known now.
func (s *Store) Take(ctx context.Context, by ledger.Actor, id string, step Step, hash string) error {
	if !slices.Contains([]Step{Looked, AskedDown, TakenDown, Closed}, step) {
		return errors.New("a step is looked, takedown-asked, taken-down or closed")
	}
	if _, err := strconv.ParseUint(hash, 16, 64); hash != "" && err != nil {
		return errors.New("a hash is up to 16 hexadecimal digits, as in a sample")
	}
	return s.locked(func() error {
		c, err := s.Case(id)
		switch {
		case err != nil:
			return err
		case !c.Open():
			return ErrClosed
		}
		if _, err := s.ledger.Append(ctx, ledger.ImageryCase, ledger.Data{Actor: by, Ref: id, Step: string(step)}); err != nil {
			return fmt.Errorf("write it in the ledger: %w", err)
		}
		c.Steps = append(c.Steps, Done{s.now().UTC(), by, step})
		if hash != "" {
			c.Hash = hash
		}
		if step == Closed {
			c.Sealed = nil // what was told is destroyed
		}
		return s.keep("case-"+id, c)
	})
}

// Read opens what a complaint says, after that is in the ledger (C3.3e).
func (s *Store) Read(ctx context.Context, by ledger.Actor, id string, keys ...age.Identity) (string, error) {
	c, err := s.Case(id)
	if err != nil {
		return "", err
	}
	if len(c.Sealed) == 0 {
		return "", nil
	}
	if _, err := s.ledger.Append(ctx, ledger.ImageryCase, ledger.Data{Actor: by, Ref: id, Step: "read"}); err != nil {
		return "", fmt.Errorf("write it in the ledger: %w", err)
	}
	clear, err := age.Decrypt(bytes.NewReader(c.Sealed), keys...)
	if err != nil {
		return "", fmt.Errorf("open complaint: %w", err)
	}
	b, err := io.ReadAll(io.LimitReader(clear, maxText))
	return string(b), err
}

// Seen says who is on an image, by its hash; nobody: none whose consent is needed.
func (s *Store) Seen(hash string, people []string) error {
	if _, err := strconv.ParseUint(hash, 16, 64); err != nil {
		return errors.New("a hash is up to 16 hexadecimal digits, as in a sample")
	}
	return s.locked(func() error {
		known, err := s.known()
		if err != nil {
			return err
		}
		known[hash] = people
		return s.keep("known", known)
	})
}

// known returns who is on which image.
func (s *Store) known() (map[string][]string, error) {
	known := map[string][]string{}
	err := s.read("known", &known)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return known, err
}

var idForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

// Case returns a case.
func (s *Store) Case(id string) (c Case, err error) {
	if !idForm.MatchString(id) {
		return c, ErrNotFound
	}
	err = s.read("case-"+id, &c)
	if errors.Is(err, os.ErrNotExist) {
		return c, ErrNotFound
	}
	return c, err
}

// Cases returns all cases, the latest first.
func (s *Store) Cases() ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "case-*.json"))
	if err != nil {
		return nil, fmt.Errorf("list cases: %w", err)
	}
	list := []Case{}
	for _, f := range files {
		c, err := s.Case(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "case-"), ".json"))
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Case) int { return b.Steps[0].At.Compare(a.Steps[0].At) })
	return list, nil
}

func (s *Store) path(name string) string { return filepath.Join(s.dir, name+".json") }

func (s *Store) keep(name string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	if err := disk.Replace(s.path(name), b); err != nil {
		return fmt.Errorf("keep %s: %w", name, err)
	}
	return nil
}

func (s *Store) read(name string, v any) error {
	b, err := os.ReadFile(s.path(name))
	if err != nil {
		return err
	}
	if json.Unmarshal(b, v) != nil {
		return fmt.Errorf("%s is damaged: restore it from a backup", name)
	}
	return nil
}

func (s *Store) locked(do func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	lock, err := disk.Lock(filepath.Join(s.dir, "lock"))
	if err != nil {
		return fmt.Errorf("lock imagery: %w", err)
	}
	defer lock.Close()
	return do()
}

func newID() string {
	b := make([]byte, 8)
	rand.Read(b) // never fails (crypto/rand, Go 1.24)
	return hex.EncodeToString(b)
}
