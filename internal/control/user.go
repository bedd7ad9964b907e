package control

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// SystemUser returns the user of the system who runs this program, for the ledger: the one who signed in
// to the system, where the kernel still knows (audit login uid), and else the one of the process.
func SystemUser() string {
	b, err := os.ReadFile("/proc/self/loginuid")
	if err == nil {
		const unset = "4294967295"
		if uid := strings.TrimSpace(string(b)); uid != unset {
			return nameOf(uid)
		}
	}
	return nameOf(strconv.Itoa(os.Getuid()))
}

// UserName returns the name of a user of the system, or the number of one without a name.
func UserName(uid int) string { return nameOf(strconv.Itoa(uid)) }

func nameOf(uid string) string {
	if u, err := user.LookupId(uid); err == nil {
		return u.Username
	}
	return uid
}
