package walk

import (
	"errors"
	"io"

	"sluis/filter/text"
)

// Inflating returns a reader that holds what comes out of an archive to the bounds.
func (w *Walker) Inflating(r io.Reader) io.Reader { return &inflater{w, r} }

type inflater struct {
	w *Walker
	r io.Reader
}

// errInflates ends the reading of one file of an archive.
var errInflates = errors.New("inflates too much")

// Read implements io.Reader.
func (i *inflater) Read(p []byte) (int, error) {
	if i.w.Stop != nil {
		return 0, i.w.Stop
	}
	if i.w.Inflated > i.w.Limits.Inflated {
		i.w.Doubt(text.TooLarge)
		i.w.Swell(i.w.Limits.Inflated)
		return 0, errInflates
	}
	if err := i.w.Ctx.Err(); err != nil {
		return 0, i.w.Fail(err)
	}
	n, err := i.r.Read(p)
	i.w.Inflated += int64(n)
	return n, err
}
