package wire

import (
	"encoding/base64"
	"strings"
)

// Arguments are what follows MAIL FROM: or RCPT TO:, as the client wrote it.
type Arguments struct {
	Path   string // between the angle brackets; empty for the null path
	Params Params
}

// tokenDomain is the domain of every address that go-smtp gets to see.
const tokenDomain = "@wire.invalid"

// token returns an address that is a plain path to go-smtp and holds the arguments.
func (a Arguments) token() string {
	return base64.RawURLEncoding.EncodeToString([]byte(a.Path+"\x00"+a.Params.Suffix())) + tokenDomain
}

// ParseArguments returns the arguments of MAIL or RCPT for the address that go-smtp gives
// Session.
func ParseArguments(address string) (Arguments, bool) {
	token, ok := strings.CutSuffix(address, tokenDomain)
	b, err := base64.RawURLEncoding.DecodeString(token)
	if !ok || err != nil {
		return Arguments{}, false
	}
	path, params, _ := strings.Cut(string(b), "\x00")
	return Arguments{path, strings.Fields(params)}, true
}

// Params are the ESMTP parameters of MAIL or RCPT as the client wrote them.
type Params []string

// Get returns the value of a parameter, and whether it is there.
func (ps Params) Get(key string) (string, bool) {
	for _, p := range ps {
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	return "", false
}

// Only returns the parameters whose keys are among keys, in their order.
func (ps Params) Only(keys ...string) Params {
	var kept Params
	for _, p := range ps {
		k, _, _ := strings.Cut(p, "=")
		for _, want := range keys {
			if strings.EqualFold(k, want) {
				kept = append(kept, p)
				break
			}
		}
	}
	return kept
}

// Suffix returns the parameters as they follow a path.
func (ps Params) Suffix() string {
	if len(ps) == 0 {
		return ""
	}
	return " " + strings.Join(ps, " ")
}
