package ledger

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"sluis/internal/testenv"
)

// A gateway and the commands append to one ledger.
func TestManyAppendAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]bool{}
	for range 3 { // of their own, as processes have
		l := open(t, dir)
		for range 2 {
			wg.Go(func() {
				for range 20 {
					r, err := l.Append(t.Context(), ConfigLoaded, Data{})
					i := r.Index()
					mu.Lock()
					if err != nil || seen[i] {
						t.Errorf("index %d twice, or %v", i, err)
					}
					seen[i] = true
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	v, err := Verify(bytes.NewReader(export(t, open(t, dir))), nil)
	if err != nil || v.Entries != 120 || len(seen) != 120 {
		t.Errorf("%+v, %d indexes, %v", v, len(seen), err)
	}
}

// A crash ends the last write anywhere, or comes before its checkpoint.
func TestACrashInTheMiddleOfAnAppend(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	before, checkpoint := content(t, dir, "ledger.jsonl"), content(t, dir, "checkpoint")
	write(t, l, 1)
	after := content(t, dir, "ledger.jsonl")
	for cut := len(before); cut <= len(after); cut++ {
		for name, b := range map[string][]byte{"ledger.jsonl": after[:cut], "checkpoint": checkpoint} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want := 3
		if cut == len(after) {
			want = 4
		}
		l := open(t, dir)
		// Whoever exports before the gateway starts again sees no tampering.
		if v, err := Verify(bytes.NewReader(export(t, l)), checkpoint); err != nil || v.Entries != int64(want) {
			t.Fatalf("cut at %d of %d: %+v, %v", cut-len(before), len(after)-len(before), v, err)
		}
		if r, err := l.Append(t.Context(), GatewayStarted, Data{}); err != nil || r.Index() != int64(want) {
			i := r.Index()
			t.Fatalf("cut at %d: entry %d, %v", cut-len(before), i, err)
		}
	}
}

func TestAFullDiskRefusesTheAct(t *testing.T) {
	if !alone(t) {
		return
	}
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	size := len(content(t, dir, "ledger.jsonl"))
	for _, room := range []int{0, 1, 100} {
		limit(t, uint64(size+room))
		_, err := l.Append(t.Context(), QuarantineOpened, Data{})
		limit(t, unix.RLIM_INFINITY)
		if err == nil {
			t.Fatalf("with %d bytes left the act counts as written", room)
		}
		if _, err := Verify(bytes.NewReader(export(t, l)), nil); err != nil {
			t.Error(err)
		}
	}
	write(t, l, 1)
	if v, err := Verify(bytes.NewReader(export(t, open(t, dir))), nil); err != nil || v.Entries != 4 {
		t.Errorf("the export is %+v, %v, want 4 entries", v, err)
	}
}

// limit lets no file of this process grow beyond a size, as a full disk would.
func limit(t *testing.T, size uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}); err != nil {
		testenv.Lack(t, "this system does not limit the size of files")
	}
}

func TestTheLedgerChangedUnderARunningGateway(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	text := content(t, dir, "ledger.jsonl")
	if err := os.Truncate(filepath.Join(dir, "ledger.jsonl"), int64(len(text)/2)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), QuarantineOpened, Data{}); err == nil ||
		!strings.Contains(err.Error(), "shorter") {
		t.Errorf("cut: %v", err)
	}
	strange := `{"index":3,"time":"2026-11-23T00:00:00Z","kind":"quarantine-deleted",` +
		`"salt":null,"data":{},"sig":null}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "ledger.jsonl"), append(text, strange...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), QuarantineOpened, Data{}); err == nil ||
		!strings.Contains(err.Error(), "entry 3") {
		t.Errorf("an entry of another's making: %v", err)
	}
	if _, err := l.Append(t.Context(), QuarantineOpened, Data{}); err == nil {
		t.Error("and at the next try it went on from it")
	}
}

func TestAnEndedRequestAppendsNothing(t *testing.T) {
	l := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, QuarantineOpened, Data{}); !errors.Is(err, context.Canceled) || len(entries(t, l)) != 0 {
		t.Errorf("error %v, want that the request was cancelled, and no entry", err)
	}
}
