// Package journal keeps the metadata of mail and web traffic (C3.2e) and nothing
// else: a Record has no field that could hold content.
package journal
