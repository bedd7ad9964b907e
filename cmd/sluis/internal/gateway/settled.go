package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"sluis/cmd/sluis/internal/config"
	"sluis/internal/ledger"
	"sluis/internal/roster"
	"sluis/internal/setting"
	"sluis/internal/store"
)

// promises are the settings on which the gateway's promises to people rest: their values are in the
// ledger, so that a change shows to whoever reads it later. None of them holds a secret or names a
// person.
var promises = []string{
	"approved",
	"journal.retention",
	"policy.actions",
	"policy.ambiguous",
	"policy.hostile-size",
	"policy.incomplete",
	"policy.malware.on-failure",
	"policy.on-failure",
	"policy.sample-rate",
	"policy.sample-reason",
	"policy.uninspectable",
	"quarantine.retention",
	"quarantine.second-reviewer",
	"quarantine.unreviewed",
	"rules.disabled",
	"totals.people",
	"web.content",
	"web.inspect",
}

// roleGroup is a group of a provider that makes whoever is in it a reviewer, a member of the board, or so.
var roleGroup = regexp.MustCompile(`^console\.providers\.[0-9]+\.roles\.`)

// unsaid are settings in these sections whose values are left out: places of keys, and people.
var unsaid = []string{"key", "certificate", "author"}

// record writes in the ledger that a configuration is in force: the digest of all of it, the values of
// the settings that promises rest on, and which settings are others than the last time.
func (g *Gateway) record(ctx context.Context, kind ledger.Kind, gen *Generation) error {
	last := store.NewValue[map[string]string](g.data.store, "settings")
	before, err := last.Get()
	if err != nil { // it is no reason to keep mail out: then all of them count as changed
		g.log.Error("the settings of the last time cannot be read, all count as changed", "error", err)
	}
	now := digests(gen.Config)
	d := gen.entry()
	d.Config = digestOf(gen.Config)
	d.Promises = promisesOf(gen.Config)
	d.People = counts(gen.Roster)
	d.Changed = strings.Join(changedKeys(before, now), " ")
	if kind == ledger.GatewayStarted {
		if d.Program, err = programDigest(); err != nil {
			return err
		}
	}
	if _, err := g.ledger.Append(ctx, kind, d); err != nil {
		return err
	}
	return last.Put(now)
}

// digestOf returns the digest of all settings, whatever their order and form in the file.
func digestOf(cfg *config.Config) string {
	h := sha256.New()
	all := setting.Leaves(cfg)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(h, "%q %q\n", key, all[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// digests returns the digest of each setting: some of the values are secrets.
func digests(cfg *config.Config) map[string]string {
	all := setting.Leaves(cfg)
	for key, value := range all {
		sum := sha256.Sum256([]byte(key + "\x00" + value))
		all[key] = hex.EncodeToString(sum[:])
	}
	return all
}

// maxChanged bounds how many keys an entry names.
const maxChanged = 60

// counts returns how many people and groups of each kind a roster has: numbers alone, so that a role or a
// group that goes shows to whoever reads the ledger later.
func counts(r *roster.Roster) string {
	n := map[string]int{}
	for _, s := range r.Sizes() {
		n["groups."+string(s.Kind)]++
		n["people."+string(s.Kind)] += s.People
	}
	n["people"], n["confidential"] = r.People()
	var all []string
	for _, key := range slices.Sorted(maps.Keys(n)) {
		all = append(all, fmt.Sprintf("%s=%d", key, n[key]))
	}
	return strings.Join(all, "; ")
}

// changedKeys returns the keys of settings that were added, changed or taken away. The first time
// there are none.
func changedKeys(before, now map[string]string) []string {
	if before == nil {
		return nil
	}
	var keys []string
	for key := range maps.Keys(now) {
		if before[key] != now[key] {
			keys = append(keys, key)
		}
	}
	for key := range maps.Keys(before) {
		if _, ok := now[key]; !ok {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) > maxChanged {
		keys = append(keys[:maxChanged], fmt.Sprintf("and-%d-more", len(keys)-maxChanged))
	}
	return keys
}

// promisesOf returns the settings that promises rest on, as key=value.
func promisesOf(cfg *config.Config) string {
	all := setting.Leaves(cfg)
	w := witnessesOf(nil, cfg)
	lines := []string{fmt.Sprintf("notices.witnesses=%d, %d of them outside", w.Number(), w.Outside())}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		of := func(p string) bool { return key == p || strings.HasPrefix(key, p+".") }
		said := !slices.Contains(unsaid, key[strings.LastIndexByte(key, '.')+1:])
		if said && (slices.ContainsFunc(promises, of) || roleGroup.MatchString(key)) {
			lines = append(lines, key+"="+all[key])
		}
	}
	text := strings.Join(lines, "; ")
	if len(text) > maxPromises {
		return text[:maxPromises] + " …"
	}
	return text
}

// maxPromises bounds their text in an entry, in bytes.
const maxPromises = 4 << 10

// programDigest returns the digest of the program that runs, so that an auditor can compare it with
// the one that was built from source.
func programDigest() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read this program: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
