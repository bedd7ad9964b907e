package archive

import (
	"archive/zip"
	"slices"
	"strings"

	"sluis/filter/text"
	"sluis/filter/text/internal/walk"
)

// packageMarks are the files that a package has, by its extension, if it may hold scripts that only the program which
// opens the package runs. A .zip is one if it is a lesson: it has the manifest of IMS, as SCORM has.
var packageMarks = map[string][]string{
	".ggb":      {"geogebra.xml"},
	".ggt":      {"geogebra_macro.xml", "geogebra.xml"},
	".ggs":      {"structure.json"},
	".h5p":      {"h5p.json"},
	".epub":     {"META-INF/container.xml"},
	".imscc":    {"imsmanifest.xml"},
	".notebook": {"imsmanifest.xml"},
	".zip":      {"imsmanifest.xml"},
}

// isPackage reports whether a zip is a package that may hold scripts, by the name that is listed and its mark.
func isPackage(w *walk.Walker, at int, z *zip.Reader) bool {
	if at < 0 {
		return false
	}
	marks := packageMarks[text.Extension(w.Report.Attachments[at].Name.Reveal())]
	return len(marks) > 0 && slices.ContainsFunc(z.File, func(f *zip.File) bool {
		return slices.Contains(marks, f.Name)
	})
}

// packagedScript reports whether a file of a package is a script by its name, and by no other reading of it.
func packagedScript(name string) bool {
	switch text.Extension(name) {
	case ".js", ".mjs":
		return !strings.ContainsAny(name, "\x00:")
	}
	return false
}

// packageMember shows a script of a package.
func packageMember(w *walk.Walker, part int, f *zip.File, depth int) error {
	packed, err := f.Open()
	if err != nil {
		return walk.First(w.Damage(err), w.Unread(part, f.Name, depth))
	}
	defer packed.Close()
	return w.Damage(w.Script(f.Name, w.Inflating(packed), depth))
}
