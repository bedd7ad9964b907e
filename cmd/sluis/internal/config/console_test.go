package config

import (
	"strings"
	"testing"
)

func TestTheConsoleIsOfThisMachineAlone(t *testing.T) {
	c := mustParse(t, least).Console
	if c.Listen != "127.0.0.1:8080" || c.Address != "http://127.0.0.1:8080" || !c.On() || c.BehindProxy {
		t.Errorf("%+v", c)
	}
	if c := mustParse(t, least+"console: {listen: none}\n").Console; c.On() {
		t.Error("it cannot be left out")
	}
	c = mustParse(t, least+"console: {listen: \"0.0.0.0:443\", address: \"https://sluis.school.example/\", "+
		"tls: {certificate: c.pem, key: k.pem}}\n").Console
	if c.Address != "https://sluis.school.example" || c.TLS.Key != "/etc/sluis/k.pem" {
		t.Errorf("%+v", c)
	}
	mustParse(t, least+"console: {listen: \"10.0.0.1:8080\", behind-proxy: true, "+
		"address: \"https://sluis.school.example\"}\n")
}

func TestAConsoleThatCannotBeSafeIsRefused(t *testing.T) {
	const provider = `{name: google, label: Google, issuer: "https://accounts.google.com", client: c, ` +
		`secret-file: s, groups-from: hd, roles: {employee: [school.example]}}`
	mustParse(t, least+"console: {providers: ["+provider+"]}\n")
	for name, tc := range map[string]struct{ console, want string }{
		"open to the network":        {`{listen: "0.0.0.0:8080", address: "https://sluis.school.example"}`, "others could listen in"},
		"every address":              {`{listen: ":8080", address: "https://sluis.school.example"}`, "others could listen in"},
		"without its name":           {`{listen: "0.0.0.0:443", tls: {certificate: a, key: b}}`, "say with address how browsers reach"},
		"http for others":            {`{listen: "0.0.0.0:80", behind-proxy: true, address: "http://sluis.school.example"}`, "over https"},
		"a path":                     {`{address: "http://localhost/sluis"}`, "without a path"},
		"no address":                 {`{listen: "8080"}`, "write host:port"},
		"half a certificate":         {`{tls: {certificate: a}}`, "belong together"},
		"two of one name":            {"{providers: [" + provider + "," + provider + "]}", "a name of its own"},
		"a name that is no path":     {"{providers: [" + strings.Replace(provider, "google", "a/b", 1) + "]}", "a name of its own"},
		"an issuer without TLS":      {"{providers: [" + strings.Replace(provider, "https://accounts", "http://accounts", 1) + "]}", "write the provider's issuer"},
		"every tenant":               {"{providers: [" + strings.Replace(provider, "https://accounts.google.com", "https://login.microsoftonline.com/common/v2.0", 1) + "]}", "your own tenant"},
		"no secret":                  {"{providers: [" + strings.Replace(provider, "secret-file: s, ", "", 1) + "]}", "secret-file"},
		"nobody has a role":          {"{providers: [" + strings.Replace(provider, "employee: [school.example]", "", 1) + "]}", "which groups have which role"},
		"a role that is not there":   {"{providers: [" + strings.Replace(provider, "employee", "boss", 1) + "]}", "boss"},
		"roles that last":            {"{providers: [" + strings.Replace(provider, "secret-file: s", "secret-file: s, roles-last: 8d", 1) + "]}", "1d to 7d"},
		"roles of an hour":           {"{providers: [" + strings.Replace(provider, "secret-file: s", "secret-file: s, roles-last: 1h", 1) + "]}", "1d to 7d"},
		"a role for nobody in sight": {"{providers: [" + strings.Replace(provider, "[school.example]", "[]", 1) + "]}", "name the groups"},
	} {
		_, err := Parse("sluis.yaml", []byte(least+"console: "+tc.console+"\n"))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
