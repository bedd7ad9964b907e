package extract

import (
	"bytes"
	"slices"
)

// Texts that a computer acts on: shortcuts, remote desktops, consoles, components. Their kind is known by how they
// begin, since a name may lie.

var openerBeginnings = [][]byte{
	[]byte("[internetshortcut]"),
	[]byte("full address:s:"), []byte("screen mode id:i:"), []byte("alternate full address:s:"),
	[]byte("windows registry editor version"), []byte("regedit4\n"), []byte("regedit4\r"),
	[]byte("[shell]\r\ncommand="), []byte("[shell]\ncommand="),
	[]byte("[desktop entry]"),
	[]byte("web\r\n1\r\nhttp"), []byte("web\n1\nhttp"),
}

// openerRoots are the first elements of such files in XML, with what has to stand in the first bytes as well.
var openerRoots = map[string]string{
	"mmc_consolefile": "", "librarydescription": "", "searchconnectordescription": "", "persistedquery": "", "jnlp": "",
	"pcsettings": "", "scriptlet": "<script", "component": "<script", "package": "<script", "job": "<script",
	"appinstaller": "packageinstaller", "assembly": "<deployment",
}

// beginsOpener reports whether a text begins as such a file. Windows writes some of them in UTF-16.
func beginsOpener(head []byte, textual bool) bool {
	if !textual {
		return false
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if len(head) > 1 && (head[0] == 0xff && head[1] == 0xfe || head[0] == 0xfe && head[1] == 0xff) {
		head = bytes.ReplaceAll(head[2:], []byte{0}, nil)
	}
	head = bytes.TrimLeft(head, " \t\r\n")
	if len(head) == 0 || bytes.IndexByte([]byte("[fsawr<FSAWR"), head[0]) < 0 {
		return false
	}
	head = bytes.ToLower(head)
	if slices.ContainsFunc(openerBeginnings, func(b []byte) bool { return bytes.HasPrefix(head, b) }) {
		return true
	}
	also, known := openerRoots[string(root(head))]
	return known && bytes.Contains(head, []byte(also))
}

// root returns the name of the first element of XML, without its prefix.
func root(b []byte) []byte {
	for bytes.HasPrefix(b, []byte("<")) && len(b) > 1 {
		end := ">"
		switch {
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case b[1] != '?' && b[1] != '!':
			name := b[1:]
			if i := bytes.IndexAny(name, " \t\r\n/>"); i >= 0 {
				name = name[:i]
			}
			return name[bytes.IndexByte(name, ':')+1:]
		}
		_, rest, found := bytes.Cut(b, []byte(end))
		if !found {
			return nil
		}
		b = bytes.TrimLeft(rest, " \t\r\n")
	}
	return nil
}
