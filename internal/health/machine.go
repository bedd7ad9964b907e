package health

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Owner is what a certificate is for.
type Owner string

// The owners of certificates.
const (
	Mail      Owner = "mail"
	Web       Owner = "web"
	Console   Owner = "console"
	Authority Owner = "authority" // signs the certificates of inspected sites
)

// Certificate checks how long a certificate is valid yet; ahead is how long before its end it needs attention.
func Certificate(of Owner, path string, ahead time.Duration) Check {
	return func(_ context.Context, now time.Time) Result {
		name := texts.Message("certificate-" + string(of))
		c, err := readCertificate(path)
		if err != nil {
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("certificate-unreadable"),
				Advice: texts.Message("certificate-place"),
			}
		}
		left := c.NotAfter.Sub(now)
		r := ok(name, texts.Message("certificate-left", days(left)))
		switch {
		case left <= 0:
			r.State = Broken
			r.Found = texts.Message("certificate-expired")
			r.Advice = texts.Message("certificate-renew")
		case now.Before(c.NotBefore):
			r.State = Broken
			r.Found = texts.Message("certificate-early")
			r.Advice = texts.Message("certificate-clock")
		case left < ahead:
			r.State = Attention
			r.Advice = texts.Message("certificate-renew")
		}
		return r
	}
}

func readCertificate(path string) (*x509.Certificate, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("no PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// Bounds of the free part of a disk, in bytes and as a share; the smaller counts.
const (
	littleSpace, littleShare = 5 << 30, 0.10
	leastSpace, leastShare   = 512 << 20, 0.02
)

// Disk checks how much room there is where a directory is.
func Disk(dir string) Check {
	return func(context.Context, time.Time) Result {
		name := texts.Message("disk")
		var fs unix.Statfs_t
		if err := unix.Statfs(dir, &fs); err != nil || fs.Blocks == 0 {
			return Result{
				Name:   name,
				State:  Broken,
				Found:  texts.Message("unreadable"),
				Advice: texts.Message("disk-directory"),
			}
		}
		free, share := float64(fs.Bavail)*float64(fs.Bsize), float64(fs.Bavail)/float64(fs.Blocks)
		r := ok(name, texts.Message("disk-free", int64(free)>>20, int(share*100)))
		short := func(space, part float64) bool { return free < space && share < part }
		switch {
		case short(leastSpace, leastShare):
			r.State = Broken
			r.Advice = texts.Message("disk-room")
		case short(littleSpace, littleShare):
			r.State = Attention
			r.Advice = texts.Message("disk-room")
		}
		return r
	}
}

// SteadyClock checks whether the clock jumped, by at least most, and otherwise as Clock does.
func SteadyClock(most time.Duration, off func() time.Duration) Check {
	return func(ctx context.Context, now time.Time) Result {
		by := off()
		if by.Abs() < most {
			return Clock(ctx, now)
		}
		found := texts.Message("clock-ahead", int(by.Abs()/time.Minute))
		if by < 0 {
			found = texts.Message("clock-behind", int(by.Abs()/time.Minute))
		}
		return Result{
			Name:   texts.Message("clock"),
			State:  Broken,
			Found:  found,
			Advice: texts.Message("clock-accept"),
		}
	}
}

// Clock checks whether the machine synchronises its clock.
func Clock(context.Context, time.Time) Result {
	name := texts.Message("clock")
	switch right, known := synchronised(); {
	case !known:
		return ok(name, texts.Message("clock-unknown"))
	case !right:
		return Result{
			Name:   name,
			State:  Attention,
			Found:  texts.Message("clock-wrong"),
			Advice: texts.Message("clock-switch-on"),
		}
	}
	return ok(name, texts.Message("clock-right"))
}
