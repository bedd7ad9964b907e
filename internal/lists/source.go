package lists

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
	"time"

	"sluis/filter/domains"
	"sluis/rules"
)

// Source is where a list comes from: a file, a directory, or an address.
type Source struct {
	Category string        // of the sites on it; empty: a directory or archive in the layout of UT1 tells
	Path     string        // file or directory; empty: it is fetched
	URL      string        // http or https
	Every    time.Duration // how often it is fetched; zero: daily
	Checksum string        // address of a file with its SHA-256; empty: none
}

// Name tells the source from others.
func (s Source) Name() string {
	if s.Path != "" {
		return s.Path
	}
	return s.URL
}

const (
	maxList  = 512 << 20 // bytes of a list, decompressed
	maxNames = 20_000_000
)

// use takes the names and addresses of sites, one at a time.
type use func(category, name string, address bool)

// readPath reads a file or directory.
func readPath(s Source, take use) error {
	info, err := os.Stat(s.Path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return readTree(os.DirFS(s.Path), take)
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(s, f, take)
}

// read reads a list, or an archive of lists, compressed or not.
func read(s Source, r io.Reader, take use) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return errors.New("compressed, but damaged")
		}
		in = bufio.NewReaderSize(z, 1<<16)
	}
	in = bufio.NewReaderSize(&bounded{r: in, left: maxList}, 1<<16)
	if s.Category == "" {
		return readArchive(in, take)
	}
	return readList(in, s.Category, false, take)
}

var errTooLarge = fmt.Errorf("larger than %d MB", maxList>>20)

// bounded fails, instead of ending, when there is more than expected.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// readArchive reads a tar archive in the layout of UT1.
func readArchive(r io.Reader, take use) error {
	t := tar.NewReader(r)
	found := false
	for {
		h, err := t.Next()
		if err == io.EOF && found {
			return nil
		}
		if err != nil {
			return errors.New("no archive with a directory for each category: name the category of a single list")
		}
		category, kind := path.Base(path.Dir(h.Name)), path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || kind != "domains" && kind != "urls" {
			continue
		}
		found = true
		if err := readList(t, category, kind == "urls", take); err != nil {
			return fmt.Errorf("%s: %w", category, err)
		}
	}
}

// readTree reads a directory with a directory for each category, or a file for each.
func readTree(dir fs.FS, take use) error {
	found := false
	err := fs.WalkDir(dir, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		category, address := path.Base(path.Dir(p)), path.Base(p) == "urls"
		switch {
		case address, path.Base(p) == "domains":
		case path.Ext(p) == ".txt":
			category = strings.TrimSuffix(path.Base(p), ".txt")
		default:
			return nil
		}
		f, err := dir.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		found = true
		if err := readList(&bounded{r: f, left: maxList}, category, address, take); err != nil {
			return fmt.Errorf("%s: %w", category, err)
		}
		return nil
	})
	if err == nil && !found {
		err = errors.New("no list in it: want a directory for each category with a file domains, or files named CATEGORY.txt")
	}
	return err
}

// readList reads one list of names, or of addresses. It has to look like one.
func readList(r io.Reader, category string, addresses bool, take use) error {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(512); looksLikePage(head) {
		return errors.New("a web page and no list: does the address still exist?")
	}
	if addresses {
		lines := bufio.NewScanner(in)
		for lines.Scan() {
			take(category, strings.TrimSpace(lines.Text()), true)
		}
		return lines.Err()
	}
	names := 0
	strange, err := domains.ReadList(in, func(name string) {
		names++
		take(category, name, false)
	})
	switch {
	case err != nil:
		return err
	case strange > names:
		return fmt.Errorf("%d lines are names and %d are not: this is no list of sites", names, strange)
	}
	return nil
}

func looksLikePage(head []byte) bool {
	head = bytes.ToLower(bytes.TrimLeft(head, "\ufeff \t\r\n"))
	return bytes.HasPrefix(head, []byte("<!doctype")) || bytes.HasPrefix(head, []byte("<html")) || bytes.HasPrefix(head, []byte("<?xml"))
}

// readStarter reads the lists that come with Sluis.
func readStarter(take use) error {
	return readTree(rules.Sites(), func(category, name string, address bool) {
		if category != "help" && category != "never-inspect" {
			take(category, name, address)
		}
	})
}

// Builtin returns the names of a list that comes with Sluis: help or never-inspect.
func Builtin(list string) ([]string, error) {
	f, err := rules.Sites().Open(list + ".txt")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var names []string
	_, err = domains.ReadList(f, func(n string) { names = append(names, n) })
	return names, err
}
