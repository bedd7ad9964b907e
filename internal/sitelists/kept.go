package sitelists

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"slices"
)

// A list that was found to be good is kept as a file of lines: @CATEGORY, and then the
// names and addresses that are in it. From these files indexes are made, so that what
// happens to the source later does not matter.

// keeper writes such a file.
type keeper struct {
	file       *os.File
	out        *bufio.Writer
	sum        hash.Hash
	category   string // of the line before
	categories []string
	names      int
}

func newKeeper(dir string) (*keeper, error) {
	f, err := os.CreateTemp(dir, temporary)
	if err != nil {
		return nil, fmt.Errorf("keep list: %w", err)
	}
	k := &keeper{file: f, sum: sha256.New()}
	k.out = bufio.NewWriterSize(io.MultiWriter(f, k.sum), 1<<16)
	return k, nil
}

// take is a sink. finish returns its error.
func (k *keeper) take(category, name string) {
	if k.names++; k.names > maxNames {
		return
	}
	if category != k.category {
		k.category = category
		if !slices.Contains(k.categories, category) {
			k.categories = append(k.categories, category)
		}
		k.out.WriteString("@" + category + "\n")
	}
	k.out.WriteString(name)
	k.out.WriteByte('\n')
}

// finish makes the file durable under its temporary name, and returns the sum of it.
func (k *keeper) finish() (sum string, err error) {
	err = errors.Join(k.out.Flush(), k.file.Sync(), k.file.Close())
	switch {
	case err != nil:
		return "", fmt.Errorf("keep list: %w", err)
	case k.names == 0:
		return "", errors.New("there is no name in it")
	case k.names > maxNames:
		return "", fmt.Errorf("more than %d names are not taken", maxNames)
	}
	return hex.EncodeToString(k.sum.Sum(nil)), nil
}

// discard removes the file, unless it was given its name.
func (k *keeper) discard() {
	k.file.Close()
	os.Remove(k.file.Name())
}

var errDamaged = errors.New("the kept list is not as it was written: it is taken over anew")

// intact reports whether a kept list is as it was written.
func intact(path, want string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	return err == nil && hex.EncodeToString(sum.Sum(nil)) == want
}

// readKept reads a kept list.
func readKept(path string, take sink) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read kept list: %w", err)
	}
	defer f.Close()
	category := ""
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 2<<20) // addresses of pages can be long
	for lines.Scan() {
		if name := lines.Text(); name != "" && name[0] == '@' {
			category = name[1:]
		} else {
			take(category, name)
		}
	}
	return lines.Err()
}
