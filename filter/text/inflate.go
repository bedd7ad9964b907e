package text

import (
	"errors"
	"io"
)

// inflating returns a reader that holds what comes out of an archive to the bounds.
func (w *walker) inflating(r io.Reader, packed int64) io.Reader {
	return &inflater{w: w, r: r, packed: max(packed, 1)}
}

type inflater struct {
	w           *walker
	r           io.Reader
	packed, out int64
}

// errInflates ends the reading of one file of an archive.
var errInflates = errors.New("inflates too much")

// Read implements io.Reader.
func (i *inflater) Read(p []byte) (int, error) {
	if i.w.stop != nil {
		return 0, i.w.stop
	}
	if i.w.inflated > i.w.limits.Inflated || i.out > 1<<20 && i.out/i.packed > i.w.limits.Ratio {
		i.w.uninspectable(TooLarge)
		i.w.report.Incomplete = true
		return 0, errInflates
	}
	if err := i.w.ctx.Err(); err != nil {
		return 0, i.w.fail(err)
	}
	n, err := i.r.Read(p)
	i.out += int64(n)
	i.w.inflated += int64(n)
	return n, err
}
