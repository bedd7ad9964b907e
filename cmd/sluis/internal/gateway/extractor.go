package gateway

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sluis/filter/text/sandbox"
	"time"
)

// documentTime is how long the reading of one document may take.
const documentTime = 20 * time.Second

// NewExtractor returns the processes that read documents for this one.
func NewExtractor() (*sandbox.Pool, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	command := func() *exec.Cmd {
		cmd := exec.Command(program, "extract-worker")
		cmd.Env = []string{"GOTRACEBACK=none", "TMPDIR=" + os.TempDir()}
		return cmd
	}
	return sandbox.NewPool(command, runtime.NumCPU(), documentTime), nil
}
