package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/term"

	"sluis/cmd/sluis/internal/gateway"
	"sluis/internal/control"
	"sluis/internal/store/disk"
)

// signInCmd is sluis sign-in: the proof that acts on the command line need, as those in the console do.
type signInCmd struct {
	source
	Name string `arg:"" help:"Your account of the console."`
}

// Run asks for password and code, and signs in.
func (c signInCmd) Run(ctx context.Context) error {
	socket, err := c.socket()
	if err != nil {
		return err
	}
	in := bufio.NewReader(os.Stdin)
	ask := control.SignIn{Name: c.Name}
	if ask.Password, err = secret(in, "Password: "); err != nil {
		return err
	}
	if ask.Code, err = secret(in, "Code of your app: "); err != nil {
		return err
	}
	var s control.Session
	if err := control.NewClient(socket, "").Do(ctx, "/sign-in", ask, &s); err != nil {
		return err
	}
	if err := keepSession(socket, s); err != nil {
		return err
	}
	fmt.Printf("signed in as %s until %s\n", s.Name, s.Until.Local().Format("15:04"))
	return nil
}

// secret asks for a line that is not shown.
func secret(in *bufio.Reader, prompt string) (string, error) {
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	if fd := int(os.Stdin.Fd()); term.IsTerminal(fd) {
		b, err := term.ReadPassword(fd)
		return string(b), err
	}
	line, err := in.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	if err != nil {
		return "", errors.New("sign in: a password and a code are asked for, in this order")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type signOutCmd struct{ source }

// Run ends the session of the command line.
func (c signOutCmd) Run(ctx context.Context) error {
	socket, err := c.socket()
	if err != nil {
		return err
	}
	client, err := signedIn(socket)
	if err != nil {
		return err
	}
	file, err := sessionFile(socket)
	if err != nil {
		return err
	}
	return errors.Join(client.Do(ctx, "/sign-out", struct{}{}, nil), os.Remove(file))
}

// socket returns the path of the gateway's socket.
func (s source) socket() (string, error) {
	cfg, err := s.load()
	if err != nil {
		return "", err
	}
	return gateway.NewData(cfg).ControlSocket()
}

// sessionFile is where a user of the system keeps the session with a gateway.
func sessionFile(socket string) (string, error) {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("keep the session: %w", err)
		}
		dir = filepath.Join(cache, "sluis")
	}
	sum := sha256.Sum256([]byte(socket))
	return filepath.Join(dir, "sluis-session-"+hex.EncodeToString(sum[:8])), nil
}

func keepSession(socket string, s control.Session) error {
	file, err := sessionFile(socket)
	if err != nil {
		return err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("keep the session: %w", err)
	}
	return disk.Replace(file, b)
}

// signedIn returns the gateway's socket, for a person who signed in a short while ago.
func signedIn(socket string) (control.Client, error) {
	file, err := sessionFile(socket)
	if err != nil {
		return control.Client{}, err
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return control.NewClient(socket, ""), nil // which says that nobody is signed in, if a gateway runs
	}
	var s control.Session
	if err == nil {
		err = json.Unmarshal(b, &s)
	}
	if err != nil {
		return control.Client{}, fmt.Errorf("read the session: %w", err)
	}
	if !time.Now().Before(s.Until) {
		s.Token = ""
	}
	return control.NewClient(socket, s.Token), nil
}
