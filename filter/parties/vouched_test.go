package parties

import (
	"slices"
	"strings"
	"testing"
)

// Only what the receiver itself wrote, on the one hop before the gateway, vouches for a sender (C3.2g).
func TestWhatAReceiverVouchesFor(t *testing.T) {
	const hop = "Received: from a by mx.school.example\n"
	for name, tc := range map[string]struct {
		header string
		proves string // a domain; empty: none
		author string
	}{
		"spf": {"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=vp@school.example\n" + hop,
			"school.example", ""},
		"spf, a domain": {hop + "Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=School.Example",
			"school.example", ""},
		"dkim": {hop + "Authentication-Results: MX.school.example 1;\n dkim=pass (2048 bit) header.d=school.example",
			"school.example", "school.example"},
		"dkim with quotes": {hop + "Authentication-Results: mx.school.example;\n" +
			" dkim=pass reason=\"a;b\" header.d=school.example header.b=\"Ab12+/=\"", "school.example", "school.example"},
		"dmarc": {hop + "Authentication-Results: mx.school.example; dmarc=pass (p=none) header.from=school.example",
			"school.example", "school.example"},
		"of another": {"Authentication-Results: mx.elders.example; spf=pass smtp.mailfrom=school.example", "", ""},
		"one of another above": {"Authentication-Results: filter.example; spf=fail smtp.mailfrom=school.example\n" +
			"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "school.example", ""},
		"of the hop before": {hop + "Received: from b by a\n" +
			"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "", ""},
		"forged below": {hop + "Authentication-Results: mx.school.example; spf=fail smtp.mailfrom=school.example\n" +
			"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "", ""},
		"forged below one that cannot be read": {hop +
			"Authentication-Results: mx.school.example; spf=fail (a)b) smtp.mailfrom=x\n" +
			"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "", ""},
		"forged below a long one": {hop + "Authentication-Results: mx.school.example; spf=fail" +
			strings.Repeat(" x", maxResults) +
			"\nAuthentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "", ""},
		"failed":      {"Authentication-Results: mx.school.example; spf=softfail smtp.mailfrom=school.example", "", ""},
		"none":        {"Authentication-Results: mx.school.example; none", "", ""},
		"two results": {"Authentication-Results: mx.school.example; spf=fail smtp.mailfrom=x.y; spf=pass smtp.mailfrom=school.example", "", ""},
		"in a comment": {"Authentication-Results: mx.school.example; spf=fail " +
			"(domain of x; spf=pass smtp.mailfrom=school.example) smtp.mailfrom=evil.example", "", ""},
		"in a local part": {"Authentication-Results: mx.school.example; spf=pass " +
			"smtp.mailfrom=\"x; dkim=pass header.d=school.example\"@evil.example", "evil.example", ""},
		"comment that is closed": {"Authentication-Results: mx.school.example; spf=fail " +
			"(of \"x) ; spf=pass smtp.mailfrom=school.example; (\"@evil.example)", "", ""},
		"quoted pair":  {"Authentication-Results: mx.school.example; spf=pass smtp.mailfrom=a\\@school.example", "", ""},
		"other domain": {"Authentication-Results: mx.school.example; dkim=pass header.d=evil.example", "evil.example", "evil.example"},
		"in the body":  {"Subject: x\n\nAuthentication-Results: mx.school.example; spf=pass smtp.mailfrom=school.example", "", ""},
	} {
		v := VouchedBy(strings.NewReader(message(tc.header)), "mx.school.example")
		for _, domain := range []string{"school.example", "evil.example", ""} {
			if got, want := v.Proves(domain), domain != "" && domain == tc.proves; got != want {
				t.Errorf("%s: proves %q: %v, want %v", name, domain, got, want)
			}
		}
		if got, want := slices.Contains(v.Author, "school.example"), tc.author == "school.example"; got != want {
			t.Errorf("%s: author vouched for: %v, want %v", name, got, want)
		}
	}
}

func FuzzVouchedBy(f *testing.F) {
	f.Add("mx.school.example; spf=pass (a) smtp.mailfrom=b.c; dkim=pass header.d=\"x\"")
	f.Add("mx.school.example 1; none")
	f.Fuzz(func(t *testing.T, value string) {
		VouchedBy(strings.NewReader("Authentication-Results: "+value+"\r\n\r\n"), "mx.school.example")
	})
}
