// Package totals makes the totals for the board (C3.2b): how much traffic there is, what
// share of it is inspected and what is found, without pointing at anybody.
//
// It promises:
//
//   - The tables are a fixed catalogue over calendar months, their parts, quarters and
//     years; there are no filters. A month's figures are frozen once, from a file whose
//     hash is in the ledger, and never change after: asking a thousand times gives the
//     same bytes, from either backend of the journal.
//   - A figure has at least MinPeople people behind it, none of whom makes up more than
//     30 % of it, nor two more than 50 %. Staff are shown in one dimension at a time,
//     pupils, who have no pseudonyms (K4), by building and only where the roster gives the
//     building enough of them.
//   - What a person adds to a figure is cut off at a bound, sums are rounded to a base
//     that is no smaller than this bound, and get noise that depends on exactly which
//     people are in it: one person more or less gives other noise.
//   - Of the rows of a table with a total enough are hidden that what is hidden is, taken
//     together, such a figure itself.
//   - Small counts of what people did wrong are "fewer than 10". Threats from outside may be
//     exact: they say nothing about anybody here.
//   - A quarter or a year is the sum of what its months show, and tells nothing that these
//     do not. It cannot know more: pseudonyms change with the month, so that nobody can
//     tell how many different people there were in two months.
//
// What no such method can promise: whoever knows what everybody else did can, up to the
// bound and the noise, work out what is left. And where a group is known to do something
// together (all of a team were at a course), its total tells of each of them.
package totals
