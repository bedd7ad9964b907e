package config

import (
	"fmt"
	"os"
	"path/filepath"

	"sluis/internal/setting"
	"sluis/internal/strictyaml"
)

// Load reads and checks a configuration file. Paths in it that are not absolute are
// taken from the file's own directory.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return Parse(path, text)
}

// Parse checks the text of a configuration file. The name is for errors and for paths
// that are not absolute. All faults are reported together.
func Parse(name string, text []byte) (*Config, error) {
	f := strictyaml.File{Name: name, Text: text}
	c := &Config{path: name, text: text}
	if err := f.Decode(c); err != nil {
		return nil, err
	}
	setting.Resolve(c, filepath.Dir(name))
	setting.Fill(c)
	problems := setting.NewProblems(f)
	setting.Check(c, problems)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return c, nil
}
