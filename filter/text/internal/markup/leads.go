package markup

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html/atom"

	"sluis/filter/text/internal/walk"
)

// A file that is a page and does nothing but lead its reader to another site, or ask for a password that another site
// gets, is a link in disguise: it has passed whatever judges links. Pages that are saved, and lessons, do such things
// beside what they show.

// leads is what a page does to lead its reader elsewhere.
type leads struct {
	seen    int // letters that a reader sees
	read    int // of scripts, in bytes
	away    bool
	based   bool // its addresses are of another site
	linked  bool // it has a link to another site
	sends   bool // a form goes to another site
	asks    bool // for a password
	posts   bool // a script sends something to another site
	pulls   bool // a link or a form, by a script
	foreign bool // a script of another site
	own     bool // a script of its own
	fills   bool // a page of another site takes all of it
}

// Bounds of what a reader sees of a page that is there to lead elsewhere, in letters.
const (
	maxWaiting = 400  // while it does so
	maxEmpty   = 60   // in which another's script makes the page
	maxSignIn  = 2000 // around the fields
)

var (
	refresh = regexp.MustCompile(`(?i)^\s*[\d.]*\s*[;,]?\s*(?:url\s*=)?\s*["']?\s*(.*)`)
	visits  = regexp.MustCompile("(?i)\\blocation(?:\\.href)?=[^=]|location\\.(?:assign|replace)\\(|" +
		"window\\.open\\(|\\bopen\\([\"'`]")
	address = regexp.MustCompile("(?i)[\"'`](?:https?:)?//[a-z0-9]")
	fetches = regexp.MustCompile(`(?i)\bfetch\(|xmlhttprequest|sendbeacon|\$\.(?:post|ajax|get)|axios|` +
		`\.action=|websocket\(`)
	pulling = regexp.MustCompile(`(?i)\.(?:click|submit|requestsubmit)\(\)`)
	imports = regexp.MustCompile("(?i)\\bimport\\([\"'`](?:https?:)?//")
)

// elsewhere reports whether an address is one of another site.
func elsewhere(value []byte) bool {
	v := bytes.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, value[:min(len(value), walk.MaxLink)])
	v = bytes.ReplaceAll(v, []byte{'\\'}, []byte{'/'})
	for _, scheme := range []string{"http:", "https:"} {
		if walk.HasPrefixFold(v, scheme) {
			v = v[len(scheme):]
			return len(v) > 0
		}
	}
	return bytes.HasPrefix(v, []byte("//"))
}

// tag sees a tag of a page.
func (l *leads) tag(element atom.Atom, attrs []Attr) {
	value := func(name string) []byte {
		for _, at := range attrs {
			if strings.EqualFold(string(at.Name), name) {
				return Unescape(at.Value)
			}
		}
		return nil
	}
	outside := func(name string) bool { v := value(name); return l.based && v != nil || elsewhere(v) }
	switch element {
	case atom.Base:
		l.based = l.based || elsewhere(value("href"))
	case atom.Meta:
		if to := refresh.FindSubmatch(value("content")); to != nil && len(to[1]) > 0 &&
			strings.EqualFold(string(bytes.TrimSpace(value("http-equiv"))), "refresh") {
			l.away = l.away || l.based || elsewhere(to[1])
		}
	case atom.A, atom.Area:
		l.linked = l.linked || outside("href")
	case atom.Form:
		l.sends = l.sends || outside("action")
	case atom.Button, atom.Input:
		l.sends = l.sends || outside("formaction")
		l.asks = l.asks || element == atom.Input && password(value("type"), value("name"), value("id"))
	case atom.Script:
		if src := value("src"); src == nil {
			l.own = l.own || !data(attrs)
		} else if l.based || elsewhere(src) {
			l.foreign = true
		} else {
			l.own = true
		}
	case atom.Iframe, atom.Frame:
		style := value("style")
		whole := element == atom.Frame || all(value("width"), style, "width") && all(value("height"), style, "height")
		l.fills = l.fills || whole && outside("src")
	case atom.Object, atom.Embed:
		kind := bytes.ToLower(value("type"))
		if len(kind) == 0 || bytes.Contains(kind, []byte("html")) {
			l.fills = l.fills || outside("data") || outside("src")
		}
	}
}

// password reports whether a field asks for one, by what it is or what it is called.
func password(kind []byte, names ...[]byte) bool {
	if strings.EqualFold(string(bytes.TrimSpace(kind)), "password") {
		return true
	}
	switch string(bytes.ToLower(bytes.TrimSpace(kind))) {
	case "", "text":
		return slices.ContainsFunc(names, func(n []byte) bool {
			n = bytes.ToLower(n)
			return bytes.Contains(n, []byte("passw")) || bytes.Contains(n, []byte("wachtwoord"))
		})
	}
	return false
}

// all reports whether a frame takes all there is in one direction, by its attribute or its style.
func all(attribute, style []byte, property string) bool {
	for d := range bytes.SplitSeq(bytes.ToLower(style), []byte{';'}) {
		name, value, _ := bytes.Cut(d, []byte{':'})
		if string(bytes.TrimSpace(name)) == property {
			attribute = value
		}
	}
	switch strings.TrimSpace(string(attribute)) {
	case "100%", "100vh", "100vw":
		return true
	}
	return false
}

// byItself are the events that come without a reader's doing.
var byItself = []string{"onload", "onerror", "onpageshow", "onreadystatechange", "onfocus", "onanimation", "ontransition",
	"ontoggle", "onmousemove", "onmouseover", "onmouseenter", "onpointer", "onscroll", "onbegin"}

// event sees the script of an attribute, and reports whether it hides what it does.
func (l *leads) event(name, script []byte) (hides bool) {
	tight := withoutBlanks(join(Unescape(script)))
	hides = unveils(tight)
	if slices.ContainsFunc(byItself, func(e string) bool { return walk.HasPrefixFold(name, e) }) {
		l.script(tight)
	}
	return hides
}

// maxLeading bounds the scripts of a page that are searched for what leads elsewhere, in bytes.
const maxLeading = 2 << 20

// script sees a script without its blanks.
func (l *leads) script(tight []byte) {
	if l.read += len(tight); l.read > maxLeading {
		return
	}
	l.away = l.away || imports.Match(tight)
	if !address.Match(tight) {
		l.pulls = l.pulls || pulling.Match(tight)
		return
	}
	l.away = l.away || visits.Match(tight)
	l.posts = l.posts || fetches.Match(tight)
	l.pulls = l.pulls || pulling.Match(tight)
}

// words count what a reader sees.
func (l *leads) words(b []byte) {
	if l.seen >= maxSignIn {
		return
	}
	for _, c := range b {
		if walk.Letter(c) || c >= '0' && c <= '9' || c >= 0x80 {
			l.seen++
		}
	}
}

// elsewhere reports whether leading elsewhere is what the page is for.
func (l *leads) elsewhere() bool {
	switch {
	case l.seen >= maxSignIn:
		return false
	case l.asks && (l.sends || l.posts):
		return true
	case l.seen >= maxWaiting:
		return false
	case l.away, l.pulls && (l.linked || l.sends):
		return true
	}
	return l.seen < maxEmpty && (l.fills || l.foreign && !l.own)
}
