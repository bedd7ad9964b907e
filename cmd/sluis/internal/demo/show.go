package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"sluis/filter"
	"sluis/internal/journal"
	"sluis/proxy/ca"
	"sluis/rules"
)

// ShowDay plays the day, and more of the leaks until the sample has drawn one and left one.
func ShowDay(p *Player) (asScripted bool, err error) {
	fmt.Print("A school day. What a message is inspected for depends on its sender and on the random sample:\n\n")
	asScripted = true
	count := map[filter.Action]int{}
	for _, m := range Day() {
		seen := map[bool]bool{}
		for range 64 { // the chance that a rate of 50 % does not show both is one in 2^63
			o, err := p.Play(m)
			if err != nil {
				return false, err
			}
			showMail(o)
			count[o.Record.Action]++
			asScripted = asScripted && o.Wrong == ""
			seen[o.Record.Drawn] = true
			if !m.OnlyIfDrawn || len(seen) == 2 {
				break
			}
		}
		if m.OnlyIfDrawn && len(seen) < 2 {
			asScripted = false
			fmt.Println("       NOT as the script says: the sample drew all or none")
		}
	}
	summary(count)
	return asScripted, nil
}

// ShowVisits makes the visits of the day, through the proxy of the settings.
func (c Settings) ShowVisits(sites *Sites, records <-chan journal.Record) (asScripted bool, err error) {
	fmt.Print("\nThe same day on the web. What is encrypted stays so; " +
		"what the code forbids is stopped with a page that explains:\n\n")
	own, err := ca.Load(filepath.Join(c.Data, "authority.crt"), filepath.Join(c.Data, "authority.key"))
	if err != nil {
		return false, err
	}
	trust := sites.Roots()
	trust.AddCert(own.Certificate())
	s := &Surfer{Proxy: c.Web, Trust: trust, Authority: authorityName, Records: records}
	asScripted = true
	for _, v := range sites.Surfing() {
		o, err := s.Visit(v)
		if err != nil {
			return false, err
		}
		showVisit(o)
		asScripted = asScripted && o.Wrong == ""
	}
	return asScripted, nil
}

// showVisit prints one line for a visit.
func showVisit(o Surfed) {
	r, what := o.Record, "passed on"
	switch {
	case r.Action == filter.Reject:
		what = "STOPPED, with a page"
	case o.Visit.Status == 403:
		what = "REFUSED"
	case o.Visit.Seal:
		what = "passed on, encrypted end to end"
	}
	fmt.Printf("%s  %-10s %-51s %s\n", o.Visit.Clock, r.Group, o.Visit.Story, what)
	switch {
	case r.Category != rules.NoCategory:
		fmt.Printf("       %s · %s · %s %s\n", r.Purpose, r.Rule, r.Clause, r.Clause.Text("en"))
	case o.Visit.Status == 403:
		fmt.Println("       the proxy leads to the internet, and not into the network")
	default:
		fmt.Println("       the record has bytes and group, not the site (C3.2e)")
	}
	if o.Wrong != "" {
		fmt.Printf("       NOT as the script says: %s\n", o.Wrong)
	}
}

// showMail prints one line for a message.
func showMail(o Outcome) {
	r := o.Record
	what := "passed on, byte for byte"
	switch r.Action {
	case filter.Quarantine:
		what = "QUARANTINED, sealed"
	case filter.Reject:
		what = "REFUSED"
	case filter.Tag:
		what = "passed on with a tag"
	}
	fmt.Printf("%s  %-9s %-52s %s\n", o.Mail.Clock, r.Direction, o.Mail.Story, what)
	fmt.Printf("       %s\n", why(r))
	if o.Wrong != "" {
		fmt.Printf("       NOT as the script says: %s\n", o.Wrong)
	}
}

// why says in words what the record says.
func why(r journal.Record) string {
	if r.Purpose != rules.NoPurpose {
		return fmt.Sprintf("%s · %s · %s %s", r.Purpose, r.Rule, r.Clause, r.Clause.Text("en"))
	}
	switch {
	case r.Confidential:
		return "inspected for security only: a confidential role is not controlled (C3.2g)"
	case r.Eligible && !r.Drawn:
		return "inspected for " + r.Purposes.String() + "; not drawn in the sample, so not for leaks (C3.3b)"
	case r.Drawn:
		return "drawn in the sample: inspected for " + r.Purposes.String() + ", nothing found"
	}
	return "inspected for " + r.Purposes.String() + ", nothing found"
}

func summary(count map[filter.Action]int) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nOUTCOME\tMESSAGES")
	total := 0
	for _, a := range []filter.Action{filter.Pass, filter.Tag, filter.Quarantine, filter.Reject} {
		if count[a] > 0 {
			fmt.Fprintf(w, "%s\t%d\n", a, count[a])
		}
		total += count[a]
	}
	fmt.Fprintf(w, "all\t%d\n", total)
	w.Flush()
}
