package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// firstLine is a line in the first format, which had no version: only read, as it is stored. Its leaf
// is that of place, time, kind and the hash of salt and data, which could be erased as a whole.
type firstLine struct {
	Index   json.RawMessage `json:"index"`
	Time    json.RawMessage `json:"time"`
	Kind    json.RawMessage `json:"kind"`
	Salt    json.RawMessage `json:"salt,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Payload json.RawMessage `json:"erased_payload_sha256,omitempty"`
	Sig     json.RawMessage `json:"sig"`
}

func readFirst(text []byte, index int64) (l line, leaf tlog.Hash, err error) {
	var raw firstLine
	err = json.Unmarshal(text, &raw)
	if again, wrong := json.Marshal(raw); err != nil || wrong != nil || !bytes.Equal(again, text) {
		return l, leaf, fmt.Errorf("entry %d is broken: it is not as it was written", index)
	}
	_ = json.Unmarshal(text, &l) // done before: what cannot be read in it is left out
	l.erased = raw.Data == nil
	var payload []byte
	if l.erased {
		if json.Unmarshal(raw.Payload, &payload) != nil || len(payload) != sha256.Size || raw.Salt != nil {
			return l, leaf, fmt.Errorf("entry %d is broken: it has too many fields or too few", index)
		}
	} else {
		if raw.Payload != nil || len(l.Salt) == 0 {
			return l, leaf, fmt.Errorf("entry %d is broken: it has too many fields or too few", index)
		}
		h := sha256.New()
		fmt.Fprintf(h, `{"salt":%s,"data":%s}`, raw.Salt, raw.Data)
		payload = h.Sum(nil)
	}
	l.leaf = fmt.Appendf(nil, `{"index":%s,"time":%s,"kind":%s,"payload":`, raw.Index, raw.Time, raw.Kind)
	l.leaf = append(appendBase64(append(l.leaf, '"'), payload), '}')
	return l, l.hash(), nil
}
