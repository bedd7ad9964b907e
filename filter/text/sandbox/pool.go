package sandbox

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"sluis/filter/text"
)

// ErrFailed says that a process crashed, took too long or could not be started.
var ErrFailed = errors.New("the process that reads documents failed")

// maxDocuments is how many documents a process reads before a new one takes its place.
const maxDocuments = 500

// Pool has documents read by processes. It is a text.Extractor, and safe for use by
// several goroutines.
type Pool struct {
	command func() *exec.Cmd
	time    time.Duration
	slots   chan struct{} // as many as there may be processes

	mu     sync.Mutex
	idle   []*process
	closed bool
}

var _ text.Extractor = (*Pool)(nil)

// NewPool returns a pool of at most n processes, started by command when they are needed,
// which may take this long for a document.
func NewPool(command func() *exec.Cmd, n int, perDocument time.Duration) *Pool {
	return &Pool{command: command, time: perDocument, slots: make(chan struct{}, n)}
}

// Document implements text.Extractor. The error is emit's, the context's, that of
// reading r, or wraps ErrFailed.
func (p *Pool) Document(ctx context.Context, name string, r io.ReaderAt, size int64, l text.Limits,
	emit func(text.Segment) error) (*text.Report, error) {
	if size > MaxSize {
		r := &text.Report{Parts: 1, Incomplete: true}
		r.Doubt(text.Doubt{Part: text.Whole, Cause: text.TooLarge})
		return r, nil
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	w, err := p.take()
	if err != nil {
		return nil, err
	}
	l.Apart, l.Room = nil, nil
	report, err := w.document(ctx, p.time, request{Name: name, Size: size, Limits: l, Time: p.time + time.Second}, r,
		emit)
	if err != nil {
		w.end()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	p.give(w)
	return report, nil
}

// take returns a process that waits for work, or a new one.
func (p *Pool) take() (*process, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("%w: the pool is closed", ErrFailed)
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return w, nil
	}
	return start(p.command())
}

func (p *Pool) give(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.documents++; p.closed || w.documents >= maxDocuments {
		w.end()
		return
	}
	p.idle = append(p.idle, w)
}

// Close ends the processes. Those that are at work end after it.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.idle {
		w.end()
	}
	p.idle = nil
	return nil
}

// process is one process, and the pipes to and from it.
type process struct {
	cmd       *exec.Cmd
	in        io.WriteCloser
	to        *bufio.Writer
	requests  *gob.Encoder
	answers   *gob.Decoder
	documents int
}

func start(cmd *exec.Cmd) (*process, error) {
	cmd.Stderr = nil // a report of a crash may hold content
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	to := bufio.NewWriterSize(in, 64<<10)
	return &process{cmd: cmd, in: in, to: to, requests: gob.NewEncoder(to),
		answers: gob.NewDecoder(bufio.NewReaderSize(out, 64<<10))}, nil
}

// end ends the process and waits for that.
func (w *process) end() {
	w.in.Close()
	w.cmd.Process.Kill() // an error: it has ended already
	w.cmd.Wait()         // its error says how, which is known
}

// document has one document read. After an error the process is of no use.
func (w *process) document(ctx context.Context, limit time.Duration, q request, r io.ReaderAt,
	emit func(text.Segment) error) (*text.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { w.cmd.Process.Kill() }) // which ends every wait below
	defer func() {
		if !stop() {
			w.documents = maxDocuments // it was ended at the last moment
		}
	}()
	if err := w.requests.Encode(q); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	source := source{r: io.NewSectionReader(r, 0, q.Size)}
	if n, err := io.Copy(w.to, &source); source.err != nil {
		return nil, source.err
	} else if err != nil || n < q.Size {
		return nil, fmt.Errorf("%w: it did not take the document", ErrFailed)
	}
	if err := w.to.Flush(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	for {
		var a answer
		if err := w.answers.Decode(&a); err != nil {
			return nil, fmt.Errorf("%w: it did not answer", ErrFailed)
		}
		switch {
		case a.Segment != nil:
			if err := emit(*a.Segment); err != nil {
				return nil, err
			}
		case a.Failed || a.Report == nil:
			return nil, ErrFailed
		default:
			return a.Report, nil
		}
	}
}

// source remembers a fault of reading, which is not one of the process.
type source struct {
	r   io.Reader
	err error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}
