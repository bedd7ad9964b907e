package sitelists

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"aead.dev/minisign"
)

// fetchTime bounds how long a server may take over a list.
const fetchTime = 15 * time.Minute

// careful returns a client that does not go from https to http, and not from one server to
// the next for ever.
func careful(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	own := *c
	own.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		switch {
		case len(via) > 5:
			return errors.New("it is redirected more than five times")
		case via[0].URL.Scheme == "https" && r.URL.Scheme != "https":
			return errors.New("it is redirected from https to " + r.URL.Scheme)
		}
		return nil
	}
	return &own
}

// fetch fetches a list into a file, unless it is the one that is there.
func (s *Store) fetch(ctx context.Context, src Source, st State) (path string, h http.Header, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	resp, err := s.get(ctx, src.URL, st, src.Checksum+src.Signature != "")
	if err != nil {
		return "", nil, fmt.Errorf("fetch: %w", err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && st.Sum != "":
		return "", nil, nil
	case resp.StatusCode != http.StatusOK:
		return "", nil, fmt.Errorf("fetch: the server answers %s", resp.Status)
	}
	f, err := os.CreateTemp(s.dir, temporary)
	if err != nil {
		return "", nil, fmt.Errorf("fetch: %w", err)
	}
	sum, signed := sha256.New(), minisign.NewReader(&bounded{r: resp.Body, left: maxList})
	_, err = io.Copy(io.MultiWriter(f, sum), signed)
	if err = errors.Join(bare(err), f.Close()); err == nil && src.Checksum != "" {
		err = s.verifySum(ctx, src, sum.Sum(nil))
	}
	if err == nil && src.Signature != "" {
		err = s.verifySignature(ctx, src, signed)
	}
	if err != nil {
		os.Remove(f.Name())
		return "", nil, fmt.Errorf("fetch: %w", err)
	}
	return f.Name(), resp.Header, nil
}

// get asks for an address, if it is another than what is known. As it is: without
// compression on the way, of which a checksum would not hold.
func (s *Store) get(ctx context.Context, address string, known State, asItIs bool) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("not an address")
	}
	req.Header.Set("User-Agent", "sluis")
	if asItIs {
		req.Header.Set("Accept-Encoding", "identity")
	}
	if known.Sum != "" && known.ETag != "" {
		req.Header.Set("If-None-Match", known.ETag)
	}
	if known.Sum != "" && known.Modified != "" {
		req.Header.Set("If-Modified-Since", known.Modified)
	}
	resp, err := s.client.Do(req)
	return resp, bare(err)
}

// bare takes the address off an error: what is in it may be a key that opens the list.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// verifySum compares a sum with the published one.
func (s *Store) verifySum(ctx context.Context, src Source, sum []byte) error {
	published, err := s.small(ctx, src.Checksum)
	if err != nil {
		return fmt.Errorf("checksum: %w", err)
	}
	if !slices.Contains(strings.Fields(strings.ToLower(string(published))), hex.EncodeToString(sum)) {
		return errors.New("it is not the list that its checksum is of")
	}
	return nil
}

// verifySignature holds what was read against its signature.
func (s *Store) verifySignature(ctx context.Context, src Source, list *minisign.Reader) error {
	signature, err := s.small(ctx, src.Signature)
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	key, err := src.publicKey()
	if err != nil {
		return fmt.Errorf("signature: %w", err)
	}
	if !list.Verify(key, signature) {
		return errors.New("it is not signed with the key of the list")
	}
	return nil
}

// small fetches what has to be small.
func (s *Store) small(ctx context.Context, address string) ([]byte, error) {
	resp, err := s.get(ctx, address, State{}, true)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the server answers %s", resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return b, bare(err)
}
