package sandbox

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"

	"sluis/filter/text"
	"sluis/internal/testenv"
)

// bounded is a worker with less memory than usual.
func bounded() *exec.Cmd {
	cmd := worker()
	cmd.Env = append(cmd.Env, asBounded+"=1")
	return cmd
}

// xzOf makes an xz of which the second file asks for a dictionary of a size: 40 is four
// gigabytes. Only the first is looked at before the file is opened.
func xzOf(t *testing.T, dictionary byte) string {
	var b bytes.Buffer
	for range 2 {
		z, err := xz.NewWriter(&b)
		if err == nil {
			_, err = io.WriteString(z, "het wachtwoord")
		}
		if err != nil {
			t.Fatal(err)
		}
		z.Close()
	}
	second := b.Bytes()[b.Len()/2:]
	header := second[12 : 12+4*(int(second[12])+1)]
	header[4] = dictionary
	binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
	return b.String()
}

// A document that takes too much memory ends its process, and nothing else.
func TestMemoryIsBounded(t *testing.T) {
	p := newPool(t, bounded, 1, time.Minute)
	all, r := read(t, p, xzOf(t, 22)) // eight megabytes
	if strings.Count(all, "het wachtwoord") != 2 || len(r.Uninspectable()) > 0 {
		t.Fatalf("a modest xz: uninspectable %v, %q", r.Uninspectable(), all)
	}
	for range 2 { // the process is replaced
		all, r = read(t, p, xzOf(t, 38)) // two gigabytes
		if !r.Has(text.Failed) || !strings.Contains(all, "twee") {
			t.Errorf("a greedy xz: uninspectable %v, %q", r.Uninspectable(), all)
		}
	}
	if all, r = read(t, p, pdf); !strings.Contains(all, "het wachtwoord") || len(r.Uninspectable()) > 0 {
		t.Errorf("the next document: uninspectable %v", r.Uninspectable())
	}
}

// ends runs a worker until it ends by itself, which has to be soon.
func ends(t *testing.T, cmd *exec.Cmd) error {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-time.After(testenv.Patience):
		cmd.Process.Kill()
		t.Fatal("it goes on and on")
		return nil
	}
}

// A process that computes without end is ended by the system, even if nobody asks any more
// and its timers do not run.
func TestComputingIsBounded(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{asSpinner + "=1", "GOTRACEBACK=none"}
	begun := time.Now()
	if err := ends(t, cmd); err == nil {
		t.Error("it ended as if nothing were wrong")
	}
	if used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(); used < 500*time.Millisecond {
		t.Errorf("it computed for %v only, in %v", used, time.Since(begun))
	}
}

// A process whose asker is gone without a word does not work on beyond the time it was
// given.
func TestTimeIsBoundedByTheProcessItself(t *testing.T) {
	ask := func(content string, limit time.Duration, close bool) error {
		cmd := worker()
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		go func() {
			gob.NewEncoder(in).Encode(request{Name: "a.pdf", Size: int64(len(content)), Time: limit})
			io.WriteString(in, content)
			if close {
				in.Close()
			}
		}()
		return ends(t, cmd)
	}
	if err := ask(pdf, time.Minute, true); err != nil {
		t.Errorf("with time enough: %v", err)
	}
	if err := ask(pdf+strings.Repeat("% x\n", 10_000_000), 20*time.Millisecond, false); err == nil {
		t.Error("it ended as if nothing were wrong")
	}
}
