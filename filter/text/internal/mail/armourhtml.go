package mail

import (
	"bytes"
	"io"
	"regexp"
	"strings"

	"sluis/filter/text/internal/charsets"
	"sluis/filter/text/internal/markup"
	"sluis/filter/text/internal/walk"
)

// Bounds of a page that is nothing but an encrypted message, in bytes.
const (
	maxArmourPage   = 4 << 20
	maxAroundArmour = 400 // such as a greeting and a name
)

var (
	unseenMarkup = regexp.MustCompile(`(?is)<(?:style|script|head|title)\b.*?</(?:style|script|head|title)\s*>|` +
		`<!--.*?-->`)
	anyTag = regexp.MustCompile(`<[^<>]*>`)
)

// armourSpotter sees whether the armour of OpenPGP may begin in what is written to it.
type armourSpotter struct {
	found bool
	end   []byte
}

// Write implements io.Writer.
func (s *armourSpotter) Write(p []byte) (int, error) {
	const n = len(armourPGP)
	seam := append(s.end, p[:min(len(p), n)]...)
	s.found = s.found || bytes.Contains(p, []byte(armourPGP)) || bytes.Contains(seam, []byte(armourPGP))
	if len(p) >= n {
		seam = append(s.end[:0], p[len(p)-n:]...)
	}
	s.end = append(s.end[:0], seam[max(0, len(seam)-n):]...)
	return len(p), nil
}

// showArmourOfPage shows the encrypted message that a page is: one in armour, whole, with little around it.
func showArmourOfPage(w *walk.Walker, charset string, open Opener, depth int) error {
	r, done := open()
	defer done()
	br, release := walk.Buffered(r)
	defer release()
	u, _ := charsets.Decode(charset, true, br)
	page, err := io.ReadAll(io.LimitReader(u, maxArmourPage))
	if err != nil {
		return w.Damage(err)
	}
	block, ok := armourOf(page)
	if !ok {
		return nil
	}
	return w.Damage(showEmbedded(w, strings.NewReader(block), depth))
}

// armourOf returns the lines of the only armour in a page.
func armourOf(page []byte) (block string, ok bool) {
	page = anyTag.ReplaceAll(unseenMarkup.ReplaceAll(page, nil), []byte{'\n'})
	var lines []string
	around, digits, inside, ended := 0, 0, false, false
	for line := range bytes.SplitSeq(markup.Unescape(page), []byte{'\n'}) {
		s := strings.ReplaceAll(strings.TrimSpace(string(line)), "\u00a0", "")
		switch {
		case s == "":
		case !ended && !inside && strings.HasPrefix(s, armourPGP) && strings.HasSuffix(s, "-----"):
			inside = true
			lines = append(lines, s)
		case inside && strings.HasPrefix(s, "-----END PGP MESSAGE"):
			inside, ended = false, true
			lines = append(lines, s)
		case inside:
			if strings.Trim(s, armourDigits) == "" {
				digits += len(s)
			} else if digits > 0 || !strings.Contains(s, ": ") {
				return "", false // no header of the armour
			}
			lines = append(lines, s)
		default:
			around += len(s)
		}
	}
	return strings.Join(lines, "\n") + "\n", ended && digits >= 32 && around <= maxAroundArmour
}

const armourDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
