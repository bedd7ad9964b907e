package quarantine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/testenv"
)

// hop is a next hop that says what it is told to, and keeps what it took.
type hop struct {
	mu      sync.Mutex
	replies map[string]Reply // by recipient; others get a 250
	err     error
	hook    func() // while it delivers
	got     []string
	sizes   []int64
	content []string
	notes   []string
}

func (h *hop) Deliver(ctx context.Context, env Envelope, size int64, content io.Reader) (Reply, error) {
	if h.hook != nil {
		h.hook()
	}
	b, err := io.ReadAll(content)
	if err != nil {
		return Reply{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return Reply{}, h.err
	}
	if ctx.Err() != nil {
		return Reply{}, ctx.Err()
	}
	for _, to := range env.To {
		h.got = append(h.got, to.Path)
	}
	h.sizes, h.content = append(h.sizes, size), append(h.content, string(b))
	if r, ok := h.replies[env.To[0].Path]; ok {
		return r, nil
	}
	return Reply{OK: true, Codes: "250 2.0.0"}, nil
}

func (h *hop) Notify(_ context.Context, env Envelope, note string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notes = append(h.notes, env.To[0].Path+": "+note)
	return nil
}

func (h *hop) set(replies map[string]Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.replies, h.got, h.content, h.sizes = replies, nil, nil, nil
}

var later = Reply{Codes: "451 4.3.0", Text: "try later"}

func state(t testing.TB, s *Store, id filter.ID) Entry {
	t.Helper()
	e, err := s.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestReleaseDeliversTheOriginalBytesToEachRecipientAndKeepsNothing(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, w := open(t, dir, key)
	content := strings.Repeat("regel\r\n", 30_000)
	id := seal(t, s, content)
	d := &hop{}
	r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key)
	if err != nil || !r.OK || r.Codes != "250 2.0.0" {
		t.Fatalf("the reply is %+v, %v, want 250 2.0.0", r, err)
	}
	if !slices.Equal(d.got, []string{"a@out.example", "b@out.example"}) || d.content[0] != content ||
		d.content[1] != content ||
		d.sizes[0] != int64(len(content)) {
		t.Errorf("delivered to %v, sizes %v", d.got, d.sizes)
	}
	if e := state(t, s, id); e.State != Released || e.Decided.IsZero() {
		t.Errorf("the entry is %+v, want it released, with the time", e)
	}
	if left := names(t, dir); !slices.Equal(left, []string{"release/release.key"}) {
		t.Errorf("left %v", left)
	}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "again"}, d, key); !errors.Is(err, ErrGone) ||
		len(d.got) != 2 {
		t.Errorf("released twice: %v", err)
	}
	if err := s.Delete(t.Context(), id, Intent{Reason: "too late"}); !errors.Is(err, ErrGone) ||
		state(t, s, id).State != Released {
		t.Errorf("deleted after release: %v", err)
	}
	if !slices.Equal(w.acts, []ledger.Kind{ledger.QuarantineReleased}) {
		t.Errorf("ledger %v", w.acts)
	}
}

func TestAReleaseThatIsPutOffIsTriedAgainAfterARestartWithoutTheReviewersKey(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "dag")
	d := &hop{replies: map[string]Reply{"b@out.example": later}}
	r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key)
	if err != nil || r.OK || r.Codes != "451 4.3.0" {
		t.Fatalf("the reply is %+v, %v, want 451 4.3.0", r, err)
	}
	s.Close()
	s, _ = open(t, dir, newIdentity(t)) // the gateway holds no key that opens what is sealed
	if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil {
		t.Fatalf("missing %v, %v", missing, err)
	}
	d.set(nil)
	if n, err := s.Retry(t.Context(), d); n != 0 || err != nil || len(d.got) != 0 {
		t.Errorf("tried before it is due: %d, %v, %v", n, err, d.got)
	}
	s.now = func() time.Time { return time.Now().Add(2 * time.Minute) }
	if n, err := s.Retry(t.Context(), d); n != 1 || err != nil {
		t.Fatalf("%d delivered, %v, want 1", n, err)
	}
	if !slices.Equal(d.got, []string{"b@out.example"}) || d.content[0] != "dag" {
		t.Errorf("the second time to %v", d.got)
	}
	if e := state(t, s, id); e.State != Released || e.Attempts != 2 {
		t.Errorf("the entry is %+v, want it released at the second attempt", e)
	}
}

// TestANoteGoesToWhoGotTheMessage: once, and also when that takes another try.
func TestANoteGoesToWhoGotTheMessage(t *testing.T) {
	key, dir := newIdentity(t), t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "content")
	d := &hop{replies: map[string]Reply{"b@out.example": later}}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless", Note: "Dit duurde even."}, d, key); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.notes, []string{"a@out.example: Dit duurde even."}) {
		t.Errorf("notes %v", d.notes)
	}
	d.set(nil)
	now := time.Now().Add(time.Hour)
	s.now = func() time.Time { return now }
	if n, err := s.Retry(t.Context(), d); err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if !slices.Equal(d.notes, []string{"a@out.example: Dit duurde even.", "b@out.example: Dit duurde even."}) {
		t.Errorf("notes %v", d.notes)
	}
}

func TestWaitsGrowAndEnd(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := seal(t, s, "dag")
	d := &hop{replies: map[string]Reply{"a@out.example": later, "b@out.example": later}}
	now := time.Now()
	s.now = func() time.Time { return now }
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil {
		t.Fatal(err)
	}
	tries := 1
	for time.Until(now) < 6*24*time.Hour && state(t, s, id).State == Releasing {
		now = now.Add(time.Minute)
		before := len(d.got)
		if _, err := s.Retry(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if len(d.got) > before {
			tries++
		}
	}
	e := state(t, s, id)
	if e.State != Failed || e.Reply != "451 4.3.0" || tries != e.Attempts || tries < 120 || tries > 135 {
		t.Errorf("after %v and %d tries: %+v", time.Until(now).Round(time.Hour), tries, e)
	}
	if m, _ := read(t, s, id, key); m.Answer != later.Text {
		t.Errorf("answer %q", m.Answer)
	}
}

func TestARefusalIsKeptAndReleaseCanBeTriedAgain(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := seal(t, s, "dag")
	d := &hop{replies: map[string]Reply{"a@out.example": {Permanent: true, Codes: "550 5.1.1", Text: "unknown here"}}}
	r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key)
	if err != nil || !r.Permanent || r.Text != "unknown here" {
		t.Fatalf("the reply is %+v, %v, want a permanent one with its text", r, err)
	}
	if e := state(t, s, id); e.State != Failed || e.Reply != "550 5.1.1" {
		t.Errorf("the entry is %+v, want it failed with 550 5.1.1", e)
	}
	if m, got := read(t, s, id, key); m.Answer != "unknown here" || got != "dag" {
		t.Errorf("answer %q, content %q", m.Answer, got)
	}
	d.set(nil)
	if r, err := s.Release(t.Context(), id, Intent{Reason: "the address exists now"}, d, key); err != nil || !r.OK ||
		!slices.Equal(d.got, []string{"a@out.example"}) {
		t.Errorf("%+v, %v, to %v", r, err, d.got)
	}
}

func TestAReplyWithContentInItsCodesIsNotKept(t *testing.T) {
	for in, want := range map[string]string{
		"550 5.1.1":         "550 5.1.1",
		"550":               "550",
		"550 <a@b>":         "",
		"550 5.1.1 unknown": "",
		"":                  "",
	} {
		if got := codes(in); got != want {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}

func TestTwoReleasesAtOnceDeliverOnce(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	a, _ := open(t, dir, key)
	b, _ := open(t, dir, key) // another process: the command line beside the gateway
	for range 20 {
		id := seal(t, a, strings.Repeat("dag\r\n", 10_000))
		d := &hop{}
		var wg sync.WaitGroup
		var mu sync.Mutex
		var errs []error
		for _, s := range []*Store{a, b, a, b} {
			wg.Go(func() {
				_, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key)
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			})
			wg.Go(func() { s.Retry(t.Context(), d) })
		}
		wg.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrBusy) && !errors.Is(err, ErrGone) {
				t.Errorf("error %v, want that another is at it, or was", err)
			}
		}
		if won != 1 || !slices.Equal(d.got, []string{"a@out.example", "b@out.example"}) ||
			state(t, a, id).State != Released {
			t.Fatalf("%d won, delivered to %v, %+v", won, d.got, state(t, a, id))
		}
		if left := names(t, dir); len(left) != 1 {
			t.Fatalf("left %v", left)
		}
	}
}

func TestADeliveryInProgressIsNotDisturbed(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "dag")
	d := &hop{}
	d.hook = func() {
		if err := s.Delete(t.Context(), id, Intent{Reason: "wrong"}); !errors.Is(err, ErrBusy) {
			t.Errorf("delete: %v", err)
		}
		if err := s.Withdraw(t.Context(), id); !errors.Is(err, ErrBusy) {
			t.Errorf("withdraw: %v", err)
		}
		if n, err := s.Expire(t.Context(), time.Now().Add(time.Hour)); n != 0 || err != nil {
			t.Errorf("expire: %d, %v", n, err)
		}
		if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil {
			t.Errorf("reconcile: %v, %v", missing, err)
		}
	}
	if r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil || !r.OK ||
		len(d.got) != 2 {
		t.Errorf("the reply is %+v, %v, to %v, want both recipients delivered", r, err, d.got)
	}
}

func TestALongDeliveryKeepsItsClaim(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	s.lease = 200 * time.Millisecond
	id := seal(t, s, "dag")
	first := state(t, s, id)
	d := &hop{}
	var once sync.Once
	d.hook = func() {
		once.Do(func() {
			start := time.Now()
			for time.Since(start) < 3*s.lease {
				if _, err := s.claim(t.Context(), id); !errors.Is(err, ErrBusy) {
					t.Errorf("claimed by another: %v", err)
					return
				}
				time.Sleep(s.lease / 20)
			}
		})
	}
	if r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil || !r.OK ||
		len(d.got) != 2 {
		t.Errorf("%+v, %v, %v; was %+v", r, err, d.got, first)
	}
}

func TestAProcessThatDiedHoldsNothingUp(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "dag")
	var crashed string
	d := &hop{}
	d.hook = func() {
		if crashed == "" {
			crashed = crash(t, dir)
		}
	}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil {
		t.Fatal(err)
	}
	s, _ = open(t, crashed, key)
	if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil {
		t.Fatalf("missing %v, %v", missing, err)
	}
	d = &hop{}
	if n, _ := s.Retry(t.Context(), d); n != 0 {
		t.Error("taken over at once: the other may live")
	}
	s.now = func() time.Time { return time.Now().Add(s.lease + time.Second) }
	if n, err := s.Retry(t.Context(), d); n != 1 || err != nil || len(d.got) != 2 || d.content[0] != "dag" {
		t.Errorf("%d, %v, to %v", n, err, d.got)
	}
}

func TestACrashWhileDecidingLeavesTheMessageHeld(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, strings.Repeat("dag", 100_000))
	var crashed []string
	s.fault = func(string) error { crashed = append(crashed, crash(t, dir)); return nil }
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, &hop{}, key); err != nil {
		t.Fatal(err)
	}
	if len(crashed) != 4 {
		t.Fatalf("%d steps", len(crashed))
	}
	for i, dir := range crashed {
		s, _ := open(t, dir, key)
		if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil ||
			state(t, s, id).State != Quarantined {
			t.Errorf("step %d: missing %v, %v, %+v", i, missing, err, state(t, s, id))
		}
		s.now = func() time.Time { return time.Now().Add(s.lease + time.Second) }
		d := &hop{}
		if r, err := s.Release(t.Context(), id, Intent{Reason: "again"}, d, key); err != nil || !r.OK ||
			len(d.got) != 2 {
			t.Errorf("step %d: %+v, %v", i, r, err)
		}
		if left := names(t, dir); !slices.Equal(left, []string{"release/release.key"}) {
			t.Errorf("step %d: left %v", i, left)
		}
	}
}

func TestAWrongKeyDecidesNothing(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	id := seal(t, s, "dag")
	d := &hop{}
	var none *age.NoIdentityMatchError
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, newIdentity(t)); !errors.As(err, &none) ||
		len(d.got) != 0 {
		t.Errorf("error %v, want that no key fits, and nothing delivered", err)
	}
	if e := state(t, s, id); e.State != Quarantined || e.Attempts != 0 {
		t.Errorf("the entry is %+v, want it quarantined without an attempt", e)
	}
	if r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil || !r.OK {
		t.Errorf("cannot be released with the right one: %+v, %v", r, err)
	}
}

func TestALostCopyForReleaseBringsTheMessageBackToReview(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := seal(t, s, "dag")
	d := &hop{replies: map[string]Reply{"a@out.example": later}}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.releasePath(id)); err != nil {
		t.Fatal(err)
	}
	if missing, err := s.Reconcile(t.Context()); len(missing) != 0 || err != nil || state(t, s, id).State != Failed {
		t.Errorf("missing %v, %v, %+v", missing, err, state(t, s, id))
	}
	d.set(nil)
	if r, err := s.Release(t.Context(), id, Intent{Reason: "again"}, d, key); err != nil || !r.OK {
		t.Errorf("the reply is %+v, %v, want it taken", r, err)
	}
}

func TestRunRetriesAndExpiresUntilItIsStopped(t *testing.T) {
	key := newIdentity(t)
	dir := t.TempDir()
	s, _ := open(t, dir, key)
	s.poll = time.Millisecond
	d := &hop{err: errors.New("cannot be reached")}
	old := seal(t, s, "old")
	if _, err := s.db.Exec("UPDATE entries SET time = 0 WHERE id = ?", old.String()); err != nil {
		t.Fatal(err)
	}
	id := seal(t, s, "dag")
	if _, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); !errors.Is(err, d.err) {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("UPDATE entries SET next = 0"); err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.err = nil
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Run(ctx, d, 24*time.Hour, slog.New(slog.DiscardHandler)) }()
	testenv.Eventually(t, "the new entry is released and the old one is gone", func() bool {
		_, gone := s.Get(t.Context(), old)
		return state(t, s, id).State == Released && errors.Is(gone, ErrNotFound)
	})
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := s.Run(t.Context(), d, 0, nil); err == nil {
		t.Error("runs without a retention")
	}
}

func TestShutdownDuringADeliveryIsNoAttempt(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	id := seal(t, s, "dag")
	ctx, cancel := context.WithCancel(t.Context())
	d := &hop{hook: cancel}
	if _, err := s.Release(ctx, id, Intent{Reason: "harmless"}, d, key); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if e := state(t, s, id); e.State != Releasing || e.Attempts != 0 {
		t.Errorf("the entry is %+v, want it releasing, without an attempt", e)
	}
	d.hook = nil
	if n, err := s.Retry(t.Context(), d); n != 1 || err != nil {
		t.Errorf("not tried at once after the start: %d, %v", n, err)
	}
}
