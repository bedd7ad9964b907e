package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"

	"golang.org/x/sys/unix"
)

// Errors of the command's end.
var (
	// ErrNotRunning is returned if no gateway is behind the socket.
	ErrNotRunning = errors.New("the gateway does not run, and without it nothing is opened, released or destroyed: " +
		"start it (systemctl start sluis), and sign in with sluis sign-in NAME")
	// ErrNoRight is returned to a user who may not use the socket.
	ErrNoRight = errors.New("this user has no right to the gateway's socket: run the command as the gateway's user, " +
		"or as one of its group")
	// ErrSignIn is returned if nobody signed in, or a while ago.
	ErrSignIn = errors.New("sign in first: sluis sign-in NAME (a sign-in counts for ten minutes)")
)

// Client is the command's end of the socket.
type Client struct {
	token string
	http  *http.Client
}

// NewClient returns the end of a command; the token is of its session, empty before a sign-in.
func NewClient(socket, token string) Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return Client{token, &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Do asks for something, and reads the answer.
func (c Client) Do(ctx context.Context, path string, ask, answer any) error {
	b, err := json.Marshal(ask)
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://sluis"+path, bytes.NewReader(b))
	if err != nil {
		return fmt.Errorf("ask the gateway: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	res, err := c.http.Do(r)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED):
		return ErrNotRunning
	case errors.Is(err, fs.ErrPermission):
		return ErrNoRight
	case err != nil:
		return fmt.Errorf("ask the gateway: %w", err)
	}
	defer res.Body.Close()
	body := io.LimitReader(res.Body, maxAnswer)
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return ErrSignIn
	case res.StatusCode != http.StatusOK:
		var p Problem
		if json.NewDecoder(body).Decode(&p) != nil || p.Error == "" {
			return fmt.Errorf("the gateway answered %s", res.Status)
		}
		return errors.New(p.Error)
	case answer == nil:
		return nil
	}
	if err := json.NewDecoder(body).Decode(answer); err != nil {
		return fmt.Errorf("read the answer of the gateway: %w", err)
	}
	return nil
}
