package disk

import (
	"path/filepath"
	"sync"
	"testing"
)

// TestOneAtATimeHasTheLock: of many that want it.
func TestOneAtATimeHasTheLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	inside, most, n := 0, 0, 0
	var all sync.WaitGroup
	var mu sync.Mutex
	for range 8 {
		all.Go(func() {
			for range 50 {
				f, err := Lock(path)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inside++
				most, n = max(most, inside), n+1
				mu.Unlock()
				mu.Lock()
				inside--
				mu.Unlock()
				f.Close()
			}
		})
	}
	all.Wait()
	if most != 1 || n != 400 {
		t.Errorf("%d at once, %d in all", most, n)
	}
	if _, err := Lock(filepath.Join(path, "below a file")); err == nil {
		t.Error("a lock that cannot be made was taken")
	}
}
