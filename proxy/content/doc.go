// Package content looks into web requests and responses that can be read: plain ones, and
// those of inspected connections (C3.3a, C3.3b, C2.8d).
package content
