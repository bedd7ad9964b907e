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

	"sluis/filter/domains"
	"sluis/rules"
)

// Bounds of what is taken over.
const (
	maxList  = 512 << 20 // bytes of a list, decompressed
	maxNames = 20_000_000
)

// sink takes the names of sites one at a time, and addresses, which have a slash.
type sink func(category, name string)

// readPath reads a file or directory.
func readPath(s Source, take sink) error {
	info, err := os.Stat(s.Path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		var lines tally
		return lines.judge(lines.tree(os.DirFS(s.Path), take))
	}
	f, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	return read(s.Category, f, maxList, take)
}

// read reads a list, or an archive of lists, compressed or not, of limited size.
func read(category string, r io.Reader, limit int64, take sink) error {
	in := bufio.NewReaderSize(r, 1<<16)
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return errors.New("compressed, but damaged")
		}
		in = bufio.NewReaderSize(z, 1<<16)
	}
	in = bufio.NewReaderSize(&bounded{r: in, left: limit}, 1<<16)
	var lines tally
	if category == "" {
		return lines.judge(lines.archive(in, take))
	}
	return lines.judge(lines.list(in, category, false, take))
}

// tally counts the lines of a source. Lists have some that are odd; one that has more of
// these than of names is none.
type tally struct{ names, strange int }

func (l *tally) judge(err error) error {
	if err == nil && l.strange > l.names {
		return fmt.Errorf("%d lines are names and %d are not: this is no list of sites", l.names, l.strange)
	}
	return err
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
func (l *tally) archive(r io.Reader, take sink) error {
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
		if err := l.list(t, category, kind == "urls", take); err != nil {
			return fmt.Errorf("%q: %w", category, err)
		}
	}
}

// tree reads a directory with a directory for each category, or a file for each.
func (l *tally) tree(dir fs.FS, take sink) error {
	found := false
	err := fs.WalkDir(dir, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		category, addresses := path.Base(path.Dir(p)), path.Base(p) == "urls"
		switch {
		case addresses, path.Base(p) == "domains":
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
		if err := l.list(&bounded{r: f, left: maxList}, category, addresses, take); err != nil {
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

// list reads one list of names, or of addresses.
func (l *tally) list(r io.Reader, category string, addresses bool, take sink) error {
	if !isCategory(category) {
		return errors.New(
			"this is no name for a category: want up to 64 letters, digits, hyphens, dots and underscores",
		)
	}
	category = rules.SiteList(category)
	in := bufio.NewReader(r)
	if head, _ := in.Peek(512); looksLikePage(head) {
		return errors.New("a web page and no list: does the address still exist?")
	}
	parse := domains.ReadList
	if addresses {
		parse = domains.ReadAddresses
	}
	strange, err := parse(in, func(name string) {
		l.names++
		take(category, name)
	})
	l.strange += strange
	return err
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

// readStarter reads the lists that come with Sluis.
func readStarter(take sink) error {
	return new(tally).tree(rules.Sites(), func(category, name string) {
		if category != "help" && category != "never-inspect" {
			take(category, name)
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
