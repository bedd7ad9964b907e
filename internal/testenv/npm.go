package testenv

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// NPM returns the directory of an npm package of an exact version, such as axe-core@4.10.3.
// It is fetched once and kept in the user's cache directory; nothing of it is run.
func NPM(ctx context.Context, pkg string) (dir string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("npm: %w", err)
	}
	parent := filepath.Join(cache, "sluis-test")
	dir = filepath.Join(parent, strings.NewReplacer("/", "-", "@", "-").Replace(pkg))
	if _, err := os.Stat(dir); err == nil {
		return filepath.Join(dir, "package"), nil
	}
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("npm: %w", err)
	}
	tmp, err := os.MkdirTemp(parent, "new-")
	if err != nil {
		return "", fmt.Errorf("npm: %w", err)
	}
	defer os.RemoveAll(tmp)
	pack := exec.CommandContext(ctx, "npm", "pack", "--silent", pkg)
	pack.Dir = tmp
	if err := failed(pack); err != nil {
		return "", err
	}
	archives, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(archives) != 1 {
		return "", fmt.Errorf("npm: %s: no package came", pkg)
	}
	if err := failed(exec.CommandContext(ctx, "tar", "-xzf", archives[0], "-C", tmp)); err != nil {
		return "", err
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, there := os.Stat(dir); there != nil { // another test was first
			return "", fmt.Errorf("npm: %w", err)
		}
	}
	return filepath.Join(dir, "package"), nil
}
