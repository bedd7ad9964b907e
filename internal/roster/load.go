package roster

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds a roster file: 50,000 people take some 5 MB.
const maxFile = 64 << 20

// Load reads a roster: a YAML file, or a CSV file if its name ends in .csv. The domains
// are the organisation's own, beside those that the roster names. A confidential role holds for the
// same name at each of them and below them, except at separate ones (C3.2g).
func Load(path string, domains []string, separate ...string) (*Roster, error) {
	text, err := read(path)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(filepath.Ext(path), ".csv") {
		f, err := parseCSV(path, text)
		if err != nil {
			return nil, err
		}
		return build(path, f, domains, separate, text)
	}
	f, err := parseYAML(path, text)
	if err != nil {
		return nil, err
	}
	texts := [][]byte{text}
	if table := f.PeopleFile.text; table != "" {
		if !filepath.IsAbs(table) {
			table = filepath.Join(filepath.Dir(path), table)
		}
		more, err := read(table)
		if err != nil {
			return nil, err
		}
		people, err := parseCSV(table, more)
		if err != nil {
			return nil, err
		}
		f.People = append(f.People, people.People...)
		texts = append(texts, more)
	}
	return build(path, f, domains, separate, texts...)
}

// Empty returns a roster without people.
func Empty(domains []string) *Roster {
	b := newBuilder(domains, nil)
	return b.finish()
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	if len(text) > maxFile {
		return nil, fmt.Errorf("read roster: %s is larger than %d MB", path, maxFile>>20)
	}
	return text, nil
}

// fingerprint hashes texts with their lengths, so that no two lists of texts are one.
func fingerprint(texts ...[]byte) string {
	h := sha256.New()
	for _, t := range texts {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(t))))
		h.Write(t)
	}
	return hex.EncodeToString(h.Sum(nil))
}
