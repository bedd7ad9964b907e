package listfile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"sluis/filter/domains"
)

// readAll returns what is taken of a list, and how often each reason is given.
func readAll(t testing.TB, list []byte) (taken []string, skipped map[Reason]int) {
	t.Helper()
	s, err := Look(bytes.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	skipped = map[Reason]int{}
	err = s.Read(bytes.NewReader(list), Sink{
		Take: func(e string) { taken = append(taken, e) },
		Skip: func(why Reason, _ string) { skipped[why]++ },
	})
	if err != nil {
		t.Fatal(err)
	}
	return taken, skipped
}

// TestEveryUsualFormIsRead: what each line lists, and why others are passed over.
func TestEveryUsualFormIsRead(t *testing.T) {
	for name, tt := range map[string]struct {
		list string
		want string // entries, with spaces between
		skip map[Reason]int
	}{
		"names": {"# note\n\nplain.example\nUPPER.example.\n*.wild.example\n.squid.example # why\nsharp.example#why\nsemi.example ; why\n" +
			"slash.example // why\n+.clash.example\ncafé.example\n- dash.example\n\"quoted.example\",\nport.example:8080\n",
			"plain.example upper.example wild.example squid.example sharp.example semi.example slash.example clash.example " +
				"xn--caf-dma.example dash.example quoted.example port.example", nil},
		"hosts": {"127.0.0.1 localhost\n::1 ip6-localhost localhost\n255.255.255.255 broadcasthost\nfe80::1%lo0 localhost\n0.0.0.0 0.0.0.0\n" +
			"0.0.0.0 a.example b.example # c.example\n127.0.0.1\tc.example\n:: d.example\n0 e.example\n10.0.0.1 f.example ## two\n" +
			"0.0.0.0 *.x.example\n192.168.1.4 printer\n",
			"a.example b.example c.example d.example e.example f.example",
			map[Reason]int{Local: 6, Unreadable: 2}},
		"hosts that lead somewhere": {"216.239.38.120 www.google.com\n216.239.38.120 www.google.nl\n0.0.0.0 bad.example\n", "bad.example",
			map[Reason]int{Rewrite: 2}},
		"several names in a line": {"a.example b.example,c.example\nthis is prose\n", "a.example b.example c.example", map[Reason]int{Unreadable: 1}},
		"addresses": {"198.51.100.7\n203.0.113.0/25\n203.0.113.0/255.255.255.128\n2001:db8:1::/48\n[2001:db8::1]\n[2001:db8::1]:443\n198.51.100.9:4444\n" +
			"198.51.100.10 # c2\n198.51.100.11 ; SBL1\n198.51.100.12\t7\n198.51.100.0 - 198.51.100.3\nEvil:198.51.100.16-198.51.100.17\n" +
			"198.51.100.20-198.51.100.22\n::ffff:198.51.100.30\n198.51.100.40/32 ; SBL2\n",
			"=198.51.100.7/32 =203.0.113.0/25 =203.0.113.0/25 =2001:db8:1::/48 =2001:db8::1/128 =2001:db8::1/128 =198.51.100.9/32 " +
				"=198.51.100.10/32 =198.51.100.11/32 =198.51.100.12/32 =198.51.100.0/30 =198.51.100.20/31 " +
				"=198.51.100.22/32 =198.51.100.30/32 =198.51.100.40/32", map[Reason]int{Unreadable: 1}},
		"inner and wide networks": {"10.0.0.0/8\n192.168.1.1\n127.0.0.1\n0.0.0.0\n255.255.255.255\n169.254.0.0/16\nfe80::1\nfd00::/8\n" +
			"0.0.0.0/0\n::/0\n8.0.0.0/7\n2000::/3\n100.64.1.1\n", "", map[Reason]int{Local: 11, TooWide: 2}},
		"addresses of pages": {"https://bank.example/a/b.html\nhttp://evil.example/x?y=1\nhxxp://fang[.]example/p\nhttp://user:pw@u.example:8080/p#f\n" +
			"https://café.example/ü\nhttp://198.51.100.7/x.exe\nhttp://0xc6336407:81/y\nhttp://[2001:db8::7]:8080/z\nwhole.example/\nhttps://all.example\n" +
			"https://q.example?x=1\nno.example/scheme\nwss://ws.example/s\nhttp://203.0.113.5/\nmailto://x.example/\nhttp:///none\n" +
			"http://note.example/p\t2024-01-01\tphishing\nhttp://a.example/x?a=$$b##c\n",
			"bank.example/a/b.html evil.example/x?y=1 fang.example/p u.example/p xn--caf-dma.example/ü 198.51.100.7/x.exe 198.51.100.7/y " +
				"[2001:db8::7]/z whole.example all.example q.example/?x=1 no.example/scheme ws.example/s =203.0.113.5/32 note.example/p a.example/x?a=$$b",
			map[Reason]int{Unreadable: 2}},
		"ad blocker": {"[Adblock Plus 2.0]\n! note\n||bad.example^\n||bad2.example^$important\n||doc.example^$document,subdocument\n||all.example^$all\n" +
			"||bare.example\n||end.example^|\n||198.51.100.7^\n||*.sub.example^\n||page.example/phish/x.html^$all\n|https://start.example/p|\n||reason.example^$reason=\"x\"\n" +
			"||nx.example^$dnsrewrite=NXDOMAIN;;\n||zero.example^$dnsrewrite=0.0.0.0\n/(^|\\.)regexp\\.example$/\n" +
			"||t.example^$third-party\n||t1.example^$~third-party\n||s.example^$script,image\n||r.example^$removeparam=utm\n||d.example^$domain=x.example|y.example\n" +
			"||a.example^$document,domain=x.example\n||n.example^$denyallow=x.example\n||c.example^$client=1.2.3.4\n||p.example^$popup\n||csp.example^$csp=script-src\n" +
			"||dt.example^$dnstype=AAAA\n||rw.example^$dnsrewrite=safe.example\n||h.example:8443^\n||new.example^$invented\n||rep.example^$replace=/a/b/\n" +
			"x.example##.banner\nx.example,y.example#@#.banner\nx.example#?#div\nx.example#$#body{}\nx.example$$script\n##.ads\n[$path=/a]x.example##b\n" +
			"||ads.*^\n||ba*d.example^\n-banner-\n/banner[0-9]+/\n@@||good.example^\n||good.example^\n||www.good.example^\n||strong.good.example^$important\n" +
			"||undone.example^$third-party,badfilter\n||fixed.example^$badfilter\n||fixed.example^\n||kept.example^$important\n||kept.example^$badfilter\n",
			"bad.example bad2.example doc.example all.example bare.example end.example =198.51.100.7/32 sub.example page.example/phish/x.html start.example/p " +
				"reason.example nx.example zero.example regexp.example strong.good.example kept.example",
			map[Reason]int{Partial: 22, Pattern: 4, Cancelled: 3}},
		"exceptions below": {"||wide.example^\n@@||ok.wide.example^\n@@||part.wide.example^$third-party\n@@||elsewhere.example^\n||hard.example^$important\n" +
			"@@||www.hard.example^\n@@||won.hard.example^$important\n", "wide.example hard.example !ok.wide.example !won.hard.example", nil},
		"dnsmasq": {"# note\naddress=/bad.example/0.0.0.0\naddress=/worse.example/#\naddress=/none.example/\nserver=/third.example/\nlocal=/fourth.example/\n" +
			"address=/a.example/b.example/127.0.0.1\naddress=/six.example/::\naddress=/.dot.example/\nserver=/inner.example/192.168.1.1\naddress=/www.google.com/216.239.38.120\n" +
			"address=/#/0.0.0.0\nlocal=/tail.example/ # note\nserver=/ok.third.example/#\nno-resolv\nport=5353\nipset=/i.example/set\nhost-record=h.example,0.0.0.0\n",
			"bad.example worse.example none.example third.example fourth.example a.example b.example six.example dot.example tail.example h.example !ok.third.example",
			map[Reason]int{Setting: 3, Rewrite: 1, Pattern: 1, Unreadable: 1}},
		"unbound": {"server:\n  local-zone: \"bad.example\" always_nxdomain\nlocal-zone: 'worse.example.' always_refuse\nlocal-zone: \"third.example\" static # x\n" +
			"local-zone: \"re.example\" redirect\nlocal-data: \"re.example A 0.0.0.0\"\nlocal-data: \"long.example. 3600 IN AAAA ::\"\n" +
			"local-zone: \"www.google.com\" redirect\nlocal-data: \"www.google.com CNAME forcesafesearch.google.com\"\nlocal-zone: \"t.example\" transparent\n" +
			"local-zone: \"ok.bad.example\" always_transparent\nverbosity: 1\n",
			"bad.example worse.example third.example re.example long.example !ok.bad.example", map[Reason]int{Setting: 4, Rewrite: 1}},
		"unbound without records": {"local-zone: \"re.example\" redirect\n", "re.example", nil},
		"policy zone": {"$TTL 30\n$ORIGIN rpz.example.\n@ SOA rpz.example. admin.example. (\n 2024010101 ; serial\n 3600\n 600 )\n NS localhost.\n@ IN NS localhost.\n" +
			"bad.example CNAME .\n*.bad.example CNAME .\nworse.example 300 IN CNAME *. ; note\ndrop.example CNAME rpz-drop.\nabs.example.rpz.example. CNAME .\n" +
			"sink.example A 0.0.0.0\nsink6.example AAAA ::1\nwww.google.com CNAME forcesafesearch.google.com.\nok.bad.example CNAME rpz-passthru.\n" +
			"24.0.113.0.203.rpz-ip CNAME .\n32.7.100.51.198.rpz-ip CNAME .\n48.zz.7.db8.2001.rpz-ip CNAME .\nns.evil.example.rpz-nsdname CNAME .\n24.0.2.0.192.rpz-client-ip CNAME .\n" +
			"t.example CNAME rpz-tcp-only.\nlead.example A 93.184.216.34\ntxt.example TXT \"x\"\n; note\n",
			"bad.example bad.example worse.example drop.example abs.example sink.example sink6.example =203.0.113.0/24 =198.51.100.7/32 =2001:db8:7::/48 !ok.bad.example",
			map[Reason]int{Rewrite: 2, Partial: 2, Setting: 1}},
		"policy zone without a head": {"bad.example CNAME .\n*.worse.example IN CNAME .\n", "bad.example worse.example", nil},
		"BIND": {"zone \"bad.example\" { type master; file \"/etc/bind/db.blocked\"; };\nzone \"worse.example\" IN {type primary; file \"x\";};\n" +
			"zone \"inner.example\" { type forward; forwarders { 10.0.0.1; }; };\n", "bad.example worse.example", map[Reason]int{Setting: 1}},
		"table of URLhaus": {"# \"id\",\"dateadded\",\"url\",\"url_status\",\"threat\",\"urlhaus_link\"\n\"1\",\"2024-01-01 10:00:00\",\"http://evil.example/a,b.exe\",\"online\",\"malware\",\"https://urlhaus.example/url/1/\"\n" +
			"\"2\",\"2024-01-01 10:00:00\",\"http://198.51.100.7:8080/i\",\"online\",\"malware\",\"https://urlhaus.example/url/2/\"\n",
			"evil.example/a,b.exe 198.51.100.7/i", nil},
		"table of PhishTank": {"phish_id,url,phish_detail_url,submission_time\n1,http://a.example/x,http://phishtank.example/1,2024\n2,https://b.example/y?z=1,http://phishtank.example/2,2024\n",
			"a.example/x b.example/y?z=1", nil},
		"table of ThreatFox": {"# \"first_seen_utc\", \"ioc_id\", \"ioc_value\", \"ioc_type\"\n\"2024-01-01\", \"1\", \"198.51.100.7:4444\", \"ip:port\"\n\"2024-01-01\", \"2\", \"evil.example\", \"domain\"\n" +
			"\"2024-01-01\", \"3\", \"d41d8cd98f00b204e9800998ecf8427e\", \"md5\"\n", "=198.51.100.7/32 evil.example", map[Reason]int{Unreadable: 1}},
		"table without a head": {"1;bad.example;2024\n2;worse.example;2024\n3;third.example;2024\n", "bad.example worse.example third.example", nil},
		"table of ranks":       {"1,bad.example\n2,worse.example\n3,198.51.100.7\n", "bad.example worse.example =198.51.100.7/32", nil},
		"names with notes":     {"bad.example\tphishing\t2024-01-01\nworse.example malware 2024\n", "bad.example worse.example", nil},
		"prose with names": {"please see\nwww.site.example for\nmore of this list and\nthe next one\n", "",
			map[Reason]int{Unreadable: 4}},
		"rules of Clash": {"DOMAIN-SUFFIX,bad.example\nDOMAIN,worse.example\nIP-CIDR,203.0.113.0/25\nDOMAIN-KEYWORD,porn\n", "bad.example worse.example =203.0.113.0/25", map[Reason]int{Pattern: 1}},
		"Squid":          {"acl bad dstdomain .bad.example worse.example\nacl num dst 203.0.113.0/25\nacl re url_regex -i porn\n", "bad.example worse.example =203.0.113.0/25", map[Reason]int{Pattern: 1}},
		"e2guardian": {"#listcategory: \"porn\"\n.Include</etc/e2guardian/x>\n**\n*ip\nbad.example\n.example.net\nhost.example/part\n",
			"bad.example example.net host.example/part", map[Reason]int{Setting: 3}},
		"ends of lines": {"a.example\r\nb.example\rc.example\n\n\r\nd.example", "a.example b.example c.example d.example", nil},
		"single labels": {"nl\nlocalhost\nword\nxxx\n", "nl xxx", map[Reason]int{Local: 1, Unreadable: 1}},
		"mixed": {"plain.example\n0.0.0.0 hosts.example\n||block.example^\nhttps://url.example/p\naddress=/mask.example/\nrpz.example CNAME .\n198.51.100.7\nlocal-zone: \"zone.example\" static\n",
			"plain.example hosts.example block.example url.example/p mask.example rpz.example =198.51.100.7/32 zone.example", nil},
		"comments with sharps": {"#### heading ####\n## heading\n0.0.0.0 a.example ## note\nb.example ## note\n", "a.example b.example", nil},
	} {
		t.Run(name, func(t *testing.T) {
			taken, skipped := readAll(t, []byte(tt.list))
			if got := strings.Join(taken, " "); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if fmt.Sprint(skipped) != fmt.Sprint(tt.skip) && len(skipped)+len(tt.skip) > 0 {
				t.Errorf("skipped %v, want %v", skipped, tt.skip)
			}
			for _, e := range taken {
				b, err := domains.NewBuilder("a")
				if err != nil || !b.AddEntry(0, e) {
					t.Errorf("%q is given and cannot be listed: %v", e, err)
				}
			}
		})
	}
}

// TestEveryEncodingIsRead: as editors and downloads make them.
func TestEveryEncodingIsRead(t *testing.T) {
	const list = "bad.example\r\ncafé.example\r\n"
	wide := func(order func(byte, byte) []byte, mark bool) []byte {
		var b []byte
		units := utf16.Encode([]rune(list))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		for _, u := range units {
			b = append(b, order(byte(u), byte(u>>8))...)
		}
		return b
	}
	little, big := func(l, h byte) []byte { return []byte{l, h} }, func(l, h byte) []byte { return []byte{h, l} }
	for name, b := range map[string][]byte{
		"UTF-8": []byte(list), "UTF-8 with a mark": []byte("\ufeff" + list), "UTF-16 LE": wide(little, true), "UTF-16 BE": wide(big, true),
		"UTF-16 LE without a mark": wide(little, false), "UTF-16 BE without a mark": wide(big, false),
		"Windows-1252": []byte("bad.example\r\ncaf\xe9.example\r\n"),
	} {
		taken, skipped := readAll(t, b)
		if !slices.Equal(taken, []string{"bad.example", "xn--caf-dma.example"}) || len(skipped) > 0 {
			t.Errorf("%s: got %q, skipped %v, want both names", name, taken, skipped)
		}
	}
}

// TestALongLineCostsItselfAlone.
func TestALongLineCostsItselfAlone(t *testing.T) {
	long := "0.0.0.0" + strings.Repeat(" a.example", 50_000) + "\n"
	taken, skipped := readAll(t, []byte("first.example\n"+strings.Repeat("x", 3<<20)+"\n"+long+"last.example\n"))
	if len(taken) != 50_002 || taken[len(taken)-1] != "last.example" || skipped[TooLong] != 1 {
		t.Errorf("got %d names, skipped %v, want 50002 and one line that is too long", len(taken), skipped)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{`[{"url":"http://j.example/a","details":[{"ip":"198.51.100.7"}]}]`,
		`{"blacklist":["a.example"],"whitelist":["b.a.example"],"x":[{"id":1,"host":"c.example"}]}`,
		"payload:\n  - DOMAIN-SUFFIX,a.example,DIRECT\n", "plain.example\n0.0.0.0 a.example\n", "||b.example^$important\n@@||c.b.example^\n", "address=/x.example/#\nserver=/y.example/\n",
		"$TTL 1\n@ SOA a. b. (1 2 3)\nb.example CNAME .\n24.0.113.0.203.rpz-ip CNAME .\n", "local-zone: \"x.example\" static\n", "1,b.example\n2,c.example\n3,d.example\n",
		"https://u@h.example:1/p?q#f\n[2001:db8::1]:80\n1.2.3.4-1.2.4.9\n", "\xff\xfea\x00.\x00b\x00\n\x00", "acl a dstdomain .x.example\n", "zone \"x.example\" {};\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, list []byte) {
		b, err := domains.NewBuilder("a", "b")
		if err != nil {
			t.Fatal(err)
		}
		taken, _ := readAll(t, list)
		for _, e := range taken {
			if strings.ContainsAny(e, "@ ") && !strings.Contains(e, "/") || strings.ContainsAny(e, "\n\r") ||
				e[0] == '@' {
				t.Fatalf("%q is given and cannot be kept", e)
			}
			if !b.AddEntry(0, e) {
				t.Fatalf("%q is given and cannot be listed", e)
			}
		}
		if len(taken) > 300*(len(list)+1) {
			t.Fatalf("%d entries of %d bytes", len(taken), len(list))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var list bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&list, "www.site%d.example\n", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := Look(bytes.NewReader(list.Bytes()))
		if err == nil {
			err = s.Read(bytes.NewReader(list.Bytes()), Sink{Take: func(string) {}, Skip: func(Reason, string) {}})
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
