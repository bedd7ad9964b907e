package ledger

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A line is an entry as it stands in the file and in an export:
//
//	{"v":2,"index":7,"time":"...","kind":"...","data":{...},"text_sha256":"...","salt":"...","text":{...},"sig":"..."}
//
// The leaf of the tree is the line as it is stored up to the salt: whatever a later version adds to it,
// and whichever kinds it has, verify all the same. The free text is behind it, and in the leaf there is
// but a hash of salt and text, so that it can be erased and nothing else can. The signature is of the
// tree that ends in the line, and of no use for anything else.
const format = 2

// ErrNewer is the error for a line in a format that this version does not know.
var ErrNewer = errors.New("the ledger was written by a newer version of this program")

// Line is a line of either format, as it was read.
type line struct {
	Version int             `json:"v"`
	Index   int64           `json:"index"`
	Time    time.Time       `json:"time"`
	Kind    Kind            `json:"kind"`
	Data    *Data           `json:"data,omitempty"`
	Sum     []byte          `json:"text_sha256,omitempty"`
	Salt    []byte          `json:"salt,omitempty"`
	Text    json.RawMessage `json:"text,omitempty"` // freeText
	Sig     []byte          `json:"sig"`            // Ed25519

	erased bool
	leaf   []byte // of what the line is that the tree has the hash of
}

// freeText is what can be erased.
type freeText struct {
	Reason string `json:"reason,omitempty"`
}

// leafOf is what of a line the tree has the hash of, without the brace at its end.
type leafOf struct {
	Version int       `json:"v"`
	Index   int64     `json:"index"`
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Data    Data      `json:"data"`
	Sum     []byte    `json:"text_sha256"`
}

// newLine returns the line of a new entry, not signed.
func newLine(e Entry) (l line, err error) {
	l = line{Version: format, Salt: make([]byte, 16)}
	rand.Read(l.Salt) // never fails (crypto/rand, Go 1.24)
	if free := (freeText{e.Data.Reason}); free != (freeText{}) {
		if l.Text, err = json.Marshal(free); err != nil {
			return l, fmt.Errorf("encode ledger entry: %w", err)
		}
	}
	closed := e.Data
	closed.Reason = ""
	b, err := json.Marshal(leafOf{format, e.Index, e.Time, e.Kind, closed, textSum(l.Salt, l.Text)})
	if err != nil {
		return l, fmt.Errorf("encode ledger entry: %w", err)
	}
	l.leaf = b[:len(b)-1]
	return l, nil
}

// textSum returns the hash of salt and text.
func textSum(salt []byte, text []byte) []byte {
	h := sha256.New()
	h.Write([]byte("sluis ledger text 2\x00"))
	h.Write(salt)
	h.Write(text)
	return h.Sum(nil)
}

// hash returns the hash of the line in the tree.
func (l line) hash() tlog.Hash { return tlog.RecordHash(l.leaf) }

// append appends the line as it is stored.
func (l line) append(b []byte) []byte {
	b = append(b, l.leaf...)
	if l.Salt != nil {
		b = appendBase64(append(b, `,"salt":"`...), l.Salt)
	}
	if l.Text != nil {
		b = append(append(b, `,"text":`...), l.Text...)
	}
	return append(appendBase64(append(b, `,"sig":"`...), l.Sig), '}')
}

// appendBase64 appends bytes in base64 and a closing quote.
func appendBase64(b, of []byte) []byte { return append(base64.StdEncoding.AppendEncode(b, of), '"') }

// readLine reads a line, whose text is not kept. It has to be exactly as it was written, so that no
// two readers can see different things in it.
func readLine(text []byte, index int64) (l line, leaf tlog.Hash, err error) {
	// A field of another type than this version knows is one that it does not know.
	err = json.Unmarshal(text, &l)
	if _, unknown := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !unknown {
		return l, leaf, fmt.Errorf("entry %d is broken: it cannot be read", index)
	}
	if l.Index != index {
		return l, leaf, fmt.Errorf("entry %d is broken: in its place stands entry %d", index, l.Index)
	}
	switch l.Version {
	case 0:
		return readFirst(text, index)
	case format:
		err = l.split(text)
	default:
		return l, leaf, fmt.Errorf("entry %d has format %d: %w", index, l.Version, ErrNewer)
	}
	if err != nil {
		return l, leaf, fmt.Errorf("entry %d is broken: %w", index, err)
	}
	return l, l.hash(), nil
}

// split finds the leaf in the text of a line, which has the rest behind it.
func (l *line) split(text []byte) error {
	rest := line{Salt: l.Salt, Text: l.Text, Sig: l.Sig}.append(nil)
	if len(l.Sig) == 0 || !bytes.HasSuffix(text, rest) {
		return errors.New("it is not as it was written")
	}
	l.leaf = bytes.Clone(text[:len(text)-len(rest)])
	l.erased = l.Salt == nil
	switch {
	case l.Data == nil || len(l.Sum) != sha256.Size || l.erased != (len(l.Salt) == 0) || l.erased && l.Text != nil:
		return errors.New("it has too many fields or too few")
	case !l.erased && !bytes.Equal(textSum(l.Salt, l.Text), l.Sum):
		return errors.New("its text is not the one that was signed")
	}
	return nil
}

// entry returns the entry of a line.
func (l line) entry() Entry {
	e := Entry{Index: l.Index, Time: l.Time, Kind: l.Kind, Erased: l.erased}
	if l.Data != nil {
		e.Data = *l.Data
	}
	if l.Version == 0 {
		return e
	}
	var free freeText
	if l.Text != nil {
		_ = json.Unmarshal(l.Text, &free) // as with the data: what this version does not know is left out
	}
	e.Data.Reason = free.Reason
	return e
}

// erase takes the text from a line.
func (l line) erase() line {
	l.Salt, l.Text = nil, nil
	return l
}

// lineUse begins what a line's signature is of. A note cannot have it (sumdb/note refuses control
// characters), so that no signature of a line is one of a checkpoint.
const lineUse = "sluis ledger line 2\x00"

// signing returns what the signature of a line in a format is of, in a tree.
func signing(version int, tree []byte) []byte {
	if version == 0 {
		return tree
	}
	return append([]byte(lineUse), tree...)
}

// signature is that of a line.
type signature struct {
	version int
	sig     []byte
}

func (l line) signature() signature { return signature{l.Version, l.Sig} }

// is reports whether it is that of a tree.
func (s signature) is(v note.Verifier, tree []byte) bool {
	return v.Verify(signing(s.version, tree), s.sig)
}
