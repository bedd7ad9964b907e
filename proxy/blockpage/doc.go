// Package blockpage shows people why a request was stopped, and helps them on (K3, C2.9a).
package blockpage
