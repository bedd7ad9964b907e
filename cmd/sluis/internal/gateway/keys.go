package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"sluis/filter/peopleindex"
	"sluis/internal/keybook"
	"sluis/internal/ledger"
	"sluis/internal/oversight/totals"
	"sluis/internal/quarantine"
	"sluis/internal/store/disk"
)

// keyFiles are the keys of the data directory whose ids are in the ledger, beside those of the
// journal's months.
func (d *Data) keyFiles() []keybook.Key {
	all := []keybook.Key{
		d.accountsKey(), d.peopleKeyFile(), d.splitKey(), d.ordersKey(), d.releaseKey(), totals.NoiseKey(d.path("reports")),
	}
	if len(d.cfg.Quarantine.Recipients) == 0 && d.cfg.Quarantine.Identity != "" {
		all = append(all, d.quarantineKey())
	}
	return all
}

// filled reports whether a directory of the data directory has a file whose name ends so.
func (d *Data) filled(ext string, names ...string) func() (bool, error) {
	return func() (bool, error) {
		for _, name := range names {
			files, err := os.ReadDir(d.path(filepath.FromSlash(name)))
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return false, err
			}
			if slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.HasSuffix(f.Name(), ext) }) {
				return true, nil
			}
		}
		return false, nil
	}
}

func (d *Data) quarantineKey() keybook.Key {
	messages, complaints := d.filled(".age", "quarantine/sealed"), d.filled(".json", "imagery-cases")
	return keybook.Key{
		Name:  "quarantine.key",
		Path:  d.cfg.Quarantine.Identity,
		Opens: "what is sealed in the quarantine",
		Of:    publicPart,
		Used: func() (bool, error) {
			if used, err := messages(); used || err != nil {
				return used, err
			}
			return complaints()
		},
	}
}

// publicPart returns the public key of a file with a private one, or with that public key.
func publicPart(b []byte) []byte {
	if id, err := quarantine.ParseIdentity(b); err == nil {
		return []byte(id.Recipient().String())
	}
	return []byte(strings.TrimSpace(string(b)))
}

func (d *Data) accountsKey() keybook.Key {
	return keybook.Key{
		Name:  "accounts.key",
		Path:  d.path("keys", "accounts.key"),
		Opens: "the secrets of the codes that people sign in with",
		Used:  d.filled(".db", "accounts"),
	}
}

func (d *Data) peopleKeyFile() keybook.Key {
	return keybook.Key{
		Name:  "people.key",
		Path:  d.path("keys", "people.key"),
		Opens: "the imported lists of people",
		Used:  d.filled(".hashes", "people"),
	}
}

func (d *Data) splitKey() keybook.Key {
	return keybook.Key{
		Name:  "split.key",
		Path:  d.path("keys", "split.key"),
		Opens: "the memory of confidential messages that come in parts",
		Used:  d.filled(".db", "split"),
	}
}

func (d *Data) releaseKey() keybook.Key { return quarantine.ReleaseKey(d.path("quarantine")) }

// renewRelease gives up the release key. What was sealed to it comes back to review: its first copy is there.
func (d *Data) renewRelease(ctx context.Context, l *ledger.Ledger, by ledger.Actor, reason string) error {
	if err := d.releaseKey().Renew(ctx, l, quarantine.NewIdentity(), by, reason); err != nil {
		return err
	}
	waiting, err := filepath.Glob(d.path("quarantine", "release", "*.age"))
	for _, f := range waiting {
		err = errors.Join(err, os.Remove(f))
	}
	return err
}

// newSecret makes a key that nothing is known of.
func newSecret() []byte {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails (crypto/rand, Go 1.24)
	return secret
}

// recipients returns the public keys that the quarantine seals to. If the private one is lost,
// sealing goes on with the public one that is kept beside it: what is sealed can be opened once the
// private one is back.
func (d *Data) recipients(ctx context.Context) ([]age.Recipient, error) {
	if len(d.cfg.Quarantine.Recipients) > 0 {
		return recipients(d.cfg)
	}
	l, err := d.Ledger()
	if err != nil {
		return nil, err
	}
	key, public := d.quarantineKey(), d.cfg.Quarantine.Identity+".pub"
	b, err := key.Open(ctx, l, quarantine.NewIdentity)
	if errors.Is(err, keybook.ErrLost) {
		id, failed := key.Known(l)
		kept, unread := os.ReadFile(public)
		if failed != nil || unread != nil || id == "" || keybook.ID(publicPart(kept)) != id {
			return nil, err
		}
		to, wrong := age.ParseX25519Recipient(string(publicPart(kept)))
		if wrong != nil {
			return nil, err
		}
		return []age.Recipient{to}, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := quarantine.ParseIdentity(b)
	if err != nil {
		return nil, fmt.Errorf("%s %w", key.Path, err)
	}
	text := id.Recipient().String() + "\n"
	if kept, err := os.ReadFile(public); err != nil || string(kept) != text {
		_ = disk.Replace(public, []byte(text)) // the directory of a key may be closed to the gateway
	}
	return []age.Recipient{id.Recipient()}, nil
}

// lostKeys returns the keys that are lost, as errors that say what cannot be opened.
func (d *Data) lostKeys() (lost []error, err error) {
	l, err := d.Ledger()
	if err != nil {
		return nil, err
	}
	keys, err := d.Keys()
	if err != nil {
		return nil, err
	}
	months, err := keys.Lost()
	if err != nil {
		return nil, err
	}
	for _, key := range d.keyFiles() {
		err := key.Check(l)
		if errors.Is(err, keybook.ErrLost) {
			lost = append(lost, err)
		} else if err != nil {
			return lost, err
		}
	}
	return append(lost, months...), nil
}

// lostKeyNames are for health.
func (d *Data) lostKeyNames(context.Context, time.Time) ([]string, error) {
	lost, err := d.lostKeys()
	var names []string
	for _, err := range lost {
		if l, ok := errors.AsType[*keybook.Lost](err); ok {
			names = append(names, l.Name)
		}
	}
	return names, err
}

// RenewKey gives up a key that is lost, while no gateway runs: what it opened stays closed.
func (d *Data) RenewKey(ctx context.Context, name string, by ledger.Actor, reason string) error {
	if err := d.Lock(); err != nil {
		return err
	}
	l, err := d.Ledger()
	if err != nil {
		return err
	}
	keys, err := d.Keys()
	if err != nil {
		return err
	}
	switch name {
	case "quarantine.key":
		return d.quarantineKey().Renew(ctx, l, quarantine.NewIdentity(), by, reason)
	case "accounts.key":
		if err := d.accountsKey().Renew(ctx, l, newSecret(), by, reason); err != nil {
			return err
		}
		accounts, err := d.Accounts()
		if err != nil {
			return err
		}
		return accounts.ForgetCodes(ctx)
	case "release.key":
		return d.renewRelease(ctx, l, by, reason)
	case "noise.key":
		return totals.NoiseKey(d.path("reports")).Renew(ctx, l, newSecret(), by, reason)
	case "split.key":
		return d.splitKey().Renew(ctx, l, newSecret(), by, reason)
	case "people.key":
		fresh := peopleindex.NewKey()
		return errors.Join(d.peopleKeyFile().Renew(ctx, l, fresh[:], by, reason), d.setAsideLists())
	}
	return keys.Renew(ctx, strings.TrimSuffix(name, ".key"), by, reason)
}

// setAsideLists takes lists of people that were made with a lost key out of use: nothing in them is
// recognised with another.
func (d *Data) setAsideLists() error {
	lists, err := d.PeopleLists()
	for _, list := range lists {
		path := d.peopleFile(list.Name)
		err = errors.Join(err, os.Rename(path, path+".lost"))
	}
	return err
}
