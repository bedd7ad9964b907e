package ledger

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"sluis/internal/store/disk"
)

// ErrNotErasable is returned for an entry that verifies other entries, or draws.
var ErrNotErasable = errors.New("this entry verifies others: it cannot be erased")

// proofs are kinds whose data an auditor needs. But for LedgerAdopted and KeyRenewed they have no text
// of a person.
var proofs = []Kind{
	SamplingSeed,
	SamplingCommit,
	SamplingRate,
	SamplingReveal,
	SamplingCount,
	SamplingLost,
	ConfigLoaded,
	GatewayStarted,
	ReportFrozen,
	PayloadErased,
	LedgerAdopted,
	ClockJumped,
	ClockAccepted,
	KeyMade,
	KeyRenewed,
	KeyDestroyed,
}

// Erase removes the data of an entry, for instance when a name stands in a reason (GDPR art.
// 17). Place, time and kind stay, and so does every proof. The erasure is an entry itself,
// which comes first. It can be repeated if it failed half-way.
func (l *Ledger) Erase(ctx context.Context, index int64, d Data) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d.Reason == "" {
		return errors.New("erase from the ledger: say why")
	}
	return l.locked(func() error {
		if err := l.read(); err != nil {
			return err
		}
		if index < 0 || index >= l.head.entries {
			return fmt.Errorf("erase from the ledger: there is no entry %d", index)
		}
		if _, _, err := l.without(index); err != nil {
			return err
		}
		d.Ref = fmt.Sprint(index)
		if _, err := l.append(PayloadErased, d); err != nil {
			return err
		}
		text, changed, err := l.without(index)
		if err != nil || !changed {
			return err
		}
		if err := disk.Replace(l.file(), text); err != nil {
			return fmt.Errorf("erase from the ledger: %w", err)
		}
		return l.read()
	})
}

// without returns the file with the payload of one entry replaced by its hash.
func (l *Ledger) without(index int64) (text []byte, changed bool, err error) {
	f, err := os.Open(l.file())
	if err != nil {
		return nil, false, fmt.Errorf("erase from the ledger: %w", err)
	}
	defer f.Close()
	var out bytes.Buffer
	r := bufio.NewScanner(f)
	r.Buffer(nil, maxLine)
	for n := int64(0); r.Scan(); n++ {
		b := r.Bytes()
		if n == index {
			if b, changed, err = erased(b, n); err != nil {
				return nil, false, err
			}
		}
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes(), changed, r.Err()
}

// erased returns a line with its payload replaced; false if it was before.
func erased(text []byte, index int64) ([]byte, bool, error) {
	l, _, err := readLine(text, index)
	if err != nil {
		return nil, false, err
	}
	if slices.Contains(proofs, l.Kind) {
		return nil, false, ErrNotErasable
	}
	if l.Data == nil {
		return text, false, nil
	}
	if l.Payload, err = l.entry().payload(); err != nil {
		return nil, false, err
	}
	l.Salt, l.Data = nil, nil
	b, err := json.Marshal(l)
	return b, true, err
}
