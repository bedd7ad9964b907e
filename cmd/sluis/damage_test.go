package main_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/internal/oversight/orders"
	"sluis/internal/testenv"
)

// damages are what becomes of a file on a bad disk, or after a wrong command.
var damages = []struct {
	name string
	do   func(b []byte, random *rand.Rand) []byte
}{
	{"cut off", func(b []byte, _ *rand.Rand) []byte { return b[:len(b)/2] }},
	{"with a wrong byte", func(b []byte, random *rand.Rand) []byte {
		b = bytes.Clone(b)
		if len(b) > 0 {
			b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		}
		return b
	}},
	{"empty", func([]byte, *rand.Rand) []byte { return nil }},
	{"of random bytes", func(b []byte, random *rand.Rand) []byte {
		b = make([]byte, max(len(b), 100))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}},
}

// needed are what mail cannot do without: a start that fails says which of them it is.
var needed = []string{"ledger", "sampling", "quarantine", "keys"}

// copyTree copies a directory.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o700)
		} else if err == nil {
			err = os.Chmod(path, 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// usedGateway is a gateway that every part of was used, and that has stopped.
func usedGateway(t *testing.T) *gateway {
	t.Helper()
	sink := testenv.StartSink(t)
	proxy := testenv.FreeAddr(t)
	console := testenv.FreeAddr(t)
	g := newGateway(t, settings{
		nextHop: sink.Addr(),
		console: console + ", address: http://" + console,
		rest: `web:
  listen: [{address: "` + proxy + `", mode: proxy}]
  clients: [127.0.0.0/8]
imagery: {address: beeld@school.example}
`,
	})
	for _, to := range [][]string{{parent}, {head}, {"beeld@school.example"}} {
		if reply := g.try(teacher, to, letter(secret)); reply[0] != '2' {
			t.Fatalf("reply %q, want that the message is taken", reply)
		}
	}
	asked, err := http.PostForm("http://"+proxy+"/.well-known/sluis/appeal", url.Values{
		"host": {"spel.example"}, "category": {"gambling"}, "rule": {"web.gambling"}, "need": {"lesson"}, "group": {"team"},
	})
	if err != nil {
		t.Fatal(err)
	}
	asked.Body.Close()
	if asked.StatusCode != http.StatusOK {
		t.Fatalf("the appeal got %s, want that it is taken", asked.Status)
	}
	reason := filepath.Join(g.dir, "reason")
	if err := os.WriteFile(reason, []byte("een ernstig vermoeden"), 0o600); err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(g.dir, "leerlingen.csv")
	if err := os.WriteFile(people, []byte("voornaam;achternaam\nFleur;Zonneveld\nSem;Waterman\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"breach", "open", "--as", "fg", "--role", "privacy", "--file", reason},
		{"people", "import", "leerlingen", people},
		{"accounts", "invite", "els", "--role", "admin"},
	} {
		if _, errs, code := run(t, "", append(args, "--config", g.config())...); code != 0 {
			t.Fatalf("%v: %s", args[:2], errs)
		}
	}
	o := g.office()
	o.asked(orders.Request{Subject: teacher})
	if err := o.data.Close(); err != nil {
		t.Fatal(err)
	}
	g.records(3)
	g.stop()
	return g
}

// health returns the result of sluis health: all text of it.
func (g *gateway) health() string {
	g.t.Helper()
	out, errs, _ := run(g.t, "", "health", "--config", g.config(), "--json")
	var result struct {
		Checks []json.RawMessage `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &result); err != nil || len(result.Checks) == 0 {
		g.t.Fatalf("health printed %q and %q", out, errs)
	}
	return out
}

// A school's mail does not stop for a file that mail can do without. Each file of a data directory
// that was used is damaged in each way: mail goes on, and health names the file if what is in it
// cannot be had; or the start fails with an error that says what to do, and after that mail flows.
func TestADamagedFileKeepsNoMailOut(t *testing.T) {
	g := usedGateway(t)
	kept := filepath.Join(g.dir, "kept")
	copyTree(t, g.data(), kept)
	var files []string
	err := filepath.WalkDir(kept, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(kept, path)
		if err == nil && !d.IsDir() && !strings.HasSuffix(name, "lock") {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for i, name := range files {
		for j, damage := range damages {
			if testing.Short() && i%len(damages) != j {
				continue
			}
			t.Run(name+" "+damage.name, func(t *testing.T) {
				g.t = t
				copyTree(t, kept, g.data())
				file := filepath.Join(g.data(), name)
				whole, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				broken := damage.do(whole, random)
				if err := os.WriteFile(file, broken, 0o600); err != nil {
					t.Fatal(err)
				}
				g.takesMailAllTheSame(strings.SplitN(name, "/", 2)[0])
				g.kill()
			})
		}
	}
	g.t = t
}

// takesMailAllTheSame starts the gateway with something damaged in a directory.
func (g *gateway) takesMailAllTheSame(dir string) {
	g.t.Helper()
	if !g.starts() {
		if !slices.Contains(needed, dir) || !strings.Contains(g.log.String(), dir) {
			g.t.Fatalf("the gateway does not start for a file in %s:\n%s", dir, g.log)
		}
		if dir != "ledger" {
			return
		}
		out, errs, code := run(g.t, "", "ledger", "adopt", "--reason", "de schijf is stuk", "--config", g.config())
		if code != 0 {
			g.t.Fatalf("ledger adopt: %s%s", out, errs)
		}
		if !g.starts() {
			g.t.Fatalf("the gateway does not start after ledger adopt:\n%s", g.log)
		}
	}
	for _, to := range []string{parent, head} {
		if reply := g.try(teacher, []string{to}, letter("Tot morgen.")); reply[0] != '2' {
			g.t.Errorf("reply %q, want that the message is taken", reply)
		}
	}
	g.health()
}

// starts starts the gateway and reports whether it takes connections.
func (g *gateway) starts() bool {
	g.t.Helper()
	g.launch()
	up := false
	g.eventually("take connections or end", func() bool {
		select {
		case <-g.done:
			return true
		default:
		}
		up = g.listens()
		return up
	})
	return up
}

// A wrong byte in the ledger keeps no mail out, and does not stay hidden: health says so, and a new
// ledger that names the broken one is begun on purpose alone.
func TestAWrongByteOfTheLedgerIsFoundAndAdopted(t *testing.T) {
	g := usedGateway(t)
	file := filepath.Join(g.data(), "ledger", "ledger.jsonl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`"ref":"`), []byte(`"ref":"x`), 1)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	adopt := []string{"ledger", "adopt", "--reason", "een verkeerde byte", "--config", g.config()}
	if g.starts() {
		if reply := g.try(teacher, []string{parent}, letter("Tot morgen.")); reply[0] != '2' {
			t.Errorf("reply %q, want that the message is taken", reply)
		}
		if found := g.health(); !strings.Contains(found, "ledger adopt") {
			t.Errorf("health says %s, want that the ledger is broken", found)
		}
		if _, errs, code := run(t, "", adopt...); code == 0 {
			t.Errorf("the ledger of a running gateway was adopted: %s", errs)
		}
		g.stop()
	} else if !strings.Contains(g.log.String(), "sluis ledger adopt") {
		t.Fatalf("the gateway ended without saying what to do:\n%s", g.log)
	}
	if _, errs, code := run(t, "", adopt...); code != 0 {
		t.Fatalf("ledger adopt: %s", errs)
	}
	if _, _, code := run(t, "", adopt...); code == 0 {
		t.Error("a ledger in order was adopted")
	}
	g.start()
	if reply := g.try(teacher, []string{parent}, letter("Tot morgen.")); reply[0] != '2' {
		t.Errorf("reply %q, want that the message is taken", reply)
	}
	if out := g.exported("ledger", "export"); !strings.Contains(out, `"ledger-adopted"`) ||
		!strings.Contains(out, "een verkeerde byte") {
		t.Errorf("the new ledger is %s, want that it names the broken one", out)
	}
	g.kill()
}

// A lost key is not replaced in silence: mail goes on, the log and health name the key, what was
// sealed waits for it, and giving it up is in the ledger.
func TestALostKeyIsNamedAndNotReplaced(t *testing.T) {
	g := usedGateway(t)
	kept := filepath.Join(g.dir, "kept")
	copyTree(t, g.data(), kept)
	month := time.Now().UTC().Format("2006-01") + ".key"
	for _, name := range []string{"quarantine.key", "accounts.key", "people.key", month} {
		for _, how := range []string{"removed", "another"} {
			copyTree(t, kept, g.data())
			file := filepath.Join(g.data(), "keys", name)
			whole, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			other := bytes.ToUpper(bytes.Repeat([]byte{'x'}, len(whole)))
			if how == "another" {
				if err := os.WriteFile(file, other, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if !g.starts() {
				t.Errorf("%s %s: the gateway does not start:\n%s", name, how, g.log)
				continue
			}
			if reply := g.try(teacher, []string{parent}, letter(secret)); reply[0] != '2' {
				t.Errorf("%s %s: reply %q, want that the message is taken", name, how, reply)
			}
			if !strings.Contains(g.log.String(), "level=ERROR") || !strings.Contains(g.log.String(), name) {
				t.Errorf("%s %s: the log does not name the key:\n%s", name, how, g.log)
			}
			if found := g.health(); !strings.Contains(found, name) || !strings.Contains(found, `"broken"`) {
				t.Errorf("%s %s: health says %s, want that the key is lost", name, how, found)
			}
			g.stop()
			if now, err := os.ReadFile(file); how == "removed" && err == nil || how == "another" &&
				string(now) != string(other) {
				t.Errorf("%s %s: there is another key now, %v", name, how, err)
			}
			renew := []string{"keys", "renew", name, "--reason", "de schijf is stuk", "--config", g.config()}
			if _, errs, code := run(t, "", renew...); code != 0 {
				t.Errorf("%s %s: keys renew: %s", name, how, errs)
			}
			if !g.starts() {
				t.Fatalf("%s %s: the gateway does not start after renewing:\n%s", name, how, g.log)
			}
			if found := g.health(); strings.Contains(found, name) {
				t.Errorf("%s %s: health still says %s", name, how, found)
			}
			g.kill()
		}
	}
}

// What is damaged does not count, and health says which file it is and what to do.
func TestHealthNamesWhatIsDamaged(t *testing.T) {
	g := usedGateway(t)
	kept := filepath.Join(g.dir, "kept")
	copyTree(t, g.data(), kept)
	for _, name := range []string{
		"appeals/appeals.json", "exceptions/exceptions.json", "breaches/1b2c3d4e5f607182.json",
		"orders/1b2c3d4e5f607182.json", "imagery-cases/1b2c3d4e5f607182.json", "people/leerlingen.hashes",
		"accounts/accounts.db", "journal/rollups.db",
	} {
		copyTree(t, kept, g.data())
		file := filepath.Join(g.data(), name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.Repeat("{stuk", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
		if !g.starts() {
			t.Errorf("%s: the gateway does not start:\n%s", name, g.log)
			continue
		}
		if reply := g.try(teacher, []string{parent}, letter("Tot morgen.")); reply[0] != '2' {
			t.Errorf("%s: reply %q, want that the message is taken", name, reply)
		}
		if found := g.health(); !strings.Contains(found, name) || !strings.Contains(found, `"broken"`) {
			t.Errorf("%s: health says %s, want that the file is damaged", name, found)
		}
		g.kill()
	}
}
