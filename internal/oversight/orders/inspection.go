package orders

import (
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrNoSites is returned for an order of kind Inspection that names no site, or something else beside.
var ErrNoSites = errors.New("name the sites that leave the list, at most 100, and no person, group or investigator")

// Bounds of an order of kind Inspection.
const (
	maxSites          = 100
	longestInspection = 366 * 24 * time.Hour
)

// checkInspection returns what is wrong with a request of kind Inspection.
func (r Request) checkInspection() error {
	odd := func(site string) bool { return site == "" || len(site) > 253 || strings.ContainsAny(site, " \t\n") }
	switch {
	case len(r.Sites) == 0 || len(r.Sites) > maxSites || slices.ContainsFunc(r.Sites, odd),
		r.Subject != "" || r.Group != "" || r.Content || r.LookBack != "" || len(r.Investigators) > 0:
		return ErrNoSites
	case strings.TrimSpace(r.Reason) == "" || len(r.Reason) > maxText:
		return ErrNoReason
	case !r.From.Before(r.Until):
		return ErrInvalidPeriod
	case r.Until.Sub(r.From) > longestInspection:
		return ErrTooLong
	}
	return nil
}

// Shortened returns the sites and vendors that orders in force take off the list of those that are never inspected,
// sorted. Each order is verified.
func (s *Store) Shortened() []string {
	list, _ := s.orders.List() // what cannot be read does not count
	now, err := s.now()
	if err != nil {
		return nil
	}
	var all []string
	for i := range list {
		o := &list[i]
		if o.Request.Kind != Inspection || o.Outcome != nil || !now.Before(o.Request.Until) {
			continue
		}
		if o.standing, o.void = s.verify(o); s.inForce(o, now) {
			all = append(all, o.Request.Sites...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
