package walk

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"sluis/filter/text"
	"sluis/internal/store/disk"
)

// Bounds of the files that are found in texts.
const (
	maxEmbedded = 500     // of one item
	maxKept     = 8 << 20 // bytes of them in memory, together
	maxWithin   = 4       // of such files in one another
)

// foundFile is a file that is found in a text, as far as it is decoded.
type foundFile struct {
	w      *Walker
	part   int
	name   string
	within int // how many such files it stands in
	digits decoder
	icon   bool // the text says that it is a drawing: it counts if it acts
	at     int  // where what it stands in is listed
	aside  bool // it stands in what stands aside

	head bytes.Buffer // up to the size that is kept in memory
	file *os.File     // what follows
	size int64
	sum  maphash.Hash
}

// begin returns a file that is found in a part.
func (w *Walker) begin(part int, name string, digits decoder) *foundFile {
	f := &foundFile{w: w, part: part, name: name, within: w.within, digits: digits, at: w.At, aside: w.aside}
	f.sum.SetSeed(sumSeed)
	return f
}

var sumSeed = maphash.MakeSeed()

// decode adds what digits stand for, and says how many are of the file, and whether it ends there.
func (f *foundFile) decode(p []byte) (n int, ended bool) {
	var out [4 << 10]byte
	for len(p) > 0 {
		piece := p[:min(len(p), len(out))]
		b, k, ended := f.digits.append(out[:0], piece)
		f.write(b)
		if n, p = n+k, p[k:]; ended {
			return n, true
		}
	}
	return n, false
}

// write keeps bytes. What is too large is not kept to its end, which is noted.
func (f *foundFile) write(b []byte) {
	w := f.w
	if w.Stop != nil {
		return
	}
	if w.Inflated += int64(len(b)); w.Inflated > w.Limits.Inflated {
		w.Doubt(text.TooLarge)
		w.Swell(w.Limits.Inflated)
		return
	}
	f.sum.Write(b)
	f.size += int64(len(b))
	if f.file == nil && int64(f.head.Len()+len(b)) <= w.Limits.Spool && w.kept+len(b) <= maxKept {
		f.head.Write(b)
		w.kept += len(b)
		return
	}
	if w.takeRoom(len(b)) != nil {
		return
	}
	if f.file == nil {
		file, err := disk.Unnamed(w.Limits.Dir)
		if err == nil {
			_, err = file.Write(f.head.Bytes())
		}
		if err != nil {
			w.Fail(fmt.Errorf("spool a file: %w", noName(err)))
			return
		}
		f.file = file
	}
	if _, err := f.file.Write(b); err != nil {
		w.Fail(fmt.Errorf("spool a file: %w", noName(err)))
	}
}

// end hands the file over, to be read after the rest.
func (f *foundFile) end() {
	w, sum := f.w, f.sum.Sum64()
	switch {
	case w.Stop != nil, f.within >= maxWithin, w.seen[sum], f.icon && !acting(f.head.Bytes()):
		f.close()
		return
	case len(w.seen) >= maxEmbedded:
		w.Overrun(text.TooMany)
		f.close()
		return
	}
	if w.seen == nil {
		w.seen = map[uint64]bool{}
	}
	w.seen[sum] = true
	w.embedded = append(w.embedded, f)
}

// acting reports whether a drawing may do more than be seen.
func acting(drawing []byte) bool {
	drawing = bytes.ToLower(drawing)
	for _, word := range []string{"script", "onload", "onbegin", "onerror", "onclick", "onmouse", "onfocus", "foreignobject"} {
		if bytes.Contains(drawing, []byte(word)) {
			return true
		}
	}
	return false
}

// Suppose takes bytes of a part for a file.
func (w *Walker) Suppose(part int, b []byte) {
	f := w.begin(part, "", nil)
	f.write(b)
	f.end()
}

func (f *foundFile) close() {
	f.w.kept -= f.head.Len()
	f.head = bytes.Buffer{}
	if f.file != nil {
		f.file.Close()
	}
}

// Embedded reads the files that were found in texts, and those that are found in them.
func (w *Walker) Embedded() error {
	for len(w.embedded) > 0 && w.Stop == nil {
		f := w.embedded[0]
		w.embedded = w.embedded[1:]
		w.within = f.within + 1
		w.Damage(f.read()) // what ended the work shows below
		f.close()
	}
	w.within = 0
	return w.Stop
}

// read reads the file as if it were attached. A fault of it is none of the item: it may be no file, or a piece of one.
func (f *foundFile) read() error {
	w := f.w
	part, err := w.Part()
	if err != nil {
		return err
	}
	if f.name != "" {
		if err := w.Show(part, text.FileName, []byte(f.name)); err != nil {
			return err
		}
	}
	var r io.ReaderAt = bytes.NewReader(f.head.Bytes())
	if f.file != nil {
		r = f.file
	}
	w.aside = f.aside || w.wordy[f.at]
	defer func() { w.aside = false }()
	a := text.Attachment{Name: text.Secret(ShortName(f.name)), Depth: f.within + 1}
	w.File(part, a, "", w.Section(r, f.size), f.within+1) // a fault is chance
	return w.Stop
}

// Wordy notes that what is being read has a text of its own, so that the pages in it stand aside.
func (w *Walker) Wordy() {
	if w.wordy == nil {
		w.wordy = map[int]bool{}
	}
	w.wordy[w.At] = true
}

// Aside reports whether what is being read stands in something that has a text of its own, such as the frames of a page
// that is saved.
func (w *Walker) Aside() bool { return w.aside }

// forget gives back what files found in texts hold.
func (w *Walker) forget() {
	for _, f := range w.embedded {
		f.close()
	}
	w.embedded = nil
}
