package gateway

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sluis/internal/control"
	"sluis/internal/store/disk"
)

// The socket for commands is not in the data directory, which is copied for backups. A file in it says
// where the socket is.

const controlDir = "sluis-control-"

// ControlSocket returns the path of the socket of the gateway that has the directory; control.ErrNotRunning
// if none has.
func (d *Data) ControlSocket() (string, error) {
	if path := d.cfg.Control.Socket; path != "" { // for users who cannot read the data directory
		return filepath.Abs(path)
	}
	if !d.Locked() {
		return "", control.ErrNotRunning
	}
	b, err := os.ReadFile(d.path("control"))
	if errors.Is(err, os.ErrNotExist) {
		return "", control.ErrNotRunning
	}
	if err != nil {
		return "", fmt.Errorf("find the gateway's socket: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// placeControl returns where this gateway has its socket, and keeps that.
func (d *Data) placeControl() (string, error) {
	d.dropControl()
	path := d.cfg.Control.Socket
	if path == "" {
		dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":") // of systemd
		if dir == "" {
			var err error
			if dir, err = os.MkdirTemp("", controlDir); err != nil { // 0700
				return "", fmt.Errorf("make a directory for the control socket: %w", err)
			}
		}
		path = filepath.Join(dir, "control.sock")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return path, disk.Replace(d.path("control"), []byte(path+"\n"))
}

// dropControl removes the directory of a socket that was made for it, after a crash too.
func (d *Data) dropControl() {
	b, err := os.ReadFile(d.path("control"))
	if err != nil {
		return
	}
	dir := filepath.Dir(strings.TrimSpace(string(b)))
	if filepath.Dir(dir) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(dir), controlDir) {
		os.Remove(filepath.Join(dir, "control.sock"))
		os.Remove(dir)
	}
	os.Remove(d.path("control"))
}
