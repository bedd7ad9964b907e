package markup

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// A short script that does nothing but bring a reader what stands in it acts, whatever the bytes are: they may be
// changed in any way before they are a file. Libraries, and pages with data that they can export, do the same in far
// more code or with data that is not decoded.

// Bounds of what a short script is, in bytes, and of what it holds.
const (
	maxCode   = 8 << 10 // but for its data
	leastList = 48      // numbers
)

var (
	// blobs give a file to the reader.
	blobs = regexp.MustCompile(`createobjecturl|mssave`)
	// brings is how the reader gets it.
	brings = regexp.MustCompile("mssave|\\.download=|[\"'`]download[\"'`]|\\.click\\(|location(\\.href)?=[^=]|" +
		`location\.(assign|replace)\(|window\.open\(`)
	// unpacks is how it is made.
	unpacks = regexp.MustCompile(`atob|uint8array|fromcharcode|frombase64`)
	// mark is that of UTF-8 before a table that is exported.
	mark = regexp.MustCompile(`uint8array\(\[(?:239,187,191|0xef,0xbb,0xbf)\]\)`)
	// longString is data of a script.
	longString = regexp.MustCompile("[\"'`]([0-9A-Za-z+/=_%-]{120,})[\"'`]")
	longList   = regexp.MustCompile(`\[[0-9a-fx,]{96,}\]`)

	// secret is a string that a script decodes at once; the others are what it does with it.
	secret = regexp.MustCompile("(?i)(atob|unescape|decodeURI(?:Component)?)\\([\"'`]([0-9A-Za-z+/=_%.-]{16,})[\"'`]")
	runsIt = regexp.MustCompile(`(?i)(?:\b(?:eval|(?:new)?Function|setTimeout|execScript)\(|location(?:\.href)?=|` +
		`location\.(?:assign|replace)\()(?:window\.)?$`)
	goes    = regexp.MustCompile(`(?i)location(?:\.href)?=[^=]|location\.(?:assign|replace)\(|window\.open\(`)
	writes  = regexp.MustCompile(`(?i)document\.write(?:ln)?\(|\.(?:inner|outer)html=|insertadjacenthtml\(|\.srcdoc=`)
	web     = regexp.MustCompile(`(?i)^\s*(?:https?:)?//`)
	acting  = regexp.MustCompile(`(?i)<\s*(?:script|form|iframe|input|meta|object|embed)\b`)
	escaped = regexp.MustCompile(`(?i)(?:%[2-7][0-9a-f]){16}`)
)

// brief reports whether a script is a short one that brings a file, or what it hides from readers of the page.
func (a *acts) brief(script []byte) bool {
	tight := withoutBlanks(script)
	code := longList.ReplaceAll(longString.ReplaceAll(tight, nil), nil)
	if len(code) > maxCode {
		return false
	}
	lower := mark.ReplaceAll(bytes.ToLower(code), nil)
	if blobs.Match(lower) && brings.Match(lower) && unpacks.Match(lower) &&
		(a.spelled(tight) || bytesListed(bytes.ToLower(tight))) {
		return true
	}
	return unveils(tight)
}

// spelled reports whether a string holds digits of what is no picture and no text.
func (a *acts) spelled(tight []byte) bool {
	for _, s := range longString.FindAllSubmatch(tight, maxSecrets) {
		digits := s[1][:min(len(s[1])&^3, 1024)]
		head, err := hex.DecodeString(string(digits))
		if err != nil {
			head, err = base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(digits, "=")))
		}
		if err != nil {
			return true
		}
		switch a.w.Formats.KindOf(head, "") {
		case text.KindMedia, text.KindText, text.KindHTML, text.KindPDF:
		default:
			return true
		}
	}
	return false
}

func withoutBlanks(b []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, b)
}

// bytesListed reports whether a list of numbers holds bytes rather than marks or amounts: many that differ, and such
// as no text has.
func bytesListed(lower []byte) bool {
	for _, list := range longList.FindAll(lower, 8) {
		var seen [256]bool
		numbers, different, high := 0, 0, 0
		for b := list[1:]; len(b) > 0; {
			v, n := unit(b)
			if n == 0 {
				break
			}
			b = b[n:]
			numbers++
			if !seen[v] {
				seen[v] = true
				different++
				if v >= 128 {
					high++
				}
			}
		}
		if numbers >= leastList && different >= 16 && high >= 2 {
			return true
		}
	}
	return false
}

// maxSecrets bounds the strings that are decoded in one script.
const maxSecrets = 32

// unveils reports whether a script runs, opens or writes a string that it decodes.
func unveils(tight []byte) bool {
	for _, at := range secret.FindAllSubmatchIndex(tight, maxSecrets) {
		plain, ok := decoded(tight[at[2]:at[3]], tight[at[4]:at[5]])
		if !ok || walk.HasPrefixFold(plain, "mailto:") || walk.HasPrefixFold(plain, "tel:") {
			continue
		}
		switch {
		case runsIt.Match(tight[max(0, at[0]-64):at[0]]),
			web.Match(plain) && goes.Match(tight),
			acting.Match(plain) && writes.Match(tight):
			return true
		}
	}
	return false
}

// decoded returns what a string stands for. One in which only some signs are escaped hides nothing.
func decoded(how, s []byte) ([]byte, bool) {
	if !bytes.EqualFold(how, []byte("atob")) {
		plain, err := url.PathUnescape(string(s))
		return []byte(plain), err == nil && escaped.Match(s)
	}
	plain, err := base64.RawStdEncoding.DecodeString(string(bytes.TrimRight(s, "=")))
	return plain, err == nil
}
