package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"sluis/cmd/sluis/internal/config"
	"sluis/cmd/sluis/internal/gateway"
)

// source says where the gateway keeps its data.
type source struct {
	Config string `short:"c" type:"path" placeholder:"FILE" xor:"source" help:"Configuration file of the gateway."`
	Data   string `type:"path" placeholder:"DIR" xor:"source" help:"Data directory, instead of --config (default var)."`
}

// data returns the gateway's data directory; close it.
func (s source) data() (*gateway.Data, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, err
	}
	return openData(cfg)
}

// load returns the configuration, or one that knows the data directory alone.
func (s source) load() (*config.Config, error) {
	if s.Config != "" {
		return config.Load(s.Config)
	}
	dir := s.Data
	if dir == "" {
		dir = "var"
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("no data directory %s: name the gateway's with --data DIR or --config FILE", dir)
	}
	if inside := filepath.Join(dir, "sluis.yaml"); exists(inside) {
		return config.Load(inside) // the demonstration writes its configuration there
	}
	identity := filepath.Join(dir, "keys", "quarantine.key")
	return &config.Config{Data: dir, Quarantine: config.Quarantine{Identity: identity}}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func now() time.Time { return time.Now() }

// day reads a date, of midnight here; the default if it is empty.
func day(s string, otherwise time.Time) (time.Time, error) {
	if s == "" {
		return otherwise, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, time.Local)
	if err != nil {
		return t, fmt.Errorf("%q is no date: write for instance 2026-11-23", s)
	}
	return t, nil
}

// minute is how tables show a moment.
const minute = "2006-01-02 15:04"
