package quarantine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/rules"
)

// witness is a ledger that keeps what was recorded, and can fail.
type witness struct {
	book *ledger.Ledger
	mu   sync.Mutex
	acts []ledger.Kind
	err  error
}

func (w *witness) Append(ctx context.Context, act ledger.Kind, d ledger.Data) (ledger.Receipt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return ledger.Receipt{}, w.err
	}
	if d.Reason == "" && act != ledger.QuarantineRebuilt && act != ledger.KeyMade {
		return ledger.Receipt{}, errors.New("no reason")
	}
	if act != ledger.KeyMade {
		w.acts = append(w.acts, act)
	}
	return w.book.Append(ctx, act, d)
}

func (w *witness) Find(q ledger.Query) iter.Seq2[ledger.Entry, error] { return w.book.Find(q) }

func newWitness(t testing.TB) *witness {
	t.Helper()
	book, err := ledger.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &witness{book: book}
}

func newIdentity(t testing.TB) *age.X25519Identity {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// open opens a quarantine whose witness and reviewer the test has.
func open(t testing.TB, dir string, key *age.X25519Identity) (*Store, *witness) {
	t.Helper()
	w := newWitness(t)
	s, err := Open(dir, w, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, w
}

func rule(t testing.TB, id string) rules.ID {
	t.Helper()
	r, err := rules.ParseID(id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sample(t testing.TB) (Entry, Envelope, *filter.Inspection) {
	clause, err := rules.ParseClause("C3.3b")
	if err != nil {
		t.Fatal(err)
	}
	e := Entry{
		ID: filter.NewID(), Time: time.Now().UTC().Truncate(time.Millisecond),
		Direction: rules.Out, Purpose: rules.Leak,
		Category: rules.Identity, Clause: clause, Rule: rule(t, "leak.identity.bsn"),
	}
	env := Envelope{From: "juf@school.example", Parameters: []string{"BODY=8BITMIME"}, To: []Recipient{
		{
			Path:       "a@out.example",
			Parameters: []string{"NOTIFY=FAILURE"},
			Direction:  rules.Out,
		}, {Path: "b@out.example", Direction: rules.Out},
	}}
	x := &filter.Inspection{Purposes: rules.SetOf(rules.Security, rules.Leak), Findings: []filter.Finding{
		{
			Rule:     e.Rule,
			Purpose:  e.Purpose,
			Clause:   clause,
			Category: e.Category,
			Count:    2,
			Score:    90,
			Excerpts: make([]filter.Excerpt, 1),
		},
	}}
	return e, env, x
}

// seal sets a message aside and returns its id.
func seal(t testing.TB, s *Store, content string) filter.ID {
	t.Helper()
	e, env, x := sample(t)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// names returns the files under a directory, but for the index and the lock.
func names(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), "index.db") && d.Name() != "gateway.lock" {
			all = append(all, strings.TrimPrefix(path, dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// read opens a message and returns what is in it.
func read(t testing.TB, s *Store, id filter.ID, key age.Identity) (*Message, string) {
	t.Helper()
	m, err := s.Open(t.Context(), id, Intent{Reason: "review"}, key)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b, err := io.ReadAll(m)
	if err != nil {
		t.Fatal(err)
	}
	return m, string(b)
}

func TestWhatIsSealedComesBackAsItWas(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	content := strings.Repeat("geheim\r\n.\r\n\x80", 50_000)
	e, env, x := sample(t)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, w := open(t, dir, key)
	m, got := read(t, s, e.ID, key)
	if got != content || m.Envelope.From != env.From ||
		!slices.Equal(m.Envelope.To[0].Parameters, env.To[0].Parameters) ||
		len(m.Envelope.To) != 2 {
		t.Errorf("came back different: %d bytes, %+v", len(got), m.Envelope)
	}
	if len(m.Evidence) != 1 || m.Evidence[0].Rule != e.Rule || len(m.Evidence[0].Excerpts) != 1 {
		t.Errorf("evidence %+v", m.Evidence)
	}
	e.State, e.Score, e.Recipients, e.Size, e.Version = Quarantined, 90, 2, int64(len(content)), 1
	if listed, err := s.Get(t.Context(), e.ID); err != nil || listed != e {
		t.Errorf("got %+v, %v\nwant %+v", listed, err, e)
	}
	if !slices.Equal(w.acts, []ledger.Kind{ledger.QuarantineOpened}) {
		t.Errorf("ledger %v", w.acts)
	}
	if n, size, err := s.Files(); n != 1 || size < int64(len(content)) || err != nil {
		t.Errorf("%d files of %d bytes, %v", n, size, err)
	}
}

func TestAnyOfTheRecipientsOpensAndNobodyElse(t *testing.T) {
	a, b, other := newIdentity(t), newIdentity(t), newIdentity(t)
	s, err := Open(t.TempDir(), newWitness(t), a.Recipient(), b.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id := seal(t, s, "dag")
	read(t, s, id, a)
	read(t, s, id, b)
	if _, err := s.Open(t.Context(), id, Intent{Reason: "review"}, other); err == nil {
		t.Error("a stranger's key opens it")
	}
}

func TestNoLeafNoKey(t *testing.T) {
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	id := seal(t, s, "dag")
	w.err = errors.New("the ledger is full")
	if _, err := s.Open(t.Context(), id, Intent{Reason: "review"}, key); !errors.Is(err, w.err) {
		t.Errorf("opened without a witness: %v", err)
	}
	d := &hop{}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); !errors.Is(err, w.err) ||
		len(d.got) != 0 {
		t.Errorf("released without a witness: %v", err)
	}
	if err := s.Delete(t.Context(), id, Intent{Reason: "kept long enough"}); !errors.Is(err, w.err) {
		t.Errorf("deleted without a witness: %v", err)
	}
	if n, err := s.Expire(t.Context(), time.Now().Add(time.Hour)); n != 0 || !errors.Is(err, w.err) {
		t.Errorf("expired without a witness: %d, %v", n, err)
	}
	w.err = nil
	for name, err := range map[string]error{
		"open":    func() error { _, err := s.Open(t.Context(), id, Intent{Reason: ""}, key); return err }(),
		"release": func() error { _, err := s.Release(t.Context(), id, Intent{Reason: ""}, d, key); return err }(),
		"delete":  s.Delete(t.Context(), id, Intent{Reason: ""}),
	} {
		if !errors.Is(err, ErrNoReason) {
			t.Errorf("%s without a reason: %v", name, err)
		}
	}
	if _, got := read(t, s, id, key); got != "dag" {
		t.Errorf("what is left: %q", got)
	}
}

func TestADamagedFileIsToldAndNotShown(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := seal(t, s, strings.Repeat("x", 200_000))
	whole, err := os.ReadFile(s.path(id))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-100_000] ^= 1
	for name, b := range map[string][]byte{
		"cut":            whole[:len(whole)-1],
		"cut at a chunk": whole[:len(whole)-70_000],
		"a flipped bit":  flipped,
		"empty":          nil,
	} {
		if err := os.WriteFile(s.path(id), b, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := s.Open(t.Context(), id, Intent{Reason: "review"}, key)
		if err == nil {
			_, err = io.Copy(io.Discard, m)
			m.Close()
		}
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A token that goes in by every field is found in no file, and the index has no column
// that could hold it.
func TestContentIsNowhereInClear(t *testing.T) {
	const canary = "k4n4r1e"
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	e, _, x := sample(t)
	env := Envelope{
		From:       canary + "@school.example",
		Parameters: []string{"ENVID=" + canary},
		To:         []Recipient{{Path: canary + "@out.example", Parameters: []string{"ORCPT=rfc822;" + canary}}},
	}
	content := "Subject: " + canary + "\r\n\r\n" + strings.Repeat(canary+"\r\n", 20_000)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	d := &hop{
		replies: map[string]Reply{canary + "@out.example": {Permanent: true, Codes: "550 5.1.1", Text: "no " + canary}},
	}
	look := func(when string) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, f fs.DirEntry, err error) error {
			if err != nil || f.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if bytes.Contains(b, []byte(canary)) {
				t.Errorf("%s: in clear in %s", when, f.Name())
			}
			if info, _ := f.Info(); info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s: others may read %s", when, f.Name())
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	look("sealed")
	d.hook = func() { look("being released") }
	if _, err := s.Release(t.Context(), e.ID, Intent{Reason: "harmless"}, d, key); err != nil || len(d.got) != 1 {
		t.Fatal(err)
	}
	look("refused")
	if m, _ := read(t, s, e.ID, key); m.Answer != "no "+canary {
		t.Errorf("the reviewer sees the answer %q", m.Answer)
	}
	if got, err := s.Get(t.Context(), e.ID); err != nil || got.Reply != "550 5.1.1" {
		t.Errorf("the entry is %+v, %v, want the codes 550 5.1.1 alone", got, err)
	}
	if _, err := s.Open(t.Context(), e.ID, Intent{Reason: "review"}, newIdentity(t)); err == nil ||
		strings.Contains(err.Error(), canary) {
		t.Errorf("error: %v", err)
	}
}

func TestDeleteKeepsTheFigureAndExpiryTheRest(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, w := open(t, dir, key)
	old, deleted := seal(t, s, "old"), seal(t, s, "wrong")
	if err := s.Delete(t.Context(), deleted, Intent{Reason: "no reason to keep it"}); err != nil {
		t.Fatal(err)
	}
	if e, err := s.Get(t.Context(), deleted); err != nil || e.State != Destroyed || e.Decided.IsZero() ||
		len(names(t, dir)) != 1 {
		t.Errorf("%+v, %v, files %v", e, err, names(t, dir))
	}
	if err := s.Delete(t.Context(), deleted, Intent{Reason: "again"}); err != nil {
		t.Errorf("cannot be repeated: %v", err)
	}
	if _, err := s.Open(t.Context(), deleted, Intent{Reason: "look"}, key); !errors.Is(err, ErrGone) {
		t.Errorf("open: %v", err)
	}
	if n, err := s.Expire(t.Context(), time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("too early: %d, %v", n, err)
	}
	if n, err := s.Expire(t.Context(), time.Now().Add(time.Minute)); n != 2 || err != nil {
		t.Errorf("expired %d, %v", n, err)
	}
	if es, err := s.List(t.Context(), Filter{}); len(es) != 0 || err != nil || len(names(t, dir)) != 0 {
		t.Errorf("left %v, %v, files %v", es, err, names(t, dir))
	}
	if !slices.Equal(w.acts, []ledger.Kind{ledger.QuarantineDeleted, ledger.QuarantineExpired}) {
		t.Errorf("ledger %v", w.acts)
	}
	if _, err := s.Get(t.Context(), old); !errors.Is(err, ErrNotFound) {
		t.Errorf("get: %v", err)
	}
}

func TestACrashWhileDestroyingIsMended(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "x")
	sealed, err := os.ReadFile(s.path(id))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), id, Intent{Reason: "wrong"}); err != nil {
		t.Fatal(err)
	}
	for _, left := range []string{
		s.path(id),
		s.path(filter.NewID()),
		s.path(id) + "-123.part",
		s.releasePath(id),
		s.releasePath(id) + "-9.part",
	} {
		if err := os.WriteFile(left, sealed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil || len(names(t, dir)) != 0 {
		t.Errorf("missing %v, %v, left %v", missing, err, names(t, dir))
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, size := range []int{18 << 10, 25 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			s, _ := open(b, b.TempDir(), newIdentity(b))
			content := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				e, env, x := sample(b)
				if err := s.Seal(b.Context(), e, env, x, bytes.NewReader(content)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// No leaf, no key: what opens a message asks for a receipt of this very act.
func TestAReceiptOpensItsOwnMessageAlone(t *testing.T) { // C3.3e
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	e, env, x := sample(t)
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader("content")); err != nil {
		t.Fatal(err)
	}
	record := func(act ledger.Kind, id filter.ID) ledger.Receipt {
		r, err := w.Append(t.Context(), act, ledger.Data{ID: id.String(), Reason: "review"})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, r := range map[string]ledger.Receipt{
		"none":               {},
		"of another message": record(ledger.QuarantineOpened, filter.ID{9}),
		"of another act":     record(ledger.QuarantineDeleted, e.ID),
	} {
		if m, err := s.unlock(r, ledger.QuarantineOpened, e.ID, []age.Identity{key}); err == nil || m != nil {
			t.Errorf("opened with a receipt %s", name)
		}
	}
	m, err := s.unlock(record(ledger.QuarantineOpened, e.ID), ledger.QuarantineOpened, e.ID, []age.Identity{key})
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
}
