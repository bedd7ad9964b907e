package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"sluis/filter/text"
	"sluis/filter/text/extract"
)

// errTooLarge is what a document beyond MaxSize is.
var errTooLarge = errors.New("the document is too large")

// Serve reads documents from r and writes what they say to w, until r ends. The caller
// has bounded this process. A panic of a reader ends it.
func Serve(r io.Reader, w io.Writer) error {
	endAtLimit()
	in := bufio.NewReaderSize(r, 64<<10)
	requests := gob.NewDecoder(in) // reads no further than it needs from a reader of bytes
	out := bufio.NewWriterSize(w, 64<<10)
	answers := gob.NewEncoder(out)
	for {
		var q request
		if err := requests.Decode(&q); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		if q.Size < 0 || q.Size > MaxSize {
			return errTooLarge
		}
		q.Limits.InMemory = true // a confined process opens no file
		content := make([]byte, q.Size)
		if _, err := io.ReadFull(in, content); err != nil {
			return fmt.Errorf("read document: %w", err)
		}
		if err := boundTime(q.Time * time.Duration(runtime.GOMAXPROCS(0))); err != nil {
			return err
		}
		end := time.AfterFunc(q.Time, func() { os.Exit(1) }) // whoever asked may be gone
		report, err := extract.Document(context.Background(), q.Name, bytes.NewReader(content), q.Size, q.Limits,
			func(s text.Segment) error {
				return answers.Encode(answer{Segment: &s})
			})
		end.Stop()
		if err := answers.Encode(answer{Report: report, Failed: err != nil}); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
}
