package config

import _ "embed"

//go:embed example.yaml
var example []byte

// Example returns a configuration with every key, and comments.
func Example() []byte { return example }
