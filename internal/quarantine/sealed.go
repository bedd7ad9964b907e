package quarantine

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"

	"sluis/filter"
	"sluis/internal/ledger"
	"sluis/internal/store/disk"
)

// A sealed file is an age file. In it are the length of the header (four bytes, big
// endian), the header (JSON), and the message as it is to be delivered.

// header is the sealed part before the message.
type header struct {
	Envelope Envelope   `json:"envelope"`
	Evidence []Evidence `json:"evidence,omitempty"`
	Note     string     `json:"note,omitempty"` // to the recipients, of what is to be released

	Confidential bool `json:"confidential,omitempty"` // also if the index is lost
}

// maxHeader bounds the header, in bytes: thousands of recipients and findings.
const maxHeader = 4 << 20

func (h header) encode() ([]byte, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("encode sealed header: %w", err)
	}
	if len(b) > maxHeader {
		return nil, fmt.Errorf("sealed header of %d bytes is above the bound", len(b))
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...), nil
}

// errDamaged is the error for a header that cannot be read. It quotes nothing: the header has
// content.
var errDamaged = errors.New("the sealed header is damaged")

func readHeader(r io.Reader) (header, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return header{}, errDamaged
	}
	size := binary.BigEndian.Uint32(n[:])
	if size > maxHeader {
		return header{}, errDamaged
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(size)))
	var h header
	if err != nil || len(b) != int(size) || json.Unmarshal(b, &h) != nil {
		return header{}, errDamaged
	}
	return h, nil
}

// writeSealed writes header and content, encrypted, to a file that was not there. It is
// whole and durable or, after an error, not there.
func (s *Store) writeSealed(path string, to []age.Recipient, h header, content io.Reader) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*.part") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after a crash Reconcile removes it
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 64<<10)
	if err := encrypt(buffered, to, h, content); err != nil {
		return err
	}
	if err := s.in("write", buffered.Flush); err != nil {
		return err
	}
	if err := s.in("sync", f.Sync); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// A link, where a rename would put one message in the place of another.
	if err := s.in("link", func() error { return os.Link(f.Name(), path) }); err != nil {
		return err
	}
	err = os.Remove(f.Name())
	if err == nil {
		err = s.in("sync directory", func() error { return disk.SyncDir(filepath.Dir(path)) })
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// in does a step of writing, which tests make fail.
func (s *Store) in(step string, do func() error) error {
	if s.fault != nil {
		if err := s.fault(step); err != nil {
			return err
		}
	}
	return do()
}

func encrypt(w io.Writer, to []age.Recipient, h header, content io.Reader) error {
	head, err := h.encode()
	if err != nil {
		return err
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return err
	}
	if _, err := sealed.Write(head); err != nil {
		return err
	}
	if _, err := io.Copy(sealed, content); err != nil {
		return err
	}
	return sealed.Close()
}

// Message is a message that was opened. Reading it gives what the next hop would get;
// only when it ends without an error is it whole. Close it.
type Message struct {
	Envelope Envelope
	Evidence []Evidence
	Answer   string // the next hop's last words, if it has not taken the message
	io.Reader

	note         string
	confidential bool
	file         *os.File
}

// Close closes the file.
func (m *Message) Close() error { return m.file.Close() }

// unlock opens a sealed message: no entry, no key. The receipt has to be of this act with this
// message.
func (s *Store) unlock(r ledger.Receipt, act ledger.Kind, id filter.ID, keys []age.Identity) (*Message, error) {
	if !r.Of(act, id.String()) {
		return nil, errors.New("open sealed message: the ledger has no entry of it")
	}
	return openSealed(s.path(id), keys...)
}

// openSealed is called by unlock, and for the copy that a release has made for delivery.
func openSealed(path string, ids ...age.Identity) (*Message, error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open sealed message: %w", err)
	}
	m := &Message{file: f}
	if err := m.unseal(f, ids); err != nil {
		f.Close()
		return nil, fmt.Errorf("open sealed message: %w", err)
	}
	return m, nil
}

func (m *Message) unseal(r io.Reader, ids []age.Identity) error {
	clear, err := age.Decrypt(bufio.NewReaderSize(r, 64<<10), ids...)
	if err != nil {
		return err
	}
	h, err := readHeader(clear)
	if err != nil {
		return err
	}
	m.Envelope, m.Evidence, m.note, m.Reader = h.Envelope, h.Evidence, h.Note, clear
	m.confidential = h.Confidential
	return nil
}
