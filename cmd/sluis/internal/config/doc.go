// Package config is the one configuration file: it composes the settings of all parts of the
// gateway, reads them from YAML and says what is wrong with them.
//
// A part has its settings in a struct of its own package, with its keys, defaults and checks
// (package setting); here stand those that belong to no single part, and what holds between
// parts. Every error names the file, line and column, and says what to write instead.
package config
