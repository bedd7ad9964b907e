// Package charsets decodes character sets by their names in mail and pages (RFC 2978, the WHATWG's labels), UTF-7
// (RFC 2152) and unlabelled UTF-16 among them. It promises UTF-8, and to say when readers could disagree on a name.
package charsets
