// Package rules is the code of conduct as data: the closed vocabulary that the
// code uses (purposes, clauses, categories, directions) and the rule packs that
// enforce it.
//
// Every rule names exactly one purpose and the clause that it serves (C3.2a). A
// rule that names none, that looks for leaks outside the random sample (C3.3b),
// or that blocks what the code does not forbid (C2.8e) does not load; the error
// names the clause that it would break. Every rule carries examples that it has
// to catch and examples that it has to leave alone, so that adding a rule is a
// change to one file that proves itself.
//
// The package knows nothing of scanning: package filter compiles a Set into
// scanners, one for each set of purposes.
package rules
