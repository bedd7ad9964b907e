// Package config is the one configuration file: its shape, its defaults, and what is
// wrong with it.
//
// The types are the configuration: each field is a key of the file, its comment says
// what it does, and its zero value is the safe default. Parse is strict: an unknown
// key, a wrong type or a combination that cannot work is an error that tells the line,
// the column, and what to write instead. Secrets are never in the file itself: they
// come from a file or from the environment.
package config
