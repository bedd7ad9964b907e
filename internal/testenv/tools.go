package testenv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
)

// SMTPSink is a running smtp-sink of Postfix.
type SMTPSink struct {
	dir  string
	port int
	proc *process
}

// StartSMTPSink starts one that writes each message to a file of its own under dir. Its
// arguments are those of smtp-sink(1), such as -W for a delay or -r for a refusal.
func StartSMTPSink(ctx context.Context, dir string, args ...string) (*SMTPSink, error) {
	port, err := freePort()
	if err != nil {
		return nil, fmt.Errorf("smtp-sink: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("smtp-sink: %w", err)
	}
	s := &SMTPSink{dir: dir, port: port}
	if err := os.MkdirAll(s.Dump(), 0o755); err != nil {
		return nil, fmt.Errorf("smtp-sink: %w", err)
	}
	if os.Geteuid() == 0 { // it does not run as root
		owner, err := user.Lookup("postfix")
		if err != nil {
			return nil, fmt.Errorf("smtp-sink: %w", err)
		}
		if err := give(s.Dump(), owner); err != nil {
			return nil, fmt.Errorf("smtp-sink: %w", err)
		}
		args = append(args, "-u", owner.Username)
	}
	args = append(args, "-d", filepath.Join(s.Dump(), "m."), s.Addr(), "1024")
	if s.proc, err = start(filepath.Join(dir, "sink.log"), nil, "smtp-sink", args...); err != nil {
		return nil, err
	}
	if err := s.proc.ready(ctx, "tcp", s.Addr()); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// Addr returns where it listens.
func (s *SMTPSink) Addr() string { return loopback(s.port) }

// Dump returns the directory with a file for each message: lines with the envelope
// (X-Mail-Args, X-Rcpt-Args) and a Received field, then the message with LF line ends.
func (s *SMTPSink) Dump() string { return filepath.Join(s.dir, "dump") }

// Stop ends it.
func (s *SMTPSink) Stop() { s.proc.stop() }

// SMTPSource sends n messages of size bytes over a number of sessions at once with
// smtp-source(1), and returns when the last is sent.
func SMTPSource(ctx context.Context, addr string, n, size, sessions int, args ...string) error {
	path := find("smtp-source")
	if path == "" {
		return errors.New("smtp-source is not installed")
	}
	args = append(args, "-m", strconv.Itoa(n), "-l", strconv.Itoa(size), "-s", strconv.Itoa(sessions), "inet:"+addr)
	out, err := exec.CommandContext(ctx, path, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("smtp-source: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}

// Swaks runs swaks(1) and returns what it printed, the whole session, and its exit code.
// It has Patience with the server, unless the arguments say otherwise. The error is nil whatever the code is, if it
// ran.
func Swaks(ctx context.Context, args ...string) (output string, code int, err error) {
	path := find("swaks")
	if path == "" {
		return "", -1, errors.New("swaks is not installed")
	}
	patient := []string{"--timeout", strconv.Itoa(int(Patience.Seconds()))}
	cmd := exec.CommandContext(ctx, path, append(patient, args...)...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		err = nil
	}
	if err != nil {
		return string(out), -1, fmt.Errorf("swaks: %w", err)
	}
	return string(out), cmd.ProcessState.ExitCode(), nil
}
