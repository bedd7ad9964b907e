// Package listfile reads lists of sites in every form that their makers publish them in: names, addresses and
// networks, addresses of pages, hosts files, rules of ad blockers, the configuration of dnsmasq, unbound and BIND,
// response policy zones, tables with commas, JSON, rules of Clash and its like, and the lists of Squid, SquidGuard and
// e2guardian.
//
// It promises:
//
//   - A list is first surveyed as a whole: the evidence of all its lines, and its exceptions, count wherever they
//     stand.
//   - Each line is read for itself, so that a list of mixed forms is read as well.
//   - A rule for parts of a site, or for some requests to it, never becomes one for the whole site.
//   - Whatever a line has that is not taken is reported with its reason.
//   - Whatever comes, memory is bounded and the reading ends.
package listfile
