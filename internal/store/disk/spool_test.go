package disk

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"sluis/internal/testenv"
)

func TestFilesHaveNoName(t *testing.T) {
	dir := t.TempDir()
	sp := NewSpool(dir)
	defer sp.Close()
	want := strings.Repeat("0123456789", 20_000)
	for i := 0; i < len(want); i += 1000 {
		if _, err := sp.Write([]byte(want[i : i+1000])); err != nil {
			t.Fatal(err)
		}
	}
	if es, err := os.ReadDir(dir); err != nil || len(es) != 0 {
		t.Errorf("%d files, %v", len(es), err)
	}
	if fi, err := sp.file.Stat(); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	if got, err := io.ReadAll(sp.Reader()); err != nil || string(got) != want {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
}

func TestFullDisk(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		testenv.Lack(t, "there is no /dev/full here: %v", err)
	}
	defer f.Close()
	sp := NewSpool("")
	sp.file = f
	if _, err = sp.Write([]byte("x")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
}

// purse is room of so many bytes.
type purse struct{ left, least int64 }

func (p *purse) Take(n int64) error {
	if p.left < n {
		return ErrReserved
	}
	p.left -= n
	p.least = min(p.least, p.left)
	return nil
}

func (p *purse) Give(n int64) { p.left += n }

func TestASpoolTakesRoomForWhatIsOnDiskAndGivesItBack(t *testing.T) {
	for _, c := range []struct {
		name  string
		size  int
		takes int64
		fails bool
	}{
		{"in memory", InMemory, 0, false},
		{"a byte more", InMemory + 1, step, false},
		{"a step", step, step, false},
		{"a byte more than a step", step + 1, 2 * step, false},
		{"all the room", 4 * step, 4 * step, false},
		{"more than there is", 4*step + 1, 4 * step, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &purse{left: 4 * step, least: 4 * step}
			sp := NewSpool(t.TempDir()).Within(p)
			var err error
			for n := 0; n < c.size && err == nil; n += 1000 {
				_, err = sp.Write(make([]byte, min(1000, c.size-n)))
			}
			if errors.Is(err, syscall.ENOSPC) != c.fails || errors.Is(err, ErrReserved) != c.fails {
				t.Errorf("error %v, want one of a full disk: %v", err, c.fails)
			}
			if got := 4*step - p.least; got != c.takes {
				t.Errorf("it took %d bytes of room, want %d", got, c.takes)
			}
			for range 2 {
				if err := sp.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				if p.left != 4*step {
					t.Errorf("%d bytes are left after Close, want all %d", p.left, 4*step)
				}
			}
		})
	}
}

func TestAReserveIsKeptOnEachOfItsFileSystems(t *testing.T) {
	dir := t.TempDir()
	free, err := NewReserve(1, dir).Free(0)
	if err != nil || free <= 0 {
		t.Fatalf("%d bytes are free, %v", free, err)
	}
	for _, c := range []struct {
		name string
		size int64
		part float64
		dirs []string
		want bool // there is room for a byte
	}{
		{"small", 1 << 10, 1, []string{dir}, true},
		{"by default", 0, 1, []string{dir}, true},
		{"as large as what is free", 2 * free, 1, []string{dir}, false},
		{"a part of it", 2 * free, 0.25, []string{dir}, true},
		{"a second directory", 1 << 10, 1, []string{dir, t.TempDir()}, true},
		{"a directory that is not there", 1 << 10, 1, []string{dir, dir + "/none"}, false},
	} {
		err := NewReserve(c.size, c.dirs...).Room(c.part).Take(1)
		if (err == nil) != c.want || err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: %v, want room: %v", c.name, err, c.want)
		}
	}
}
