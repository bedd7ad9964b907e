package witness

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sluis/internal/store"
)

var monday = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// post is where the checkpoints go.
type post struct {
	made  int
	got   []string // address and checkpoint
	fails func(address string) bool
}

func (p *post) sign(int) ([]byte, error) {
	p.made++
	return fmt.Append(nil, "checkpoint ", p.made), nil
}

func (p *post) deliver(_ context.Context, address string, signed []byte) error {
	if p.fails != nil && p.fails(address) {
		return errors.New("the next mail server said 550")
	}
	p.got = append(p.got, address+" "+string(signed))
	return nil
}

func (p *post) take() []string {
	got := p.got
	p.got = nil
	return got
}

func TestEachWitnessGetsACheckpointADay(t *testing.T) {
	s, p := store.Open(t.TempDir()), &post{}
	for day := range 3 {
		for hour := range 12 {
			w := Open(s, []string{"a@x.example", "b@y.example", "A@X.example"}, []string{"school.example"})
			at := monday.Add(time.Duration(day)*24*time.Hour + time.Duration(hour)*time.Hour)
			if err := w.Send(t.Context(), at, p.sign, p.deliver); err != nil {
				t.Fatal(err)
			}
			var want []string
			if hour == 0 {
				want = []string{fmt.Sprint("a@x.example checkpoint ", day+1), fmt.Sprint("b@y.example checkpoint ", day+1)}
			}
			if got := p.take(); !slices.Equal(got, want) {
				t.Errorf("day %d, hour %d: sent %v, want %v", day, hour, got, want)
			}
			if err := w.Enough(at); err != nil {
				t.Errorf("day %d, hour %d: %v, want enough", day, hour, err)
			}
			if got := string(w.Newest()); got != fmt.Sprint("checkpoint ", day+1) {
				t.Errorf("day %d: the newest is %q", day, got)
			}
		}
	}
}

// What the next mail server does not take counts as missing, is shown, and is tried again.
func TestACheckpointThatIsNotDeliveredCountsAsMissing(t *testing.T) {
	s, p := store.Open(t.TempDir()), &post{}
	w := Open(s, []string{"a@x.example", "b@y.example", "bestuur@school.example"}, []string{"school.example"})
	p.fails = func(a string) bool { return a == "b@y.example" }
	for hour := range 3 {
		at := monday.Add(time.Duration(hour) * time.Hour)
		if err := w.Send(t.Context(), at, p.sign, p.deliver); err == nil {
			t.Error("a failure without an error")
		}
		got, err := w.Standing(at)
		if want := (Standing{Outside: 2, Having: 1, Inside: 1, Missing: 1}); err != nil || got != want {
			t.Errorf("it stands %+v, %v, want %+v", got, err, want)
		}
		if err := w.Enough(at); !errors.Is(err, ErrTooFew) {
			t.Errorf("got %v, want ErrTooFew", err)
		}
	}
	if p.made != 1 || len(p.take()) != 2 {
		t.Errorf("%d checkpoints were made for one day, want one, to the two that take it", p.made)
	}
	p.fails = nil
	at := monday.Add(4 * time.Hour)
	if err := errors.Join(w.Send(t.Context(), at, p.sign, p.deliver), w.Enough(at)); err != nil {
		t.Error(err)
	}
	if got := p.take(); !slices.Equal(got, []string{"b@y.example checkpoint 1"}) {
		t.Errorf("sent %v, want the day's checkpoint to the one who lacked it", got)
	}
	for name, c := range map[string]struct {
		at   time.Time
		want error
	}{
		"the next day":          {at.Add(24 * time.Hour), nil},
		"two days without mail": {at.Add(49 * time.Hour), ErrTooFew},
		"a clock that was wrong, or witnesses of the future": {at.Add(-72 * time.Hour), ErrTooFew},
	} {
		if err := w.Enough(c.at); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Two addresses of one mailbox, or of the organisation itself, are no two witnesses.
func TestWhoIsAWitnessOutside(t *testing.T) {
	for name, c := range map[string]struct {
		addresses []string
		want      int
	}{
		"none":                      {nil, 0},
		"own":                       {[]string{"a@school.example", "b@SCHOOL.example"}, 0},
		"below an own domain":       {[]string{"a@mail.school.example"}, 0},
		"one twice":                 {[]string{"mr@home.example", "MR@home.example"}, 1},
		"two":                       {[]string{"mr@home.example", "notaris@elsewhere.example", "fg@school.example"}, 2},
		"a domain that looks alike": {[]string{"a@notschool.example"}, 1},
	} {
		p := &post{}
		w := Open(store.Open(t.TempDir()), c.addresses, []string{"school.example"})
		if err := w.Send(t.Context(), monday, p.sign, p.deliver); err != nil {
			t.Fatal(err)
		}
		s, err := w.Standing(monday)
		if err != nil || s.Having != c.want || w.Outside() != c.want {
			t.Errorf("%s: %+v, %v, want %d outside", name, s, err, c.want)
		}
		if err := w.Enough(monday); errors.Is(err, ErrTooFew) != (c.want < Fewest) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADamagedFileIsSentAnew(t *testing.T) {
	dir := t.TempDir()
	s, p := store.Open(dir), &post{}
	w := Open(s, []string{"a@x.example", "b@y.example"}, nil)
	if err := w.Send(t.Context(), monday, p.sign, p.deliver); err != nil {
		t.Fatal(err)
	}
	damage := func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.WriteFile(path, []byte("{"), 0o600)
	}
	if err := filepath.WalkDir(dir, damage); err != nil {
		t.Fatal(err)
	}
	if err := w.Enough(monday); err == nil || w.Newest() != nil {
		t.Errorf("damaged: %v, want an error, and no checkpoint", err)
	}
	if err := errors.Join(w.Send(t.Context(), monday, p.sign, p.deliver), w.Enough(monday)); err != nil {
		t.Error(err)
	}
}
