package rules

import (
	"embed"
	"io/fs"
)

//go:embed sites/*.txt
var sites embed.FS

// Sites returns the lists of sites that come with Sluis, a file for each category of sites
// that the code of conduct forbids; help.txt and never-inspect.txt protect what is on them.
func Sites() fs.FS {
	sub, err := fs.Sub(sites, "sites")
	if err != nil {
		panic(err) // the name is fixed at build time
	}
	return sub
}
