package disk

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// ErrReserved says that what is free is kept for others. It is an ENOSPC too.
var ErrReserved = fmt.Errorf("what is free on the disk is reserved: %w", unix.ENOSPC)

// Room bounds what spools take on disk together. Its methods may be called from any goroutine.
type Room interface {
	Take(n int64) error // before n bytes more are written; an error is one of ErrReserved's kind
	Give(n int64)       // they are free again
}

// Reserve keeps a part of the file systems of some directories free for what must never lack room,
// such as logs that have to be complete. Who asks it first leaves it alone.
type Reserve struct {
	size int64
	dirs []string
}

// The size of a reserve by default: so many bytes, and on a small file system so large a part.
const (
	reserveBytes = 512 << 20
	reservePart  = 20 // one in so many
)

// NewReserve returns a reserve of size bytes where each of the directories is; 0: 512 MiB, or 5 %
// of a smaller file system.
func NewReserve(size int64, dirs ...string) *Reserve { return &Reserve{size, dirs} }

// Free returns how many bytes there are besides a part of the reserve, such as 1 for all of it;
// below zero if the part is in use. A file system that does not say counts as full.
func (r *Reserve) Free(part float64) (int64, error) {
	least := int64(-1)
	for i, dir := range r.dirs {
		var fs unix.Statfs_t
		if err := unix.Statfs(dir, &fs); err != nil {
			return 0, fmt.Errorf("measure free space: %w", err)
		}
		size := r.size
		if size == 0 {
			size = min(reserveBytes, int64(fs.Blocks)*fs.Bsize/reservePart)
		}
		free := int64(fs.Bavail)*fs.Bsize - int64(float64(size)*part)
		if i == 0 || free < least {
			least = free
		}
	}
	return least, nil
}

// Room returns the room that a part of the reserve leaves.
func (r *Reserve) Room(part float64) Room { return room{r, part} }

// room is what a part of a reserve leaves.
type room struct {
	reserve *Reserve
	part    float64
}

// Take implements Room.
func (r room) Take(n int64) error {
	switch free, err := r.reserve.Free(r.part); {
	case err != nil:
		return errors.Join(ErrReserved, err)
	case free < n:
		return ErrReserved
	}
	return nil
}

// Give implements Room.
func (room) Give(int64) {}
