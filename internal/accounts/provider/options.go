package provider

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluis/internal/accounts"
	"sluis/internal/ledger"
	"sluis/internal/setting"
)

// Options are the agreement with a provider (OpenID Connect 1.0).
type Options struct {
	Name       string `yaml:"name"`   // in addresses, such as microsoft
	Label      string `yaml:"label"`  // on the page
	Issuer     string `yaml:"issuer"` // such as https://login.microsoftonline.com/TENANT/v2.0
	Client     string `yaml:"client"`
	SecretFile string `yaml:"secret-file" path:"relative"` // file with the client's secret
	// Scopes beside openid; default profile and email.
	Scopes []string `yaml:"scopes"`
	// UserInfo asks for claims that are not in the ID token.
	UserInfo bool `yaml:"user-info"`
	// NameClaim is the claim that an account is named after; default preferred_username.
	NameClaim string `yaml:"name-from"`
	// AddressClaim is the claim with the mail address; default email.
	AddressClaim string `yaml:"address-from"`
	// Vouched: addresses are the organisation's own, although the provider does not say
	// email_verified. Their owners confirm them once, with a mailed code.
	Vouched bool `yaml:"vouched"`
	// GroupsClaim is the claim with groups; default groups.
	GroupsClaim string `yaml:"groups-from"`
	// Roles are groups by role; people in none of them are not let in.
	Roles map[ledger.Role][]string `yaml:"roles"`
	// RolesLast is how long these roles count after the provider's last answer: from one day to
	// seven, the default.
	RolesLast time.Duration `yaml:"roles-last"`

	Secret string       `yaml:"-"` // what is in SecretFile
	Back   string       `yaml:"-"` // address that the provider sends browsers back to
	HTTP   *http.Client `yaml:"-"` // to reach it with; nil: the usual one
}

// SetDefaults implements setting.Defaulter.
func (o *Options) SetDefaults() {
	if o.Scopes == nil {
		o.Scopes = []string{"profile", "email"}
	}
	setting.Default(&o.RolesLast, accounts.RolesLast)
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// shared are Microsoft's issuers of people of any organisation.
var shared = []string{"common", "organizations", "consumers"}

// Validate implements setting.Validator.
func (o *Options) Validate(p setting.Problems) {
	if !nameForm.MatchString(o.Name) {
		p.Wrong("a provider needs a name of its own, of small letters, digits and hyphens, such as microsoft")
	}
	if o.Label == "" || o.Client == "" || o.SecretFile == "" {
		p.Wrong("a provider needs a label, a client and a secret-file")
	}
	u, err := url.Parse(o.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local(u.Hostname())):
		p.At("issuer").Wrong("write the provider's issuer, such as https://login.microsoftonline.com/TENANT/v2.0")
	case u.Host == "login.microsoftonline.com" && slices.Contains(shared, strings.Split(u.Path+"/", "/")[1]):
		p.At("issuer").Wrong("name your own tenant in the place of %s: otherwise every organisation could sign in",
			strings.Split(u.Path, "/")[1])
	}
	if o.RolesLast < 24*time.Hour || o.RolesLast > accounts.RolesLast {
		p.At("roles-last").Wrong("roles last from 1d to 7d: the provider alone knows who has left")
	}
	if len(o.Roles) == 0 {
		p.At("roles").Wrong("say which groups have which role, for instance {employee: [staff]}: " +
			"people in none of them are not let in")
	}
	for role, groups := range o.Roles {
		at := p.At("roles").At(string(role))
		var names []string
		for _, r := range ledger.Roles {
			names = append(names, string(r))
		}
		if at.OneOf(string(role), names...); len(groups) == 0 {
			at.Wrong("name the groups that have this role")
		}
	}
}

// local reports whether a host can be reached from this machine alone.
func local(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
