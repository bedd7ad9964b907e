package ledger

import "time"

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
	SamplingVoid   Kind = "sampling-void"  // a day's draws up to then, which cannot be checked: the secret is lost

	QuarantineOpened    Kind = "quarantine-opened"
	QuarantineRevealed  Kind = "quarantine-revealed" // an identifier in what was opened
	QuarantineReleased  Kind = "quarantine-released"
	QuarantineKept      Kind = "quarantine-kept"
	QuarantineConfirmed Kind = "quarantine-confirmed" // as a leak, or as what the code forbids
	QuarantineWrong     Kind = "quarantine-wrong"     // the verdict was (C3.3f)
	QuarantineDeleted   Kind = "quarantine-deleted"
	QuarantineReturned  Kind = "quarantine-returned" // to its sender, without its content
	QuarantineExpired   Kind = "quarantine-expired"
	QuarantineRebuilt   Kind = "quarantine-rebuilt" // its damaged index, for Count messages

	BreakGlass Kind = "break-glass" // without an account, in an emergency; Ref is the user of the system

	PeopleImported   Kind = "people-imported"
	PeopleRemoved    Kind = "people-removed"
	RosterBegun      Kind = "roster-begun"      // whom its addresses belong to is remembered from now on
	RosterHeld       Kind = "roster-held"       // a change that waits for the privacy officer; Step: kind and role
	RosterAgreed     Kind = "roster-agreed"     // such a change counts from now on
	ExceptionChanged Kind = "exception-changed" // to a rule
	AppealAnswered   Kind = "appeal-answered"

	RetentionRun     Kind = "retention-run"
	RetentionChanged Kind = "retention-changed"
	PayloadErased    Kind = "payload-erased" // the reason of entry Ref
	ExportMade       Kind = "export-made"
	ReportFrozen     Kind = "report-frozen"
	CheckpointSent   Kind = "checkpoint-sent"
	LedgerAdopted    Kind = "ledger-adopted"  // a broken one, by a new one
	LedgerRestored   Kind = "ledger-restored" // from a backup: the tree of Count entries with root Commit is lost

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
	OrderOpened           Kind = "order-opened" // what is sealed of one that is completed
	InvestigatorWithdrawn Kind = "order-investigator-withdrawn"
	AccessGiven           Kind = "access-given"

	RollDrafted  Kind = "roll-drafted"  // people are invited to enrol a key
	RollEnrolled Kind = "roll-enrolled" // a key
	RollProposed Kind = "roll-proposed" // Paper is the roll, Commit the hash of its file
	RollSigned   Kind = "roll-signed"   // Ref is the hash of the roll, here and below
	RollObjected Kind = "roll-objected" // by a member of the roll in force: it never counts
	RollReminded Kind = "roll-reminded" // mail to all on both rolls
	RollAdopted  Kind = "roll-adopted"  // it counts

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
	Draws  string  `json:"draws,omitempty"`  // hexadecimal SHA-256 of the list of a day's draws, as long as Count says
	Rate   float64 `json:"rate,omitempty"`
	Since  int64   `json:"since,omitempty"`  // of a rate or an order, in milliseconds since 1970 (UTC)
	Until  int64   `json:"until,omitempty"`  // of an order, likewise
	Rules  string  `json:"rules,omitempty"`  // fingerprint
	Roster string  `json:"roster,omitempty"` // fingerprint
	Count  int     `json:"count,omitempty"`
	Step   string  `json:"step,omitempty"`   // of what has several: a closed word, such as "headers" or "refused"
	Reason string  `json:"reason,omitempty"` // as a person gave it: the one field that can be erased

	Config   string `json:"config,omitempty"`   // hexadecimal SHA-256 of all settings
	Promises string `json:"promises,omitempty"` // settings that promises to people rest on: key=value; ...
	Changed  string `json:"changed,omitempty"`  // keys of settings that are others than the last time
	Program  string `json:"program,omitempty"`  // hexadecimal SHA-256 of the program
	People   string `json:"people,omitempty"`   // counts of the roster by kind: key=number; ...

	Paper  string    `json:"paper,omitempty"` // canonical JSON (RFC 8785) of what is signed: a roll, an order
	Signed Signature `json:"signed,omitzero"` // of a member of the board's roll
}

// Signature is the assertion of a passkey (WebAuthn), with its fields in base64url without padding.
type Signature struct {
	Credential    string `json:"credential"`
	Authenticator string `json:"authenticator_data"`
	Client        string `json:"client_data"`
	Signature     string `json:"signature"`
	Entries       int64  `json:"entries"` // of the ledger at the checkpoint that is signed as well
}

// Entry is one act.
type Entry struct {
	Index  int64
	Time   time.Time
	Kind   Kind
	Data   Data
	Erased bool // the reason is erased; of an entry in the first format all data
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
