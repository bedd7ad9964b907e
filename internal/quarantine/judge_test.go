package quarantine

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"sluis/filter"
	"sluis/internal/ledger"
)

// TestTwoReviewersAtOnceDoNotCollide: of several decisions on what all saw, one counts, and
// the others are told.
func TestTwoReviewersAtOnceDoNotCollide(t *testing.T) {
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	for range 20 {
		id := seal(t, s, "content")
		seen := state(t, s, id).Version
		d := &hop{}
		acts := []func() error{
			func() error {
				return s.Delete(t.Context(), id, Intent{Actor: ledger.Actor{Name: "a"}, Reason: "bad", Seen: seen})
			},
			func() error {
				return s.Judge(
					t.Context(),
					id,
					Kept,
					Intent{Actor: ledger.Actor{Name: "b"}, Reason: "later", Seen: seen},
				)
			},
			func() error {
				_, err := s.Release(
					t.Context(),
					id,
					Intent{Actor: ledger.Actor{Name: "c"}, Reason: "fine", Seen: seen},
					d,
					key,
				)
				return err
			},
		}
		errs := make([]error, len(acts))
		var all sync.WaitGroup
		for i, act := range acts {
			all.Go(func() { errs[i] = act() })
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			switch {
			case err == nil:
				done++
			case !errors.Is(err, ErrChanged) && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrGone):
				t.Fatal(err)
			}
		}
		if done != 1 {
			t.Fatalf("%d decisions: %v", done, errs)
		}
		if e := state(t, s, id); (errs[0] == nil) != (e.State == Destroyed) || (errs[1] == nil) != (e.Review == Kept) ||
			(errs[2] == nil) != (e.State == Released) ||
			e.Version != seen+1 && errs[2] != nil {
			t.Fatalf("errors %v, entry %+v, want that exactly one decision counts", errs, e)
		}
	}
	if len(w.acts) == 0 {
		t.Error("nothing in the ledger")
	}
}

func TestAJudgementIsInTheLedgerFirst(t *testing.T) { // C3.3e, C3.3f
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	id := seal(t, s, "content")
	if err := s.Judge(t.Context(), id, Wrong, Intent{Actor: ledger.Actor{Name: "ict"}}); !errors.Is(err, ErrNoReason) {
		t.Errorf("without a reason: %v", err)
	}
	w.err = errors.New("disk full")
	if err := s.Judge(
		t.Context(), id, Wrong, Intent{Actor: ledger.Actor{Name: "ict"}, Reason: "a street name"},
	); !errors.Is(
		err,
		w.err,
	) ||
		state(t, s, id).Review != Unreviewed {
		t.Errorf("without the ledger: %v", err)
	}
	w.err = nil
	if err := s.Judge(
		t.Context(), id, Wrong, Intent{Actor: ledger.Actor{Name: "ict"}, Reason: "a street name"},
	); err != nil {
		t.Fatal(err)
	}
	e := state(t, s, id)
	if e.Review != Wrong || e.State != Quarantined || e.Reviewed.IsZero() || e.Attempts != 0 {
		t.Errorf("the entry is %+v, want it quarantined and reviewed as wrong", e)
	}
	if _, err := s.Release(t.Context(), id, Intent{Reason: "wrong"}, &hop{}, key); err != nil {
		t.Fatal(err)
	}
	if again := state(t, s, id); again.State != Released || again.Review != Wrong ||
		!again.Reviewed.Equal(e.Reviewed) ||
		again.Attempts != 1 {
		t.Errorf("the entry is %+v, want the first time of review, and one attempt", again)
	}
	if err := s.Judge(t.Context(), id, Confirmed, Intent{Reason: "on second thoughts"}); err != nil {
		t.Errorf("what is gone can still be judged: %v", err)
	}
}

func TestASecondPairOfEyes(t *testing.T) {
	key := newIdentity(t)
	s, w := open(t, t.TempDir(), key)
	id := seal(t, s, "content")
	first, second := Intent{
		Actor:  ledger.Actor{Name: "ict", Role: "ict"},
		Reason: "harmless",
	}, Intent{
		Actor:  ledger.Actor{Name: "ict-2", Role: "ict"},
		Reason: "I see the same",
	}
	if _, err := s.Agree(t.Context(), id, second); !errors.Is(err, ErrNoProposal) {
		t.Errorf("nothing proposed: %v", err)
	}
	if err := s.Propose(
		t.Context(),
		ledger.QuarantineReleased,
		id,
		Intent{Actor: ledger.Actor{Name: "ict", Role: "ict"}, Reason: "harmless", Note: "it took a while"},
	); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Agree(t.Context(), id, first); !errors.Is(err, ErrOwnProposal) {
		t.Errorf("one's own: %v", err)
	}
	if e := state(t, s, id); e.State != Quarantined || e.Version != 2 {
		t.Errorf("the entry is %+v, want it quarantined, in version 2", e)
	}
	p, err := s.Agree(t.Context(), id, second)
	if err != nil || p.Act != ledger.QuarantineReleased || p.Note != "it took a while" || p.Name != "ict" {
		t.Errorf("the proposal is %+v, %v, want the first reviewer's release with its note", p, err)
	}
	if _, err := s.Agree(t.Context(), id, second); !errors.Is(err, ErrNoProposal) {
		t.Errorf("twice: %v", err)
	}
	if err := s.Propose(t.Context(), ledger.QuarantineDeleted, id, first); err != nil {
		t.Fatal(err)
	}
	if err := s.Refuse(t.Context(), id, second); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Proposed(t.Context(), id); !errors.Is(err, ErrNoProposal) {
		t.Errorf("refused: %v", err)
	}
	if err := s.Propose(t.Context(), ledger.QuarantineOpened, id, first); err == nil {
		t.Error("an opening was proposed")
	}
	if err := s.Delete(t.Context(), id, first); err != nil {
		t.Fatal(err)
	}
	if err := s.Propose(t.Context(), ledger.QuarantineDeleted, id, first); !errors.Is(err, ErrGone) {
		t.Errorf("of what is gone: %v", err)
	}
	if err := s.Propose(t.Context(), ledger.QuarantineDeleted, filter.NewID(), first); !errors.Is(err, ErrNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	if !slices.Contains(w.acts, ledger.QuarantineKept) {
		t.Errorf("the ledger has %s", w.acts)
	}
}
