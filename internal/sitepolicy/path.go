package sitepolicy

import (
	"strings"

	"sluis/filter/domains"
)

// covers reports whether an entry is for a page: for its own, and for all below it. A site may take other spellings for
// the same page: a block counts for those too, an allowance for none of them.
func (e *Entry) covers(page string) bool {
	loosely := begins(loosePath(page), loosePath(e.Path))
	return loosely && (bool(e.Block) || begins(page, e.Path))
}

// begins reports whether a path is another one, or below it: /games/chess is below /games, /gamesx is not.
func begins(path, above string) bool {
	rest, ok := strings.CutPrefix(path, above)
	switch {
	case !ok || rest == "" || strings.HasSuffix(above, "/"):
		return ok
	case strings.Contains(above, "?"):
		return rest[0] == '&'
	}
	return strings.IndexByte("/?;#", rest[0]) >= 0
}

// loosePath returns a path in the form in which the most lenient of sites read it: without case, unescaped twice, and
// without blanks and dots at the end of a segment.
func loosePath(path string) string {
	path, query, asked := strings.Cut(domains.Path(path), "?")
	path = strings.ReplaceAll(path, "%25", "%") // twice escaped
	path = strings.NewReplacer("%2f", "/", "%5c", "/", "\\", "/", "%20", " ", "+", " ").Replace(strings.ToLower(path))
	segments := strings.Split(domains.Path(path), "/")
	for i, s := range segments {
		segments[i] = strings.TrimRight(s, " .")
	}
	if path = strings.Join(segments, "/"); asked {
		path += "?" + strings.ToLower(query)
	}
	return path
}
