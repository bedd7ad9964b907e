package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/cmd/sluis/internal/config"
)

// TestAGroupThatIsNotOnTheRosterIsAnError, which names the groups; without a roster every name will do.
func TestAGroupThatIsNotOnTheRosterIsAnError(t *testing.T) {
	file := filepath.Join(t.TempDir(), "roster.yaml")
	text := "groups:\n  - {name: leerlingen, kind: pupils, networks: [127.0.0.0/16]}\n  - {name: vast, kind: staff}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ roster, name, want string }{
		{file, "leerlingen", ""}, {file, "vast", ""}, {file, "", ""}, {"", "leerling", ""},
		{file, "leerling", "the groups are leerlingen, vast"}, {file, "Leer lingen", "group"},
	} {
		cfg := &config.Config{Roster: tt.roster}
		cfg.Organisation.Domains = []string{"school.example"}
		g, err := GroupOf(cfg, tt.name)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("group %q: got %q, %v, want an error with %q", tt.name, g, err, tt.want)
		}
	}
}
