package text

import (
	"strings"
	"testing"
)

func TestANameIsJudgedInEveryFormThatAProgramTakes(t *testing.T) {
	for name, want := range map[string]bool{
		"setup.exe": true, "Setup.EXE": true, "werk.rdp": true, "x.msc": true, "x.library-ms": true, "x.wsc": true,
		"x.jnlp": true, "x.iqy": true, "x.vb": true, "x.sct": true, "x.appref-ms": true, "x.xbap": true,
		"x.search-ms": true, "x.searchConnector-ms": true, "x.SettingContent-ms": true, "x.later-ms": true,
		"x.diagcab": true, "x.slk": true, "x.xll": true, "x.chm": true, "x.scf": true, "x.msix": true, "x.url": true,
		"factuur.pdf.js": true, "foto.jpg      .scr": true, "a.exe.": true, "a.exe . .": true, "a.exe\u00a0": true,
		"a.exe::$DATA": true, "a.exe:$data": true, "a.exe.::$Data ": true, "a.exe\x00.pdf": true,
		"a.pdf\x00.exe": true, "a.pdf\x00b.exe\x00.txt": true, "a\u202egpj.exe": true, "a.exe\u200b": true,
		"a.e\u200bxe": true, "map/a.exe": true, `map\a.exe`: true, "a.exe\x07": true, "a.exe\"": true,
		"bestelling bol.com": true, "Hulp.app/Contents/MacOS/start": true, `a\Hulp.APP\Contents\MacOS\x`: true,
		"a.accde": true, "a.accda": true, "a.accdr": true, "a.odc": true, "a.rdpx": true, "a.ica": true,
		"a.vbscript": true, "a.msrcIncident": true, "a.mobileconfig": true, "Hulp.app/Contents/Info.plist": false,
		"leerlingen.accdb": false,
		"brief.pdf":        false, "exe": false, "a.exe.pdf": false, "foto.jpg": false, "": false, "...": false, "a.-ms": false,
		"map.exe/brief.pdf": false, "opgave.py": false, "certificaat.cer": false, "rooster.xlsx": false,
		"Fwd: bol.com: uw bestelling.eml": false, "12:30.pdf": false, ":$data": false, "::$DATA": false,
	} {
		if got := NamesProgram(name); got != want {
			t.Errorf("NamesProgram(%q): got %v, want %v", name, got, want)
		}
	}
}

func TestANameOfASiteLeavesItToTheContent(t *testing.T) {
	for name, want := range map[string]bool{
		"bestelling bol.com": true, "Parro.app": true, "a.exe": false, "a.com\x00.pdf": false, "a.pdf": false,
		"a.bol.nl": false,
	} {
		if got := NamesSite(name); got != want {
			t.Errorf("NamesSite(%q): got %v, want %v", name, got, want)
		}
	}
}

func TestEveryLineOfTheListOfProgramsIsAnExtensionWithItsSource(t *testing.T) {
	last := ""
	for line := range strings.Lines(programList) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "*") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 || !strings.HasPrefix(fields[0], ".") || fields[0] != strings.ToLower(fields[0]) {
			t.Errorf("got %q, want an extension, its source and what it is, with tabs between", line)
			continue
		}
		for source := range strings.SplitSeq(strings.TrimSuffix(fields[1], " site"), ",") {
			if source != "outlook" && source != "gmail" && source != "sluis" {
				t.Errorf("%s: source %q, want outlook, gmail or sluis", fields[0], source)
			}
		}
		if fields[0] <= last {
			t.Errorf("%s stands after %s, want them in order, each once", fields[0], last)
		}
		last = fields[0]
	}
	if len(programs) < 150 {
		t.Errorf("%d extensions, want at least 150", len(programs))
	}
}
