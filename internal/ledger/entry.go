package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Kind is the kind of an act. The list is closed.
type Kind string

// The kinds.
const (
	GatewayStarted Kind = "gateway-started"
	GatewayStopped Kind = "gateway-stopped"
	ConfigLoaded   Kind = "config-loaded"

	SamplingSeed   Kind = "sampling-seed" // by the board, with dice
	SamplingCommit Kind = "sampling-commit"
	SamplingRate   Kind = "sampling-rate" // of a day that is committed to already
	SamplingReveal Kind = "sampling-reveal"
	SamplingCount  Kind = "sampling-count" // of a day's draws so far
	SamplingLost   Kind = "sampling-lost"  // draws that a crash left without a record

	QuarantineOpened    Kind = "quarantine-opened"
	QuarantineRevealed  Kind = "quarantine-revealed" // an identifier in what was opened
	QuarantineReleased  Kind = "quarantine-released"
	QuarantineKept      Kind = "quarantine-kept"
	QuarantineConfirmed Kind = "quarantine-confirmed" // as a leak, or as what the code forbids
	QuarantineWrong     Kind = "quarantine-wrong"     // the verdict was (C3.3f)
	QuarantineDeleted   Kind = "quarantine-deleted"
	QuarantineExpired   Kind = "quarantine-expired"

	PeopleImported   Kind = "people-imported"
	PeopleRemoved    Kind = "people-removed"
	ExceptionChanged Kind = "exception-changed" // to a rule
	AppealAnswered   Kind = "appeal-answered"

	RetentionRun     Kind = "retention-run"
	RetentionChanged Kind = "retention-changed"
	PayloadErased    Kind = "payload-erased"
	ExportMade       Kind = "export-made"
	ReportFrozen     Kind = "report-frozen"
	CheckpointSent   Kind = "checkpoint-sent"
	LedgerAdopted    Kind = "ledger-adopted" // a broken one, by a new one

	ClockJumped   Kind = "clock-jumped"   // against the time that passed; from Since to Until
	ClockAccepted Kind = "clock-accepted" // as right, although the ledger has later entries

	KeyMade      Kind = "key-made"      // Ref is its name, Commit its id
	KeyRenewed   Kind = "key-renewed"   // in the place of one that is lost
	KeyDestroyed Kind = "key-destroyed" // on purpose, when its time is over

	OrderRequested        Kind = "order-requested"
	OrderAdvised          Kind = "order-advised"
	OrderDecided          Kind = "order-decided"
	OrderUsed             Kind = "order-used"
	OrderWithdrawn        Kind = "order-withdrawn"
	OrderEnded            Kind = "order-ended"
	OrderCompleted        Kind = "order-completed"
	InvestigatorWithdrawn Kind = "order-investigator-withdrawn"
	AccessGiven           Kind = "access-given"

	BreachOpened Kind = "breach-opened"
	BreachStep   Kind = "breach-step"
	BreachClosed Kind = "breach-closed"

	ImageryCase    Kind = "imagery-case"
	ImagerySampled Kind = "imagery-sampled"

	AccountMade     Kind = "account-made"
	AccountChanged  Kind = "account-changed"
	SignedIn        Kind = "signed-in"
	SignInRefused   Kind = "sign-in-refused"
	SecrecyAccepted Kind = "secrecy-accepted" // C3.3e
)

// Data are the facts of an act. Every field is optional.
type Data struct {
	Actor          // who did it
	ID     string  `json:"id,omitempty"`     // of a message
	Ref    string  `json:"ref,omitempty"`    // of an order, a case, a report
	Day    string  `json:"day,omitempty"`    // 2026-11-23, UTC
	Commit string  `json:"commit,omitempty"` // hexadecimal SHA-256 of a day's secret, or of a report
	Secret string  `json:"secret,omitempty"` // hexadecimal
	Seed   string  `json:"seed,omitempty"`   // digits that the board rolled
	Rate   float64 `json:"rate,omitempty"`
	Since  int64   `json:"since,omitempty"`  // of a rate or an order, in milliseconds since 1970 (UTC)
	Until  int64   `json:"until,omitempty"`  // of an order, likewise
	Rules  string  `json:"rules,omitempty"`  // fingerprint
	Roster string  `json:"roster,omitempty"` // fingerprint
	Count  int     `json:"count,omitempty"`
	Step   string  `json:"step,omitempty"`   // of what has several: a closed word, such as "headers" or "refused"
	Reason string  `json:"reason,omitempty"` // as a person gave it

	Config   string `json:"config,omitempty"`   // hexadecimal SHA-256 of all settings
	Promises string `json:"promises,omitempty"` // settings that promises to people rest on: key=value; ...
	Changed  string `json:"changed,omitempty"`  // keys of settings that are others than the last time
	Program  string `json:"program,omitempty"`  // hexadecimal SHA-256 of the program
}

// Entry is one act.
type Entry struct {
	Index  int64
	Time   time.Time
	Kind   Kind
	Salt   []byte // against guessing the data from their hash
	Data   Data
	Erased bool // the data are erased
}

// line is an entry as it stands in the file and in an export: with its data, or after an
// erasure with their hash.
type line struct {
	Index   int64     `json:"index"`
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Salt    []byte    `json:"salt,omitempty"`
	Data    *Data     `json:"data,omitempty"`
	Payload []byte    `json:"erased_payload_sha256,omitempty"`
	Sig     []byte    `json:"sig"` // Ed25519, of the head of the tree that ends in this entry
}

// whole returns the line of a new entry.
func whole(e Entry, sig []byte) ([]byte, error) {
	return json.Marshal(line{Index: e.Index, Time: e.Time, Kind: e.Kind, Salt: e.Salt, Data: &e.Data, Sig: sig})
}

func (l line) entry() Entry {
	e := Entry{Index: l.Index, Time: l.Time, Kind: l.Kind, Salt: l.Salt}
	if l.Data == nil {
		e.Erased = true
	} else {
		e.Data = *l.Data
	}
	return e
}

// payload returns the hash of salt and data.
func (e Entry) payload() ([]byte, error) {
	b, err := json.Marshal(struct {
		Salt []byte `json:"salt"`
		Data Data   `json:"data"`
	}{e.Salt, e.Data})
	if err != nil {
		return nil, fmt.Errorf("encode ledger entry: %w", err)
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

// leaf returns the hash of the entry in the tree: of its place, time and kind, and of the
// hash of its data.
func (e Entry) leaf(payload []byte) (tlog.Hash, error) {
	b, err := json.Marshal(struct {
		Index   int64     `json:"index"`
		Time    time.Time `json:"time"`
		Kind    Kind      `json:"kind"`
		Payload []byte    `json:"payload"`
	}{e.Index, e.Time, e.Kind, payload})
	if err != nil {
		return tlog.Hash{}, fmt.Errorf("encode ledger entry: %w", err)
	}
	return tlog.RecordHash(b), nil
}

// readLine reads a line. It has to be exactly as it was written, so that no two readers
// can see different things in it.
func readLine(text []byte, index int64) (l line, leaf tlog.Hash, err error) {
	if err := json.Unmarshal(text, &l); err != nil {
		return l, leaf, fmt.Errorf("entry %d is broken: it cannot be read", index)
	}
	if l.Index != index {
		return l, leaf, fmt.Errorf("entry %d is broken: in its place stands entry %d", index, l.Index)
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, text) {
		return l, leaf, fmt.Errorf("entry %d is broken: it is not as it was written", index)
	}
	e, payload := l.entry(), l.Payload
	switch {
	case !e.Erased && (payload != nil || len(l.Salt) == 0), e.Erased && (len(payload) != sha256.Size || l.Salt != nil):
		return l, leaf, fmt.Errorf("entry %d is broken: it has too many fields or too few", index)
	case !e.Erased:
		if payload, err = e.payload(); err != nil {
			return l, leaf, err
		}
	}
	leaf, err = e.leaf(payload)
	return l, leaf, err
}

// Receipt shows that an act is in the ledger. Only Append makes one; the zero Receipt shows
// nothing.
type Receipt struct {
	kind    Kind
	id      string
	index   int64
	written bool
}

// Index returns the place of the entry.
func (r Receipt) Index() int64 { return r.index }

// Is reports whether the receipt is of an act of a kind.
func (r Receipt) Is(kind Kind) bool { return r.written && r.kind == kind }

// Of reports whether the receipt is of an act with a message.
func (r Receipt) Of(kind Kind, id string) bool { return r.written && r.kind == kind && r.id == id }
