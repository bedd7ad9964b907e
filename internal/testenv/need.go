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

// SwaksTLS is to be named, beside swaks, where swaks is to speak TLS.
const SwaksTLS = "swaks-tls"

// ReportLab is to be named where Debian's Python is to have ReportLab.
const ReportLab = "reportlab"

// packages are the Debian packages that the programs come in.
var packages = map[string]string{
	"smtp-sink":    "postfix",
	"smtp-source":  "postfix",
	SwaksTLS:       "libnet-ssleay-perl",
	"clamd":        "clamav-daemon",
	"nginx":        "nginx-light",
	"krb5kdc":      "krb5-kdc",
	"kinit":        "krb5-user",
	"kadmin.local": "krb5-admin-server",
	ReportLab:      "python3-reportlab",
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

// hasModule reports whether p is the name of a module of another language that is there.
func hasModule(p string) bool {
	switch p {
	case SwaksTLS:
		return exec.Command("perl", "-MNet::SSLeay", "-e1").Run() == nil
	case ReportLab:
		return exec.Command("/usr/bin/python3", "-c", "import reportlab").Run() == nil
	}
	return false
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
