package extract

import (
	"strings"
	"testing"
)

// The scripts of a lesson or a book are no programs there: only the program that opens the package runs them. What a
// double click runs is one everywhere (C2.9a, C3.3a).
func TestScriptsOfPackagesAreNoPrograms(t *testing.T) {
	script, windows := "function ggbOnInit() {}", "var s = new ActiveXObject('WScript.Shell'); s.Run('calc')"
	manifest := `<manifest xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"><resources>` +
		`<resource href="index.html"><file href="start.js"/></resource></resources></manifest>`
	lesson := func(files ...string) []string {
		page := `<script src="les.js"></script><script src="lang.js"></script>Les`
		return append([]string{"imsmanifest.xml", manifest, "index.html", page}, files...)
	}
	for _, c := range []struct {
		name  string
		files []string
		want  string
	}{
		{"driehoek.ggb", []string{"geogebra.xml", "<geogebra/>", "geogebra_javascript.js", script}, ""},
		{"hoek.ggt", []string{"geogebra_macro.xml", "<geogebra/>", "geogebra_javascript.js", script}, ""},
		{"les.ggs", []string{"structure.json", "{}", "_slide0/geogebra_javascript.js", script}, ""},
		{"quiz.h5p", []string{"h5p.json", "{}", "H5P.Question-1.5/scripts/question.js", script}, ""},
		{"boek.epub", []string{"mimetype", "application/epub+zip", "META-INF/container.xml", "<container/>", "OEBPS/a.js", script}, ""},
		{"les.zip", lesson("scripts/api.js", script), ""},
		{"les.zip", lesson("les.js", script, "start.js", script, "lang.js", "var taal={ja:'ja'}"), ""},
		{"les.zip", lesson("lib/jquery.js", "new ActiveXObject('Microsoft.XMLHTTP')"), ""},
		{"les.notebook", []string{"imsmanifest.xml", "<manifest/>", "activiteit/a.js", script}, ""},

		{"driehoek.ggb", []string{"geogebra.xml", "<geogebra/>", "a.hta", "<hta:application>"}, "a.hta"},
		{"quiz.h5p", []string{"h5p.json", "{}", "a.lnk", "x", "b.vbs", "x", "c.exe", "x", "d.jse", "x"}, "a.lnk b.vbs c.exe d.jse"},
		{"les.zip", lesson("les.js", windows), "les.js"},
		{"les.zip", lesson("les.js", "//"+strings.Repeat("x", 70_000)+"\n"+windows), "les.js"},
		{"les.zip", lesson("les.js", `var a=this['WS' + "cr\x69pt"]; a.Quit()`), "les.js"},
		{"les.zip", lesson("lib/a.js", `GetObject("winmgmts:Win32_Process")`), "lib/a.js"},
		{"les.zip", lesson("factuur.js", script), "factuur.js"},
		{"les.zip", lesson("les.jse", script, "les.exe", "x"), "les.exe les.jse"},
		{"les.zip", []string{"imsmanifest.xml", manifest, "start.js", script}, "start.js"},
		{"les.zip", []string{"imsmanifest.xml", "", "index.html", "<script src=les.js>", "les.js", script}, "les.js"},
		{"les.zip", []string{"imsmanifest.xml", "les.js", "index.html", "<script src=les.js>", "les.js", script}, "les.js"},
		{"les.zip", []string{"index.html", "<p>les</p>", "les.js", script}, "les.js"},
		{"map.zip", []string{"geogebra.xml", "<geogebra/>", "les.js", script}, "les.js"},
		{"boek.epub", []string{"a.js", script}, "a.js"},
		{"driehoek.ggb", []string{"geogebra.xml", "<geogebra/>", "a.js", "MZ\x90\x00\x03\x00\x00\x00"}, "a.js"},
		{"driehoek.ggb", []string{"geogebra.xml", "<geogebra/>", "b.zip", string(zipOf("a.js", script))}, "a.js"},
		{"brief.odt", []string{"content.xml", "<p>brief</p>", "META-INF/container.xml", "<c/>", "Scripts/a.js", script}, "Scripts/a.js"},
	} {
		for where, m := range map[string]string{
			"attached": attached(c.name, "application/octet-stream", zipOf(c.files...)),
			"in a zip": attached("map.zip", "application/zip", zipOf(c.name, string(zipOf(c.files...)))),
		} {
			if got := dangers(showMessage(t, m).report); got != c.want {
				t.Errorf("%s %s with %.60q: got %q, want %q", c.name, where, c.files, got, c.want)
			}
		}
	}
}
