package imagery

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"sluis/internal/ledger"
	"sluis/internal/store"
)

// Finding is what the check of an image shows.
type Finding string

// The findings.
const (
	Agreed     Finding = "agreed"     // everybody on it has agreed
	NotAgreed  Finding = "not-agreed" // a person on it has not, or not any more
	Unknown    Finding = "unknown"    // an inspector has to say who is on it
	Reappeared Finding = "reappeared" // it was taken down before
	Unreadable Finding = "unreadable"
)

// Image is one that was drawn.
type Image struct {
	Page    string    `json:"page"`
	Address string    `json:"address"`
	Time    time.Time `json:"time"`
	Hash    string    `json:"hash,omitempty"` // perceptual, hexadecimal
	Finding Finding   `json:"finding"`
	Case    string    `json:"case,omitempty"` // of an image that was taken down and is there again
}

// Sample is what a visit gave.
type Sample struct {
	ID     string    `json:"id"`
	Time   time.Time `json:"time"`
	Seed   string    `json:"seed"`
	Pages  int       `json:"pages"`
	Found  int       `json:"found"` // images on these
	Images []Image   `json:"images"`
}

// Key implements store.Keyed.
func (s Sample) Key() string { return s.ID }

// near is how many of 64 bits two hashes of the same picture may differ in: other sizes,
// other compression.
const near = 8

// Sample visits the sites, draws images and checks them. The seed is in the ledger before
// anything is visited.
func (s *Store) Sample(
	ctx context.Context,
	sites []string,
	client *http.Client,
	b Bounds,
	consents Register,
) (Sample, error) {
	v, starts, err := newVisitor(sites, client, b)
	if err != nil {
		return Sample{}, fmt.Errorf("sample imagery: %w", err)
	}
	seed := make([]byte, 32)
	rand.Read(seed) // never fails (crypto/rand, Go 1.24)
	out := Sample{ID: store.NewID(), Time: s.now().UTC(), Seed: hex.EncodeToString(seed)}
	act := ledger.Data{Ref: out.ID, Secret: out.Seed, Step: "begun"}
	if _, err := s.ledger.Append(ctx, ledger.ImagerySampled, act); err != nil {
		return Sample{}, fmt.Errorf("sample imagery: write it in the ledger: %w", err)
	}
	images, pages, err := v.crawl(ctx, starts)
	if err != nil {
		return Sample{}, fmt.Errorf("sample imagery: %w", err)
	}
	out.Pages, out.Found = pages, len(images)
	for _, f := range drawn(seed, images, v.bounds.Images) {
		image, err := s.look(ctx, v, f, consents)
		if err != nil {
			return Sample{}, fmt.Errorf("sample imagery: %w", err)
		}
		out.Images = append(out.Images, image)
	}
	act = ledger.Data{Ref: out.ID, Count: len(out.Images), Step: "done"}
	if _, err := s.ledger.Append(ctx, ledger.ImagerySampled, act); err != nil {
		return Sample{}, fmt.Errorf("sample imagery: write it in the ledger: %w", err)
	}
	return out, s.samples.Put(out)
}

// drawn orders images by a keyed hash of their addresses and takes the first.
func drawn(seed []byte, images []found, n int) []found {
	key := func(f found) []byte {
		mac := hmac.New(sha256.New, seed)
		fmt.Fprintf(mac, "%s\n%s", f.page, f.image)
		return mac.Sum(nil)
	}
	images = slices.Clone(images)
	slices.SortFunc(
		images,
		func(a, b found) int { return cmp.Or(bytes.Compare(key(a), key(b)), cmp.Compare(a.image, b.image)) },
	)
	return images[:min(n, len(images))]
}

// look fetches an image and checks it.
func (s *Store) look(ctx context.Context, v *visitor, f found, consents Register) (Image, error) {
	i := Image{Page: f.page, Address: f.image, Time: s.now().UTC(), Finding: Unreadable}
	u, err := url.Parse(f.image)
	if err != nil {
		return i, nil
	}
	b, err := v.get(ctx, u, maxImage)
	if ctx.Err() != nil {
		return i, ctx.Err()
	}
	if err != nil {
		return i, nil
	}
	h, err := hash(b)
	if err != nil {
		return i, nil
	}
	i.Hash = strconv.FormatUint(h, 16)
	i.Finding, i.Case, err = s.judge(h, consents)
	return i, err
}

// judge holds an image against what was taken down, who is known to be on it, and what
// they have agreed to.
func (s *Store) judge(h uint64, consents Register) (Finding, string, error) {
	cases, err := store.Readable(s.Cases())
	if err != nil {
		return "", "", err
	}
	for _, c := range cases {
		if down, err := strconv.ParseUint(c.Hash, 16, 64); c.Hash != "" && err == nil && c.has(TakenDown) &&
			bits.OnesCount64(down^h) <= near {
			return Reappeared, c.ID, nil
		}
	}
	known, err := s.known.Get()
	if err != nil {
		return "", "", err
	}
	for text, people := range known {
		if of, err := strconv.ParseUint(text, 16, 64); err != nil || bits.OnesCount64(of^h) > near {
			continue
		}
		for _, p := range people {
			if !consents.Agreed(p, "website", s.now()) {
				return NotAgreed, "", nil
			}
		}
		return Agreed, "", nil
	}
	return Unknown, "", nil
}
