package testenv

import (
	"bytes"
	"fmt"
	"sync"
	"time"
)

// Patience is how long tests and the peers that they start wait for what has to come. It is a limit against
// hanging, far above what an idle machine needs: no test may pass or fail by the time that it takes.
const Patience = 3 * time.Minute

// Eventually waits until ok, which it asks often, but spends at most half of the time in, and fails the test after
// Patience. The failure names what the test waited for, and shows the evidence, such as a log.
func Eventually(tb TB, what string, ok func() bool, evidence ...fmt.Stringer) {
	tb.Helper()
	end := time.Now().Add(Patience)
	for pause := time.Millisecond; time.Now().Before(end); pause = min(2*pause, 20*time.Millisecond) {
		asked := time.Now()
		if ok() {
			return
		}
		time.Sleep(max(pause, time.Since(asked)))
	}
	var shown bytes.Buffer
	for _, e := range evidence {
		fmt.Fprintf(&shown, "\n%s", e)
	}
	tb.Fatalf("waited %v in vain until: %s%s", Patience, what, &shown)
}

// FreeAddr is FreeAddress for a test, which fails if there is none.
func FreeAddr(tb TB) string {
	tb.Helper()
	addr, err := FreeAddress()
	if err != nil {
		tb.Fatalf("a free address: %v", err)
	}
	return addr
}

// Log is a buffer that goroutines write to while a test reads it. The zero Log is empty.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
