// Package walk has the walker of text extraction, which readers of formats share: it holds them to the limits, passes
// their text on in segments, writes the report, and hands a file within a file to the reader of its format.
//
// It promises that no reader can take the end of the work (a bound, a cancelled context, an error of emit) for a
// fault of
// what it reads: everything that reads or shows returns what it returns. It knows no format; package extract has the
// table.
package walk
