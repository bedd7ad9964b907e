package notice

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"sluis/internal/store/disk"
)

// Schedule keeps in a file when each kind of notice was last sent.
type Schedule struct{ Path string }

// Due calls send if a kind was not sent for as long as every says. After an error of send the
// kind stays due.
func (s Schedule) Due(kind string, every time.Duration, now time.Time, send func() error) error {
	sent, err := s.read()
	if err != nil {
		return err
	}
	if last, ok := sent[kind]; ok && now.Sub(last) < every && !last.After(now) {
		return nil
	}
	if err := send(); err != nil {
		return err
	}
	sent[kind] = now.UTC().Truncate(time.Second)
	b, err := json.Marshal(sent)
	if err != nil {
		return fmt.Errorf("note that a notice was sent: %w", err)
	}
	if err := disk.Replace(s.Path, b); err != nil {
		return fmt.Errorf("note that a notice was sent: %w", err)
	}
	return nil
}

func (s Schedule) read() (map[string]time.Time, error) {
	sent := map[string]time.Time{}
	b, err := os.ReadFile(s.Path)
	if errors.Is(err, os.ErrNotExist) {
		return sent, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read when notices were sent: %w", err)
	}
	if json.Unmarshal(b, &sent) != nil {
		return map[string]time.Time{}, nil // a notice too many does no harm
	}
	return sent, nil
}
