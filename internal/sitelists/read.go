package sitelists

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"sluis/internal/sitelists/listfile"
	"sluis/rules"
)

// Bounds of what is taken over.
const (
	maxList  = 512 << 20 // bytes of a list, decompressed
	maxNames = 20_000_000
)

// sink takes the entries of lists one at a time, as domains.Builder.AddEntry has them.
type sink func(category, entry string)

// readPath reads a file or directory.
func readPath(s Source, g *guard, take sink) (Report, error) {
	info, err := os.Stat(s.Path)
	if err != nil {
		return Report{}, err
	}
	if info.IsDir() {
		return readTwice(g, take, func(each reading) error { return tree(os.DirFS(s.Path), each) })
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	return read(s.Category, f, maxList, g, take)
}

// read reads a list, or an archive of lists, compressed or not, of limited size.
func read(category string, f io.ReadSeeker, limit int64, g *guard, take sink) (Report, error) {
	return readTwice(g, take, func(each reading) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		in, err := unzipped(f)
		if err != nil {
			return err
		}
		in = bufio.NewReaderSize(&bounded{r: in, left: limit}, 1<<16)
		if category == "" {
			return archive(in, each)
		}
		return list(in, category, each)
	})
}

// unzipped returns what is within gzip, or the text as it is.
func unzipped(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	if head, _ := in.Peek(2); !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return in, nil
	}
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, errors.New("compressed, but damaged")
	}
	return z, nil
}

// reading reads one list of a source.
type reading func(category string, in io.Reader) error

// readTwice goes through the lists of a source twice: each is surveyed first, as an exception at its end can be for a
// name at its beginning.
func readTwice(g *guard, take sink, walk func(each reading) error) (Report, error) {
	var surveys []*listfile.Survey
	if err := walk(func(_ string, in io.Reader) error {
		s, err := listfile.Look(in)
		surveys = append(surveys, s)
		return err
	}); err != nil {
		return Report{}, err
	}
	t := &tally{guard: g, take: take}
	err := walk(func(category string, in io.Reader) error {
		if len(surveys) == 0 {
			return errors.New("changed while it was read")
		}
		s := surveys[0]
		surveys = surveys[1:]
		return s.Read(in, t.of(category))
	})
	return t.Report, t.judge(err)
}

var errTooLarge = fmt.Errorf("larger than %d MB", maxList>>20)

// bounded fails, instead of ending, when there is more than expected.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}

// archive reads a tar archive in the layout of UT1.
func archive(r io.Reader, each reading) error {
	t := tar.NewReader(r)
	found := false
	for {
		h, err := t.Next()
		switch {
		case err == io.EOF && found:
			return nil
		case errors.Is(err, errTooLarge), err != nil && found: // it began as one
			return fmt.Errorf("archive: %w", err)
		case err != nil:
			return errors.New("no archive with a directory for each category: name the category of a single list")
		}
		category, kind := path.Base(path.Dir(h.Name)), path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || kind != "domains" && kind != "urls" {
			continue
		}
		found = true
		if err := list(t, category, each); err != nil {
			return fmt.Errorf("%q: %w", category, err)
		}
	}
}

// tree reads a directory with a directory for each category, or a file for each.
func tree(dir fs.FS, each reading) error {
	found := false
	err := fs.WalkDir(dir, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		category, base := path.Base(path.Dir(p)), strings.TrimSuffix(path.Base(p), ".gz")
		switch {
		case base == "urls", base == "domains":
		case path.Ext(base) == ".txt":
			category = strings.TrimSuffix(base, ".txt")
		default:
			return nil
		}
		f, err := dir.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		found = true
		in, err := unzipped(f)
		if err == nil {
			err = list(&bounded{r: in, left: maxList}, category, each)
		}
		if err != nil {
			return fmt.Errorf("%q: %w", category, err)
		}
		return nil
	})
	if err == nil && !found {
		err = errors.New(
			"no list in it: want a directory for each category with a file domains, or files named CATEGORY.txt",
		)
	}
	return err
}

// list reads one list.
func list(r io.Reader, category string, each reading) error {
	if !isCategory(category) {
		return errors.New(
			"this is no name for a category: want up to 64 letters, digits, hyphens, dots and underscores",
		)
	}
	in := bufio.NewReader(r)
	if head, _ := in.Peek(512); looksLikePage(head) {
		return errors.New("a web page and no list: does the address still exist?")
	}
	return each(rules.SiteList(category), in)
}

// isCategory reports whether a category has a name that can be shown and named in the
// configuration: an archive can name its directories as it likes.
func isCategory(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= 64 && s[0] != '.'
}

func looksLikePage(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(head, "\ufeff \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype")) || bytes.HasPrefix(head, []byte("<html")) ||
		bytes.HasPrefix(head, []byte("<?xml"))
}

// protecting are the lists that come with Sluis and block nothing.
var protecting = map[string]bool{"help": true, "never-inspect": true, wellKnownList: true}

// readStarter reads the lists that come with Sluis.
func readStarter(take sink) error {
	_, err := readTwice(nil, func(category, name string) {
		if !protecting[category] {
			take(category, name)
		}
	}, func(each reading) error { return tree(rules.Sites(), each) })
	return err
}

// Builtin returns the names of a list that comes with Sluis: help, never-inspect or well-known.
func Builtin(name string) ([]string, error) {
	text, err := fs.ReadFile(rules.Sites(), name+".txt")
	if err != nil {
		return nil, err
	}
	return listfile.Names(text)
}
