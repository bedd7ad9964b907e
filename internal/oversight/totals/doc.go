// Package totals publishes tables with statistical disclosure control for the board (C3.2b): the
// amount of traffic, the share that is inspected and the findings, without pointing at a person.
//
// It promises:
//
//   - The tables are a fixed catalogue over calendar months, their parts, quarters and
//     years; there are no filters. A month's figures are frozen once, from a file whose
//     hash is in the ledger, and never change after: asking a thousand times gives the
//     same bytes, from either backend of the journal.
//   - A figure has at least ten people behind it. No person makes up more than 30 % of
//     it, and no two more than 50 % (dominance rule). Staff are shown in one dimension at a time,
//     pupils, who have no pseudonyms (K4), by building and only where the roster gives the
//     building enough of them. All others without a pseudonym, such as people with a confidential
//     role and strangers, are one contributor together: they may be one person.
//   - What a person adds to a figure is cut off at a bound, sums are rounded to a base
//     that is no smaller than this bound, and get noise that depends on exactly which
//     people are in it: one person more or less gives other noise.
//   - In a table with a total, so many rows are hidden that the hidden rows together are
//     such a figure themselves (secondary suppression).
//   - What people did wrong, and what became of their messages, is shown for at least ten people with
//     a pseudonym; below that it is "fewer than 10 people", however often it was. Threats from outside
//     may be exact: they say nothing about people here.
//   - A quarter or a year is the sum of what its months show, and nothing more. It
//     cannot know more: pseudonyms change with the month, so that the number of different
//     people in two months is unknown.
//
// No such method promises more than this: a reader who knows the acts of all others works out
// the remaining one, up to the bound and the noise. And where a group is known to do something
// together (a whole team was at a course), its total is about each of them.
package totals
