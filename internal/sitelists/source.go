package sitelists

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"aead.dev/minisign"

	"sluis/internal/setting"
)

// Source is where a list comes from: a file, a directory, or an address.
type Source struct {
	// of the sites on it; none: a directory or archive in the layout of UT1
	Category  string        `yaml:"category"`
	Path      string        `yaml:"path" path:"relative"` // file or directory; none: it is fetched
	URL       string        `yaml:"url"`                  // https; http from this machine alone
	Every     time.Duration `yaml:"every"`                // how often it is fetched; default 1d
	Checksum  string        `yaml:"checksum"`             // address of a file with its SHA-256; none: not checked
	Signature string        `yaml:"signature"`            // address of its signature by minisign; none: not checked
	Key       string        `yaml:"key"`                  // public key that the signature is of, as minisign writes it
	Confirmed []string      `yaml:"confirmed"`            // well-known sites on it that are blocked all the same
}

// leastInterval is how often a list may be fetched: more burdens who offers it.
const leastInterval = 5 * time.Minute

// Validate implements setting.Validator.
func (s *Source) Validate(p setting.Problems) {
	if (s.Path == "") == (s.URL == "") {
		p.Wrong("a list has either a path or a url")
	}
	for key, address := range map[string]string{"url": s.URL, "checksum": s.Checksum, "signature": s.Signature} {
		if address != "" && !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://127.") {
			p.At(key).Wrong("a list is fetched over https")
		}
	}
	if err := s.check(); err != nil {
		p.Wrong("%v", err)
	}
	if s.Every != 0 && s.Every < leastInterval {
		p.At("every").Wrong("more often than every 5m burdens who offers the list")
	}
}

// Name is what a source is called. What an address has behind its path, or before its
// host, may be a key that opens the list, and is left out.
func (s Source) Name() string {
	if s.Path != "" {
		return s.Path
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return "an address that is none"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// check returns what is wrong with a source.
func (s Source) check() error {
	switch _, err := s.publicKey(); {
	case s.Signature == "" && s.Key != "", s.Signature != "" && s.Key == "":
		return errors.New("a signature and the key that it is of belong together")
	case s.Signature != "" && err != nil:
		return errors.New("that is no public key of minisign: it begins with RW and has 56 characters")
	}
	return nil
}

func (s Source) publicKey() (key minisign.PublicKey, err error) {
	return key, key.UnmarshalText([]byte(s.Key))
}

// key names the files of a source.
func (s Source) key() string {
	from := s.Path
	if from == "" {
		from = s.URL
	}
	sum := sha256.Sum256([]byte(s.Category + "\n" + from))
	return hex.EncodeToString(sum[:8])
}

// retry is how soon a source is checked again that was not as it should be.
const retry = 15 * time.Minute

// due reports whether it is time to check a source. One that failed is checked again
// soon; a file that was changed at once.
func (s Source) due(st State, reader string, now time.Time) bool {
	every := s.Every
	if every == 0 {
		every = 24 * time.Hour
	}
	if st.Error != "" {
		every = min(every, retry)
	}
	if st.Error == "" && st.Reader != reader {
		return true // it would be read in another way
	}
	since := now.Sub(st.Checked)
	return since >= every || since < 0 || s.Path != "" && touched(s.Path, st.Checked)
}

// touched reports whether a file, or one in a directory, was changed since a moment.
func touched(path string, since time.Time) bool {
	changed := false
	filepath.WalkDir(path, func(_ string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // said when it is read
		}
		if info, err := e.Info(); err == nil && info.ModTime().After(since) {
			changed = true
			return fs.SkipAll
		}
		return nil
	})
	return changed
}
