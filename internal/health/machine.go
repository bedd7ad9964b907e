package health

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Certificate looks how long a certificate is valid yet; ahead is how long before its end
// it needs attention.
func Certificate(name Text, path string, ahead time.Duration) Check {
	return func(_ context.Context, now time.Time) Result {
		r := Result{Name: name, State: OK}
		b, err := os.ReadFile(path)
		block, _ := pem.Decode(b)
		var c *x509.Certificate
		if err == nil && block != nil {
			c, err = x509.ParseCertificate(block.Bytes)
		}
		if err != nil || c == nil {
			r.State, r.Found = Broken, Text{"kan niet gelezen worden", "cannot be read"}
			r.Advice = Text{"Zet een certificaat in PEM-formaat op de plaats die het configuratiebestand noemt.", "Put a certificate in PEM where the configuration says."}
			return r
		}
		left := c.NotAfter.Sub(now)
		r.Found = days(left, Text{"nog %d dagen geldig", "valid for %d more days"})
		renew := Text{"Vernieuw het certificaat en laad de configuratie opnieuw (SIGHUP).", "Renew the certificate and reload the configuration (SIGHUP)."}
		switch {
		case left <= 0:
			r.State, r.Found, r.Advice = Broken, Text{"is verlopen", "has expired"}, renew
		case now.Before(c.NotBefore):
			r.State, r.Found, r.Advice = Broken, Text{"is nog niet geldig", "is not valid yet"}, Text{"Kijk of de klok goed staat.", "See whether the clock is right."}
		case left < ahead:
			r.State, r.Advice = Attention, renew
		}
		return r
	}
}

// What of a disk has to be free: bytes and share, of which the smaller counts.
const (
	littleSpace, littleShare = 5 << 30, 0.10
	leastSpace, leastShare   = 512 << 20, 0.02
)

// Disk looks how much room there is where a directory is.
func Disk(dir string) Check {
	return func(context.Context, time.Time) Result {
		r := Result{Name: Text{"Schijf", "Disk"}, State: OK}
		var fs unix.Statfs_t
		if err := unix.Statfs(dir, &fs); err != nil || fs.Blocks == 0 {
			r.State, r.Found = Broken, Text{"kan niet bekeken worden", "cannot be looked at"}
			r.Advice = Text{"Kijk of de gegevensmap bestaat en of de schijf aangekoppeld is.", "See whether the data directory is there and its disk is mounted."}
			return r
		}
		free, share := float64(fs.Bavail)*float64(fs.Bsize), float64(fs.Bavail)/float64(fs.Blocks)
		r.Found = counted(Text{"%d MB vrij (%d%%)", "%d MB free (%d%%)"}, int64(free)>>20, int(share*100))
		short := func(space, part float64) bool { return free < space && share < part }
		room := Text{"Maak ruimte of vergroot de schijf. Zonder ruimte neemt Sluis geen mail meer aan; de afzender probeert het dan later weer.",
			"Make room or enlarge the disk. Without room Sluis takes no more mail; who sends it then tries again later."}
		switch {
		case short(leastSpace, leastShare):
			r.State, r.Advice = Broken, room
		case short(littleSpace, littleShare):
			r.State, r.Advice = Attention, room
		}
		return r
	}
}

// Clock looks whether the machine keeps its clock by that of others.
func Clock(context.Context, time.Time) Result {
	r := Result{Name: Text{"Klok", "Clock"}, State: OK, Found: Text{"loopt gelijk met die van anderen", "is kept by that of others"}}
	if kept, known := synchronised(); known && !kept {
		r.State, r.Found = Attention, Text{"wordt niet gelijk gezet", "is not kept right"}
		r.Advice = Text{"Zet tijdsynchronisatie aan (chrony of systemd-timesyncd). Codes om in te loggen en de tijden in het logboek hangen ervan af.",
			"Switch time synchronisation on (chrony or systemd-timesyncd). Codes to sign in and the times in the ledger depend on it."}
	} else if !known {
		r.Found = Text{"of hij gelijk gezet wordt is hier niet te zien", "whether it is kept right cannot be seen here"}
	}
	return r
}
