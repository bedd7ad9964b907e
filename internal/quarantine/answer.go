package quarantine

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"filippo.io/age"

	"sluis/filter"
)

// maxAnswer bounds a stored reply, in bytes.
const maxAnswer = 4 << 10

// sealAnswer encrypts the text of the next hop: it may quote an address. If that fails only
// the codes remain.
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
	const query = "SELECT answer FROM entries WHERE id = ?"
	if err := s.db.QueryRowContext(ctx, query, id.String()).Scan(&sealed); err != nil {
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
