package rules

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"slices"
	"sync"
)

//go:embed packs/*.yaml
var builtin embed.FS

// Builtin returns the rule packs that come with Sluis.
func Builtin() fs.FS { return builtinPacks() }

var builtinPacks = sync.OnceValue(func() fs.FS {
	sub, err := fs.Sub(builtin, "packs")
	if err != nil {
		panic(err) // the name is fixed at build time
	}
	return sub
})

// Bounds of what is loaded, so that a wrong file is an error and not a burden.
const (
	maxPackBytes = 1 << 20
	maxRules     = 10_000
)

// Load reads every *.yaml file of the given file systems, in the order of their names.
// The error has all that is wrong with the rules, each with file, line and column. The detectors
// and structures that rules may name are those that the filter knows.
func Load(known Vocabulary, packs ...fs.FS) (*Set, error) {
	l := loader{known: known, set: Set{byID: map[ID]int{}}, sum: sha256.New()}
	for _, p := range packs {
		if err := l.all(p); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(l.wrong...); err != nil {
		return nil, err
	}
	if len(l.set.rules) == 0 {
		return nil, errors.New("there are no rules: nothing would be found")
	}
	l.set.fingerprint = hex.EncodeToString(l.sum.Sum(nil))
	return &l.set, nil
}

// loader gathers the rules of packs, and all that is wrong with them.
type loader struct {
	known Vocabulary
	set   Set
	sum   hash.Hash
	wrong []error

	builtin bool // the packs that are being loaded come with Sluis
}

// all loads the packs of a file system.
func (l *loader) all(fsys fs.FS) error {
	l.builtin = fsys == Builtin()
	files, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("list rule packs: %w", err)
	}
	for _, f := range files {
		switch path.Ext(f.Name()) {
		case ".yml", ".YAML", ".YML": // passed over in silence it would be missed
			l.wrong = append(l.wrong, fmt.Errorf("%s: the name of a rule pack ends in .yaml", f.Name()))
		case ".yaml":
			text, err := readPack(fsys, f.Name())
			if err != nil {
				return err
			}
			l.pack(f.Name(), text)
		}
	}
	return nil
}

func readPack(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read rule pack: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxPackBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read rule pack %s: %w", name, err)
	}
	if len(text) > maxPackBytes {
		return nil, fmt.Errorf("%s: a rule pack has at most %d bytes: make more files of it", name, maxPackBytes)
	}
	return text, nil
}

// pack adds the rules of a pack.
func (l *loader) pack(name string, text []byte) {
	fmt.Fprintf(l.sum, "%d %s %d ", len(name), name, len(text))
	l.sum.Write(text)
	p, err := parsePack(name, text)
	if err != nil {
		l.wrong = append(l.wrong, err)
		return
	}
	if len(l.set.rules)+len(p.Rules) > maxRules {
		l.wrong = append(l.wrong, p.file.Errorf("$.rules", "there are more than %d rules", maxRules))
		return
	}
	for i, e := range p.Rules {
		r := p.rule(i)
		r.Builtin = l.builtin
		for _, problem := range append(e.check(r), check(r, l.known)...) {
			l.wrong = append(l.wrong, p.file.Errorf(p.at(i)+problem.key, "%s%s", p.called(i), problem.what))
		}
		if first, twice := l.set.Rule(r.ID); twice && r.ID != (ID{}) {
			l.wrong = append(l.wrong, p.file.Errorf(p.at(i)+".id",
				"there is a rule %s already, in %s:%d: give this one another id", r.ID, first.File, first.Line))
			continue
		}
		l.set.add(r)
	}
}

// Set is a number of rules that load together. It does not change.
type Set struct {
	rules       []Rule
	byID        map[ID]int
	fingerprint string
}

func (s *Set) add(r Rule) {
	s.byID[r.ID] = len(s.rules)
	s.rules = append(s.rules, r)
}

// Rules returns the rules in the order of their packs. They are not to be changed.
func (s *Set) Rules() []Rule { return s.rules }

// Rule returns the rule with the given id.
func (s *Set) Rule(id ID) (Rule, bool) {
	i, ok := s.byID[id]
	if !ok {
		return Rule{}, false
	}
	return s.rules[i], true
}

// Fingerprint is different for each set: the SHA-256 of the packs, in
// hexadecimal digits, and changes with any byte of them.
func (s *Set) Fingerprint() string { return s.fingerprint }

// Without returns the set with some rules left out. It fails on an id that is not in
// the set: a rule that was to be left out may have been renamed.
func (s *Set) Without(ids ...ID) (*Set, error) {
	for _, id := range ids {
		if _, ok := s.byID[id]; !ok {
			return nil, fmt.Errorf("there is no rule %s to leave out", id)
		}
	}
	left := &Set{byID: map[ID]int{}, fingerprint: s.fingerprint}
	sum := sha256.New()
	io.WriteString(sum, s.fingerprint)
	for _, r := range s.rules {
		if slices.Contains(ids, r.ID) {
			fmt.Fprintf(sum, " without %s", r.ID)
			continue
		}
		left.add(r)
	}
	if len(left.rules) < len(s.rules) {
		left.fingerprint = hex.EncodeToString(sum.Sum(nil))
	}
	return left, nil
}
