package testenv

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
)

// policy is the program that Debian's package scripts ask whether they may start services.
const policy = "/usr/sbin/policy-rc.d"

// Install gets the programs with apt-get, which needs root. None of the services that
// come with them is started.
func Install(ctx context.Context, programs ...string) error {
	missing := packagesOf(Missing(programs...))
	if len(missing) == 0 {
		return nil
	}
	f, err := os.OpenFile(policy, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	switch {
	case err == nil:
		defer os.Remove(policy)
		_, err = f.WriteString("#!/bin/sh\nexit 101\n")
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("install: %w", err)
		}
	case !errors.Is(err, os.ErrExist):
		return fmt.Errorf("install: %w", err)
	}
	install := append([]string{"install", "-qy", "--no-install-recommends"}, missing...)
	for _, args := range [][]string{{"update", "-q"}, install} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("apt-get %s: %w", args[0], err)
		}
	}
	return nil
}
