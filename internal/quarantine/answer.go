package quarantine

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"filippo.io/age"

	"sluis/filter"
)

// maxAnswer bounds what is kept of a reply, in bytes.
const maxAnswer = 4 << 10

// sealAnswer encrypts what the next hop said: it may quote an address. What cannot be
// kept is not; the codes are.
func (s *Store) sealAnswer(text string) []byte {
	if text == "" || len(s.recipients) == 0 {
		return nil
	}
	var b bytes.Buffer
	w, err := age.Encrypt(&b, s.recipients...)
	if err != nil {
		return nil
	}
	if _, err := io.WriteString(w, text[:min(len(text), maxAnswer)]); err != nil || w.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// answer is the reverse of sealAnswer.
func (s *Store) answer(ctx context.Context, id filter.ID, ids []age.Identity) (string, error) {
	var sealed []byte
	if err := s.db.QueryRowContext(ctx, "SELECT answer FROM entries WHERE id = ?", id.String()).Scan(&sealed); err != nil {
		return "", fmt.Errorf("open the answer of the next hop: %w", err)
	}
	if sealed == nil {
		return "", nil
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), ids...)
	if err != nil {
		return "", fmt.Errorf("open the answer of the next hop: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(r, maxAnswer))
	if err != nil {
		return "", fmt.Errorf("open the answer of the next hop: %w", err)
	}
	return string(text), nil
}
