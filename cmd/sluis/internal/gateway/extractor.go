package gateway

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"time"

	"sluis/filter/text"
	"sluis/filter/text/sandbox"
	"sluis/internal/admit"
)

// documentTime is how long the reading of one document may take.
const documentTime = 20 * time.Second

// Extractor has documents read in processes of their own, as many at once as there are
// processors. Strangers' mail leaves one of them to others.
type Extractor struct {
	pool   *sandbox.Pool
	places *admit.Places
}

// NewExtractor returns the processes that read documents for this one.
func NewExtractor() (*Extractor, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(program, "extract-worker")
		cmd.Env = []string{"GOTRACEBACK=none", "TMPDIR=" + os.TempDir()}
		return cmd
	}
	n := max(2, runtime.NumCPU())
	return &Extractor{
		pool:   sandbox.NewPool(command, n, documentTime),
		places: admit.NewPlaces(admit.Shares{Total: int64(n), Strangers: int64(n - 1)}),
	}, nil
}

// Document implements text.Extractor.
func (e *Extractor) Document(ctx context.Context, name string, r io.ReaderAt, size int64, l text.Limits,
	emit func(text.Segment) error) (*text.Report, error) {
	v := admit.VisitOf(ctx)
	if err := v.Wait(ctx, e.places); err != nil {
		return nil, err
	}
	defer e.places.Give(v.Who, 1)
	return e.pool.Document(ctx, name, r, size, l, emit)
}

// Close ends the processes. Those that are at work end after it.
func (e *Extractor) Close() error { return e.pool.Close() }
