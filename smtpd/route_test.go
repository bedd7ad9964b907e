package smtpd

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sluis/rules"
)

func TestSecretsComeFromAFileOrTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(" twee woorden \r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(long, []byte(" "+sharedKey+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SLUIS_TEST_PASSWORD", "uit de omgeving")
	for name, c := range map[string]struct {
		auth Auth
		want string // empty: an error
	}{
		"a file":                    {Auth{PasswordFile: path}, " twee woorden "},
		"the environment":           {Auth{PasswordEnv: "SLUIS_TEST_PASSWORD"}, "uit de omgeving"},
		"no such file":              {Auth{PasswordFile: path + "x"}, ""},
		"nothing in the variable":   {Auth{PasswordEnv: "SLUIS_TEST_UNSET"}, ""},
		"neither file nor variable": {Auth{}, ""},
	} {
		r := Route{Hosts: []string{"127.0.0.1:1"}, Auth: &c.auth}
		err := r.prepare()
		if (err == nil) != (c.want != "") || err == nil && r.Auth.Password != c.want {
			t.Errorf("%s: password %q, %v, want %q", name, r.Auth.Password, err, c.want)
		}
		if c.auth.Password != "" {
			t.Errorf("%s: the password stands in the configuration, want it in the route alone", name)
		}
	}
	for file, want := range map[string]string{long: sharedKey, long + "x": ""} {
		s := Shared{Field: "X-Key", KeyFile: file}
		if err := s.prepare(); (err == nil) != (want != "") || err == nil && s.Key != want {
			t.Errorf("the key of a shared network is %q, %v, want %q", s.Key, err, want)
		}
	}
}

func TestOwnStandsForTheDomainsOfTheOrganisation(t *testing.T) {
	r := Route{
		Hosts:      []string{"127.0.0.1:1"},
		To:         []string{"own", "Other.example"},
		Own:        []string{"school.example", "school.nl"},
		Directions: []rules.Direction{rules.In},
	}
	made, err := newRoute(r, "gate.school.example", 0, newMetrics(nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"school.example", "school.nl", "other.example"}; !slices.Equal(made.To, want) {
		t.Errorf("the route is for %q, want %q", made.To, want)
	}
	if !made.fits("school.nl", rules.In) || made.fits("school.nl", rules.Out) || made.fits("elsewhere.nl", rules.In) {
		t.Error("the route fits not just mail to these domains from outside")
	}
}
