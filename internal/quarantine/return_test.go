package quarantine

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/ledger"
)

// A message is destroyed once its sender has been notified, and not before; what cannot be returned stays.
func TestAMessageIsReturnedOrStays(t *testing.T) {
	key := newIdentity(t)
	why := Intent{Reason: "not reviewed"}
	fails := errors.New("451 later")
	for name, c := range map[string]struct {
		err  error
		want State
		acts int
	}{
		"taken":          {nil, Destroyed, 1},
		"put off":        {fails, Quarantined, maxReturns},
		"not returnable": {ErrNotReturnable, Quarantined, 1},
	} {
		dir := t.TempDir()
		s, w := open(t, dir, key)
		now := time.Now()
		s.now = func() time.Time { return now }
		id := seal(t, s, "Geheim.")
		sent := 0
		send := func(_ context.Context, arrived time.Time, m *Message) error {
			b, err := io.ReadAll(m)
			if err != nil || string(b) != "Geheim." || m.Envelope.From == "" || arrived.IsZero() {
				t.Errorf("%s: the returner gets %d bytes, %v", name, len(b), err)
			}
			sent++
			return c.err
		}
		for range 100 {
			err := s.Return(t.Context(), id, why, send, key)
			if err != nil && !errors.Is(err, c.err) && !errors.Is(err, ErrGone) {
				t.Fatalf("%s: %v, want %v", name, err, c.err)
			}
			now = now.Add(3 * time.Hour)
		}
		if e := state(t, s, id); e.State != c.want {
			t.Errorf("%s: it is %s, want %s", name, e.State, c.want)
		}
		if n := len(names(t, dir)); (n > 0) != (c.want == Quarantined) {
			t.Errorf("%s: %d files are left", name, n)
		}
		if len(w.acts) != c.acts || sent != c.acts || w.acts[0] != ledger.QuarantineReturned {
			t.Errorf("%s: %d notices, ledger %v, want %d", name, sent, w.acts, c.acts)
		}
		if c.want == Destroyed {
			continue
		}
		d := &hop{} // a reviewer decides all the same
		if r, err := s.Release(t.Context(), id, Intent{Reason: "harmless"}, d, key); err != nil || !r.OK {
			t.Errorf("%s: released %+v, %v", name, r, err)
		}
	}
}

// What has no sender is not returned, and what is decided already neither.
func TestWhatHasNoSenderIsNotReturned(t *testing.T) {
	key := newIdentity(t)
	s, _ := open(t, t.TempDir(), key)
	e, env, x := sample(t)
	env.From = ""
	if err := s.Seal(t.Context(), e, env, x, strings.NewReader("dag")); err != nil {
		t.Fatal(err)
	}
	never := func(context.Context, time.Time, *Message) error { t.Error("a notice is sent"); return nil }
	if err := s.Return(t.Context(), e.ID, Intent{Reason: "r"}, never, key); !errors.Is(err, ErrNotReturnable) {
		t.Errorf("without a sender: %v, want ErrNotReturnable", err)
	}
	if err := s.Return(t.Context(), e.ID, Intent{}, never, key); !errors.Is(err, ErrNoReason) {
		t.Errorf("without a reason: %v, want ErrNoReason", err)
	}
	if err := s.Delete(t.Context(), e.ID, Intent{Reason: "r"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Return(t.Context(), e.ID, Intent{Reason: "r"}, never, key); !errors.Is(err, ErrGone) {
		t.Errorf("destroyed: %v, want ErrGone", err)
	}
	if all := []State{state(t, s, e.ID).State}; !slices.Equal(all, []State{Destroyed}) {
		t.Errorf("states %v", all)
	}
}
