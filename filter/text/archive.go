package text

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
)

// zip shows an archive, or an office document, which is one.
func (w *walker) zip(part int, a *Attachment, r *io.SectionReader, depth int) error {
	z, err := zip.NewReader(r, r.Size())
	if err != nil {
		w.report.uninspectable(Damaged)
		return w.strings(part, r)
	}
	office := isOffice(z)
	if office {
		a.Kind = KindOffice
	}
	for _, f := range z.File {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if strings.HasSuffix(strings.ToLower(f.Name), "vbaproject.bin") {
			a.Macros = true
		}
		if f.Flags&1 != 0 {
			a.Encrypted = true
			w.report.uninspectable(Encrypted)
			if err := w.show(part, FileName, f.Name); err != nil {
				return err
			}
			continue
		}
		if f.FileInfo().IsDir() {
			continue
		}
		if err := w.zipped(part, f, office, depth); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) zipped(part int, f *zip.File, office bool, depth int) error {
	if office && !officeText(f.Name) {
		return nil
	}
	if !office {
		if err := w.show(part, FileName, f.Name); err != nil {
			return err
		}
	}
	packed, err := f.Open()
	if err != nil {
		w.report.uninspectable(Damaged)
		return nil
	}
	defer packed.Close()
	r := w.inflating(packed, int64(f.CompressedSize64))
	if office {
		err = w.officeXML(part, r)
	} else {
		err = w.spooled(r, func(s *io.SectionReader) error {
			return w.file(Attachment{Name: Secret(f.Name)}, "", s, s.Size(), depth+1)
		})
	}
	return w.damage(err)
}

// damage makes a fault of an archive a finding. What ends the work ends it still.
func (w *walker) damage(err error) error {
	if err == nil || errors.Is(err, errEnough) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, new(passed)) {
		return err
	}
	w.report.uninspectable(Damaged)
	return nil
}

// passed marks an error of the one who asked, which is not a fault of a document.
type passed struct{ error }

// Unwrap gives the error.
func (p passed) Unwrap() error { return p.error }

// inflating returns a reader that holds what comes out of an archive to the bounds.
func (w *walker) inflating(r io.Reader, packed int64) io.Reader {
	return &inflater{w: w, r: r, packed: max(packed, 1)}
}

type inflater struct {
	w           *walker
	r           io.Reader
	packed, out int64
}

// Read implements io.Reader.
func (i *inflater) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.out += int64(n)
	i.w.inflated += int64(n)
	if i.w.inflated > i.w.limits.Inflated || i.out > 1<<20 && i.out/i.packed > i.w.limits.Ratio {
		i.w.report.uninspectable(TooLarge)
		return n, errEnough
	}
	return n, err
}

func (w *walker) gzip(name string, r *io.SectionReader, depth int) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		w.report.uninspectable(Damaged)
		return nil
	}
	defer z.Close()
	inner := strings.TrimSuffix(name, ".gz")
	if z.Name != "" {
		inner = z.Name
	}
	err = w.spooled(w.inflating(z, r.Size()), func(s *io.SectionReader) error {
		return w.file(Attachment{Name: Secret(inner)}, "", s, s.Size(), depth+1)
	})
	return w.damage(err)
}

func (w *walker) tar(part int, r *io.SectionReader, depth int) error {
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			w.report.uninspectable(Damaged)
			return nil
		}
		if err := w.show(part, FileName, h.Name); err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		err = w.spooled(w.inflating(t, h.Size), func(s *io.SectionReader) error {
			return w.file(Attachment{Name: Secret(h.Name)}, "", s, s.Size(), depth+1)
		})
		if err := w.damage(err); err != nil {
			return err
		}
	}
}
