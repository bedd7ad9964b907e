package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// TB is the part of testing.TB that this package uses, so that it does not import testing: bench uses it too.
type TB interface {
	Helper()
	Cleanup(func())
	Skipf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// What is to be named beside the program that uses it, and is no program itself.
const (
	SwaksTLS  = "swaks-tls"  // for swaks to speak TLS
	MIMETools = "mime-tools" // MIME::Tools, for Perl
	GMime     = "gmime"      // for the Python of Debian, Python
	ReportLab = "reportlab"  // for the same
	// Dictionaries are lists of all words of Dutch, German, French and English, in /usr/share/dict.
	Dictionaries = "dictionaries"
	Python       = "/usr/bin/python3"
)

// modules are the commands that succeed where such a thing is there.
var modules = map[string][]string{
	SwaksTLS:     {"perl", "-MNet::SSLeay", "-e1"},
	MIMETools:    {"perl", "-MMIME::Parser", "-e1"},
	GMime:        {Python, "-c", "import gi; gi.require_version('GMime', '3.0'); from gi.repository import GMime"},
	ReportLab:    {Python, "-c", "import reportlab"},
	Dictionaries: {"sh", "-c", "cd /usr/share/dict && cat dutch ngerman french american-english >/dev/null"},
}

// packages are the Debian packages that the programs come in.
var packages = map[string]string{
	"smtp-sink":    "postfix",
	"smtp-source":  "postfix",
	SwaksTLS:       "libnet-ssleay-perl",
	MIMETools:      "libmime-tools-perl",
	GMime:          "python3-gi gir1.2-gmime-3.0",
	Python:         "python3",
	"clamd":        "clamav-daemon",
	"nginx":        "nginx-light",
	"krb5kdc":      "krb5-kdc",
	"kinit":        "krb5-user",
	"kadmin.local": "krb5-admin-server",
	ReportLab:      "python3-reportlab",
	Dictionaries:   "wdutch wngerman wfrench wamerican",
	"soffice":      "libreoffice-writer-nogui",
	"pdflatex":     "texlive-latex-base",
	"nft":          "nftables",
	"ip":           "iproute2",
}

// Need skips the test, by name, if a program is not there. In CI (CI=true) the test
// fails instead: there none may be left out.
func Need(tb TB, programs ...string) {
	tb.Helper()
	missing := Missing(programs...)
	var why string
	switch {
	case len(missing) > 0:
		why = fmt.Sprintf(
			"not installed: %s (get it with: apt-get install %s)",
			strings.Join(missing, ", "),
			strings.Join(packagesOf(missing), " "),
		)
	case os.Geteuid() != 0 && slices.Contains(programs, "postfix"):
		why = "Postfix can only be started by root"
	default:
		return
	}
	Lack(tb, "%s", why)
}

// Lack skips the test for what this machine lacks. In CI the test fails instead.
func Lack(tb TB, format string, args ...any) {
	tb.Helper()
	if os.Getenv("CI") == "true" {
		tb.Fatalf(format, args...)
		return
	}
	tb.Skipf("SKIPPED: "+format, args...)
}

// Missing returns those of the programs that are not installed.
func Missing(programs ...string) []string {
	var missing []string
	for _, p := range programs {
		if find(p) == "" && !hasModule(p) {
			missing = append(missing, p)
		}
	}
	return missing
}

// hasModule reports whether a thing that is no program is there.
func hasModule(name string) bool {
	probe, ok := modules[name]
	return ok && exec.Command(probe[0], probe[1:]...).Run() == nil
}

func packagesOf(programs []string) []string {
	var ps []string
	for _, p := range programs {
		if d, ok := packages[p]; ok {
			p = d
		}
		if !slices.Contains(ps, p) {
			ps = append(ps, p)
		}
	}
	return ps
}

// find returns the path of a program. It looks where administrators' programs are too,
// which are not on the path of everybody.
func find(program string) string {
	if p, err := exec.LookPath(program); err == nil {
		return p
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if p, err := exec.LookPath(filepath.Join(dir, program)); err == nil {
			return p
		}
	}
	return ""
}
