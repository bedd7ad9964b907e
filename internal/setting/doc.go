// Package setting is what the parts of a configuration share: a part of the program has its
// settings in a struct of its own, and that struct is the configuration.
//
// A field of such a struct is a key of the file. Its tags say all there is to say of it:
//
//   - yaml:"key" names the key;
//   - path:"relative" makes a file name relative to the configuration file (Resolve);
//   - reload:"no" says that the value is read at the start only (NeedsRestart).
//
// A struct that has SetDefaults gets its defaults (Fill), and one that has Validate says what
// is wrong with it (Check), wherever in the configuration it stands. A new setting is thereby
// one field in one file.
package setting
