package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
)

// openData returns the data directory of a configuration, for a command; close it. What the command
// makes there belongs to the gateway.
func openData(cfg *config.Config) (*gateway.Data, error) {
	if err := becomeOwner(cfg.Data); err != nil {
		return nil, err
	}
	return gateway.NewData(cfg), nil
}

// becomeOwner gives up root for the user whom a directory belongs to: a file that root makes is one that
// the gateway cannot write. Commands read files of their own before.
func becomeOwner(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil // it is made with what is kept there first
	}
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups(groupsOf(owner)) },
		func() error { return syscall.Setgid(int(owner.Gid)) },
		func() error { return syscall.Setuid(int(owner.Uid)) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("go on as the owner of %s: %w", dir, err)
		}
	}
	return nil
}

// groupsOf returns the groups of a directory's owner, with which the gateway reads its configuration.
func groupsOf(owner *syscall.Stat_t) []int {
	all := []int{int(owner.Gid)}
	u, err := user.LookupId(strconv.Itoa(int(owner.Uid)))
	if err != nil {
		return all
	}
	ids, err := u.GroupIds()
	if err != nil {
		return all
	}
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil {
			all = append(all, n)
		}
	}
	return all
}
