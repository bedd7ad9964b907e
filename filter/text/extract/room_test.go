package extract

import (
	"context"
	"errors"
	"strings"
	"testing"

	"sluis/filter/text"
	"sluis/internal/store/disk"
)

// purse is room of so many bytes.
type purse int64

func (p *purse) Take(n int64) error {
	if *p -= purse(n); *p < 0 {
		return disk.ErrReserved
	}
	return nil
}

func (*purse) Give(int64) {}

// What is unpacked is not written when the disk is short of room: the inspection fails, and is made
// another time.
func TestLargePartsWaitWithinTheirRoom(t *testing.T) {
	body := strings.Repeat("een tabel, met, wachtwoord\n", 40_000)
	part := "Content-Type: text/csv; name=x.csv\nContent-Transfer-Encoding: base64\n\n" + b64(body)
	for name, c := range map[string]struct {
		message string
		room    purse
		fails   bool
	}{
		"enough":               {part, 2 << 20, false},
		"too little":           {part, 500 << 10, true},
		"none":                 {part, 0, true},
		"none is needed":       {"Subject: x\n\nkort\n", 0, false},
		"a whole letter of it": {"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + part + "\n--b--\n", 0, true},
	} {
		_, err := Message(context.Background(), strings.NewReader(c.message), int64(len(c.message)),
			text.Limits{Dir: t.TempDir(), Room: &c.room}, func(text.Segment) error { return nil })
		if errors.Is(err, disk.ErrReserved) != c.fails || err != nil && !c.fails {
			t.Errorf("%s: %v, want an error of the room: %v", name, err, c.fails)
		}
	}
}
