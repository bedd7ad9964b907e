package control

import (
	"time"

	"sluis/internal/quarantine/disclose"
)

// SignIn is what a person signs in with.
type SignIn struct {
	Name     string `json:"name"`
	Password string `json:"password"`
	Code     string `json:"code"` // of their app, fresh
}

// Session is what a command shows that a person signed in.
type Session struct {
	Name  string    `json:"name"`
	Token string    `json:"token"`
	Until time.Time `json:"until"`
}

// Act is what a reviewer asks for, of one message.
type Act struct {
	Reason   string         `json:"reason"`
	Stage    disclose.Stage `json:"stage,omitempty"`
	Part     int            `json:"part,omitempty"`     // number of the attachment
	Reveal   []int          `json:"reveal,omitempty"`   // numbers of masked identifiers, each an act of its own
	Note     string         `json:"note,omitempty"`     // to the recipients of what is released
	Identity string         `json:"identity,omitempty"` // private key (age) for this act, if the gateway has none
}

// Result is what came of an act.
type Result struct {
	Done    string          `json:"done,omitempty"`  // released, releasing, failed, destroyed, proposed or refused
	Reply   string          `json:"reply,omitempty"` // codes of the next hop
	Text    string          `json:"text,omitempty"`  // of the next hop
	Unnoted string          `json:"unnoted,omitempty"`
	Sheet   *disclose.Sheet `json:"sheet,omitempty"`
	Page    string          `json:"page,omitempty"` // that a complaint is about
	Said    string          `json:"said,omitempty"` // by the complaint
}

// Problem is the answer where something is wrong.
type Problem struct {
	Error string `json:"error"`
}

// Bounds of what the two sides send each other, in bytes.
const (
	MaxAsked  = 64 << 10
	maxAnswer = 16 << 20
)
