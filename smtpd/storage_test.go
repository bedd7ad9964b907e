package smtpd

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"sluis/internal/setting"
	"sluis/internal/store/disk"
	"sluis/internal/testenv"
)

// spools has the relay take so much disk for all bodies, of 256 KB at most each.
func spools(n setting.Size) func(*Config, *stage) {
	return func(c *Config, _ *stage) { c.Limits.Spool, c.Limits.MessageSize = n, 256<<10 }
}

// half is the body of a message that takes room on disk, without its end.
var half = strings.Repeat(strings.Repeat("x", 78)+"\r\n", 100<<10/80)

func TestBodiesThatNeverEndLeaveRoomForOthers(t *testing.T) {
	for _, c := range []struct {
		name    string
		address func(i int) string
		others  bool // strangers elsewhere have room as well
	}{
		{"one address", func(int) string { return "192.0.2.1" }, true},
		{"one IPv4 /24", in("192.0.2.%d"), true},
		{"one IPv6 /64", in("2001:db8:1::%x"), true},
		{"many networks", in("2001:db8:%x::1"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := newCrowd(t, s, spools(4<<20))
			var all []*talk
			for i := range 30 {
				k := st.greeted(c.address(i))
				k.envelope("a@evil.example", "r@school.example")
				k.cmd("DATA", "354")
				k.write(half)
				all = append(all, k)
			}
			testenv.Eventually(t, "the share of the disk is taken", func() bool {
				return st.relay.storage.admits(st.party(c.address(30)), 200<<10).Code == 452
			})
			large := "MAIL FROM:<b@other.example> SIZE=200000"
			st.greeted(c.address(30)).cmd(large, "452 4.3.1")
			st.greeted(c.address(30)).send("b@other.example", "small@school.example", short, "250")
			st.greeted("10.0.0.1").send("a@school.example", "own@school.example", "\r\n"+half, "250")
			if c.others {
				st.greeted("198.51.100.1").send("b@other.example", "other@school.example", "\r\n"+half, "250")
			}
			taken, refused := 0, 0
			for _, k := range all {
				k.write(half + ".\r\n")
				switch reply := k.want(""); reply[:3] {
				case "250":
					taken++
				case "452":
					refused++
				default:
					t.Errorf("reply %q, want 250 or 452", reply)
				}
			}
			if taken == 0 || refused == 0 {
				t.Errorf("%d bodies were taken and %d refused, want some of both", taken, refused)
			}
			testenv.Eventually(t, "all room is given back", func() bool { return st.relay.storage.places.Taken() == 0 })
			st.greeted(c.address(30)).cmd(large, "250")
		})
	}
}

// Below the reserve mail is refused before its body, strangers' first.
func TestTheReserveOfTheDiskIsLeftAlone(t *testing.T) {
	free, err := disk.NewReserve(1, t.TempDir()).Free(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name          string
		reserve       int64
		stranger, own string // own: of a large message
	}{
		{"much is free", free / 1000, "250", "250"},
		{"less than the reserve", free / 2 * 3, "452 4.3.1", "250"},
		{"less than half of it", free * 3, "452 4.3.1", "452 4.3.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSink(t).Start()
			st := newCrowd(t, s, func(g *Config, _ *stage) { g.Reserve = disk.NewReserve(c.reserve, t.TempDir()) })
			for address, want := range map[string]string{
				"192.0.2.1": c.stranger, "203.0.113.1": c.stranger, "10.0.0.1": c.own,
			} {
				k := st.greeted(address)
				k.cmd("MAIL FROM:<a@school.example> SIZE=100000", want)
				if want = c.stranger; address == "10.0.0.1" {
					want = "250"
				}
				k.cmd("RSET", "250")
				k.cmd("MAIL FROM:<a@school.example>", want)
				k.cmd("RSET", "250")
				k.cmd("MAIL FROM:<a@school.example> SIZE=1000", want)
			}
		})
	}
	t.Run("it is reached in the middle of a body", func(t *testing.T) {
		s := newSink(t).Start()
		dir := t.TempDir()
		st := newCrowd(t, s, func(g *Config, _ *stage) { g.Reserve = disk.NewReserve(0, dir) })
		k := st.greeted("192.0.2.1")
		k.envelope("a@b.example", "r@school.example")
		k.cmd("DATA", "354")
		k.write("\r\n")
		if err := os.Remove(dir); err != nil { // what cannot be measured counts as full
			t.Fatal(err)
		}
		k.write(half + ".\r\n")
		k.want("452 4.3.1")
		if n := len(s.Messages()); n > 0 {
			t.Errorf("%d messages arrive, want none", n)
		}
	})
}

// A message of the largest size has room on a small disk too, for strangers and own servers alike.
func TestAMessageOfTheLargestSizeHasRoom(t *testing.T) {
	for _, total := range []setting.Size{200 << 20, 400 << 20, 4 << 30} {
		for _, rank := range []string{"192.0.2.1", "10.0.0.1"} {
			t.Run(fmt.Sprintf("%d MB, %s", total>>20, rank), func(t *testing.T) {
				limits := Limits{Spool: total}
				limits.SetDefaults()
				s := newStorage(nil, func() *Limits { return &limits }, newMetrics(nil))
				if r := s.admits((&crowd{}).party(rank), int64(limits.MessageSize)); r.Code != 0 {
					t.Errorf("reply %d, want none", r.Code)
				}
			})
		}
	}
}
