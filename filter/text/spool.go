package text

import (
	"bytes"
	"fmt"
	"io"
	"os"
)

// spooled calls use with all of r: in memory if it is small, else in a file without a
// name, so that documents can be read in any order.
func (w *walker) spooled(r io.Reader, use func(*io.SectionReader) error) error {
	var head bytes.Buffer
	n, err := io.CopyN(&head, r, w.limits.Spool)
	if err == io.EOF {
		return use(io.NewSectionReader(bytes.NewReader(head.Bytes()), 0, n))
	}
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(w.limits.Dir, "part-") // 0600
	if err != nil {
		return fmt.Errorf("open file for a part: %w", err)
	}
	defer f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return fmt.Errorf("unlink file for a part: %w", err)
	}
	size, err := io.Copy(f, io.MultiReader(&head, io.LimitReader(r, w.limits.Inflated)))
	if err != nil {
		return fmt.Errorf("spool a part: %w", err)
	}
	return use(io.NewSectionReader(f, 0, size))
}
